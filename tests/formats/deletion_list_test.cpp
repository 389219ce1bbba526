#include "tools/formats/deletion_list.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "tests/formats/packed.hpp"
#include "tests/support/books.hpp"

using namespace formats;
using engine::ErrorCode;
using support::at;

namespace {

DeletionList read(const std::string& bytes, const ListFormat& format = {}) {
  auto list = read_deletion_list(bytes, format);
  REQUIRE_MESSAGE(bool(list), (list ? "" : list.error().detail));
  return std::move(list).value();
}
ErrorCode refusal(const std::string& bytes, const ListFormat& format = {}) {
  const auto list = read_deletion_list(bytes, format);
  REQUIRE_FALSE(bool(list));
  return list.error().code;
}

std::string zipped(const std::vector<std::pair<std::string, std::string>>& members) {
  return support::packed(support::Packing::zip, members);
}

}  // namespace

TEST_CASE("list: the same two rows in every form they come in") {
  const char* const forms[] = {
      "b.com;2026-08-01 17:00:00\na.co.uk;2026-08-02 09:00:00\n",
      "b.com;2026-08-01 17:00:00\r\na.co.uk;2026-08-02 09:00:00\r\n",
      "b.com;2026-08-01 17:00:00\ra.co.uk;2026-08-02 09:00:00\r",
      "b.com;2026-08-01 17:00:00\na.co.uk;2026-08-02 09:00:00",
      "\xEF\xBB\xBF"
      "b.com;2026-08-01 17:00:00\n\n# comment\na.co.uk;2026-08-02 09:00:00;7;more\n",
      "  B.COM. ; 2026-08-01 17:00:00 \nA.Co.Uk;2026-08-02T09:00:00Z\n",
      "Domain,Drop_Date\nb.com,2026-08-01 17:00:00\na.co.uk,2026-08-02 09:00:00\n",
      "score,\"finalizationdate\",\"NAME\"\n1,\"2026-08-01 17:00:00\",\"b.com\"\n\"2,\"\"x\",2026-08-02 "
      "09:00:00,a.co.uk\n",
  };
  for (const char* form : forms) {
    CAPTURE(form);
    const DeletionList list = read(form);
    REQUIRE(list.rows.size() == 2);
    CHECK(list.bad_count == 0);
    CHECK(list.rows[0].name.ace() == "a.co.uk");
    CHECK(std::get<engine::UtcTime>(list.rows[0].date) == at("2026-08-02T09:00:00Z"));
    CHECK(list.rows[1].name.ace() == "b.com");
    CHECK(std::get<engine::UtcTime>(list.rows[1].date) == at("2026-08-01T17:00:00Z"));
  }
}

TEST_CASE("list: names only take the date given with the file, and need one") {
  CHECK(refusal("a.com\nb.com\n") == ErrorCode::invalid_argument);
  const DeletionList list = read("b.com\na.com\n", {.layout = ListLayout::detect,
                                                    .date = engine::ListDate(engine::parse_day("2026-08-01").value())});
  REQUIRE(list.rows.size() == 2);
  CHECK(std::get<engine::Day>(list.rows[0].date) == engine::parse_day("2026-08-01").value());
}

TEST_CASE("list: a date without a time is a day; a leap second is the next second") {
  const DeletionList list = read("a.com;2026-08-01\nb.com;2026-06-30 23:59:60\n");
  CHECK(std::holds_alternative<engine::Day>(list.rows[0].date));
  CHECK(std::get<engine::UtcTime>(list.rows[1].date) == at("2026-07-01T00:00:00Z"));
}

TEST_CASE("list: rows that cannot be read are reported by line and skipped") {
  const DeletionList list = read(
      "good.com;2026-08-01 17:00:00\n"
      "-bad.com;2026-08-01 17:00:00\n"
      "nodate.com\n"
      "zero.com;0000-00-00 00:00:00\n"
      "empty.com;\n"
      "wrong.com;2026-02-30 00:00:00\n"
      "\x01\x02;2026-08-01 17:00:00\n"
      "cut.com;2026-08-0");
  CHECK(list.rows.size() == 1);
  REQUIRE(list.bad_count == 7);
  const std::uint64_t lines[] = {2, 3, 4, 5, 6, 7, 8};
  for (std::size_t i = 0; i < 7; ++i) CHECK(list.bad[i].line == lines[i]);
  CHECK(list.bad[5].text == "??;2026-08-01 17:00:00");
  CHECK(list.bad[6].why.find("ends in the middle") != std::string::npos);
}

