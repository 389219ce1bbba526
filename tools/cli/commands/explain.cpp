// Support's pages: everything about one backorder or one account, what happens next and when, and what would change it.
#include <algorithm>
#include <map>
#include <tuple>

#include "engine/explanation.hpp"
#include "engine/funding_plan.hpp"
#include "tools/cli/session.hpp"
#include "tools/operations/backorders.hpp"

namespace cli {
namespace {

using engine::Backorder;
using engine::Customer;
using engine::to_string;
using engine::UtcTime;

// One line of a story. At the same instant: what happened, what it moved, what was asked of the provider, what the
// provider said.
struct Entry {
  UtcTime at;
  int rank;
  std::string what;
  std::optional<engine::Money> amount;
  std::string who, detail;
};

class Story {
 public:
  void add(const engine::LoggedEvent& event, const std::string& about = "") {
    std::string what(to_word(event.kind));
    if (event.from) what = std::string(to_word(*event.from)) + " -> " + std::string(to_word(*event.to));
    std::string detail = event.reason ? std::string(to_word(*event.reason)) + (event.detail.empty() ? "" : ": ") : "";
    entries_.push_back({event.at, 1, what + about, {}, event.actor, detail + event.detail});
  }
  void add(const engine::Transfer& transfer) {
    entries_.push_back(
        {transfer.recorded_at, 2, "transfer " + std::string(to_word(transfer.kind)), transfer.amount, transfer.actor,
         "number " + std::to_string(transfer.id.value()) + (transfer.memo.empty() ? "" : ": " + transfer.memo)});
  }
  void add(const engine::ProviderCall& call) {
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
  void add(const engine::Evidence& evidence) {
    std::string raw = evidence.raw;
    std::ranges::replace_if(
        raw, [](char c) { return c == '\r' || c == '\n'; }, ' ');
    entries_.push_back({evidence.recorded_at, 5, "evidence " + evidence.status, {}, "provider", raw});
  }
  // The last ones, oldest first.
  void write(render::Table& page, std::size_t limit = 0) {
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

 private:
  std::vector<Entry> entries_;
};

void add_outlook(render::Table& page, const engine::Outlook& outlook) {
  page.add_fact("next", outlook.next);
  page.add_fact("next_at", outlook.next_at);
  for (std::size_t i = 0; i < outlook.changes.size(); ++i)
    page.add_fact("would_change_" + std::to_string(i + 1), outlook.changes[i]);
}

// Every instant twice: for the books, and as clocks at the registry show it.
void add_instant(render::Table& page, const std::string& key, std::optional<UtcTime> instant, const std::string& zone) {
  page.add_fact(key, instant);
  if (instant && zone != "UTC") page.add_fact(key + "_local", engine::to_local_string(zone, *instant));
}

// The plan of the account over everything that is dated: what the sweep will do, if nothing changes.
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

struct ExplainBackorder {
  std::string id;
  void bind(CLI::App& app) { app.add_option("backorder", id, "Its number")->type_name("ID")->required(); }
  int run(Session& session) const {
    engine::LedgerReader& store = session.book_snapshot();
    const Backorder row = value_or_throw(operations::backorder_numbered(store, session.number(id, "backorder")));
    const Customer customer = store.customer(row.customer).value();
    const engine::ZoneSchedule& schedule = store.schedules().of(row.name.ace());
    const std::vector<std::string> stopped = store.stopped_zones();
    engine::CaseQuery query;
    query.backorder = row.id;
    const std::vector<engine::Case> cases = store.cases(query);
    const engine::FundingPlan plan = plan_of(store, customer, session.now());
    const engine::Settings settings = store.settings();

    render::Table page;
    page.schema = "dropledger.explanation/2";
    page.add_fact("backorder", row.id);
    page.add_fact("account", customer.name);
    page.add_fact("account_state", to_word(customer.state));
    page.add_fact("domain", row.name);
    page.add_fact("state", to_word(row.state));
    page.add_fact("meaning", sentence(row.state));
    if (row.reason) {
      page.add_fact("reason", to_word(*row.reason));
      page.add_fact("because", sentence(*row.reason));
    }
    add_outlook(page, outlook(row, {customer, plan, settings, schedule, stopped, cases, session.now()}));
    for (const engine::Case& open : cases)
      page.add_fact("open_case_" + std::to_string(open.id.value()),
                    std::string(to_word(open.kind)) + ": " + open.detail);
    page.add_fact("clock", schedule.time_zone);
    const auto drop_instant = [&](UtcTime engine::Drop::*which) {
      return row.drop ? std::optional((*row.drop).*which) : std::nullopt;
    };
    add_instant(page, "deposit_due", drop_instant(&engine::Drop::deposit_due), schedule.time_zone);
    add_instant(page, "deadline", drop_instant(&engine::Drop::deadline), schedule.time_zone);
    add_instant(page, "drop_at", drop_instant(&engine::Drop::drop_at), schedule.time_zone);
    add_instant(page, "finalization_at", row.drop ? row.drop->finalization_at : std::nullopt, schedule.time_zone);
    add_instant(page, "auction_ends_at", row.auction_ends_at, schedule.time_zone);
    page.add_fact("placed_at", row.placed_at);
    page.add_fact("priority", row.priority);
    page.add_fact("zone", row.zone);
    page.add_fact("quoted", row.quoted);
    page.add_fact("max_price", row.max_price);
    page.add_fact("deposit", row.deposit);
    page.add_fact("reserved_at", row.reserved_at);
    page.add_fact("submitted_at", row.submitted_at);
    page.add_fact("application", row.application);
    page.add_fact("provider_status", row.provider_status);
    page.add_fact("provider_status_at", row.provider_status_at);
    page.add_fact("auction_price", row.auction_price);
    page.add_fact("ended_at", row.ended_at);
    const std::vector<engine::Source> sources = store.sources();
    for (const engine::Listing& listing : store.listings(row.name)) {
      const auto source = std::ranges::find(sources, listing.source, &engine::Source::id);
      page.add_fact("listed_by_" + source->name, listing.drop_at
                                                     ? "drop " + to_string(*listing.drop_at)
                                                     : "finalization " + to_string(*listing.finalization_at));
    }

    Story story;
    engine::EventQuery events;
    events.backorder = row.id;
    store.each_event(events, [&](const engine::LoggedEvent& event) { story.add(event); });
    engine::TransferQuery transfers;
    transfers.backorder = row.id;
    store.each_transfer(transfers, [&](const engine::Transfer& one) { story.add(one); });
    for (const engine::ProviderCall& call : store.calls(row.id)) story.add(call);
    for (const engine::Evidence& evidence : store.evidence(row.id)) story.add(evidence);
    story.write(page);
    session.print(page);
    return 0;
  }
};

struct ExplainAccount {
  std::string account;
  std::size_t limit = 50;
  void bind(CLI::App& app) {
    app.add_option("account", account, "The customer's account")->type_name("NAME")->required();
    app.add_option("--limit", limit, "The last so many lines of what happened; 0 is all")->capture_default_str();
  }
  int run(Session& session) const {
    engine::LedgerReader& store = session.book_snapshot();
    const Customer customer = session.account(account);
    const engine::FundingPlan plan = plan_of(store, customer, session.now());
    const engine::FundingDefaults defaults = store.settings().funding;

    render::Table page;
    page.schema = "dropledger.account-explanation/1";
    page.add_fact("account", customer.name);
    page.add_fact("state", to_word(customer.state));
    page.add_fact("meaning", sentence(customer.state));
    add_outlook(page, outlook(customer, plan, session.now()));
    page.add_fact("shortfall", plan.shortfall);
    page.add_fact("top_up_by", plan.top_up_by);
    page.add_fact("available", customer.available);
    page.add_fact("reserved", customer.reserved);
    page.add_fact("owed", customer.owed);
    page.add_fact("credit_limit", customer.credit_limit);
    page.add_fact("spendable", customer.spendable());
    page.add_fact("policy", to_word(customer.policy.value_or(defaults.policy)));
    page.add_fact("void", to_word(customer.void_policy.value_or(defaults.void_policy)));
    page.add_fact("tier", customer.tier);
    page.add_fact("country", customer.country);
    page.add_fact("opened_at", customer.opened_at);
    engine::BackorderQuery theirs;
    theirs.customer = customer.id;
    std::map<engine::State, std::int64_t> states;
    for (const Backorder& backorder : store.backorders(theirs)) ++states[backorder.state];
    for (const auto& [state, count] : states) {
      std::string key = "backorders_" + std::string(to_word(state));
      std::ranges::transform(key, key.begin(), [](char c) {
        return c == '-' ? '_' : c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
      });
      page.add_fact(key, count);
    }
    for (const engine::Case& open : store.cases({})) {
      if (open.customer == customer.id)
        page.add_fact("open_case_" + std::to_string(open.id.value()),
                      std::string(to_word(open.kind)) + ": " + open.detail);
    }

    Story story;
    engine::EventQuery events;
    events.customer = customer.id;
    store.each_event(events, [&](const engine::LoggedEvent& event) {
      story.add(event, event.backorder ? " (" + std::to_string(event.backorder->value()) + ")" : "");
    });
    engine::TransferQuery transfers;
    transfers.customer = customer.id;
    store.each_transfer(transfers, [&](const engine::Transfer& one) { story.add(one); });
    story.write(page, limit);
    session.print(page);
    return 0;
  }
};

}  // namespace

// REQUIRES: the groups 'backorder' and 'account' are there.
void add_explain_commands(CommandLine& line) {
  add_command<ExplainBackorder>(line, *line.app.get_subcommand("backorder"), "explain",
                                "Support's page: what happened, what happens next, what would change it",
                                "  dropledger backorder explain 17\n  dropledger backorder explain 17 --format json");
  add_command<ExplainAccount>(
      line, *line.app.get_subcommand("account"), "explain",
      "Support's page: balances, what is due next, what is missing, what happened",
      "  dropledger account explain alice\n  dropledger account explain alice --limit 0 --format json");
}

}  // namespace cli
