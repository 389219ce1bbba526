#include "api_client/command.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>

using namespace api_client;
using engine::ErrorCode;

namespace {

Request decoded(std::string_view query, std::string_view body) {
  CAPTURE(query);
  CAPTURE(body);
  auto request = decode_form(query, body);
  REQUIRE_MESSAGE(bool(request), (request ? "" : request.error().detail));
  return std::move(request).value();
}
Command block(std::string_view text) {
  auto command = decode_block(text);
  REQUIRE_MESSAGE(bool(command), (command ? "" : command.error().detail));
  return std::move(command).value();
}

const Request& quick_start() {
  static const Request request{
      {.entity = "1234", .login = "test.user", .password = "test.passw0rd"},
      {"AddDomainApplication", {{"CLASS", "BACKORDER"}, {"DOMAIN", "john.com"}}},
  };
  return request;
}

}  // namespace

TEST_CASE("form: one request in all its dresses") {
  struct Row {
    const char* query;
    const char* body;
  };
  for (const Row& row : {
           // quick start, 2011
           Row{"s_entity=1234&s_login=test.user&s_pw=test.passw0rd",
               "command=AddDomainApplication&class=BACKORDER&domain=john.com"},
           Row{"",
               "s_entity=1234&s_login=test.user&s_pw=test.passw0rd&command=AddDomainApplication&class=BACKORDER&domain="
               "john.com"},
           Row{"s_entity=1234&s_login=test.user&s_pw=test.passw0rd&command=AddDomainApplication&class=BACKORDER&domain="
               "john.com",
               ""},
           Row{"S_PASSWORD=test.passw0rd&S_Login=test.user&s_ENTITY=1234&&",
               "&COMMAND=AddDomainApplication&CLASS=BACKORDER&Domain=john.com&"},
           Row{"",
               "s_entity=1234&s_login=test.user&s_pw=test.passw0rd&s_command=COMMAND%3DAddDomainApplication%0ACLASS%"
               "3DBACKORDER%0ADOMAIN%3Djohn.com"},
           Row{"",
               "s_entity=1234&s_login=test%2Euser&s_pw=test%2epassw0rd&s_command=command+%3d+AddDomainApplication%0d%"
               "0aclass+=+BACKORDER%0D%0ADOMAIN%20%3D%09john.com%0A\r\n"},
           Row{"s_login=test.user",
               "s_command=%5BCOMMAND%5D%0Acommand%3DAddDomainApplication%0A%0Aclass%3DBACKORDER%0Adomain%3Djohn.com%"
               "0AEOF%0A&s_entity=1234&s_pw=test.passw0rd"},
           // mixed: lines last
           Row{"s_entity=1234&s_login=test.user&s_pw=test.passw0rd",
               "s_command=DOMAIN%3Djohn.com&command=AddDomainApplication&class=BACKORDER"},
           Row{"s_entity=1234&s_login=test.user&s_pw=test.passw0rd&s_pw=test.passw0rd&s_user=",
               "command=AddDomainApplication&class=BACKORDER&domain=+john.com%20&s_opmode=OTE"},
       }) {
    CHECK(decoded(row.query, row.body) == quick_start());
  }
}

TEST_CASE("form: both encodings, as they are sent") {
  CHECK(encode_form(quick_start(), Encoding::flat).value() ==
        "s_entity=1234&s_login=test.user&s_pw=test.passw0rd&command=AddDomainApplication&CLASS=BACKORDER&DOMAIN=john."
        "com");
  CHECK(encode_form(quick_start(), Encoding::block).value() ==
        "s_entity=1234&s_login=test.user&s_pw=test.passw0rd&s_command=COMMAND%3DAddDomainApplication%0ACLASS%"
        "3DBACKORDER%0ADOMAIN%3Djohn.com");
  // The bytes which the vendor's Node client 9.0.8 sends for this command.
  const Request node{{.entity = "1234", .session = "Q7fe01"},
                     {"AddDomainApplication",
                      {{"CLASS", "BACKORDER"},
                       {"DOMAIN", "xn--kse-rad-5wa.com"},
                       {"PERIOD", "1"},
                       {"NAMESERVER0", "ns1.north-user.net"},
                       {"NAMESERVER1", "ns2.north-user.net"},
                       {"AUTH", "a=b [c]"}}}};
  const std::string bytes =
      "s_entity=1234&s_session=Q7fe01&s_command=COMMAND%3DAddDomainApplication%0ACLASS%3DBACKORDER%0ADOMAIN%3Dxn--kse-"
      "rad-5wa.com"
      "%0APERIOD%3D1%0ANAMESERVER0%3Dns1.north-user.net%0ANAMESERVER1%3Dns2.north-user.net%0AAUTH%3Da%3Db%20%5Bc%5D";
  CHECK(encode_form(node, Encoding::block).value() == bytes);
  CHECK(decoded("", bytes) == node);
  const Connection everything{"e", "account!role", "p&=+%", "o", "s", "1.2.3.4:80", "sub user"};
  CHECK(encode_form({everything, {"X", {}}}, Encoding::flat).value() ==
        "s_entity=e&s_login=account%21role&s_otp=o&s_pw=p%26%3D%2B%25&s_remoteaddr=1.2.3.4%3A80&s_session=s&s_user=sub%"
        "20user&command=X");
}

