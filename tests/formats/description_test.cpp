#include "tools/formats/description.hpp"

#include <doctest/doctest.h>

#include "tools/formats/record_reader.hpp"

using namespace formats;
using engine::ErrorCode;

namespace {

Description described(std::string_view toml) {
  auto description = parse_description(toml, "test");
  REQUIRE_MESSAGE(bool(description), (description ? "" : description.error().detail));
  return std::move(description).value();
}

// "line:name|date" of each row; "line!fault" where it has one.
std::vector<std::string> rows(std::string_view text, const Description& description) {
  auto reader = RecordReader::open(text, description, ErrorCode::invalid_list);
  REQUIRE_MESSAGE(bool(reader), (reader ? "" : reader.error().detail));
  std::vector<std::string> all;
  while (reader.value().next()) {
    const Record& record = reader.value().record();
    const std::string line = std::to_string(record.line);
    if (!record.fault.empty()) {
      all.push_back(line + "!" + record.fault);
      continue;
    }
    const std::string name(reader.value().cell("name")), date(reader.value().cell("date"));
    all.push_back(line + ":" + name + "|" + date);
  }
  return all;
}

}  // namespace

TEST_CASE("description: every built-in one is sound, cites its source and says whether it was verified") {
  CHECK(builtin_descriptions().size() >= 1);
  for (const Description& one : builtin_descriptions()) {
    CAPTURE(one.name);
    CHECK_FALSE(one.title.empty());
    CHECK_FALSE(one.source.empty());
    CHECK(find_builtin(one.kind, one.name) == &one);
  }
  CHECK(find_builtin(FormatKind::list, "no-such") == nullptr);
}

TEST_CASE("description: what is wrong in a description is named with its line") {
  struct Row {
    const char* toml;
    const char* said;
  };
  for (const Row& row : {
           Row{"", "kind is"},
           Row{"kind = \"list\"\n", "needs name"},
           Row{"kind = \"list\"\nseperator = \";\"\n[columns]\nname = \"a\"\n", "line 2: unknown or misplaced"},
           Row{"kind = \"list\"\n[columns]\nname = \"a\"\nbooked = \"b\"\n", "line 4: there is no column 'booked'"},
           Row{"kind = \"list\"\ndate = \"MM/YY\"\n[columns]\nname = \"a\"\n", "line 2: 'MM/YY' is no date mask"},
           Row{"kind = \"list\"\ntime_zone = \"Mars\"\n[columns]\nname = \"a\"\n", "IANA"},
           Row{"kind = \"list\"\nheader = false\n[columns]\nname = \"Domain\"\n", "by its place"},
           Row{"kind = \"statement\"\n[columns]\namount = \"x\"\n", "needs booked"},
           Row{"kind = \"list\"\nencoding = \"ebcdic\"\n[columns]\nname = \"a\"\n", "line 2"},
           Row{"kind = \"list\"\n[first_line]\nmask = \"YYYY-MM-DD\"\n[columns]\nname = \"a\"\n", "mask and is"},
           Row{"kind = ", "line 1"},
       }) {
    CAPTURE(row.toml);
    const auto refused = parse_description(row.toml, "test");
    REQUIRE_FALSE(bool(refused));
    CHECK(refused.error().code == ErrorCode::invalid_argument);
    CHECK(refused.error().detail.find(row.said) != std::string::npos);
  }
}

TEST_CASE("description: rows come out the same whatever the file looks like") {
  const std::vector<std::string> same = {"2:a.com|2026-08-05 10:00", "3:b.com|2026-08-06 11:00"};
  struct Row {
    const char* toml;
    const char* text;
  };
  for (const Row& row : {
           Row{"kind = \"list\"\n[columns]\nname = \"Domain Name\"\ndate = [\"drop_date\", \"Time\"]\n",
               "DOMAIN_NAME,Drop Date,time\na.com,2026-08-05,10:00\r\n\"b.com\" , \"2026-08-06\",11:00\n"},
           Row{"kind = \"list\"\nseparator = \";\"\n[columns]\nname = \"Dominio|Domain\"\ndate = \"Fecha\"\n",
               "Fecha;Dominio\n2026-08-05 10:00;a.com\n2026-08-06 11:00;b.com"},
           Row{"kind = \"list\"\nseparator = \"\\t\"\nheader = false\nskip = 1\n[columns]\nname = \"#2\"\ndate = "
               "\"#1\"\n",
               "made daily\n2026-08-05 10:00\ta.com\n2026-08-06 11:00\tb.com\n"},
           Row{"kind = \"list\"\nsyntax = \"blanks\"\n[columns]\nname = \"Name\"\ndate = \"Join By\"\n",
               "Name      Bid   Join By\na.com     69    2026-08-05 10:00\nb.com     7     2026-08-06 11:00\n"},
       }) {
    CAPTURE(row.text);
    CHECK(rows(row.text, described(row.toml)) == same);
  }
}

