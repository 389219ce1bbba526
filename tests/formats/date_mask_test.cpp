#include "tools/formats/date_mask.hpp"

#include <doctest/doctest.h>

#include "tests/support/books.hpp"

using namespace formats;

namespace {
std::string shown(const std::optional<WrittenDate>& date) {
  if (!date) return "none";
  return std::visit([](const auto& value) { return engine::to_string(value); }, *date);
}
}  // namespace

TEST_CASE("date mask: the ways that banks, registries and vendors write a date") {
  struct Row {
    const char* text;
    const char* mask;
    const char* zone;
    const char* date;
  };
  for (const Row& row : {
           Row{"2026-08-05", "ISO", "UTC", "2026-08-05"},
           Row{"2026-08-05T11:30:21.123Z", "ISO", "UTC", "2026-08-05T11:30:21.123Z"},
           Row{"05.08.2026", "DD.MM.YYYY", "UTC", "2026-08-05"},
           Row{"5.8.26", "D.M.YY", "UTC", "2026-08-05"},
           Row{"8/5/2026 11:15", "M/D/YYYY h:mm", "America/Los_Angeles", "2026-08-05T18:15:00Z"},
           Row{"8/5/2026 11:15", "M/D/YYYY *", "UTC", "2026-08-05"},
           Row{"2026/08/05 11:00 PST", "YYYY/MM/DD hh:mm Z", "UTC", "2026-08-05T19:00:00Z"},
           Row{"2026/08/05 11:00 PST", "YYYY/MM/DD hh:mm PST", "America/Los_Angeles", "2026-08-05T18:00:00Z"},
           Row{"2026-08-05 08:10:56 MEST", "YYYY-MM-DD hh:mm:ss Z", "UTC", "2026-08-05T06:10:56Z"},
           Row{"2026-08-05 08:10:56 MEST", "YYYY-MM-DD*", "UTC", "2026-08-05"},
           Row{"05/08/26 03:00:16 GMT-6", "DD/MM/YY hh:mm:ss Z", "UTC", "2026-08-05T09:00:16Z"},
           Row{"Aug 5, 2026 1:05 PM", "MMM D, YYYY h:mm AM", "UTC", "2026-08-05T13:05:00Z"},
           Row{"12 AUG 2026 12:05am", "DD MMM YYYY hh:mmAM", "UTC", "2026-08-12T00:05:00Z"},
           Row{"2026-08-05 10:00:00 +05:30", "YYYY-MM-DD hh:mm:ss Z", "UTC", "2026-08-05T04:30:00Z"},
           Row{"afnic_20260805_SUPP_fr.txt", "*_YYYYMMDD_*", "UTC", "2026-08-05"},
           Row{"namejet_8-05-2026.txt", "*_M-DD-YYYY.*", "UTC", "2026-08-05"},
           Row{"2026-03-29 02:30", "YYYY-MM-DD hh:mm", "Europe/Berlin", "2026-03-29T01:00:00Z"},  // skipped hour
           Row{"30.02.2026", "DD.MM.YYYY", "UTC", "none"},
           Row{"05.13.2026", "DD.MM.YYYY", "UTC", "none"},
           Row{"05.08.2026x", "DD.MM.YYYY", "UTC", "none"},
           Row{"05.08.202", "DD.MM.YYYY", "UTC", "none"},
           Row{"2026-08-05 24:00", "YYYY-MM-DD hh:mm", "UTC", "none"},
           Row{"2026-08-05 13:00 PM", "YYYY-MM-DD hh:mm AM", "UTC", "none"},
           Row{"2026-08-05 10:00:00 XYZ", "YYYY-MM-DD hh:mm:ss Z", "UTC", "none"},
           Row{"", "DD.MM.YYYY", "UTC", "none"},
       }) {
    CAPTURE(row.text);
    CAPTURE(row.mask);
    CHECK(shown(read_masked(row.text, row.mask, row.zone)) == row.date);
  }
}

TEST_CASE("date mask: the first that fits counts, and the refusal names them") {
  const std::vector<std::string> masks = {"DD.MM.YYYY", "YYYY-MM-DD"};
  CHECK(bool(read_date("2026-08-05", masks, "UTC")));
  const auto none = read_date("05/08/2026", masks, "UTC");
  REQUIRE_FALSE(bool(none));
  CHECK(none.error().detail.find("DD.MM.YYYY or YYYY-MM-DD") != std::string::npos);
  CHECK_FALSE(bool(check_mask("MM/YYYY")));
  CHECK(is_time_of_day("15:04:50"));
  CHECK(is_time_of_day("3:04 PM"));
  CHECK_FALSE(is_time_of_day("2026-08-05"));
  CHECK_FALSE(is_time_of_day("25:00"));
}
