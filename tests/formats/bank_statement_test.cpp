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
  const auto read = read_camt(xml);
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
  CHECK(read.lines[0].bank_reference == "B-1");
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
  CHECK(read.lines[0].bank_reference == "B-9/1");
  CHECK(read.lines[0].amount.minor() == 3000);
  CHECK(read.lines[0].reference == "alice");
  CHECK(read.lines[1].bank_reference == "B-9-2");
  CHECK(read.lines[1].amount.minor() == 2000);

  read = one(camt(entry("51.00", "CRDT", "<AcctSvcrRef>B-9</AcctSvcrRef><NtryDtls>" + parts + "</NtryDtls>")));
  REQUIRE(read.lines.size() == 1);
  CHECK(read.lines[0].bank_reference == "B-9");
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
  const auto read = read_camt(xml).value();
  REQUIRE(read.size() == 2);
  REQUIRE(read[0].lines.size() == 1);
  CHECK(to_string_with_code(read[0].lines[0].amount) == "500 JPY");
  CHECK(engine::to_string(read[0].lines[0].booked_on) == "2026-08-01");  // the bank's day
  CHECK(read[0].lines[0].counterparty == "Jane");
  CHECK(read[0].lines[0].reference == "RF18");
  CHECK(read[0].lines[0].structured == "RF18");
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
    const auto refused = read_camt(bad);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == ErrorCode::invalid_statement);
  }
}

TEST_CASE("camt: whatever field the payer's words are in; placeholders are no reference") {
  const auto line = [](const std::string& more) { return one(camt(entry("5.00", "CRDT", more))).lines.at(0); };
  const auto details = [&](const std::string& inside) {
    return line("<NtryDtls><TxDtls>" + inside + "</TxDtls></NtryDtls>").reference;
  };
  CHECK(line("<AddtlNtryInf>from Jane, DL-alice-7</AddtlNtryInf>").reference == "from Jane, DL-alice-7");
  CHECK(details("<AddtlTxInf>DL-alice-7</AddtlTxInf>") == "DL-alice-7");
  CHECK(details("<RmtInf><Strd><AddtlRmtInf>DL-alice-7</AddtlRmtInf></Strd></RmtInf>") == "DL-alice-7");
  CHECK(details("<RmtInf><Strd><RfrdDocInf><Nb>DL-alice-7</Nb></RfrdDocInf></Strd></RmtInf>") == "DL-alice-7");
  CHECK(details("<RmtInf><Ustrd>a</Ustrd><Ustrd>b</Ustrd></RmtInf><AddtlTxInf>c</AddtlTxInf>") == "a b | c");
  // Of a batch that does not say its parts, nobody's words are taken.
  CHECK(line("<NtryDtls><TxDtls/><TxDtls/></NtryDtls><AddtlNtryInf>batch of 2</AddtlNtryInf>").reference.empty());
  for (const char* none : {"NONREF", "NOTPROVIDED", "0", "000000", "-", "n/a", "NOREF", "XXXX"}) {
    CAPTURE(none);
    CHECK(line(std::string("<AcctSvcrRef>") + none + "</AcctSvcrRef>").bank_reference.empty());
  }
  CHECK(line("<AcctSvcrRef>0101</AcctSvcrRef>").bank_reference == "0101");
}