TEST_CASE("list: one name however it is spelled; the earliest of several dates counts") {
  const DeletionList list = read(
      "k\xC3\xA4se.com;2026-08-03 00:00:00\n"
      "XN--KSE-QLA.com;2026-08-02 00:00:00\n"
      "xn--kse-qla.COM.;2026-08-02 00:00:00\n"
      "fa\xC3\x9F.de;2026-08-02 00:00:00\n"
      "fass.de;2026-08-02 00:00:00\n");
  REQUIRE(list.rows.size() == 3);
  CHECK(list.duplicates == 2);
  CHECK(list.rows[2].name.ace() == "xn--kse-qla.com");
  CHECK(std::get<engine::UtcTime>(list.rows[2].date) == at("2026-08-02T00:00:00Z"));
}

TEST_CASE("list: what is no list is refused whole") {
  for (const std::string& bytes :
       {std::string(), std::string(" \r\n\n"), std::string("\xEF\xBB\xBF"), std::string("a.com;2026-08-01\0", 17),
        std::string(4096, '\0'), std::string("-;-\n-;-\n"), std::string("PK\x03\x04rubbish"),
        std::string("first,second\na.com,2026-08-01\n"), std::string("domain,price\na.com,5\n")}) {
    CAPTURE(bytes.size());
    CHECK(refusal(bytes) == ErrorCode::invalid_list);
  }
}

TEST_CASE("list: ten million columns are one bad row, or none of our business") {
  std::string wide = "wide.com";
  for (int i = 0; i < 10'000'000; ++i) wide += ';';
  const DeletionList list = read(wide + "\ngood.com;2026-08-01 00:00:00\n");
  CHECK(list.rows.size() == 1);
  REQUIRE(list.bad.size() == 1);
  CHECK(list.bad[0].why == "longer than 64 KiB");
  CHECK(list.bad[0].text.size() < 100);
  CHECK(refusal(std::string(10'000'000, ',')) == ErrorCode::invalid_list);
}

