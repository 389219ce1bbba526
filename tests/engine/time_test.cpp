#include "engine/time.hpp"

#include <doctest/doctest.h>

#include "tests/support/books.hpp"

using namespace engine;
using support::at;

TEST_CASE("time: read in every form it comes in, printed in one; a leap second is the next second") {
  struct Row {
    const char* text;
    const char* printed;
  };
  for (const Row& row :
       {Row{"2026-08-01", "2026-08-01T00:00:00Z"}, Row{"2026-08-01 06:10:00", "2026-08-01T06:10:00Z"},
        Row{"2026-08-01T06:10Z", "2026-08-01T06:10:00Z"}, Row{"2026-08-01T06:10:00.5Z", "2026-08-01T06:10:00.500Z"},
        Row{"2026-08-01T06:10:00+02:00", "2026-08-01T04:10:00Z"}, Row{"2026-08-01 08:27:40.0", "2026-08-01T08:27:40Z"},
        Row{"2016-12-31T23:59:60Z", "2017-01-01T00:00:00Z"}, Row{"2028-02-29", "2028-02-29T00:00:00Z"}}) {
    CAPTURE(row.text);
    CHECK(to_string(at(row.text)) == row.printed);
  }
  for (const char* text :
       {"", "now", "0000-00-00 00:00:00", "2026-13-01", "2026-02-29", "2026-08-01T24:00:00Z", "2026-08-01T06:60:00Z",
        "2026-08-01x", "1969-12-31", "26-08-01", "2026-8-1", "2026-08-01T06:10:00+2", "2026-08-01T06:10:61Z"}) {
    CAPTURE(text);
    CHECK(parse_time(text).error().code == ErrorCode::invalid_time);
  }
  CHECK(parse_span("1d 12h").value() == std::chrono::hours(36));
  CHECK(parse_span("90m").value() == std::chrono::minutes(90));
  for (const char* text : {"", "5", "h", "-1h", "1.5h", "1w"}) CHECK_FALSE(bool(parse_span(text)));
  CHECK(to_string(Milliseconds(std::chrono::hours(51))) == "2d 3h");
}
