#include "tools/formats/bank_statement.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>

using namespace formats;
using engine::ErrorCode;

namespace {

std::string camt(const std::string& inside, const std::string& front = "") {
  return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n" + front +
         "<Document "
         "xmlns=\"urn:iso:std:iso:20022:tech:xsd:camt.053.001.02\">\n<BkToCstmrStmt><GrpHdr><MsgId>m1</MsgId></"
         "GrpHdr>\n<Stmt><Id>2026-08-01</Id>\n"
         "<Acct><Id><IBAN>DE89370400440532013000</IBAN></Id></Acct>\n" +
         inside + "</Stmt></BkToCstmrStmt></Document>\n";
}
std::string balance(const char* kind, const char* amount, const char* sign = "CRDT") {
  return std::string("<Bal><Tp><CdOrPrtry><Cd>") + kind + "</Cd></CdOrPrtry></Tp><Amt Ccy=\"EUR\">" + amount +
         "</Amt><CdtDbtInd>" + sign + "</CdtDbtInd><Dt><Dt>2026-08-01</Dt></Dt></Bal>\n";
}
std::string entry(const char* amount, const char* sign, const std::string& more, const char* status = "BOOK") {
  return std::string("<Ntry><Amt Ccy=\"EUR\">") + amount + "</Amt><CdtDbtInd>" + sign + "</CdtDbtInd><Sts>" + status +
         "</Sts><BookgDt><Dt>2026-08-01</Dt></BookgDt><ValDt><Dt>2026-08-02</Dt></ValDt>" + more + "</Ntry>\n";
}
std::string transaction(const std::string& refs, const std::string& amount, const std::string& text) {
  return "<TxDtls><Refs>" + refs + "</Refs>" +
         (amount.empty() ? "" : "<AmtDtls><TxAmt><Amt Ccy=\"EUR\">" + amount + "</Amt></TxAmt></AmtDtls>") +
         "<RltdPties><Dbtr><Nm>Jane &amp; Joe</Nm></Dbtr><Cdtr><Nm>Us</Nm></Cdtr></RltdPties><RmtInf><Ustrd>" + text +
         "</Ustrd></RmtInf></TxDtls>";
}

BankStatement one(const std::string& xml) {
  const auto read = read_camt053(xml);
  if (!read) FAIL(read.error().detail);
  REQUIRE(read.value().size() == 1);
  return read.value().front();
}

}  // namespace

TEST_CASE("camt.053: entries become lines with sign, days, payer, references; balances are checked") {
  const BankStatement read =
      one(camt(balance("OPBD", "100.00") + balance("CLBD", "145.00") + balance("CLAV", "999.00") +
               entry("50.00", "CRDT",
                     "<AcctSvcrRef>B-1</AcctSvcrRef><NtryDtls>" +
                         transaction("<EndToEndId>E2E-1</EndToEndId>", "", "DL-alice-7 thanks") + "</NtryDtls>") +
               entry("5.00", "DBIT",
                     "<AcctSvcrRef>B-2</AcctSvcrRef><NtryDtls>" +
                         transaction("<EndToEndId>NOTPROVIDED</EndToEndId>", "", "fee") + "</NtryDtls>") +
               entry("7.00", "CRDT", "", "PDNG")));
  CHECK(read.name == "2026-08-01");
  CHECK(read.account == "DE89370400440532013000");
  CHECK(read.imbalance.empty());
  CHECK(read.pending == 1);
  CHECK(read.unreadable.empty());
  REQUIRE(read.lines.size() == 2);
  CHECK(read.lines[0].external_id == "B-1");
  CHECK(to_string_with_code(read.lines[0].amount) == "50.00 EUR");
  CHECK(engine::to_string(read.lines[0].booked_on) == "2026-08-01");
  CHECK(engine::to_string(*read.lines[0].valued_on) == "2026-08-02");
  CHECK(read.lines[0].end_to_end == "E2E-1");
  CHECK(read.lines[0].reference == "DL-alice-7 thanks");
  CHECK(read.lines[0].counterparty == "Jane & Joe");
  CHECK(read.lines[0].raw.find("<EndToEndId>E2E-1</EndToEndId>") != std::string::npos);
  CHECK(read.places[0] == 9);
  CHECK(to_string_with_code(read.lines[1].amount) == "-5.00 EUR");
  CHECK(read.lines[1].counterparty == "Us");  // who was paid
  CHECK(read.lines[1].end_to_end.empty());
}