TEST_CASE("list: bad rows are counted beyond those kept") {
  std::string bytes = "good.com;2026-08-01 00:00:00\n";
  for (int i = 0; i < 1'500; ++i) bytes += "bad\n";
  const DeletionList list = read(bytes);
  CHECK(list.bad_count == 1'500);
  CHECK(list.bad.size() == kMaxBadRows);
}

TEST_CASE("list: packed lists are unpacked, several files are one list, what is none is passed over") {
  const std::string rows = "a.com;2026-08-01 17:00:00\n";
  CHECK(read(zipped({{"pending_delete_domain_list.csv", rows}})).rows.size() == 1);
  CHECK(read(zipped({{"folder/", ""}, {"folder/list.csv", rows}})).rows.size() == 1);
  const DeletionList both = read(
      zipped({{"a.csv", rows}, {"__MACOSX/._a.csv", "x"}, {"b.csv", "b.net;2026-08-01 17:00:00\n"}, {"README", "x"}}));
  CHECK(both.rows.size() == 2);
  REQUIRE(both.parts.size() == 2);
  CHECK(both.parts[1].file == "b.csv");
  CHECK(both.passed_over == std::vector<std::string>{"__MACOSX/._a.csv", "README"});
  CHECK(read(support::packed(support::Packing::gzip, {{"x", rows}})).rows.size() == 1);
  CHECK(refusal(zipped({{"empty.csv", ""}})) == ErrorCode::invalid_list);
  std::string damaged = zipped({{"a.csv", std::string(5000, 'a') + rows}});
  damaged[40] = static_cast<char>(damaged[40] ^ 0x55);
  CHECK(refusal(damaged) == ErrorCode::invalid_list);
}

TEST_CASE("list: the layout is found although the first row cannot be read") {
  const auto list = formats::read_deletion_list("no date.com\na.com;2026-08-05 18:00:00\n", {});
  REQUIRE(bool(list));
  CHECK(list.value().rows.size() == 1);
  CHECK(list.value().bad.at(0).line == 1);
}

namespace {

std::string shown(const engine::ListDate& date) {
  if (const auto* day = std::get_if<engine::Day>(&date)) return engine::to_string(*day);
  if (const auto* eligible = std::get_if<engine::EligibleFrom>(&date)) return "from " + engine::to_string(eligible->at);
  return engine::to_string(std::get<engine::UtcTime>(date));
}

}  // namespace

TEST_CASE("list: the layouts that registries and vendors publish are recognised by themselves") {
  struct Row {
    const char* file;
    const char* text;
    const char* format;
    const char* name;
    const char* date;
  };
  for (const Row& row : {
           Row{"drops.csv", "roid,domain,drop_time\nD_1-UK,stone-mill.co.uk,2026-08-05T03:01:55Z\n", "nominet",
               "stone-mill.co.uk", "2026-08-05T03:01:55Z"},
           Row{"bardate_domains.txt", "stenkvarn.se\t2026-08-05\nfj\xC3\xA4llstuga.se\t2026-08-06\n", "iis",
               "xn--fjllstuga-w2a.se", "2026-08-06"},
           Row{"bardate_domains.json", "{\"data\":[{\"name\":\"stenkvarn.nu\",\"release_at\":\"2026-08-05\"}]}",
               "iis-json", "stenkvarn.nu", "2026-08-05"},
           Row{"20260805_SUPP_fr.txt", "#BOF\nmoulin-pierre.fr\n#EOF\n", "afnic", "moulin-pierre.fr", "2026-08-05"},
           Row{"deleted.txt", "2026-08-05 08:10:56 MEST\n\nmlyn.pl\nmlyn.com.pl\n", "nask", "mlyn.com.pl",
               "2026-08-05"},
           Row{"droplist.csv", "Date,Eligible Purge Time,Domain Name\n2026-08-04,15:04:50,stone-mill.net.au\n", "auda",
               "stone-mill.net.au", "from 2026-08-04T15:04:50Z"},
           Row{"cira_tbr.csv", "stone-mill.ca,2026-08-05T19:00:00Z\n", "cira", "stone-mill.ca", "2026-08-05T19:00:00Z"},
           Row{"tbr.json", "{\"domains\":[{\"name\":\"mill.co.nz\",\"tbrDate\":\"2026-08-05T02:00:00Z\"}]}", "nz",
               "mill.co.nz", "2026-08-05T02:00:00Z"},
           Row{"mx.csv", "05/08/26 03:00:16 GMT-6\nDominio,Disponible\nmolino.mx,true\n", "nic-mx", "molino.mx",
               "2026-08-05T09:00:16Z"},
           Row{"app.csv", "domain_name,tld,deletion_time\nmill.dev,dev,2026-08-05T11:30:21.123Z\n", "nomulus",
               "mill.dev", "2026-08-05T11:30:21.123Z"},
           Row{"x.csv",
               "SnapNames deleting list\nGenerated 08/01/2026\n\"Domain name\",\"Current bid\",\"Auction end "
               "date\"\n\"stonemill.com\",\"69\",\"8/5/2026 11:15\"\n",
               "snapnames", "stonemill.com", "2026-08-05"},
           Row{"x.txt",
               "Domain Name       Bid    Join By\n----------        ---    -------\n\nstonemill.com     69     "
               "8/5/2026 11:15\n",
               "snapnames-text", "stonemill.com", "2026-08-05"},
           Row{"namejet_8-05-2026.txt", "stonemill.com\r\n", "namejet", "stonemill.com", "2026-08-05"},
           Row{"d.csv", "Domain,TLD,Type,Drop Date\nStoneMill.com,com,PendingDelete,2026-08-05\n", "dropcatch",
               "stonemill.com", "2026-08-05"},
           Row{"b.csv", "Domain,End Time (PST),Price,Appraisal\nstonemill.com,2026/08/05 11:00 PST,20.99,120\n",
               "dynadot", "stonemill.com", "2026-08-05T18:00:00Z"},
           Row{"e.csv", "\"Domain\";\"BL\";\"Dropped\"\n\"stonemill.com\";\"12\";\"2026-08-05\"\n", "expireddomains",
               "stonemill.com", "2026-08-05"},
           Row{"io.json",
               "{\"success\":true,\"domains\":[{\"id\":1,\"name\":\"mill.io\",\"date_available\":\"2026-08-05 "
               "00:00:00\"}]}",
               "park-io", "mill.io", "2026-08-05"},
           Row{"pending_delete_domain_list.csv", "stonemill.com;2026-08-05 17:00:00\n", "hexonet", "stonemill.com",
               "2026-08-05T17:00:00Z"},
           Row{"r.csv", "TLD,Domain Name,Drop Date\ncom,stonemill.com,2026-08-05T18:00:00Z\n", "sattler-report",
               "stonemill.com", "2026-08-05T18:00:00Z"},
       }) {
    CAPTURE(row.format);
    const DeletionList list = read(row.text, {.file_name = std::string("lists/") + row.file});
    CHECK(list.parts.at(0).format == row.format);
    CHECK(list.parts.at(0).recognised);
    CHECK(list.bad_count == 0);
    const auto found =
        std::ranges::find(list.rows, row.name, [](const engine::ListRow& one) { return one.name.ace(); });
    REQUIRE(found != list.rows.end());
    CHECK(shown(found->date) == row.date);
  }
  const DeletionList nask = read("2026-08-05 08:10:56 MEST\n\nmlyn.pl\n", {});
  CHECK(nask.published_at == at("2026-08-05T06:10:56Z"));
  CHECK(refusal("a.cl\nb.cl\n", {.file_name = "nic_cl_eliminados.txt"}) == ErrorCode::invalid_argument);
}

TEST_CASE(
    "list: the column that fits what the dates are counts, a specific one before 'date'; equal ones are refused") {
  struct Row {
    const char* text;
    std::optional<engine::DateIs> date_is;
    const char* date;  // nullptr: refused
  };
  const auto drop = engine::DateIs::drop, finalization = engine::DateIs::finalization;
  const char* const both = "domain,finalization_date,drop_date\na.com,2026-08-05 17:00:00,2026-08-05 18:00:00\n";
  for (const Row& row : {
           Row{both, drop, "2026-08-05T18:00:00Z"},
           Row{both, finalization, "2026-08-05T17:00:00Z"},
           Row{both, {}, nullptr},
           Row{"domain,date,drop_date\na.com,2026-08-01,2026-08-20\n", drop, "2026-08-20"},
           Row{"DOMAIN NAME,Drop Date\na.com,2026-08-20\n", drop, "2026-08-20"},
           Row{"domain,drop_date,deletion_date\na.com,2026-08-01,2026-08-20\n", drop, nullptr},
           Row{"domain,drop_date,drop_time\na.com,2026-08-05,11:31:21\n", drop, "2026-08-05T11:31:21Z"},
           Row{"domain,drop_date,drop_time\na.com,2026-08-05,2026-08-05T11:31:21Z\n", drop, "2026-08-05T11:31:21Z"},
           Row{"Date,Eligible Purge Time,Domain\n2026-08-04,15:04:50,a.com\n", drop, "from 2026-08-04T15:04:50Z"},
           Row{"domain,drop_date,start_time,end_time\na.com,2026-08-05,10:00,11:00\n", drop, nullptr},
           Row{"domain,domain_name,drop_date\na.com,b.com,2026-08-05\n", drop, nullptr},
           Row{"domain,finalizationdate\na.com,2026-08-05\n", drop, nullptr},
           Row{"url,startDate,endDate,price\na.com,2026-08-01,2026-08-05,11\n", drop, nullptr},
           Row{"name;tld;drop\na;com;2026-08-05\n", drop, "2026-08-05"},
           Row{"[{\"domain\":\"a.com\",\"drop_date\":\"2026-08-05\"}]", drop, "2026-08-05"},
           Row{"a.com,2026-08-05T19:00:00Z\n", drop, "2026-08-05T19:00:00Z"},
           Row{"2026-08-05|a.com\n", drop, "2026-08-05"},
       }) {
    CAPTURE(row.text);
    const auto list = read_deletion_list(row.text, {.date_is = row.date_is});
    REQUIRE(bool(list) == (row.date != nullptr));
    if (row.date == nullptr) continue;
    REQUIRE(list.value().rows.size() == 1);
    CHECK(list.value().rows[0].name.ace() == "a.com");
    CHECK(shown(list.value().rows[0].date) == row.date);
  }
}

TEST_CASE("list: a file that ends in the middle of a row is torn") {
  struct Row {
    const char* text;
    bool torn;
    std::size_t rows;
  };
  const engine::ListDate day = engine::parse_day("2026-08-01").value();
  for (const Row& row : {
           Row{"a.com;2026-08-05 17:00:00\nb.com;2026-08-05 17:00:00", false, 2},
           Row{"a.com;2026-08-05 17:00:00\nb.com;2026-08-05 17:0", true, 1},
           Row{"a.com;2026-08-05 17:00:00\nb.com;2026-08-05", true, 1},
           Row{"a.com;2026-08-05 17:00:00\nb.co", true, 1},
           Row{"domain,drop_date,x\na.com,2026-08-05,1\nb.com,2026", true, 1},
           Row{"domain,drop_date\na.com,2026-08-05\n\"b.com,2026-08-05", true, 1},
           Row{"drop_date,domain\n2026-08-05,a.com\n2026-08-05,b.co", true, 1},
           Row{"drop_date,domain\n2026-08-05,a.com\n2026-08-05,b.com", false, 2},
           Row{"a.com\nb.co", true, 1},
           Row{"a.com\nb.com", false, 2},
           Row{"a.com\nb.com\nc", true, 2},
           Row{"#BOF\na.com\nb.com\n", true, 2},
           Row{"#BOF\na.com\nb.com\n#EOF\n", false, 2},
           Row{"a.com;2026-08-05\nbad row\nb.com;2026-08-05\n", false, 2},
       }) {
    CAPTURE(row.text);
    const bool names_only = std::string_view(row.text).find("2026") == std::string_view::npos;
    const DeletionList list = read(row.text, {.date = names_only ? std::optional(day) : std::nullopt});
    CHECK(list.torn.empty() != row.torn);
    CHECK(list.rows.size() == row.rows);
  }
  CHECK(refusal("[{\"domain\":\"a.com\",\"drop_date\":\"2026-08-05\"},{\"dom") == ErrorCode::invalid_list);
}

TEST_CASE("list: formats that are not built in work by a description alone") {
  struct Row {
    const char* toml;
    const char* text;
    const char* date;
    bool tentative;
  };
  for (const Row& row : {
           // a registry that writes the day first, in its own language and time
           Row{"kind = \"list\"\nseparator = \";\"\nencoding = \"latin-1\"\ndate = \"DD.MM.YYYY hh:mm\"\ntime_zone = "
               "\"Europe/Berlin\"\n[columns]\nname = \"Dom\u00e4ne\"\ndate = \"L\u00f6schung\"\n",
               "L\xF6schung;Dom\xE4ne;Grund\n05.08.2026 14:00;a.com;x\n", "2026-08-05T12:00:00Z", false},
           // a vendor with names and zones apart, and auctions among the rows
           Row{"kind = \"list\"\ndate = \"MMM D, YYYY\"\n[columns]\nname = \"Name\"\nzone = \"Ext\"\ndate = "
               "\"Drops\"\n[pass_over]\nType = [\"Auction\"]\n",
               "Name,Ext,Type,Drops\nz,.com,Auction,\"Aug 1, 2026\"\na,.com,Drop,\"Aug 5, 2026\"\n", "2026-08-05",
               false},
           // certain and possible drops in one list
           Row{"kind = \"list\"\nseparator = \"\\t\"\n[columns]\nname = \"domain\"\ndate = \"when\"\ncertainty = "
               "\"status\"\n[words]\ntentative = [\"may drop\"]\n",
               "domain\twhen\tstatus\na.com\t2026-08-05\tMay Drop\n", "2026-08-05", true},
           // one JSON object a line, deep inside
           Row{"kind = \"list\"\nsyntax = \"json\"\nrecords = \"lines\"\ndate_is = \"eligible\"\n[columns]\nname = "
               "\"domain.ascii\"\ndate = \"purge.after\"\n",
               "{\"domain\":{\"ascii\":\"a.com\"},\"purge\":{\"after\":\"2026-08-05T01:00:00Z\"}}\n",
               "from 2026-08-05T01:00:00Z", false},
           // bare labels of one zone, the day in a line before them
           Row{"kind = \"list\"\nsyntax = \"names\"\nskip = 1\nskip_lines = [\"total*\"]\n[first_line]\nmask = "
               "\"released on D/M/YYYY\"\nis = [\"day\"]\n[constants]\nzone = \"com\"\n",
               "released on 5/8/2026\na\ntotal 1\n", "2026-08-05", false},
       }) {
    CAPTURE(row.toml);
    const auto description = parse_description(row.toml, "own");
    REQUIRE_MESSAGE(bool(description), (description ? "" : description.error().detail));
    const DeletionList list = read(row.text, {.description = &description.value()});
    REQUIRE(list.rows.size() == 1);
    CHECK(list.bad_count == 0);
    CHECK(list.rows[0].name.ace() == "a.com");
    CHECK(shown(list.rows[0].date) == row.date);
    CHECK(list.rows[0].tentative == row.tentative);
  }
}
