// Support's page of one backorder: what happened, what happens next and when, and what would change it.
#include <algorithm>

#include "engine/dating.hpp"
#include "engine/explanation.hpp"
#include "tools/cli/commands/commands.hpp"
#include "tools/cli/commands/named.hpp"
#include "tools/cli/commands/story.hpp"
#include "tools/operations/backorders.hpp"

namespace cli {
namespace {

using engine::Backorder;
using engine::Customer;
using engine::to_string;
using engine::UtcTime;

struct ExplainBackorder {
  std::string id;
  void bind(CLI::App& app) {
    app.add_option("backorder", id, "Number or domain name of a backorder")->type_name("ID")->required();
  }
  int run(Session& session) const {
    engine::LedgerReader& store = session.book_snapshot();
    const Backorder row = backorder_named(store, id);
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
    const std::vector<engine::Listing> listings = store.listings(row.name);
    if (engine::is_unlisted(row, listings, schedule, session.now()))
      page.add_fact("listed", "no list names it any more; the last date stays");
    const std::vector<engine::Source> sources = store.sources();
    for (const engine::Listing& listing : listings) {
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

}  // namespace

void add_backorder_explain(CommandLine& line, CLI::App& backorder) {
  add_command<ExplainBackorder>(line, backorder, "explain",
                                "Explains a backorder: what happened, what happens next, what would change it",
                                "  dropledger backorder explain 17\n  dropledger backorder explain 17 --format json");
}

}  // namespace cli
