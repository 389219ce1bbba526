#include <doctest/doctest.h>

#include "engine/domain_name.hpp"
#include "engine/drop.hpp"
#include "engine/error_code.hpp"
#include "engine/schedule.hpp"
#include "engine/time.hpp"
#include "tests/support/books.hpp"

using namespace engine;
using support::at;

TEST_CASE("names: one key for every spelling of a name") {
  struct Row {
    const char* text;
    const char* ace;
  };
  for (const Row& row : {Row{"example.com", "example.com"}, Row{"EXAMPLE.Com.", "example.com"},
                         Row{"  a.b.co.uk\t", "a.b.co.uk"}, Row{"käse.com", "xn--kse-qla.com"},
                         Row{"KÄSE.COM", "xn--kse-qla.com"}, Row{"ka\xCC\x88se.com", "xn--kse-qla.com"},
                         Row{"xn--KSE-qla.com", "xn--kse-qla.com"}, Row{"faß.de", "xn--fa-hia.de"},
                         Row{"fass.de", "fass.de"}, Row{"茶馆.com", "xn--cl1ay07b.com"}, Row{"0--q.com", "0--q.com"}}) {
    CAPTURE(row.text);
    const Result<DomainName> name = DomainName::parse(row.text);
    REQUIRE_MESSAGE(bool(name), (name ? "" : name.error().detail));
    CHECK(name.value().ace() == row.ace);
    CHECK(DomainName::parse(name.value().unicode()).value() == name.value());
  }
}

