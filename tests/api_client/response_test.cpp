#include "api_client/response.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace api_client;

namespace {

using Values = std::vector<std::string>;

Values values(const Response& response, std::string_view property) {
  const auto views = response.values(property);
  return {views.begin(), views.end()};
}

// A complete answer with these lines in front.
std::string answered(const std::string& lines) {
  return "[RESPONSE]\n" + lines +
         "DESCRIPTION=Command completed successfully\nCODE=200\n\nQUEUETIME=0\nRUNTIME=0.004\n\nEOF\n";
}

}  // namespace

TEST_CASE("response: the live layout, the manual's and the sister platform's are one") {
  const char* const bodies[] = {
      "[RESPONSE]\nPROPERTY[AMOUNT][0]=2417.35\nPROPERTY[CURRENCY][0]=EUR\nDESCRIPTION=Command completed "
      "successfully\nCODE=200\n\nQUEUETIME=0\nRUNTIME=0.004\n\nEOF\n",
      "[RESPONSE]\r\ncode = 200\r\ndescription = Command completed successfully\r\nqueuetime = 0\r\nruntime = "
      "0.004\r\nproperty[amount][0] = 2417.35\r\n"
      "property[currency][0] = EUR\r\nEOF\r\n",
      "[RESPONSE]\r\nCODE\t=\t200 \nDESCRIPTION = Command completed successfully\t\r\nPROPERTY[Amount][0] = "
      "2417.35\nPROPERTY[ CURRENCY ][0]= EUR \r\n\r\nEOF",
      "CODE=200\nDESCRIPTION=Command completed successfully\nPROPERTY[AMOUNT]=2417.35\nPROPERTY[CURRENCY]=EUR\neof\n\n",
      "\xEF\xBB\xBF[RESPONSE]\nno line of ours\nCODE=404\nCODE=200\nDESCRIPTION=first\nDESCRIPTION=Command completed "
      "successfully\nRUNTIME=1\nRUNTIME=2\n"
      "PROPERTY[AMOUNT][0]=2417.35\nPROPERTY[CURRENCY][0]=EUR\nEOF\n",
  };
  for (const char* body : bodies) {
    CAPTURE(body);
    const Response response = Response::parse(body);
    CHECK(response.torn() == "");
    CHECK(response.code() == 200);
    CHECK(response.response_class() == ResponseClass::success);
    CHECK(response.description() == "Command completed successfully");
    CHECK_FALSE(response.pending());
    CHECK(response.properties().size() == 2);
    CHECK(response.value("AMOUNT") == "2417.35");
    CHECK(response.value("CURRENCY") == "EUR");
    CHECK(response.value("CURRENCY", 1) == "");
    CHECK(response.values("OTHER").empty());
    CHECK(response.body() == body);
  }
}

TEST_CASE("response: a value keeps everything but the blanks around it, and an empty one its row") {
  struct Row {
    const char* line;
    const char* name;
    Values expected;
  };
  for (const Row& row : {
           Row{"PROPERTY[A][0]=x=y=[z]\n", "A", {"x=y=[z]"}},
           Row{"PROPERTY[A][0]= a  b\t\n", "A", {"a  b"}},
           Row{"PROPERTY[A][0]=\nPROPERTY[A][1]=b\nPROPERTY[A][2] = \n", "A", {"", "b", ""}},
           Row{"PROPERTY[CODE][0]=999\n", "CODE", {"999"}},
           Row{"PROPERTY[DESCRIPTION][0]=dune-market.com\nPROPERTY[DESCRIPTION][1]=tern-court.com\n",
               "DESCRIPTION",
               {"dune-market.com", "tern-court.com"}},
           Row{"property[credit threshold][0] = 5.00\n", "CREDITTHRESHOLD", {"5.00"}},
           Row{"PROPERTY[QUOTA EXCEEDED][0]=1\n", "QUOTAEXCEEDED", {"1"}},
           Row{"PROPERTY[INFO][0]=line%0aline\n", "INFO", {"line%0aline"}},
           Row{"PROPERTY[NAME][0]=k\xC3\xA4se.example\n", "NAME", {"k\xC3\xA4se.example"}},
           Row{"PROPERTY[A][0]=1\nPROPERTY[B][0]=2\nPROPERTY[a][1]=3\nPROPERTY[B][1]=4\n", "A", {"1", "3"}},
           Row{"PROPERTY[X-DOMAIN-ROID][0]=EOF\n", "X-DOMAIN-ROID", {"EOF"}},
       }) {
    CAPTURE(row.line);
    const Response response = Response::parse(answered(row.line));
    CHECK(response.torn() == "");
    CHECK(response.code() == 200);
    CHECK(response.description() == "Command completed successfully");
    CHECK(values(response, row.name) == row.expected);
  }
}