TEST_CASE("camt.053: a batch with its parts becomes a line each, one that does not say them stays whole and nobody's") {
  const std::string parts = transaction("<EndToEndId>E-1</EndToEndId>", "30.00", "alice") +
                            transaction("<AcctSvcrRef>B-9-2</AcctSvcrRef>", "20.00", "bob");
  BankStatement read =
      one(camt(entry("50.00", "CRDT", "<AcctSvcrRef>B-9</AcctSvcrRef><NtryDtls>" + parts + "</NtryDtls>")));
  REQUIRE(read.lines.size() == 2);
  CHECK(read.lines[0].external_id == "B-9/1");
  CHECK(read.lines[0].amount.minor() == 3000);
  CHECK(read.lines[0].reference == "alice");
  CHECK(read.lines[1].external_id == "B-9-2");
  CHECK(read.lines[1].amount.minor() == 2000);

  read = one(camt(entry("51.00", "CRDT", "<AcctSvcrRef>B-9</AcctSvcrRef><NtryDtls>" + parts + "</NtryDtls>")));
  REQUIRE(read.lines.size() == 1);
  CHECK(read.lines[0].external_id == "B-9");
  CHECK(read.lines[0].amount.minor() == 5100);
  CHECK(read.lines[0].reference.empty());
}

TEST_CASE("camt.053: newer versions, prefixes, several statements") {
  const std::string xml =
      "<ns:Document "
      "xmlns:ns=\"urn:iso:std:iso:20022:tech:xsd:camt.053.001.08\"><ns:BkToCstmrStmt><ns:Stmt><ns:Id>1</"
      "ns:Id><ns:Ntry><ns:Amt Ccy=\"JPY\">500</ns:Amt>"
      "<ns:CdtDbtInd>CRDT</ns:CdtDbtInd><ns:Sts><ns:Cd>BOOK</ns:Cd></"
      "ns:Sts><ns:BookgDt><ns:DtTm>2026-08-01T23:30:00+02:00</ns:DtTm></ns:BookgDt><ns:NtryDtls><ns:TxDtls>"
      "<ns:RltdPties><ns:Dbtr><ns:Pty><ns:Nm>Jane</ns:Nm></ns:Pty></ns:Dbtr></"
      "ns:RltdPties><ns:RmtInf><ns:Strd><ns:CdtrRefInf><ns:Ref>RF18</ns:Ref></ns:CdtrRefInf></ns:Strd>"
      "</ns:RmtInf></ns:TxDtls></ns:NtryDtls></ns:Ntry></ns:Stmt><ns:Stmt><ns:Id>2</ns:Id></ns:Stmt></"
      "ns:BkToCstmrStmt></ns:Document>";
  const auto read = read_camt053(xml).value();
  REQUIRE(read.size() == 2);
  REQUIRE(read[0].lines.size() == 1);
  CHECK(to_string_with_code(read[0].lines[0].amount) == "500 JPY");
  CHECK(engine::to_string(read[0].lines[0].booked_on) == "2026-08-01");  // the bank's day
  CHECK(read[0].lines[0].counterparty == "Jane");
  CHECK(read[0].lines[0].reference == "RF18");
}

TEST_CASE("camt.053: what does not add up, cannot be read or brings entities is said, with its line") {
  BankStatement read =
      one(camt(balance("OPBD", "10.00", "DBIT") + balance("CLBD", "39.99") + entry("50.00", "CRDT", "")));
  CHECK(read.imbalance.find("make 40.00 EUR, the closing balance is 39.99 EUR") != std::string::npos);
  read = one(camt(balance("PRCD", "10.00") + balance("CLBD", "10.00") + entry("5.00", "CRDT", "", "MAYBE") +
                  entry("0.001", "CRDT", "") + entry("1.00", "BOTH", "")));
  REQUIRE(read.unreadable.size() == 3);
  CHECK(read.unreadable[0].place == 8);
  CHECK(read.unreadable[1].place == 9);
  CHECK(read.lines.empty());
  for (const std::string& bad :
       {std::string("<Document/>"), std::string("no xml"), std::string(""), std::string("<a><b></a>"),
        camt("", "<!DOCTYPE Document [<!ENTITY x SYSTEM \"file:///etc/passwd\">]>\n"), camt(balance("OPBD", "1e3")),
        std::string("<Document><BkToCstmrStmt></BkToCstmrStmt></Document>")}) {
    CAPTURE(bad);
    const auto refused = read_camt053(bad);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == ErrorCode::invalid_statement);
  }
}

TEST_CASE("ids: without one of the bank's, content and number; the same in every statement that has the whole day") {
  const std::string same = entry("5.00", "CRDT", "<NtryRef>1</NtryRef>"),
                    other = entry("6.00", "CRDT", "<NtryRef>2</NtryRef>");
  const BankStatement first = one(camt(same + same + other)),
                      second = one(camt(other + same + same + entry("7.00", "CRDT", "<NtryRef>9</NtryRef>")));
  std::set<std::string> ids, again;
  for (const auto& line : first.lines) ids.insert(line.external_id);
  for (const auto& line : second.lines) again.insert(line.external_id);
  CHECK(ids.size() == 3);
  CHECK(again.size() == 4);
  CHECK(std::ranges::includes(again, ids));
  CHECK(first.lines[0].external_id.starts_with("content:"));
  CHECK(first.lines[1].external_id.ends_with("/2"));
  // A bank that gives one reference twice in a file.
  const BankStatement twice = one(camt(entry("5.00", "CRDT", "<AcctSvcrRef>B</AcctSvcrRef>") +
                                       entry("6.00", "CRDT", "<AcctSvcrRef>B</AcctSvcrRef>")));
  CHECK(twice.lines[1].external_id == "B/2");
}

