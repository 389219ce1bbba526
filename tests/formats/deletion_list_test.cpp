#include "tools/formats/deletion_list.hpp"

#include <doctest/doctest.h>
#include <zip.h>

#include <cstring>

#include "tests/support/books.hpp"

using namespace formats;
using engine::ErrorCode;
using support::at;

namespace {

DeletionList read(std::string_view bytes, const ListFormat& format = {}) {
  auto list = read_deletion_list(bytes, format);
  REQUIRE_MESSAGE(bool(list), (list ? "" : list.error().detail));
  return std::move(list).value();
}
ErrorCode refusal(std::string_view bytes, const ListFormat& format = {}) {
  const auto list = read_deletion_list(bytes, format);
  REQUIRE_FALSE(bool(list));
  return list.error().code;
}

// A zip archive with these members, made in memory.
std::string zipped(const std::vector<std::pair<std::string, std::string>>& members) {
  zip_error_t trouble;
  zip_error_init(&trouble);
  zip_source_t* target = zip_source_buffer_create(nullptr, 0, 0, &trouble);
  zip_source_keep(target);
  zip_t* archive = zip_open_from_source(target, ZIP_TRUNCATE, &trouble);
  REQUIRE(archive != nullptr);
  for (const auto& [name, text] : members) {
    zip_source_t* source = zip_source_buffer(archive, text.data(), text.size(), 0);
    REQUIRE(zip_file_add(archive, name.c_str(), source, ZIP_FL_ENC_UTF_8) >= 0);
  }
  REQUIRE(zip_close(archive) == 0);
  REQUIRE(zip_source_open(target) == 0);
  REQUIRE(zip_source_seek(target, 0, SEEK_END) == 0);
  std::string bytes(static_cast<std::size_t>(zip_source_tell(target)), '\0');
  REQUIRE(zip_source_seek(target, 0, SEEK_SET) == 0);
  REQUIRE(zip_source_read(target, bytes.data(), bytes.size()) == static_cast<zip_int64_t>(bytes.size()));
  zip_source_close(target);
  zip_source_free(target);
  return bytes;
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
       {std::string(), std::string(" \r\n\n"), std::string("\xEF\xBB\xBF"),
        std::string("\xFF\xFE"
                    "a\0.\0",
                    6),
        std::string("a.com;2026-08-01\0", 17), std::string(4096, '\0'), std::string("-;-\n-;-\n"),
        std::string("PK\x03\x04rubbish"), std::string("first,second\na.com,2026-08-01\n"),
        std::string("domain,price\na.com,5\n")}) {
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

TEST_CASE("list: zipped lists are unpacked, archives without exactly one file are refused") {
  const std::string rows = "a.com;2026-08-01 17:00:00\n";
  CHECK(read(zipped({{"pending_delete_domain_list.csv", rows}})).rows.size() == 1);
  CHECK(read(zipped({{"folder/", ""}, {"folder/list.csv", rows}})).rows.size() == 1);
  CHECK(refusal(zipped({{"a.csv", rows}, {"b.csv", rows}})) == ErrorCode::invalid_list);
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
