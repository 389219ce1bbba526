#include <algorithm>
#include <set>

#include "engine/reconciliation.hpp"

namespace engine {
namespace {

bool is_success(State state) { return state == State::successful || state == State::auction_won; }

std::string title(const Backorder& backorder) { return "backorder " + std::to_string(backorder.id.value()); }

// an auction ends ten days after the catch at the latest
constexpr Milliseconds kLateCharge = std::chrono::hours(14 * 24);

Difference provider_balance_row(DifferenceClass kind, std::string rule) {
  return {.loop = Loop::provider_balance, .kind = kind, .rule = std::move(rule)};
}

// Equal figures are a match, others differ in amount, whatever the currency says about it.
Difference compare_figures(std::string rule, std::string here, Money ours, std::string there, Money theirs) {
  Difference one = provider_balance_row(DifferenceClass::match, std::move(rule));
  one.here = std::move(here);
  one.there = std::move(there);
  one.ours = ours;
  one.theirs = theirs;
  if (ours.currency() != theirs.currency())
    one.kind = DifferenceClass::currency;
  else if (ours != theirs)
    one.kind = DifferenceClass::amount;
  return one;
}

std::string domain_in(const std::string& text) {
  if (text.find('.') == std::string::npos || text.find(' ') != std::string::npos) return {};
  const Result<DomainName> parsed = DomainName::parse(text);
  return parsed ? parsed.value().ace() : std::string();
}

std::string booking_command(const ProviderEntry& entry) {
  const Money gross = entry.gross();
  const bool charge = gross.is_negative();
  return std::string("dropledger provider ") + (charge ? "cost " : "fund ") + to_string(charge ? -gross : gross) + " " +
         std::string(gross.currency().code()) + " --effective " + to_string(entry.at) + " --memo " +
         shell_word(entry.description + (entry.reference.empty() ? "" : " " + entry.reference)) +
         " --sender provider --request " + shell_word(entry.id);
}

class ProviderBalanceLoop {
 public:
  ProviderBalanceLoop(const ProviderBalanceFacts& facts, Milliseconds lag, Milliseconds window, UtcTime now)
      : facts_(facts), lag_(lag), window_(window), now_(now) {
    for (const Backorder& backorder : facts.backorders) of_name_[backorder.name.ace()].push_back(&backorder);
    for (const ProviderJob& job : facts.jobs) status_.emplace(job.application, job.status);
  }

  std::vector<Difference> run() {
    figures();
    deposits();
    bookings();
    captures();
    return std::move(found_);
  }

 private:
  bool is_fresh(std::optional<UtcTime> since) const { return since && now_ - *since <= lag_; }

  void figures() {
    Money set_aside = Money::zero(facts_.provider_balance.deposit.currency());
    for (const ProviderDeposit& deposit : facts_.deposits) {
      if (deposit.amount.currency() == set_aside.currency()) set_aside += deposit.amount;
    }
    found_.push_back(compare_figures("their deposits add up", "sum of the deposits", set_aside, "StatusAccount",
                                     facts_.provider_balance.deposit));
    found_.push_back(compare_figures("their bookings add up", "sum of the bookings", facts_.accounting.sum,
                                     "StatusAccount", facts_.provider_balance.amount));
  }

