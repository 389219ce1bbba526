#include "tools/cli/commands/story.hpp"

#include <algorithm>
#include <tuple>

namespace cli {

using engine::Backorder;
using engine::Customer;
using engine::to_string;
using engine::UtcTime;

void Story::add(const engine::LoggedEvent& event, const std::string& about) {
  std::string what(to_word(event.kind));
  if (event.from) what = std::string(to_word(*event.from)) + " -> " + std::string(to_word(*event.to));
  std::string detail = event.reason ? std::string(to_word(*event.reason)) + (event.detail.empty() ? "" : ": ") : "";
  entries_.push_back({event.at, 1, what + about, {}, event.actor, detail + event.detail});
}

void Story::add(const engine::Transfer& transfer) {
  entries_.push_back(
      {transfer.recorded_at, 2, "transfer " + std::string(to_word(transfer.kind)), transfer.amount, transfer.actor,
       "number " + std::to_string(transfer.id.value()) + (transfer.memo.empty() ? "" : ": " + transfer.memo)});
}

void Story::add(const engine::ProviderCall& call) {
  const std::string what = std::string(to_word(call.command)) + " " + std::to_string(call.attempt);
  entries_.push_back(
      {call.intent_at, 3, what, {}, "us", "call " + std::to_string(call.id) + ", written down before it was sent"});
  if (call.answered_at) {
    entries_.push_back({*call.answered_at,
                        4,
                        what + " " + std::string(to_word(call.state)),
                        {},
                        "provider",
                        (call.code == 0 ? "no answer" : std::to_string(call.code) + " " + call.text) +
                            (call.application.empty() ? "" : ", application " + call.application)});
  }
}

void Story::add(const engine::Evidence& evidence) {
  std::string raw = evidence.raw;
  std::ranges::replace_if(
      raw, [](char c) { return c == '\r' || c == '\n'; }, ' ');
  entries_.push_back({evidence.recorded_at, 5, "evidence " + evidence.status, {}, "provider", raw});
}

void Story::write(render::Table& page, std::size_t limit) {
  page.columns = {{"at", "", render::Kind::time},
                  {"what"},
                  {"amount", "", render::Kind::money},
                  {"who"},
                  {"detail", "", render::Kind::text, true}};
  std::ranges::stable_sort(
      entries_, [](const Entry& a, const Entry& b) { return std::tie(a.at, a.rank) < std::tie(b.at, b.rank); });
  const std::size_t skipped = limit != 0 && entries_.size() > limit ? entries_.size() - limit : 0;
  page.truncated = skipped > 0;
  for (std::size_t i = skipped; i < entries_.size(); ++i)
    page.add(entries_[i].at, entries_[i].what, entries_[i].amount, entries_[i].who, entries_[i].detail);
}

void add_outlook(render::Table& page, const engine::Outlook& outlook) {
  page.add_fact("next", outlook.next);
  page.add_fact("next_at", outlook.next_at);
  for (std::size_t i = 0; i < outlook.changes.size(); ++i)
    page.add_fact("would_change_" + std::to_string(i + 1), outlook.changes[i]);
}

void add_instant(render::Table& page, const std::string& key, std::optional<UtcTime> instant, const std::string& zone) {
  page.add_fact(key, instant);
  if (instant && zone != "UTC") page.add_fact(key + "_local", engine::to_local_string(zone, *instant));
}

engine::FundingPlan plan_of(engine::LedgerReader& store, const Customer& customer, UtcTime now) {
  engine::BackorderQuery waiting;
  waiting.customer = customer.id;
  waiting.states = {engine::State::requested};
  const std::vector<Backorder> backorders = store.backorders(waiting);
  UtcTime horizon = now;
  for (const Backorder& backorder : backorders) {
    if (backorder.drop) horizon = std::max(horizon, backorder.drop->deadline);
  }
  return plan_funding(customer, backorders, store.price_list(), store.settings().funding, now, horizon);
}

}  // namespace cli