TEST_CASE("form: whatever a value holds, both encodings bring it over") {
  for (const std::string value : {"", "a=b=c", "[x]", "100%", "a+b", "a b", "a&b;c", "k\xC3\xA4se", "{}", "x?y#z",
                                  "'\"!()*~", "a\tb", "%0A", "EOF", "[COMMAND]", "\x01\x7F"}) {
    for (const Encoding encoding : {Encoding::flat, Encoding::block}) {
      CAPTURE(value);
      const Request request{{.password = value}, {"Do", {{"OWNERCONTACT0FIRSTNAME", value}, {"X-NAME", value}}}};
      CHECK(decoded("", encode_form(request, encoding).value()) == request);
    }
  }
}

TEST_CASE("form: every percent style is one text") {
  for (const char* style : {"a%20b%2Bc%21", "a+b%2bc!", "a b%2Bc%21"})
    CHECK(decoded("", "command=X&v=" + std::string(style)).command.find("V") == "a b+c!");
}

TEST_CASE("form: what cannot be read is refused, and no value is repeated") {
  struct Row {
    std::string query, body;
    const char* why;
  };
  for (const Row& row : {
           Row{"", "", "no COMMAND"},
           Row{"s_login=a&s_pw=b", "domain=john.com", "no COMMAND"},
           Row{"", "command=", "no COMMAND"},
           Row{"", "s_command=", "no COMMAND"},
           Row{"", "command=X&d=SECRET%", "parameter 2 has a %"},
           Row{"", "command=X&d=%4", "parameter 2 has a %"},
           Row{"", "command=X&d=%zzSECRET", "parameter 2 has a %"},
           Row{"", "command=X&%e4=1", "parameter 2 is not UTF-8"},
           Row{"s_pw=%C3", "command=X", "parameter 1 is not UTF-8"},
           Row{"", "command=X&d=\xFFSECRET", "parameter 2 is not UTF-8"},
           Row{"", "command=X&d=%C0%80", "parameter 2 is not UTF-8"},
           Row{"", "command=X&d=%00", "parameter 2 holds NUL"},
           Row{"", "command=X&d=a%0ACOMMAND%3DY", "parameter 2 holds a line break"},
           Row{"", "command=X&d=a%0Db", "parameter 2 holds a line break"},
           Row{"s_login=a%0Ab", "command=X", "parameter 1 holds a line break"},
           Row{"", "command=X&=1", "parameter 2 has no name"},
           Row{"", "command=X&a%3Db=1", "parameter 2 has a name that holds '='"},
           Row{"command=X", "command=Y", "COMMAND is given twice"},
           Row{"command=X", "s_command=COMMAND%3DY", "COMMAND is given twice"},
           Row{"s_login=a", "s_login=b&command=X", "s_login is given twice"},
           Row{"s_pw=SECRET", "s_password=SECRET2&command=X", "s_pw is given twice"},
           Row{"", "s_command=COMMAND%3DX%0ASECRET", "line 2 has no '='"},
           Row{"", "s_command=COMMAND%3DX%0Ax%3Da%0Db", "line 2 holds a line break"},
           Row{"", "s_command=COMMAND%3DX%0A%3DSECRET", "line 2 has no name"},
           Row{"", "s_command=COMMAND%3DX%0As_pw%3DSECRET", "line 2 begins with s_"},
           Row{"", "s_command=COMMAND%3DX%0AEOF%0Aa%3Db", "line 3 stands behind EOF"},
           Row{"", "s_command=%5BCOMMAND%5D%0ACOMMAND%3DX%0A%5BCOMMAND%5D", "line 3 has no '='"},
           Row{std::string(kMaxForm, 'x'), "x", "more than 4194304 bytes"},
       }) {
    CAPTURE(row.query.substr(0, 100));
    CAPTURE(row.body);
    const auto request = decode_form(row.query, row.body);
    REQUIRE_FALSE(bool(request));
    CHECK(request.error().code == ErrorCode::invalid_command);
    CHECK_MESSAGE(request.error().detail.find(row.why) != std::string::npos, request.error().detail);
    CHECK(request.error().detail.find("SECRET") == std::string::npos);
  }
  std::string pairs = "command=X", lines = "s_command=COMMAND%3DX";
  for (std::size_t i = 1; i < kMaxParameters; ++i) pairs += "&a=b", lines += "%0Aa%3Db";
  CHECK(decode_form("", pairs));
  CHECK(decode_form("", lines));
  CHECK_FALSE(decode_form("", pairs + "&a=b"));
  CHECK_FALSE(decode_form("", lines + "%0Aa%3Db"));
}