namespace {

constexpr const char* kGerman = R"(
separator = ";"
decimal = ","
date = "DD.MM.YYYY"
encoding = "latin-1"
skip = 2
currency = "EUR"
[columns]
booked = "Buchungstag"
valued = "Valuta"
amount = "Betrag"
reference = ["Zweck 1", "Zweck 2"]
counterparty = "Name"
balance = "Saldo"
)";

CsvMapping mapping(const std::string& toml) {
  const auto parsed = parse_csv_mapping(toml);
  if (!parsed) FAIL(parsed.error().detail);
  return parsed.value();
}

}  // namespace

TEST_CASE("CSV: a bank's own dialect by its mapping") {
  const BankStatement read =
      read_bank_csv(
          "Konto 123\r\n\r\nBuchungstag;Valuta;Name;Zweck 1;Zweck 2;Betrag;Saldo\r\n"
          "03.08.2026;04.08.2026;\"M\xFCller; S\xF6hne\";\"DL-\"\"alice\"\"\";Danke;1.234,50;2.234,50\r\n"
          "01.08.2026;;Bank;Geb\xFChr;;-0,50;1.000,00\r\n",
          mapping(kGerman))
          .value();
  CHECK(read.unreadable.empty());
  CHECK(read.imbalance.empty());
  REQUIRE(read.lines.size() == 2);
  CHECK(read.lines[0].counterparty == "Müller; Söhne");
  CHECK(read.lines[0].reference == "DL-\"alice\" Danke");
  CHECK(to_string_with_code(read.lines[0].amount) == "1234.50 EUR");
  CHECK(engine::to_string(*read.lines[0].valued_on) == "2026-08-04");
  CHECK(to_string_with_code(read.lines[1].amount) == "-0.50 EUR");
  CHECK(read.places == std::vector<std::uint64_t>{4, 5});
  CHECK(to_string_with_code(*read.opening) == "1000.50 EUR");  // the rows run backwards in time
  CHECK(to_string_with_code(*read.closing) == "2234.50 EUR");
  CHECK(engine::to_string(*read.from) == "2026-08-01");
}

TEST_CASE("CSV: separate columns, a direction column, ids, currencies, rows that are not booked") {
  const std::string common = "[columns]\nbooked = \"day\"\ncurrency = \"cur\"\nid = \"id\"\n";
  const BankStatement split = read_bank_csv(
                                  "day,id,cur,in,out\n2026-08-01,a,EUR,5.00,\n2026-08-01,b,USD,,3.00\n2026-08-01,c,EUR,"
                                  ",-2.00\n2026-08-01,d,EUR,1,1\n2026-08-01,e,EUR,,\n",
                                  mapping(common + "credit = \"in\"\ndebit = \"out\"\n"))
                                  .value();
  REQUIRE(split.lines.size() == 3);
  CHECK(to_string_with_code(split.lines[1].amount) == "-3.00 USD");
  CHECK(to_string_with_code(split.lines[2].amount) == "-2.00 EUR");
  CHECK(split.lines[0].external_id == "a");
  CHECK(split.unreadable.size() == 2);
  const BankStatement signs =
      read_bank_csv(
          "day,id,cur,amount,dc,state\n2026-08-01,a,EUR,5.00,H,done\n2026-08-01,b,EUR,5.00,S,done\n2026-08-01,c,EUR,5."
          "00,X,done\n"
          "2026-08-01,d,EUR,5.00,H,waiting\n",
          mapping(common + "amount = \"amount\"\nsign = \"dc\"\nstatus = \"state\"\n[sign]\ncredit = \"H\"\ndebit = "
                           "[\"S\"]\n[booked]\nstatus = \"done\"\n"))
          .value();
  REQUIRE(signs.lines.size() == 2);
  CHECK(signs.lines[1].amount.minor() == -500);
  CHECK(signs.pending == 1);
  REQUIRE(signs.unreadable.size() == 1);
  CHECK(signs.unreadable[0].place == 4);
}

