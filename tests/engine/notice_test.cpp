#include "engine/notice.hpp"

#include <doctest/doctest.h>

#include <set>

#include "tests/support/books.hpp"

using namespace engine;

namespace {

LoggedEvent event_of(EventKind kind) { return {{.kind = kind}, 1, support::at("2026-08-01"), "tester"}; }

Variables all_of(const NoticeForm& form) {
  Variables variables;
  for (const std::string_view name : variables_of(form)) variables[std::string(name)] = "<" + std::string(name) + ">";
  return variables;
}

}  // namespace

TEST_CASE("notices: every step of the table is told to the customer, but for a job that is submitted again") {
  std::set<NoticeKind> told;
  for (const Transition& row : transitions()) {
    LoggedEvent event = event_of(EventKind::stepped);
    event.from = row.from;
    event.to = row.to;
    const auto kind = notice_of(event);
    CAPTURE(to_word(row.from));
    CAPTURE(to_word(row.to));
    if (row.event == Trigger::job_dropped) {
      CHECK_FALSE(kind);
      continue;
    }
    REQUIRE(kind);
    told.insert(*kind);
    CHECK(form_of(*kind).audience == Audience::customer);
    CHECK(form_of(*kind).of_backorder);
    // Whoever hears that money moved hears how much.
    if (row.money != MoneyEffect::none) CHECK(form_of(*kind).of_money);
  }
  CHECK(told == std::set{NoticeKind::reserved, NoticeKind::voided, NoticeKind::submitted, NoticeKind::refunded,
                         NoticeKind::cancelled, NoticeKind::captured, NoticeKind::auction});
}

TEST_CASE("notices: what the operator must hear") {
  for (const auto& [event, kind] :
       {std::pair(EventKind::provider_balance_empty, NoticeKind::provider_balance_low),
        std::pair(EventKind::verify_failed, NoticeKind::verify_failed),
        std::pair(EventKind::case_opened, NoticeKind::case_opened),
        std::pair(EventKind::provider_balance_short, NoticeKind::provider_balance_short),
        std::pair(EventKind::provider_balance_covered, NoticeKind::provider_balance_covered),
        std::pair(EventKind::submitting_stopped, NoticeKind::submitting_stopped)}) {
    CHECK(notice_of(event_of(event)) == kind);
    CHECK(form_of(kind).audience == Audience::operator_);
  }
  CHECK_FALSE(notice_of(event_of(EventKind::placed)));
  CHECK_FALSE(notice_of(event_of(EventKind::list_imported)));
}

TEST_CASE("notices: the built-in words of every kind are whole, and name who and what") {
  std::set<std::string_view> words;
  for (const NoticeForm& form : notice_forms()) {
    CAPTURE(to_word(form.kind));
    CHECK(words.insert(to_word(form.kind)).second);
    CHECK(parse_notice_kind(to_word(form.kind)) == form.kind);
    const auto parsed = NoticeTemplate::parse(form.text, form, "built-in");
    REQUIRE(bool(parsed));
    const Variables variables = all_of(form);
    const std::string text = parsed.value().subject(variables) + "\n" + parsed.value().body(variables);
    CHECK(text.find('{') == std::string::npos);
    if (form.audience == Audience::customer) CHECK(text.find("<account>") != std::string::npos);
    if (form.of_backorder) CHECK(text.find("<domain>") != std::string::npos);
    if (form.of_money) CHECK(text.find("<amount>") != std::string::npos);
  }
}

TEST_CASE("notices: a template that cannot be filled is refused when it is read, with its line") {
  struct Row {
    const char* text;
    const char* said;
  };
  const NoticeForm& form = form_of(NoticeKind::shortfall);
  for (const Row& row :
       {Row{"no subject", "line 1"}, Row{"Subject: x", "line 1"}, Row{"Subject: x\nbody", "line 2"},
        Row{"Subject: {domain}\n\nb\n", "line 1: a notice 'shortfall' has no {domain}"},
        Row{"Subject: x\n\na\nb {acount}\n", "line 4: a notice 'shortfall' has no {acount}; it has notice, kind"},
        Row{"Subject: x\n\n{account\n", "not closed"}, Row{"Subject: x\n\n{}\n", "has no {}"}}) {
    CAPTURE(row.text);
    const auto refused = NoticeTemplate::parse(row.text, form, "shortfall.txt");
    REQUIRE_FALSE(bool(refused));
    CHECK(refused.error().code == ErrorCode::invalid_template);
    CAPTURE(refused.error().detail);
    CHECK(refused.error().detail.find(row.said) != std::string::npos);
    CHECK(refused.error().detail.starts_with("shortfall.txt"));
  }
}

TEST_CASE("notices: variables are inserted once and as they are; a subject stays one line") {
  const NoticeForm& form = form_of(NoticeKind::shortfall);
  const NoticeTemplate text = NoticeTemplate::parse("Subject: {detail}\n\n{{{account}} {reason}\n", form, "x").value();
  Variables variables = all_of(form);
  variables["detail"] = "a\r\nBcc: everybody {account}";
  variables["account"] = "{detail}";
  variables["reason"] = "";
  CHECK(text.subject(variables) == "a  Bcc: everybody {account}");
  CHECK(text.body(variables) == "{{detail}} -\n");
}

TEST_CASE("notices: pauses grow from a minute to six hours") {
  CHECK(pause_after(1) == std::chrono::minutes(1));
  CHECK(pause_after(2) == std::chrono::minutes(2));
  CHECK(pause_after(5) == std::chrono::minutes(16));
  CHECK(pause_after(9) == std::chrono::minutes(256));
  CHECK(pause_after(10) == std::chrono::hours(6));
  CHECK(pause_after(1'000'000) == std::chrono::hours(6));
}