  // Deposits and jobs of one name are interchangeable: with k of each there is nothing to tell apart.
  void deposits() {
    std::map<std::string, std::vector<const ProviderDeposit*>> of_name;
    for (const ProviderDeposit& deposit : facts_.deposits) {
      const std::string domain = domain_in(deposit.description);
      of_name[domain.empty() ? deposit.description : domain].push_back(&deposit);
    }
    for (const auto& [domain, backorders] : of_name_) {
      std::vector<const Backorder*> holding;
      for (const Backorder* backorder : backorders) {
        if (backorder->application &&
            (backorder->state == State::processing || backorder->state == State::auction_pending))
          holding.push_back(backorder);
      }
      auto listed = of_name.find(domain);
      std::size_t used = 0;
      // Those that are funded there have first claim on a deposit.
      std::ranges::stable_partition(holding, [this](const Backorder* backorder) { return is_funded(*backorder); });
      for (const Backorder* backorder : holding) {
        const bool found = listed != of_name.end() && used < listed->second.size();
        found_.push_back(found ? deposit_row(*listed->second[used++], *backorder) : no_deposit_row(*backorder));
      }
      if (listed == of_name.end()) continue;
      for (; used < listed->second.size(); ++used)
        found_.push_back(surplus_deposit_row(*listed->second[used], backorders, !holding.empty()));
      of_name.erase(listed);
    }
    for (const auto& [description, deposits] : of_name) {
      for (const ProviderDeposit* deposit : deposits) found_.push_back(surplus_deposit_row(*deposit, {}, false));
    }
  }

  Difference deposit_of(const ProviderDeposit& deposit) const {
    Difference one = provider_balance_row(DifferenceClass::match, "deposit for a job");
    one.subject = deposit.description;
    one.there = "deposit " + deposit.id;
    one.theirs = deposit.amount;
    one.since = deposit.created_at;
    return one;
  }
  Difference deposit_row(const ProviderDeposit& deposit, const Backorder& backorder) const {
    Difference one = deposit_of(deposit);
    one.here = title(backorder);
    if (deposit.amount.currency() != facts_.provider_balance.amount.currency()) {
      one.kind = DifferenceClass::currency;
      one.detail = "set aside in another currency than our account's there, " +
                   std::string(facts_.provider_balance.amount.currency().code());
    } else if (deposit.amount.is_negative()) {
      one.kind = DifferenceClass::amount;
      one.detail = "a credit where a deposit should be";
    } else if (deposit.expires_at && *deposit.expires_at < now_) {
      one.kind = is_fresh(deposit.expires_at) ? DifferenceClass::timing : DifferenceClass::state;
      one.detail = "its lease ended at " + to_string(*deposit.expires_at) + " and was not renewed";
    }
    return one;
  }
  bool is_funded(const Backorder& backorder) const {
    const auto status = status_.find(*backorder.application);
    return status != status_.end() && status->second != "REQUESTED";
  }
  Difference no_deposit_row(const Backorder& backorder) const {
    Difference one = provider_balance_row(DifferenceClass::missing_there, "deposit for a job");
    one.subject = backorder.name.ace();
    one.here = title(backorder);
    one.since = backorder.submitted_at;
    const auto status = status_.find(*backorder.application);
    const StatusMeaning meaning = meaning_of_status(status == status_.end() ? "" : status->second);
    const bool dropped = backorder.drop && backorder.drop->drop_at <= now_;
    // they set money aside three days before their deadline, and not earlier
    if (status != status_.end() && status->second == "REQUESTED") {
      one.kind = DifferenceClass::match;
      one.rule = "no deposit before its time";
    } else if (meaning.outcome && is_final(*meaning.outcome)) {
      one.kind = DifferenceClass::timing;
      one.detail = "it ended there (" + status->second + "), and we have not read it yet";
      one.command = "dropledger sweep sync settle";
    } else if (is_fresh(backorder.submitted_at) || (dropped && is_fresh(backorder.drop->drop_at))) {
      one.kind = DifferenceClass::timing;
      one.detail = "not set aside yet, or given back a moment ago";
    } else {
      one.detail = "the job exists, but nothing is set aside for it: it may catch nothing";
      one.command = "dropledger provider status";
    }
    return one;
  }
  Difference surplus_deposit_row(const ProviderDeposit& deposit, const std::vector<const Backorder*>& backorders,
                                 bool beside_others) const {
    Difference one = deposit_of(deposit);
    one.kind = DifferenceClass::missing_here;
    one.detail = "set aside there for no job of ours";
    for (const Backorder* backorder : backorders) {
      if (backorder->open_call) {
        one.kind = DifferenceClass::unknown_outcome;
        one.here = title(*backorder);
        one.detail = "perhaps for an order of ours whose answer was not read";
        one.command = "dropledger sweep submit";
        return one;
      }
      if (!backorder->application || !backorder->ended_at) continue;
      one.here = title(*backorder);
      one.kind = is_fresh(backorder->ended_at) ? DifferenceClass::timing : DifferenceClass::state;
      one.detail = std::string(to_word(backorder->state)) + " here since " + to_string(*backorder->ended_at) +
                   ", still set aside there";
    }
    if (one.kind == DifferenceClass::missing_here && deposit.expires_at && *deposit.expires_at < now_ &&
        is_fresh(deposit.expires_at)) {
      one.kind = DifferenceClass::timing;  // a lease that lapses
    }
    if (one.kind == DifferenceClass::missing_here && beside_others) {
      one.kind = DifferenceClass::duplicate;
      one.detail = "more deposits for the name than jobs";
    }
    return one;
  }