TEST_CASE("form: what would be read as something else is not sent") {
  const std::string nul("a\0b", 3);
  for (const Encoding encoding : {Encoding::flat, Encoding::block}) {
    for (const Request& request : {
             Request{{}, {"", {}}},
             Request{{}, {"X\nDOMAIN=y", {}}},
             Request{{}, {"X", {{"DOMAIN", "a\nCOMMAND=Y"}}}},
             Request{{}, {"X", {{"DOMAIN", "a\rb"}}}},
             Request{{}, {"X", {{"DOMAIN", nul}}}},
             Request{{}, {"X", {{"DOMAIN", "\xE4"}}}},
             Request{{}, {"X", {{"DO\nMAIN", "a"}}}},
             Request{{}, {"X", {{"A=B", "a"}}}},
             Request{{}, {"X", {{"", "a"}}}},
             Request{{}, {"X", {{" A", "a"}}}},
             Request{{}, {"X", {{"command", "Y"}}}},
             Request{{}, {"X", {{"s_login", "a"}}}},
             Request{{.login = "a\nb"}, {"X", {}}},
             Request{{.password = nul}, {"X", {}}},
         }) {
      const auto form = encode_form(request, encoding);
      REQUIRE_FALSE(bool(form));
      CHECK(form.error().code == ErrorCode::invalid_argument);
    }
  }
  CHECK_FALSE(encode_block({"X", {{"DOMAIN", "a\nb"}}}));
}

TEST_CASE("block: as in s_command, in the manual's frame, or in a ticket") {
  const Command expected{"QueryDomainApplicationList", {{"CLASS", "*_BACKORDER"}, {"ORDERBY", ""}, {"NOTE", "a = b"}}};
  for (const char* text : {
           "COMMAND=QueryDomainApplicationList\nCLASS=*_BACKORDER\nORDERBY=\nNOTE=a = b",
           "[COMMAND]\r\ncommand = QueryDomainApplicationList\r\nclass = *_BACKORDER\r\norderby =\r\nnote = a = "
           "b\r\nEOF\r\n",
           "\n [command] \n\nCLASS\t=\t*_BACKORDER\nORDERBY= \nNOTE=a = b "
           "\nCOMMAND=QueryDomainApplicationList\neof\n\n",
       }) {
    CAPTURE(text);
    CHECK(block(text) == expected);
  }
  CHECK(encode_block(expected).value() ==
        "COMMAND=QueryDomainApplicationList\nCLASS=*_BACKORDER\nORDERBY=\nNOTE=a = b");
  CHECK(encode_block({"X", {{"domain", "a"}}}).value() == "COMMAND=X\nDOMAIN=a");
}