TEST_CASE("camt: all documents, messages and statements of a file; 052 and 054 too; days without entries") {
  const std::string two = camt(entry("5.00", "CRDT", "")) + camt(entry("7.00", "CRDT", ""));
  CHECK(read_camt(two).value().size() == 2);
  std::string messages = camt(entry("5.00", "CRDT", ""));
  const std::string message = messages.substr(messages.find("<BkToCstmrStmt>"),
                                              messages.find("</Document>") - messages.find("<BkToCstmrStmt>"));
  messages.insert(messages.find("</Document>"), message);
  CHECK(read_camt(messages).value().size() == 2);
  CHECK_FALSE(read_camt(camt("") + "<Other/>"));
  const auto report =
      read_camt("<Document><BkToCstmrAcctRpt><Rpt><Id>r</Id><LglSeqNb>7</LglSeqNb>" + balance("OPBD", "1.00") +
                balance("ITBD", "6.00") + entry("5.00", "CRDT", "") + "</Rpt></BkToCstmrAcctRpt></Document>")
          .value();
  CHECK(to_string_with_code(*report.at(0).closing) == "6.00 EUR");
  CHECK(report.at(0).sequence == 7);
  CHECK(read_camt("<Document><BkToCstmrDbtCdtNtfctn><Ntfctn><Id>n</Id>" + entry("5.00", "CRDT", "") +
                  "</Ntfctn></BkToCstmrDbtCdtNtfctn></Document>")
            .value()
            .at(0)
            .lines.size() == 1);
  const BankStatement empty =
      one(camt("<FrToDt><FrDtTm>2026-08-03T00:00:00</FrDtTm><ToDtTm>2026-08-04T00:00:00</ToDtTm></FrToDt>"));
  CHECK(engine::to_string(*empty.from) == "2026-08-03");
  CHECK(engine::to_string(*empty.to) == "2026-08-03");
}

TEST_CASE("camt: converted by the encoding that the file declares, else refused") {
  const auto with = [](const std::string& declared, const std::string& name) {
    std::string xml = camt(entry("5.00", "CRDT", "<AddtlNtryInf>" + name + "</AddtlNtryInf>"));
    return xml.replace(xml.find("UTF-8"), 5, declared);
  };
  CHECK(one(with("windows-1252", "J\xF6rg \x80")).lines.at(0).reference == "Jörg €");
  CHECK(one(with("ISO-8859-15", "J\xF6rg \xA4")).lines.at(0).reference == "Jörg €");
  CHECK(one(with("UTF-8", "Jörg €")).lines.at(0).reference == "Jörg €");
  CHECK(read_camt(with("UTF-8", "J\xF6rg")).error().code == ErrorCode::invalid_statement);
  CHECK(read_camt(with("EBCDIC", "Jane")).error().detail.find("EBCDIC") != std::string::npos);
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
BankStatement one_csv(const std::string& text, const CsvMapping& how) {
  const auto read = read_bank_csv(text, how);
  if (!read) FAIL(read.error().detail);
  REQUIRE(read.value().size() == 1);
  return read.value().front();
}

}  // namespace

TEST_CASE("CSV: a bank's own dialect by its mapping") {
  const BankStatement read = one_csv(
      "Konto 123\r\n\r\nBuchungstag;Valuta;Name;Zweck 1;Zweck 2;Betrag;Saldo\r\n"
      "03.08.2026;04.08.2026;\"M\xFCller; S\xF6hne\";\"DL-\"\"alice\"\"\";Danke;1.234,50;2.234,50\r\n"
      "01.08.2026;;Bank;Geb\xFChr;;-0,50;1.000,00\r\n",
      mapping(kGerman));
  CHECK(read.unreadable.empty());
  CHECK(read.imbalance.empty());
  REQUIRE(read.lines.size() == 2);  // newest first in the file, as they happened here
  CHECK(read.lines[1].counterparty == "Müller; Söhne");
  CHECK(read.lines[1].reference == "DL-\"alice\" Danke");
  CHECK(to_string_with_code(read.lines[1].amount) == "1234.50 EUR");
  CHECK(engine::to_string(*read.lines[1].valued_on) == "2026-08-04");
  CHECK(to_string_with_code(read.lines[0].amount) == "-0.50 EUR");
  CHECK(read.places == std::vector<std::uint64_t>{5, 4});
  CHECK(to_string_with_code(*read.opening) == "1000.50 EUR");  // the rows run backwards in time
  CHECK(to_string_with_code(*read.closing) == "2234.50 EUR");
  CHECK(engine::to_string(*read.from) == "2026-08-01");
}