  void bookings() {
    std::vector<ProviderEntry> entries;
    if (!facts_.accounting.opening.is_zero()) {
      const Money zero = Money::zero(facts_.accounting.opening.currency());
      entries.push_back(
          {"opening", facts_.since, "OPENINGBALANCE", "opening balance", "", facts_.accounting.opening, zero});
    }
    entries.insert(entries.end(), facts_.accounting.entries.begin(), facts_.accounting.entries.end());
    std::vector<MoneyItem> theirs;
    for (const ProviderEntry& entry : entries) {
      MoneyItem item{.id = entry.id,
                     .references = {entry.id},
                     .subject = domain_in(entry.description),
                     .amount = entry.gross(),
                     .at = entry.at};
      if (!entry.reference.empty()) item.references.push_back(entry.reference);
      if (item.subject.empty() && !entry.description.empty()) item.references.push_back(entry.description);
      theirs.push_back(std::move(item));
    }
    const Matching matching = match_money(facts_.ours, theirs, window_);
    for (const MatchedPair& pair : matching.pairs) {
      Difference one = compare_figures(std::string(pair.rule), facts_.ours[pair.ours].id, facts_.ours[pair.ours].amount,
                                       entries[pair.theirs].id, theirs[pair.theirs].amount);
      note_entry(one, entries[pair.theirs], theirs[pair.theirs]);
      if (is_open(one.kind)) {
        one.detail +=
            (one.detail.empty() ? "" : "; ") + std::string("we booked another amount: reverse ours, then book theirs");
        one.command = "dropledger reverse " +
                      facts_.ours[pair.ours].id.substr(facts_.ours[pair.ours].id.rfind(' ') + 1) + " --reason " +
                      shell_word("the provider booked " + to_string_with_code(theirs[pair.theirs].amount)) + " && " +
                      booking_command(entries[pair.theirs]);
      }
      judge_charge(one, entries[pair.theirs], theirs[pair.theirs]);
      found_.push_back(std::move(one));
    }
    for (const std::size_t i : matching.theirs_left) {
      Difference one = provider_balance_row(DifferenceClass::missing_here, "booking");
      note_entry(one, entries[i], theirs[i]);
      one.theirs = theirs[i].amount;
      one.there = entries[i].id;
      one.detail = entries[i].type + " that we have not booked";
      one.command = booking_command(entries[i]);
      judge_charge(one, entries[i], theirs[i]);
      found_.push_back(std::move(one));
    }
    ours_left(matching);
  }

  void note_entry(Difference& one, const ProviderEntry& entry, const MoneyItem& item) const {
    one.subject = item.subject.empty() ? entry.description : item.subject;
    one.since = entry.at;
  }