TEST_CASE("response: what must not be trusted says why") {
  struct Row {
    std::string body;
    const char* why;
  };
  const std::string end = "DESCRIPTION=ok\nCODE=200\nEOF\n";
  for (const Row& row : {
           Row{"", "the body is empty"},
           Row{" \r\n\n", "the body is empty"},
           Row{"0", "neither CODE nor EOF"},
           Row{"{\"code\":200,\"description\":\"ok\"}", "neither CODE nor EOF"},
           Row{"<html><body>502 Bad Gateway</body></html>", "neither CODE nor EOF"},
           Row{"<html>\n<a href=\"x?code=200&description=ok\">\ncode=200\ndescription=ok\n</html>", "no EOF"},
           Row{"[RESPONSE]\nDESCRIPTION=ok\nCODE=200\n", "no EOF"},
           Row{"[RESPONSE]\nDESCRIPTION=ok\nCODE=200\nEO", "no EOF"},
           Row{"[RESPONSE]\nDESCRIPTION=ok\nCODE=200\nEOF=1", "no EOF"},
           Row{"[RESPONSE]\nDESCRIPTION=ok\nCODE=200\nEOF\n\nPROPERTY[A][0]=late\n", "line 6 stands behind EOF"},
           Row{"[RESPONSE]\nDESCRIPTION=ok\nCODE=200\nEOF\nEOF\n", "line 5 stands behind EOF"},
           Row{"[RESPONSE]\nDESCRIPTION=ok\nEOF\n", "no CODE"},
           Row{"[RESPONSE]\nDESCRIPTION=ok\nCODE=two hundred\nEOF\n", "CODE is no number"},
           Row{"[RESPONSE]\nDESCRIPTION=ok\nCODE=-200\nEOF\n", "CODE is no number"},
           Row{"[RESPONSE]\nDESCRIPTION=ok\nCODE=99999999999999\nEOF\n", "CODE is no number"},
           Row{"[RESPONSE]\nDESCRIPTION= \nCODE=200\nEOF\n", "no DESCRIPTION"},
           Row{"[RESPONSE]\nCODE=200\nEOF\n", "no DESCRIPTION"},
           Row{"PROPERTY[A\n"
               "PROPERTY[A=1\n" +
                   end,
               "the property in line 2 cannot be read"},
           Row{"PROPERTY[ ][0]=1\n" + end, "the property in line 1 cannot be read"},
           Row{"PROPERTY[A][x]=1\n" + end, "the property in line 1 cannot be read"},
           Row{"PROPERTY[A][]=1\n" + end, "the property in line 1 cannot be read"},
           Row{"PROPERTY[A]0=1\n" + end, "the property in line 1 cannot be read"},
           Row{"PROPERTY[A][0]=1\nPROPERTY[A][2]=3\n" + end, "line 2 is not the next row"},
           Row{"PROPERTY[A][1]=2\nPROPERTY[A][0]=1\n" + end, "line 1 is not the next row"},
           Row{"PROPERTY[A][0]=1\nPROPERTY[A][0]=2\n" + end, "line 2 is not the next row"},
           Row{"PROPERTY[COUNT][0]=2\nPROPERTY[DOMAIN][0]=a.com\n" + end, "COUNT is 2, but DOMAIN has 1 row"},
           Row{"PROPERTY[COUNT][0]=1\nPROPERTY[DOMAIN][0]=a.com\nPROPERTY[DOMAIN][1]=b.com\n" + end,
               "COUNT is 1, but DOMAIN has 2 rows"},
           Row{"PROPERTY[COUNT][0]=2\nPROPERTY[DOMAIN][0]=a.com\nPROPERTY[DOMAIN][1]=b.com\nPROPERTY[STATUS][0]="
               "ACTIVE\n" +
                   end,
               "COUNT is 2, but STATUS has 1 row"},
           Row{"PROPERTY[COUNT][0]=2\nPROPERTY[TOTAL][0]=2\n" + end, "there is no column"},
           Row{"PROPERTY[COUNT][0]=0\nPROPERTY[DOMAIN][0]=\n" + end, "COUNT is 0, but DOMAIN has 1 row"},
           Row{"PROPERTY[COUNT][0]=many\n" + end, "COUNT is no number of rows"},
           Row{"PROPERTY[COUNT][0]=-1\n" + end, "COUNT is no number of rows"},
           Row{"PROPERTY[COUNT][0]=1\nPROPERTY[COLUMN][0]=DOMAIN\nPROPERTY[COLUMN][1]=SCORE\nPROPERTY[DOMAIN][0]=a."
               "com\n" +
                   end,
               "COUNT is 1, but SCORE has 0 rows"},
       }) {
    CAPTURE(row.body);
    const Response response = Response::parse(row.body);
    CHECK_FALSE(response.complete());
    CHECK_MESSAGE(response.torn().find(row.why) != std::string_view::npos, response.torn());
  }
}

