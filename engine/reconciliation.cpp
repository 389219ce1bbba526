#include "engine/reconciliation.hpp"

#include <algorithm>
#include <set>

#include "engine/enum_names.hpp"

namespace engine {
namespace {

constexpr Named<Loop> kLoopNames[] = {
    {Loop::self, "self"}, {Loop::jobs, "jobs"}, {Loop::provider_balance, "provider"}, {Loop::bank, "bank"}};
constexpr Named<DifferenceClass> kClassNames[] = {{DifferenceClass::match, "match"},
                                                  {DifferenceClass::timing, "timing"},
                                                  {DifferenceClass::missing_here, "missing_here"},
                                                  {DifferenceClass::missing_there, "missing_there"},
                                                  {DifferenceClass::amount, "amount"},
                                                  {DifferenceClass::currency, "currency"},
                                                  {DifferenceClass::state, "state"},
                                                  {DifferenceClass::duplicate, "duplicate"},
                                                  {DifferenceClass::unknown_outcome, "unknown_outcome"},
                                                  {DifferenceClass::unparsed, "unparsed"}};

}  // namespace

std::string_view to_word(Loop loop) { return word_of(kLoopNames, loop); }
std::optional<Loop> parse_loop(std::string_view text) { return value_of(kLoopNames, text); }
std::string_view to_word(DifferenceClass difference) { return word_of(kClassNames, difference); }
bool is_open(DifferenceClass difference) {
  return difference != DifferenceClass::match && difference != DifferenceClass::timing;
}

std::optional<Money> Difference::gap() const {
  if (ours && theirs) {
    if (ours->currency() != theirs->currency()) return std::nullopt;
    return *theirs - *ours;
  }
  if (kind == DifferenceClass::match) return std::nullopt;
  if (theirs) return theirs;
  if (ours) return -*ours;
  return std::nullopt;
}

std::int64_t LoopReport::count(DifferenceClass kind) const {
  return std::ranges::count(differences, kind, &Difference::kind) + (kind == DifferenceClass::match ? proved : 0);
}

bool LoopReport::is_clean() const {
  return not_done.empty() &&
         std::ranges::none_of(differences, [](const Difference& difference) { return is_open(difference.kind); });
}

std::string shell_word(std::string_view text) {
  constexpr std::string_view kPlain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-/:=@%+,";
  if (!text.empty() && text.find_first_not_of(kPlain) == std::string_view::npos) return std::string(text);
  std::string quoted = "'";
  for (const char c : text) {
    if (c == '\'')
      quoted += "'\\''";
    else
      quoted += static_cast<unsigned char>(c) < ' ' ? ' ' : c;
  }
  return quoted + "'";
}

// ---- (a) outcomes and deposits ----

namespace {

bool is_success(State state) { return state == State::successful || state == State::auction_won; }

std::string title(const Backorder& backorder) { return "backorder " + std::to_string(backorder.id.value()); }

// A status word that settles nothing and contradicts nothing.
bool is_waiting(std::string_view status) {
  std::string word;
  for (const char c : status) word += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return word == "REQUESTED" || word == "ACTIVE" || word == "PROCESSING";
}

}  // namespace

std::vector<Difference> reconcile_outcomes(std::span<const Backorder> backorders) {
  std::vector<Difference> found;
  for (const Backorder& backorder : backorders) {
    if (!is_final(backorder.state) || backorder.attempt == 0) continue;
    const std::optional<State> outcome = meaning_of_status(backorder.provider_status).outcome;
    const bool registered = outcome && is_success(*outcome);
    Difference one{.loop = Loop::self,
                   .kind = DifferenceClass::match,
                   .rule = "one outcome for each deposit",
                   .subject = backorder.name.ace(),
                   .here = title(backorder),
                   .there = backorder.application.value_or(""),
                   .ours = backorder.deposit,
                   .since = backorder.ended_at};
    if (is_success(backorder.state) && !backorder.application) {
      one.kind = DifferenceClass::state;
      one.detail = "captured, but no job at the provider is on file";
    } else if (is_success(backorder.state) && !registered) {
      one.kind = DifferenceClass::state;
      one.detail = "captured, but the provider's last word is '" + backorder.provider_status + "'";
    } else if (!is_success(backorder.state) && registered) {
      one.kind = DifferenceClass::state;
      one.detail = std::string(to_word(backorder.state)) + " and refunded, but the provider says '" +
                   backorder.provider_status + "'";
    }
    if (one.kind != DifferenceClass::match)
      one.command = "dropledger backorder explain " + std::to_string(backorder.id.value());
    found.push_back(std::move(one));
  }
  return found;
}

// ---- (b) jobs ----

namespace {

// Both sides have the job.
void compare_job(Difference& one, const Backorder& ours, const ProviderJob& theirs, Milliseconds lag, UtcTime now) {
  const StatusMeaning meaning = meaning_of_status(theirs.status);
  const std::string states = "ours is " + std::string(to_word(ours.state)) + ", theirs " + theirs.status;
  const auto differs = [&](DifferenceClass kind, std::string detail, std::string command) {
    one.kind = kind;
    one.detail = std::move(detail);
    one.command = std::move(command);
  };
  const std::string explain = "dropledger backorder explain " + std::to_string(ours.id.value());
  if (ours.name != theirs.name) {
    differs(DifferenceClass::state, "application " + theirs.application + " is for " + theirs.name.ace() + " there",
            explain);
  } else if (!meaning.known) {
    differs(DifferenceClass::unparsed, "status '" + theirs.status + "' is unknown to this program",
            "dropledger cases --kind unknown_status");
  } else if (!is_final(ours.state)) {
    if (meaning.outcome ? *meaning.outcome == ours.state : is_waiting(theirs.status) && ours.state == State::processing)
      return;
    // What they know and we have not read yet; after the grace nobody reads it.
    const UtcTime known_at = ours.drop ? ours.drop->drop_at : ours.submitted_at.value_or(now);
    const bool fresh = meaning.outcome && now - known_at <= lag;
    differs(fresh ? DifferenceClass::timing : DifferenceClass::state, states,
            meaning.outcome ? "dropledger sweep sync settle" : explain);
  } else {
    const bool won = is_success(ours.state);
    if (meaning.outcome && is_final(*meaning.outcome)) {
      if (won == is_success(*meaning.outcome)) return;
      differs(DifferenceClass::state, states,
              won ? "dropledger cases --kind late_failure" : "dropledger cases --kind late_success");
    } else if (!won && !is_waiting(theirs.status) && !meaning.outcome) {
      return;  // cancelled on both sides
    } else {
      differs(DifferenceClass::state, states + (won ? "" : ": the job lives on after the deposit was given back"),
              explain);
    }
  }
}

}  // namespace

std::vector<Difference> reconcile_jobs(std::span<const Backorder> ours, std::span<const ProviderJob> jobs,
                                       Milliseconds lag, UtcTime now) {
  std::vector<Difference> found;
  std::map<std::string_view, const ProviderJob*> listed;
  for (const ProviderJob& job : jobs) {
    if (listed.emplace(job.application, &job).second) continue;
    found.push_back({.loop = Loop::jobs,
                     .kind = DifferenceClass::duplicate,
                     .rule = "application",
                     .subject = job.name.ace(),
                     .there = job.application,
                     .since = job.created_at,
                     .detail = "the provider's list has the application twice"});
  }
  std::map<std::string_view, const Backorder*> bound;
  std::set<std::string_view> awaited;  // names with an order of unknown outcome
  for (const Backorder& backorder : ours) {
    Difference one{.loop = Loop::jobs,
                   .kind = DifferenceClass::match,
                   .rule = "application",
                   .subject = backorder.name.ace(),
                   .here = title(backorder),
                   .there = backorder.application.value_or(""),
                   .since = backorder.submitted_at ? backorder.submitted_at : backorder.reserved_at};
    if (!backorder.application) {
      if (!backorder.open_call) continue;
      awaited.insert(backorder.name.ace());
      one.kind = DifferenceClass::unknown_outcome;
      one.rule = "unanswered order";
      one.detail = "an order was sent and not answered: a job may exist";
      one.command = "dropledger sweep submit";
      found.push_back(std::move(one));
      continue;
    }
    const auto [first, alone] = bound.emplace(*backorder.application, &backorder);
    const auto job = listed.find(*backorder.application);
    if (!alone) {
      one.kind = DifferenceClass::duplicate;
      one.detail = "the application belongs to " + title(*first->second) + " as well";
      one.command = "dropledger backorder explain " + std::to_string(backorder.id.value());
    } else if (job != listed.end()) {
      compare_job(one, backorder, *job->second, lag, now);
    } else if (is_final(backorder.state)) {
      one.rule = "ended, no longer listed";
    } else {
      const bool fresh = backorder.submitted_at && now - *backorder.submitted_at <= lag;
      one.kind = backorder.cancelling || fresh ? DifferenceClass::timing : DifferenceClass::missing_there;
      one.detail = std::string(to_word(backorder.state)) + " here, and the provider's list lacks the job" +
                   (backorder.cancelling ? ": its deletion was asked for" : "");
      one.command = "dropledger sweep sync settle";
    }
    found.push_back(std::move(one));
  }
  for (const auto& [application, job] : listed) {
    if (bound.contains(application)) continue;
    const bool expected = awaited.contains(job->name.ace());
    found.push_back({.loop = Loop::jobs,
                     .kind = expected ? DifferenceClass::unknown_outcome : DifferenceClass::missing_here,
                     .rule = expected ? "name" : "application",
                     .subject = job->name.ace(),
                     .there = job->application,
                     .since = job->created_at,
                     .detail = expected ? "perhaps the answer to an order of ours that was not read"
                                        : "a job (" + job->status + ") that no backorder of ours has",
                     .command = expected ? "dropledger sweep submit" : "dropledger sweep sync"});
  }
  return found;
}

}  // namespace engine