TEST_CASE("command: names in any case, the last of a name, numbered names in their order") {
  Command command = block(
      "command=statusaccount\nDomain1=b\nDOMAIN10=d\nDOMAIN2=c\ndomain=x\nDOMAIN0=old\nDOMAIN0=a\nDOMAIN00=no\nDOMAINX="
      "no\nDOMAIN-1=no\nEMPTY=");
  CHECK(command.is("StatusAccount"));
  CHECK_FALSE(command.is("StatusAccounts"));
  CHECK(command.find("domain0") == "a");
  CHECK(command.find("empty") == "");
  CHECK_FALSE(command.find("COMMAND").has_value());
  using Views = std::vector<std::string_view>;
  CHECK(command.indexed("domain") == Views{"x", "a", "b", "c", "d"});
  CHECK(command.indexed("NAMESERVER").empty());
  command.set("domain0", "z");
  command.set("new", "1");
  CHECK(command.indexed("DOMAIN") == Views{"x", "z", "b", "c", "d"});
  CHECK(std::ranges::count(command.parameters, "DOMAIN0", &Parameter::name) == 1);
  CHECK(command.parameters.back() == Parameter{"NEW", "1"});
}

TEST_CASE("secrets: hidden in forms, URLs, requests, blocks and answers") {
  struct Row {
    const char* text;
    const char* shown;
  };
  for (const Row& row : {
           Row{"s_entity=1234&s_pw=Tide%2642&command=X", "s_entity=1234&s_pw=***&command=X"},
           Row{"S_PASSWORD=a&s_otp=b&s_session=c&s_login=d", "S_PASSWORD=***&s_otp=***&s_session=***&s_login=d"},
           Row{"s%5Fpw=a&s_p%77=b", "s%5Fpw=***&s_p%77=***"},
           Row{"s_pw=&command=X", "s_pw=&command=X"},
           Row{"POST /api/call.cgi?s_login=n&s_pw=a?b&x=1 HTTP/1.1\r\nHost: h\r\n\r\ncommand=X&auth=q\r\n",
               "POST /api/call.cgi?s_login=n&s_pw=***&x=1 HTTP/1.1\r\nHost: h\r\n\r\ncommand=X&auth=***\r\n"},
           Row{"url=https://h/api/call.cgi?s_pw=a", "url=https://h/api/call.cgi?s_pw=***"},
           Row{"s_command=COMMAND%3DX%0APASSWORD%3Da%26b%3Dc%0D%0AAUTH%3d%0Adomain%3De&s_session=f",
               "s_command=COMMAND%3DX%0APASSWORD%3D***%0AAUTH%3d%0Adomain%3De&s_session=***"},
           Row{"s_command=password+%3D+a%0acommand=X", "s_command=password+%3D***%0acommand=X"},
           Row{"s_command=a=x?b%3Dc%0APASSWORD%3Dx", "s_command=a=x?b%3Dc%0APASSWORD%3D***"},
           Row{"COMMAND%3DX%0APASSWORD%3Da", "COMMAND%3DX%0APASSWORD%3D***"},
           Row{"COMMAND=X\r\nPASSWORD = a&b=c\r\nOWNERCONTACT0AUTH=d\nDOMAIN=e",
               "COMMAND=X\r\nPASSWORD =***\r\nOWNERCONTACT0AUTH=***\nDOMAIN=e"},
           Row{"PROPERTY[AUTH][0]=fk8,3*&b=c\nproperty[session][0] = t3\nPROPERTY[USER][0]=n",
               "PROPERTY[AUTH][0]=***\nproperty[session][0] =***\nPROPERTY[USER][0]=n"},
           Row{"s_pw=%zz%&a=%", "s_pw=***&a=%"},
           Row{"no secret at all", "no secret at all"},
           Row{"", ""},
       }) {
    CAPTURE(row.text);
    CHECK(without_secrets(row.text) == row.shown);
  }
  for (const char* word : {"s_pw", "S_PASSWORD", "s_otp", "s_session", "password", "AUTH", "AUTH0", "NEWPASSWORD",
                           "session", "PROPERTY[ auth ][0]", "CLAIMKEY", "ApiKey0"})
    CHECK(is_secret(word));
  for (const char* word :
       {"", "s_login", "COMMAND", "DOMAIN", "AUTHOR", "KEYWORD0", "KEYWORDMATCH", "PROPERTY[STATUS][0]", "PROPERTY["})
    CHECK_FALSE(is_secret(word));
}