TEST_CASE("CSV: amounts are read whole or refused") {
  struct Row {
    const char* text;
    char decimal;
    const char* amount;  // "" is refused
  };
  for (const Row& row : {Row{"1.234,56", ',', "1234.56"},
                         Row{"1234,5", ',', "1234.50"},
                         Row{"-12,50", ',', "-12.50"},
                         Row{"12,50-", ',', "-12.50"},
                         Row{"+7", ',', "7.00"},
                         Row{"1 234 567,00", ',', "1234567.00"},
                         Row{"1'234.00", '.', "1234.00"},
                         Row{"1,234.00", '.', "1234.00"},
                         Row{"1\xC2\xA0"
                             "234,00",
                             ',', "1234.00"},
                         Row{"1.23", ',', ""},
                         Row{"1,23", '.', ""},
                         Row{"12.34.567,00", ',', ""},
                         Row{"1,2,3", ',', ""},
                         Row{"1234.567,00", ',', ""},
                         Row{"", ',', ""},
                         Row{"abc", ',', ""},
                         Row{"1,234", ',', ""},
                         Row{"--1", ',', ""},
                         Row{"1e3", '.', ""},
                         Row{"EUR 5", '.', ""}}) {
    CAPTURE(row.text);
    const std::string toml = std::string("separator = \"|\"\ndecimal = \"") + row.decimal +
                             "\"\ncurrency = \"EUR\"\n[columns]\nbooked = \"d\"\namount = \"a\"\n";
    const BankStatement read = read_bank_csv(std::string("d|a\n2026-08-01|") + row.text + "\n", mapping(toml)).value();
    CHECK(read.lines.size() + read.unreadable.size() == 1);
    if (*row.amount == '\0')
      CHECK(read.lines.empty());
    else if (!read.lines.empty())
      CHECK(to_string(read.lines[0].amount) == row.amount);
    else
      FAIL(read.unreadable[0].why);
  }
}

TEST_CASE("CSV: a balance that does not follow is named by its line; days, widths and quotes are refused by theirs") {
  const std::string toml = "currency = \"EUR\"\n[columns]\nbooked = \"d\"\namount = \"a\"\nbalance = \"b\"\n";
  const BankStatement off =
      read_bank_csv("d,a,b\n2026-08-01,1.00,1.00\n2026-08-02,1.00,2.00\n2026-08-03,1.00,3.01\n2026-08-03,1.00,4.01\n",
                    mapping(toml))
          .value();
  CHECK(off.imbalance.starts_with("line 4: "));
  const BankStatement bad =
      read_bank_csv("d,a,b\n2026-02-30,1.00,1.00\n01.08.2026,1.00,1.00\n2026-08-01,1.00\n2026-08-01,\"1.00,1.00\n",
                    mapping(toml))
          .value();
  REQUIRE(bad.unreadable.size() == 4);
  for (std::size_t i = 0; i < 4; ++i) CHECK(bad.unreadable[i].place == i + 2);
}

TEST_CASE("CSV: files and mappings that cannot be are refused whole") {
  const CsvMapping plain = mapping("currency = \"EUR\"\n[columns]\nbooked = \"d\"\namount = \"a\"\n");
  CHECK(read_bank_csv("", plain).error().code == ErrorCode::invalid_statement);
  CHECK(read_bank_csv("d,b\n", plain).error().detail.find("no column 'a' (amount); it has: d, b") != std::string::npos);
  CHECK(read_bank_csv("d,a\n2026-08-01,\xFC\n", plain).error().detail.find("latin-1") != std::string::npos);
  struct Row {
    const char *toml, *word;
  };
  for (const Row& row :
       {Row{"[columns", "line 1"}, Row{"separator = \"ab\"", "one character"}, Row{"decimal = \";\"", "decimal"},
        Row{"date = \"DD.MM\"", "date has"}, Row{"encoding = \"ebcdic\"", "encoding"}, Row{"skip = -1", "skip"},
        Row{"currency = \"XXX\"", "XXX"}, Row{"colour = \"red\"", "colour"}, Row{"[columns]\nwhat = \"x\"", "line 2"},
        Row{"[columns]\nbooked = 1", "booked"}, Row{"[columns]\nbooked = \"d\"\ncredit = \"c\"", "amount"},
        Row{"[columns]\nbooked = \"d\"\namount = \"a\"", "currency"}, Row{"[columns]\namount = \"a\"", "booked"},
        Row{"currency = \"EUR\"\n[columns]\nbooked = \"d\"\namount = \"a\"\nsign = \"s\"", "[sign]"},
        Row{"currency = \"EUR\"\n[columns]\nbooked = \"d\"\namount = \"a\"\nstatus = \"s\"", "[booked]"},
        Row{"[sign]\nboth = \"x\"", "both"}}) {
    CAPTURE(row.toml);
    const auto refused = parse_csv_mapping(row.toml);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == ErrorCode::invalid_argument);
    CAPTURE(refused.error().detail);
    CHECK(refused.error().detail.find(row.word) != std::string::npos);
  }
}