TEST_CASE("names: what is no domain name is refused") {
  const std::string label63(63, 'a'), label64(64, 'a');
  std::string name253 = label63 + "." + label63 + "." + label63 + "." + std::string(61, 'a');
  CHECK(bool(DomainName::parse(name253)));
  for (const std::string& text : {std::string(),
                                  std::string("."),
                                  std::string("com"),
                                  std::string("a..com"),
                                  std::string(".com"),
                                  std::string("-a.com"),
                                  std::string("a-.com"),
                                  std::string("a_b.com"),
                                  std::string("a b.com"),
                                  std::string("a.com.."),
                                  std::string("1.2.3.4"),
                                  label64 + ".com",
                                  name253 + "a",
                                  std::string("a\0b.com", 7),
                                  std::string("\xff\xfe.com"),
                                  std::string("xn--.com"),
                                  std::string("a/b.com"),
                                  std::string("k\xC3\xA4s_e.com"),
                                  std::string("k\xC3\xA4s e.com"),
                                  std::string("a\xEF\xBC\xBF"
                                              "b.com"),
                                  std::string("A_B.COM"),
                                  std::string("a;b.com"),
                                  std::string(100'000, 'a')}) {
    CAPTURE(text.substr(0, 80));
    const Result<DomainName> name = DomainName::parse(text);
    REQUIRE_FALSE(bool(name));
    CHECK(name.error().code == ErrorCode::invalid_domain);
    CHECK(name.error().detail.size() < 200);
  }
  CHECK(parse_zone(".Com.PL").value() == "com.pl");
  CHECK(parent_zone("a.b.c") == "b.c");
  CHECK(parent_zone("c").empty());
}

TEST_CASE("prices: the zone is the longest suffix the price list ever knew") {
  const PriceList prices({{"pl", "standard", support::eur(1), at("2020-01-01"), {}},
                          {"com.pl", "gold", support::eur(1), at("2020-01-01"), at("2020-02-01")}});
  CHECK(prices.zone_of(support::domain("x.com.pl")) == "com.pl");
  CHECK(prices.zone_of(support::domain("x.y.net.pl")) == "pl");
  CHECK(prices.zone_of(support::domain("com.pl")) == "pl");
  CHECK_FALSE(prices.zone_of(support::domain("x.org")).has_value());
}

TEST_CASE("prices: the later start wins, an ended one counts no more") {
  const PriceList prices({{"com", "standard", support::eur(200), at("2026-02-01"), at("2026-03-01")},
                          {"com", "standard", support::eur(100), at("2026-01-01"), {}},
                          {"com", "gold", support::eur(50), at("2026-01-01"), {}}});
  const auto price = [&](const char* when) {
    return prices.price("com", "standard", support::currency("EUR"), at(when));
  };
  CHECK_FALSE(price("2025-12-31T23:59:59Z").has_value());
  CHECK(price("2026-01-01") == support::eur(100));
  CHECK(price("2026-02-01") == support::eur(200));
  CHECK(price("2026-03-01") == support::eur(100));
  CHECK_FALSE(prices.price("com", "standard", support::currency("USD"), at("2026-02-01")).has_value());
}

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

TEST_CASE("schedules: local batch times by date, across daylight saving; elapsed hours before them") {
  CHECK(resolve_local("Europe/Warsaw", parse_day("2026-07-01").value(), std::chrono::minutes(490)) ==
        at("2026-07-01T06:10:00Z"));
  CHECK(resolve_local("Europe/Warsaw", parse_day("2026-12-01").value(), std::chrono::minutes(490)) ==
        at("2026-12-01T07:10:00Z"));
  // skipped: the gap's end
  CHECK(resolve_local("Europe/Warsaw", parse_day("2026-03-29").value(), std::chrono::minutes(150)) ==
        at("2026-03-29T01:00:00Z"));
  // twice: the first
  CHECK(resolve_local("Europe/Warsaw", parse_day("2026-10-25").value(), std::chrono::minutes(150)) ==
        at("2026-10-25T00:30:00Z"));
  const Schedules schedules{std::span<const ZoneSchedule>{}};
  const UtcTime drop = batch_start(schedules.of("x.pl"), parse_day("2026-03-30").value()).value();
  const Drop found = drop_of({SourceId(1), drop, {}}, schedules.of("x.pl"));
  CHECK(found.drop_at == at("2026-03-30T06:10:00Z"));
  CHECK(found.deposit_due == found.drop_at - std::chrono::hours(72));
  CHECK_FALSE(batch_start(schedules.of("x.de"), parse_day("2026-03-30").value()).has_value());
}

TEST_CASE("schedules: the operator's rows come first, the longest suffix counts, unsound ones are refused") {
  ZoneSchedule own;
  own.zone = "com.pl";
  own.deposit_lead = std::chrono::hours(48);
  const Schedules schedules{std::span(&own, 1)};
  CHECK(schedules.of("x.com.pl").deposit_lead == std::chrono::hours(48));
  CHECK(schedules.of("x.pl").zone == "pl");
  CHECK(schedules.of("x.unheard").zone.empty());
  for (const ZoneSchedule& row : schedules.rows()) CHECK(bool(check(row)));
  own.job_lead = std::chrono::hours(49);
  CHECK(check(own).error().code == ErrorCode::invalid_schedule);
  own.job_lead = -std::chrono::hours(1);
  CHECK(check(own).error().code == ErrorCode::invalid_schedule);
  own = {};
  own.time_zone = "Europe/Nowhere";
  CHECK(check(own).error().code == ErrorCode::unknown_time_zone);
}

TEST_CASE("drops: the earlier of T - 3 h and F is the deadline; the deposit is due a day before it at least") {
  const ZoneSchedule schedule;
  const UtcTime drop = at("2026-08-05T18:00:00Z");
  CHECK(drop_of({SourceId(1), drop, {}}, schedule).deadline == drop - std::chrono::hours(3));
  const Drop early = drop_of({SourceId(1), drop, drop - std::chrono::hours(60)}, schedule);
  CHECK(early.deadline == drop - std::chrono::hours(60));
  CHECK(early.deposit_due == drop - std::chrono::hours(84));
  ZoneSchedule lead;
  lead.finalization_lead = std::chrono::hours(1);
  CHECK(drop_of({SourceId(1), {}, drop}, lead).drop_at == drop + std::chrono::hours(1));
}

TEST_CASE(
    "drops: between sources the earlier deadline binds, and that they differ is seen; drops that are over do not "
    "count") {
  const ZoneSchedule schedule;
  const UtcTime now = at("2026-08-05T00:00:00Z"), soon = now + std::chrono::hours(50),
                later = now + std::chrono::hours(90);
  const Listing listings[] = {{SourceId(1), later, {}}, {SourceId(2), soon, {}}, {SourceId(3), now - kDropCycle, {}}};
  const BindingDrop binding = binding_drop(listings, schedule, now);
  REQUIRE(binding.drop.has_value());
  CHECK(binding.drop->source == SourceId(2));
  CHECK(binding.conflict);
  CHECK_FALSE(binding_drop(std::span(listings).last(1), schedule, now).drop.has_value());
}

TEST_CASE("codes: numbers and classes are for ever") {
  struct Row {
    ErrorCode code;
    int number;
    const char* word;
    int exit;
  };
  for (const Row& row : {Row{ErrorCode::invalid_argument, 101, "invalid_argument", 2},
                         Row{ErrorCode::invalid_amount, 102, "invalid_amount", 3},
                         Row{ErrorCode::amount_out_of_range, 103, "amount_out_of_range", 3},
                         Row{ErrorCode::unknown_currency, 104, "unknown_currency", 3},
                         Row{ErrorCode::currency_mismatch, 105, "currency_mismatch", 3},
                         Row{ErrorCode::invalid_time, 106, "invalid_time", 3},
                         Row{ErrorCode::unknown_time_zone, 107, "unknown_time_zone", 3},
                         Row{ErrorCode::invalid_domain, 108, "invalid_domain", 3},
                         Row{ErrorCode::invalid_list, 109, "invalid_list", 3},
                         Row{ErrorCode::list_too_short, 110, "list_too_short", 3},
                         Row{ErrorCode::unknown_zone, 111, "unknown_zone", 3},
                         Row{ErrorCode::invalid_schedule, 112, "invalid_schedule", 3},
                         Row{ErrorCode::invalid_command, 113, "invalid_command", 3},
                         Row{ErrorCode::credentials_unusable, 114, "credentials_unusable", 3},
                         Row{ErrorCode::invalid_statement, 115, "invalid_statement", 3},
                         Row{ErrorCode::statement_not_balanced, 116, "statement_not_balanced", 3},
                         Row{ErrorCode::insufficient_available, 201, "insufficient_available", 5},
                         Row{ErrorCode::limit_below_use, 202, "limit_below_use", 5},
                         Row{ErrorCode::not_reversible, 203, "not_reversible", 5},
                         Row{ErrorCode::already_reversed, 204, "already_reversed", 6},
                         Row{ErrorCode::period_closed, 205, "period_closed", 5},
                         Row{ErrorCode::request_id_reused, 210, "request_id_reused", 6},
                         Row{ErrorCode::account_exists, 211, "account_exists", 6},
                         Row{ErrorCode::user_exists, 213, "user_exists", 6},
                         Row{ErrorCode::reference_taken, 214, "reference_taken", 6},
                         Row{ErrorCode::impossible_step, 301, "impossible_step", 6},
                         Row{ErrorCode::too_late, 303, "too_late", 5},
                         Row{ErrorCode::no_price, 304, "no_price", 5},
                         Row{ErrorCode::price_above_cap, 305, "price_above_cap", 5},
                         Row{ErrorCode::account_frozen, 306, "account_frozen", 5},
                         Row{ErrorCode::account_closing, 307, "account_closing", 5},
                         Row{ErrorCode::account_closed, 308, "account_closed", 5},
                         Row{ErrorCode::job_may_exist, 309, "job_may_exist", 5},
                         Row{ErrorCode::case_not_open, 310, "case_not_open", 6},
                         Row{ErrorCode::resolution_not_allowed, 311, "resolution_not_allowed", 5},
                         Row{ErrorCode::account_not_found, 401, "account_not_found", 4},
                         Row{ErrorCode::backorder_not_found, 402, "backorder_not_found", 4},
                         Row{ErrorCode::transfer_not_found, 403, "transfer_not_found", 4},
                         Row{ErrorCode::case_not_found, 404, "case_not_found", 4},
                         Row{ErrorCode::source_not_found, 405, "source_not_found", 4},
                         Row{ErrorCode::file_not_found, 406, "file_not_found", 4},
                         Row{ErrorCode::user_not_found, 408, "user_not_found", 4},
                         Row{ErrorCode::provider_refused, 501, "provider_refused", 5},
                         Row{ErrorCode::channel_not_found, 409, "channel_not_found", 4},
                         Row{ErrorCode::invalid_template, 117, "invalid_template", 3},
                         Row{ErrorCode::outcome_unknown, 502, "outcome_unknown", 7},
                         Row{ErrorCode::provider_unreachable, 503, "provider_unreachable", 7},
                         Row{ErrorCode::provider_stopped, 504, "provider_stopped", 7},
                         Row{ErrorCode::database_missing, 601, "database_missing", 4},
                         Row{ErrorCode::database_busy, 602, "database_busy", 8},
                         Row{ErrorCode::database_read_only, 603, "database_read_only", 3},
                         Row{ErrorCode::database_newer, 604, "database_newer", 3},
                         Row{ErrorCode::not_a_database, 605, "not_a_database", 3},
                         Row{ErrorCode::database_exists, 606, "database_exists", 6},
                         Row{ErrorCode::database_failed, 607, "database_failed", 3},
                         Row{ErrorCode::clock_not_movable, 608, "clock_not_movable", 5},
                         Row{ErrorCode::books_differ, 701, "books_differ", 5},
                         Row{ErrorCode::report_not_balanced, 702, "report_not_balanced", 5}}) {
    CAPTURE(row.word);
    CHECK(static_cast<int>(row.code) == row.number);
    CHECK(to_word(row.code) == row.word);
    CHECK(static_cast<int>(error_class(row.code)) == row.exit);
  }
  CHECK_FALSE(retryable(ErrorCode::outcome_unknown));
  CHECK(retryable(ErrorCode::insufficient_available));
}