TEST_CASE("response: an answer cut anywhere before its EOF is torn") {
  const std::string body = answered("PROPERTY[COUNT][0]=2\nPROPERTY[DOMAIN][0]=a.com\nPROPERTY[DOMAIN][1]=b.com\n");
  const std::size_t end = body.rfind("EOF") + 3;
  for (std::size_t length = 0; length < end; ++length) {
    CAPTURE(length);
    CHECK_FALSE(Response::parse(body.substr(0, length)).complete());
  }
  CHECK(Response::parse(body.substr(0, end)).complete());
}

TEST_CASE("response: paging numbers, and what stands beside the columns") {
  const Response list =
      Response::parse(answered("PROPERTY[FIRST][0]=0\nPROPERTY[LAST][0]=1\nPROPERTY[COUNT][0]=2\nPROPERTY[TOTAL][0]="
                               "412077\nPROPERTY[LIMIT][0]=2\nPROPERTY[COLUMN][0]=domain\n"
                               "PROPERTY[COLUMN][1]=SCORE\nPROPERTY[SUMPRICE][0]=3.00\nPROPERTY[NOTE][0]="
                               "beside\nPROPERTY[DOMAIN][0]=0--q.com\nPROPERTY[SCORE][0]=0\n"
                               "PROPERTY[DOMAIN][1]=dune-market.com\nPROPERTY[SCORE][1]=6\n"));
  CHECK(list.torn() == "");
  CHECK(list.paging().first == 0);
  CHECK(list.paging().last == 1);
  CHECK(list.paging().count == 2);
  CHECK(list.paging().total == 412077);
  CHECK(list.paging().limit == 2);
  CHECK(values(list, "SCORE") == Values{"0", "6"});
  const Response empty =
      Response::parse(answered("PROPERTY[COUNT][0]=0\nPROPERTY[TOTAL][0]=7\nPROPERTY[FIRST][0]=x\n"));
  CHECK(empty.complete());
  CHECK_FALSE(empty.paging().first.has_value());
  CHECK_FALSE(empty.paging().limit.has_value());
  // a column called COUNT
  const Response statistics =
      Response::parse(answered("PROPERTY[COUNT][0]=5\nPROPERTY[COUNT][1]=6\nPROPERTY[ZONE][0]=com\n"));
  CHECK(statistics.complete());
  CHECK_FALSE(statistics.paging().count.has_value());
}