TEST_CASE("description: JSON arrays, at the top, below a name, one object a line") {
  const std::vector<std::string> same = {"1:a.com|2026-08-05", "2:b.com|2026-08-06"};
  const char* const columns = "[columns]\nname = \"attributes.name|name\"\ndate = \"on\"\n";
  const std::string head = "kind = \"list\"\nsyntax = \"json\"\n";
  CHECK(rows(R"([{"name":"a.com","on":"2026-08-05"},{"name":"b.com","on":"2026-08-06"}])", described(head + columns)) ==
        same);
  CHECK(
      rows(
          R"({"data":{"rows":[{"name":"a.com","on":"2026-08-05"},{"attributes":{"name":"b.com"},"on":"2026-08-06"}]}})",
          described(head + "records = \"data.rows\"\n" + columns)) == same);
  CHECK(rows("{\"name\":\"a.com\",\"on\":\"2026-08-05\"}\n{\"name\":\"b.com\",\"on\":\"2026-08-06\"}\n",
             described(head + "records = \"lines\"\n" + columns)) == same);
  const Description top = described(head + columns);
  for (const char* text : {"[{\"name\":\"a.com\"", "{}", "[1,", "x"}) {
    CAPTURE(text);
    const auto refused = RecordReader::open(text, top, ErrorCode::invalid_list);
    REQUIRE_FALSE(bool(refused));
  }
}

TEST_CASE("description: rows at fault are said, rows to pass over are counted, columns that lack are named") {
  const Description list = described(
      "kind = \"list\"\nskip_lines = [\"---*\"]\n[columns]\nname = \"domain\"\n[optional]\ndate = \"drop\"\n"
      "[pass_over]\nType = [\"Auction\"]\n");
  const char* const text = "domain,type\n----------\na.com,Auction\n\"b.com,x\nc.com,PendingDelete\n# note\n";
  CHECK(rows(text, list) == std::vector<std::string>{"4!a quote is opened and never closed", "5:c.com|"});
  auto reader = RecordReader::open(text, list, ErrorCode::invalid_list);
  while (reader.value().next()) {
  }
  CHECK(reader.value().passed_over() == 3);
  const auto lacks = RecordReader::open("name,type\nx,y\n", list, ErrorCode::invalid_list);
  REQUIRE_FALSE(bool(lacks));
  CHECK(lacks.error().detail == "line 1: the header has no column 'domain' (name); it has: name, type");
}

TEST_CASE("description: a statement's text may have several lines, a list's row may not") {
  const std::string columns = "[columns]\nbooked = \"day\"\n[optional]\nreference = \"text\"\n";
  const Description statement = described("kind = \"statement\"\n" + columns);
  auto reader = RecordReader::open("day,text\n2026-08-05,\"two\nlines \"\"x\"\"\"\n2026-08-06,y\n", statement,
                                   ErrorCode::invalid_statement);
  REQUIRE(bool(reader));
  REQUIRE(reader.value().next());
  CHECK(reader.value().cell("reference") == "two\nlines \"x\"");
  CHECK(reader.value().record().raw == "2026-08-05,\"two\nlines \"\"x\"\"\"");
  REQUIRE(reader.value().next());
  CHECK(reader.value().record().line == 4);
  CHECK(reader.value().cell("booked") == "2026-08-06");
}

TEST_CASE("description: a file is recognised where that is certain") {
  const Description* nominet = recognise(FormatKind::list, "x.csv", "roid,domain,drop_time\nD_1-UK,a.uk,\n");
  REQUIRE(nominet != nullptr);
  CHECK(nominet->name == "nominet");
  CHECK(recognise(FormatKind::list, "x.csv", "ROID, Domain ,\"Drop Time\"\n") == nominet);
  CHECK(recognise(FormatKind::list, "x.csv", "roid,domain,drop_time,more\n") == nullptr);
  CHECK(recognise(FormatKind::list, "x.csv", "domain,drop\n") == nullptr);
  CHECK(recognise(FormatKind::statement, "x.csv", "roid,domain,drop_time\n") == nullptr);
  CHECK(matches_glob("Dropping_Domains_2026-08-05.csv", "dropping_domains_*.csv"));
  CHECK_FALSE(matches_glob("a.txt", "*.csv"));
  CHECK(matches_glob("abcabd", "*abd"));
}