TEST_CASE("CSV: separate columns, a direction column, ids, currencies, rows that are not booked") {
  const std::string common = "[columns]\nbooked = \"day\"\ncurrency = \"cur\"\nid = \"id\"\n";
  const auto split = read_bank_csv(
                         "day,id,cur,in,out\n2026-08-01,a,EUR,5.00,\n2026-08-01,b,USD,,3.00\n2026-08-01,c,EUR,"
                         ",-2.00\n2026-08-01,d,EUR,1,1\n2026-08-01,e,EUR,,\n",
                         mapping(common + "credit = \"in\"\ndebit = \"out\"\n"))
                         .value();
  REQUIRE(split.size() == 2);  // one of each currency
  REQUIRE(split[0].lines.size() == 2);
  CHECK(to_string_with_code(split[0].lines[1].amount) == "-2.00 EUR");
  CHECK(to_string_with_code(split[1].lines.at(0).amount) == "-3.00 USD");
  CHECK(split[0].lines[0].bank_reference == "a");
  CHECK(split[0].unreadable.size() == 2);
  const BankStatement signs = one_csv(
      "day,id,cur,amount,dc,state\n2026-08-01,a,EUR,5.00,H,done\n2026-08-01,b,EUR,5.00,S,done\n2026-08-01,c,EUR,5."
      "00,X,done\n"
      "2026-08-01,d,EUR,5.00,H,waiting\n",
      mapping(common + "amount = \"amount\"\nsign = \"dc\"\nstatus = \"state\"\n[sign]\ncredit = \"H\"\ndebit = "
                       "[\"S\"]\n[booked]\nstatus = \"done\"\n"));
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
    const BankStatement read = one_csv(std::string("d|a\n2026-08-01|") + row.text + "\n", mapping(toml));
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
  const BankStatement off = one_csv(
      "d,a,b\n2026-08-01,1.00,1.00\n2026-08-02,1.00,2.00\n2026-08-03,1.00,3.01\n2026-08-03,1.00,4.01\n", mapping(toml));
  CHECK(off.imbalance.starts_with("line 4: "));
  const BankStatement bad = one_csv(
      "d,a,b\n2026-02-30,1.00,1.00\n01.08.2026,1.00,1.00\n2026-08-01,1.00\n2026-08-01,\"1.00,1.00\n", mapping(toml));
  REQUIRE(bad.unreadable.size() == 4);
  for (std::size_t i = 0; i < 4; ++i) CHECK(bad.unreadable[i].place == i + 2);
}

TEST_CASE("CSV: files and mappings that cannot be are refused whole") {
  const CsvMapping plain = mapping("currency = \"EUR\"\n[columns]\nbooked = \"d\"\namount = \"a\"\n");
  CHECK(read_bank_csv("", plain).error().code == ErrorCode::invalid_statement);
  CHECK(read_bank_csv("d,b\n", plain).error().detail.find("no column 'a' (amount); it has: d, b") != std::string::npos);
  CHECK(read_bank_csv("d,a\n2026-08-01,\xFC\n", plain).error().code == ErrorCode::invalid_statement);
  CHECK(read_bank_csv("d,a\n", plain).error().detail == "there is no row after the header");
  // Gross, fee and net: the account moves by the net, the customer paid the gross.
  const CsvMapping fees =
      mapping("currency = \"EUR\"\n[columns]\nbooked = \"d\"\namount = \"g\"\nfee = \"f\"\nnet = \"n\"\n");
  const BankStatement paid = one_csv(
      "d,g,f,n\n2026-08-01,59.00,-1.82,57.18\n2026-08-02,10.00,0.60,9.40\n2026-08-03,-66.58,0.00,-66.58\n2026-08-03,1."
      "00,0.10,0.95\n",
      fees);
  REQUIRE(paid.lines.size() == 3);
  CHECK(paid.lines[0].amount.minor() == 5718);
  CHECK(paid.lines[0].gross().minor() == 5900);
  CHECK(paid.lines[1].fee == 60);
  CHECK(paid.lines[2].fee == 0);
  CHECK(paid.unreadable.size() == 1);
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