  // A charge belongs to a captured backorder; one for a refunded one contradicts us, whoever booked it.
  void judge_charge(Difference& one, const ProviderEntry& entry, const MoneyItem& item) {
    if (!item.amount.is_negative() || item.subject.empty()) return;
    const auto named = of_name_.find(item.subject);
    if (named == of_name_.end()) {
      if (one.detail.empty() && one.kind != DifferenceClass::match)
        one.detail = "no backorder of ours is for this name";
      return;
    }
    const Backorder* contradicted = nullptr;
    for (const Backorder* backorder : named->second) {
      const bool meant = entry.reference.empty() || backorder->application == entry.reference;
      if (is_success(backorder->state) && (meant || named->second.size() == 1) && charged_.insert(backorder->id).second)
        return;
      if (meant && is_final(backorder->state) && !is_success(backorder->state)) contradicted = backorder;
    }
    if (contradicted == nullptr) return;
    one.kind = DifferenceClass::state;
    one.here = title(*contradicted);
    one.detail = "charged there, but " + std::string(to_word(contradicted->state)) + " and refunded here";
    one.command = "dropledger backorder explain " + std::to_string(contradicted->id.value());
  }

  void ours_left(const Matching& matching) {
    const auto row = [&](std::size_t i, DifferenceClass kind, std::string rule) {
      Difference one = provider_balance_row(kind, std::move(rule));
      one.subject = facts_.ours[i].subject;
      one.here = facts_.ours[i].id;
      one.ours = facts_.ours[i].amount;
      one.since = facts_.ours[i].at;
      return one;
    };
    const auto number = [&](std::size_t i) { return facts_.ours[i].id.substr(facts_.ours[i].id.rfind(' ') + 1); };
    for (const auto& [first, second] : matching.undone) {
      Difference one = row(first, DifferenceClass::match, "taken back by ourselves");
      one.detail = facts_.ours[second].id + " takes it back";
      found_.push_back(std::move(one));
    }
    for (const Repetition& again : matching.repetitions) {
      Difference one = row(again.ours, DifferenceClass::duplicate, std::string(again.rule));
      if (again.rule == "same owner")
        one = row(again.ours,
                  is_fresh(facts_.ours[again.ours].at) ? DifferenceClass::timing : DifferenceClass::missing_there,
                  "booking");
      one.detail = "the same as " + facts_.ours[again.of].id + ", which they booked once";
      one.command = "dropledger reverse " + number(again.ours) + " --reason " +
                    shell_word("booked twice, see " + facts_.ours[again.of].id);
      found_.push_back(std::move(one));
    }
    for (const std::size_t i : matching.ours_left) {
      Difference one =
          row(i, is_fresh(facts_.ours[i].at) ? DifferenceClass::timing : DifferenceClass::missing_there, "booking");
      one.detail = "the provider has not booked it";
      if (one.kind != DifferenceClass::timing)
        one.command = "dropledger reverse " + number(i) + " --reason " + shell_word("unknown to the provider");
      found_.push_back(std::move(one));
    }
  }

  void captures() {
    for (const Backorder& backorder : facts_.backorders) {
      if (!is_success(backorder.state) || charged_.contains(backorder.id)) continue;
      Difference one = provider_balance_row(DifferenceClass::missing_there, "a charge for each capture");
      one.subject = backorder.name.ace();
      one.here = title(backorder);
      one.there = backorder.application.value_or("");
      one.since = backorder.ended_at;
      one.detail = "captured here, never charged there";
      if (is_fresh(backorder.ended_at) ||
          (backorder.state == State::auction_won && backorder.ended_at && now_ - *backorder.ended_at <= kLateCharge)) {
        one.kind = DifferenceClass::timing;
      }
      found_.push_back(std::move(one));
    }
  }

  const ProviderBalanceFacts& facts_;
  Milliseconds lag_, window_;
  UtcTime now_;
  std::map<std::string, std::vector<const Backorder*>> of_name_;
  std::map<std::string, std::string> status_;
  std::set<BackorderId> charged_;
  std::vector<Difference> found_;
};

}  // namespace

std::vector<Difference> reconcile_provider_balance(const ProviderBalanceFacts& facts, Milliseconds lag,
                                                   Milliseconds window, UtcTime now) {
  return ProviderBalanceLoop(facts, lag, window, now).run();
}

}  // namespace engine