TEST_CASE("response: classes go by the first of three digits, an accepted order is pending") {
  struct Row {
    int code;
    ResponseClass expected;
    const char* word;
  };
  for (const Row& row :
       {Row{200, ResponseClass::success, "success"}, Row{211, ResponseClass::success, "success"},
        Row{421, ResponseClass::temporary, "temporary"}, Row{549, ResponseClass::permanent, "permanent"},
        Row{599, ResponseClass::permanent, "permanent"}, Row{0, ResponseClass::unknown, "unknown"},
        Row{20, ResponseClass::unknown, "unknown"}, Row{302, ResponseClass::unknown, "unknown"},
        Row{2000, ResponseClass::unknown, "unknown"}}) {
    CAPTURE(row.code);
    CHECK(class_of_code(row.code) == row.expected);
    CHECK(to_word(row.expected) == row.word);
  }
  CHECK(Response::parse("CODE=200\nDESCRIPTION=ok\npending = 1\nEOF").pending());
  CHECK_FALSE(Response::parse("CODE=200\nDESCRIPTION=ok\nPENDING=0\nEOF").pending());
  CHECK(text_of_code(546) == "Credit limit exceeded");
  CHECK(text_of_code(299) == "");
}

TEST_CASE("response: a thousand rows are views of the body, and stay so when the response moves") {
  std::string lines = "PROPERTY[COUNT][0]=1000\n";
  for (const char* column : {"APPLICATION", "CLASS", "CREATEDDATE", "DOMAIN", "STATUS", "USER", "owner contact"}) {
    for (int row = 0; row < 1000; ++row) {
      lines += "PROPERTY[" + std::string(column) + "][" + std::to_string(row) + "]=" + column + " " +
               std::to_string(row) + "\n";
    }
  }
  Response parsed = Response::parse(answered(lines));
  const Response moved = std::move(parsed);
  REQUIRE(moved.torn() == "");
  const std::string_view body = moved.body();
  std::size_t cells = 0;
  for (const Response::Property& property : moved.properties()) {
    CHECK(moved.values(property.name).size() == property.values.size());
    for (const std::string_view value : property.values) {
      ++cells;
      const bool inside = value.data() >= body.data() && value.data() + value.size() <= body.data() + body.size();
      if (!inside) FAIL("a value of " << property.name << " is a copy");
    }
  }
  CHECK(cells == 7001);
  CHECK(moved.value("OWNERCONTACT", 999) == "owner contact 999");
  CHECK(moved.value("DOMAIN", 500) == "DOMAIN 500");
  CHECK(moved.description().data() >= body.data());
}

TEST_CASE("answer: printed as the live system does, and read back as it was meant") {
  Answer answer;
  answer.add("APPLICATION", "40219");
  answer.add("nameserver", "ns1.example");
  answer.add("nameserver", "");
  const std::string body = format(answer);
  CHECK(body ==
        "[RESPONSE]\nPROPERTY[APPLICATION][0]=40219\nPROPERTY[NAMESERVER][0]=ns1.example\nPROPERTY[NAMESERVER][1]=\n"
        "DESCRIPTION=Command completed successfully\nCODE=200\n\nQUEUETIME=0\nRUNTIME=0.000\n\nEOF\n");
  const Response read = Response::parse(body);
  CHECK(read.torn() == "");
  CHECK(values(read, "NAMESERVER") == Values{"ns1.example", ""});
}

TEST_CASE("answer: no text can break its line, open a property or vanish in a client") {
  Answer answer{.code = 549, .detail = "a\r\nCODE=200 {b}", .description = {}, .properties = {}, .pending = true};
  answer.add("A]x=[0", "x\nPROPERTY[B][0]=y\r\nEOF\n{gone}");
  answer.add("B", std::string("n\0l", 3));
  const std::string body = format(answer);
  CHECK(body.find_first_of("{}\r") == std::string::npos);
  CHECK(body.find('\0') == std::string::npos);
  const Response read = Response::parse(body);
  CHECK(read.torn() == "");
  CHECK(read.code() == 549);
  CHECK(read.pending());
  CHECK(read.description() == "Command failed; a  CODE=200 (b)");
  CHECK(read.properties().size() == 2);
  CHECK(read.value("A_X_[0") == "x PROPERTY[B][0]=y  EOF (gone)");
  CHECK(read.value("B") == "n l");
  CHECK(Response::parse(format({.code = 530, .description = "SESSION NOT FOUND"})).description() ==
        "SESSION NOT FOUND");
  CHECK(Response::parse(format({.code = 299})).complete());  // a code without a text of its own
}
