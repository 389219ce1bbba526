#include "engine/reconciliation.hpp"

#include <algorithm>
#include <set>
#include <tuple>
#include <unordered_map>
#include <unordered_set>

#include "engine/enum_names.hpp"

namespace engine {
namespace {

constexpr Named<Loop> kLoopNames[] = {
    {Loop::self, "self"}, {Loop::jobs, "jobs"}, {Loop::purse, "purse"}, {Loop::bank, "bank"}};
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

Milliseconds apart(UtcTime a, UtcTime b) { return a < b ? b - a : a - b; }

bool same_amount(Money a, Money b) { return a.currency() == b.currency() && a == b; }
bool same_sign(Money a, Money b) { return a.is_negative() == b.is_negative(); }

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

// ---- matching ----

namespace {

using MoneyKey = std::tuple<std::string, std::int64_t, Currency>;  // word, amount, currency
using ByTime = std::set<std::pair<UtcTime, std::size_t>>;

class Matcher {
 public:
  Matcher(std::span<const MoneyItem> ours, std::span<const MoneyItem> theirs, Milliseconds window)
      : ours_(ours), theirs_(theirs), window_(window), here_(ours.size(), false), there_(theirs.size(), false) {}

  Matching run() {
    by_reference();
    by_lone_word(
        "reference, other amount", [](const MoneyItem& item) { return item.references; }, std::nullopt);
    by_subject();
    by_lone_word(
        "subject", [](const MoneyItem& item) { return subject_of(item); }, window_);
    by_amount_and_day();
    take_undone();
    by_amount_and_day();
    find_repetitions();
    for (std::size_t i = 0; i < ours_.size(); ++i) {
      if (!here_[i]) found_.ours_left.push_back(i);
    }
    for (std::size_t i = 0; i < theirs_.size(); ++i) {
      if (!there_[i]) found_.theirs_left.push_back(i);
    }
    return std::move(found_);
  }

 private:
  static MoneyKey key(const std::string& word, Money amount) { return {word, amount.minor(), amount.currency()}; }
  static std::vector<std::string> subject_of(const MoneyItem& item) {
    return item.subject.empty() ? std::vector<std::string>{} : std::vector<std::string>{item.subject};
  }
  void pair(std::size_t ours, std::size_t theirs, std::string_view rule) {
    here_[ours] = there_[theirs] = true;
    found_.pairs.push_back({ours, theirs, rule});
  }

  // The nearest in time that is still free; what is taken already is dropped on the way.
  std::optional<std::size_t> nearest(ByTime& candidates, UtcTime at) {
    while (!candidates.empty()) {
      auto best = candidates.lower_bound({at, 0});
      if (best == candidates.end() ||
          (best != candidates.begin() && apart(std::prev(best)->first, at) < apart(best->first, at)))
        best = std::prev(best);
      if (!there_[best->second]) return best->second;
      candidates.erase(best);
    }
    return std::nullopt;
  }

  void by_reference() {
    std::map<MoneyKey, ByTime> index;
    for (std::size_t i = 0; i < theirs_.size(); ++i) {
      for (const std::string& reference : theirs_[i].references)
        index[key(reference, theirs_[i].amount)].emplace(theirs_[i].at, i);
    }
    std::size_t most = 0;
    for (const MoneyItem& item : ours_) most = std::max(most, item.references.size());
    for (std::size_t rank = 0; rank < most; ++rank) {  // what names it best goes first, for all items
      for (std::size_t i = 0; i < ours_.size(); ++i) {
        if (here_[i] || rank >= ours_[i].references.size()) continue;
        const auto found = index.find(key(ours_[i].references[rank], ours_[i].amount));
        if (found == index.end()) continue;
        if (const auto other = nearest(found->second, ours_[i].at)) pair(i, *other, "reference");
      }
    }
  }

  // Words that exactly one free item of each side bears.
  template <typename Words>
  void by_lone_word(std::string_view rule, const Words& words, std::optional<Milliseconds> window) {
    struct Bearers {
      std::size_t here_count = 0, there_count = 0, here = 0, there = 0;
    };
    std::map<std::string, Bearers> index;
    const auto each = [&](std::span<const MoneyItem> items, const std::vector<bool>& taken, auto&& note) {
      for (std::size_t i = 0; i < items.size(); ++i) {
        if (taken[i]) continue;
        std::vector<std::string> own = words(items[i]);
        std::ranges::sort(own);
        own.erase(std::unique(own.begin(), own.end()), own.end());
        for (const std::string& word : own) note(index[word], i);
      }
    };
    each(ours_, here_, [](Bearers& at, std::size_t i) { ++at.here_count, at.here = i; });
    each(theirs_, there_, [](Bearers& at, std::size_t i) { ++at.there_count, at.there = i; });
    for (const auto& [word, at] : index) {
      if (at.here_count != 1 || at.there_count != 1 || here_[at.here] || there_[at.there]) continue;
      if (!same_sign(ours_[at.here].amount, theirs_[at.there].amount)) continue;
      if (window && apart(ours_[at.here].at, theirs_[at.there].at) > *window) continue;
      pair(at.here, at.there, rule);
    }
  }

  void by_subject() {
    std::map<MoneyKey, ByTime> index;
    for (std::size_t i = 0; i < theirs_.size(); ++i) {
      if (!there_[i] && !theirs_[i].subject.empty())
        index[key(theirs_[i].subject, theirs_[i].amount)].emplace(theirs_[i].at, i);
    }
    for (std::size_t i = 0; i < ours_.size(); ++i) {
      if (here_[i] || ours_[i].subject.empty()) continue;
      const auto found = index.find(key(ours_[i].subject, ours_[i].amount));
      if (found == index.end()) continue;
      const auto other = nearest(found->second, ours_[i].at);
      if (other && apart(theirs_[*other].at, ours_[i].at) <= window_) pair(i, *other, "subject and amount");
    }
  }

  // Equal amounts in one stretch of time without a pause longer than the window: taken only where it does not matter
  // which is which.
  void by_amount_and_day() {
    struct Entry {
      UtcTime at;
      bool ours;
      std::size_t index;
    };
    std::map<MoneyKey, std::vector<Entry>> of_amount;
    for (std::size_t i = 0; i < ours_.size(); ++i) {
      if (!here_[i] && ours_[i].subject.empty()) of_amount[key("", ours_[i].amount)].push_back({ours_[i].at, true, i});
    }
    for (std::size_t i = 0; i < theirs_.size(); ++i) {
      if (!there_[i] && theirs_[i].subject.empty())
        of_amount[key("", theirs_[i].amount)].push_back({theirs_[i].at, false, i});
    }
    for (auto& [amount, entries] : of_amount) {
      std::ranges::sort(entries, {}, [](const Entry& entry) { return std::tuple(entry.at, entry.ours, entry.index); });
      for (std::size_t first = 0; first < entries.size();) {
        std::size_t end = first + 1;
        while (end < entries.size() && entries[end].at - entries[end - 1].at <= window_) ++end;
        std::vector<std::size_t> here, there;
        std::set<std::string_view> owners;
        for (const Entry& entry : std::span(entries).subspan(first, end - first)) {
          (entry.ours ? here : there).push_back(entry.index);
          if (entry.ours) owners.insert(ours_[entry.index].owner);
        }
        first = end;
        if (owners.size() != 1 || here.size() < there.size()) continue;
        std::size_t next = 0;
        for (const std::size_t theirs : there) {  // both in time order
          while (next < here.size() && ours_[here[next]].at + window_ < theirs_[theirs].at) ++next;
          if (next == here.size() || ours_[here[next]].at > theirs_[theirs].at + window_) continue;
          pair(here[next++], theirs, "amount and day");
        }
      }
    }
  }

  void take_undone() {
    std::map<std::string_view, std::size_t> free;
    for (std::size_t i = 0; i < ours_.size(); ++i) {
      if (!here_[i]) free.emplace(ours_[i].id, i);
    }
    for (std::size_t i = 0; i < ours_.size(); ++i) {
      if (here_[i] || !ours_[i].undoes) continue;
      const auto undone = free.find(*ours_[i].undoes);
      if (undone == free.end() || here_[undone->second] || !same_amount(ours_[undone->second].amount, -ours_[i].amount))
        continue;
      here_[i] = here_[undone->second] = true;
      found_.undone.emplace_back(undone->second, i);
    }
  }

  void find_repetitions() {
    std::map<MoneyKey, std::size_t> reference, subject;
    std::map<MoneyKey, ByTime> owner;
    for (const MatchedPair& one : found_.pairs) {
      const MoneyItem& item = ours_[one.ours];
      for (const std::string& word : item.references) reference.emplace(key(word, item.amount), one.ours);
      for (const std::string& word : theirs_[one.theirs].references)
        reference.emplace(key(word, item.amount), one.ours);
      if (!item.subject.empty()) subject.emplace(key(item.subject, item.amount), one.ours);
      if (!item.owner.empty()) owner[key(item.owner, item.amount)].emplace(item.at, one.ours);
    }
    for (std::size_t i = 0; i < ours_.size(); ++i) {
      if (here_[i]) continue;
      const MoneyItem& item = ours_[i];
      std::optional<Repetition> found;
      for (const std::string& word : item.references) {
        if (const auto at = reference.find(key(word, item.amount)); !found && at != reference.end())
          found = {i, at->second, "same reference"};
      }
      if (const auto at = subject.find(key(item.subject, item.amount)); !found && at != subject.end())
        found = {i, at->second, "same subject"};
      if (const auto at = owner.find(key(item.owner, item.amount)); !found && at != owner.end()) {
        const auto near = at->second.lower_bound({item.at - window_, 0});
        if (near != at->second.end() && near->first <= item.at + window_) found = {i, near->second, "same owner"};
      }
      if (found) found_.repetitions.push_back(*found);
    }
    for (const Repetition& one : found_.repetitions) here_[one.ours] = true;
  }

  std::span<const MoneyItem> ours_, theirs_;
  Milliseconds window_;
  std::vector<bool> here_, there_;  // taken
  Matching found_;
};

}  // namespace

Matching match_money(std::span<const MoneyItem> ours, std::span<const MoneyItem> theirs, Milliseconds window) {
  return Matcher(ours, theirs, window).run();
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

// ---- (c) the purse ----

namespace {

// an auction ends ten days after the catch at the latest
constexpr Milliseconds kLateCharge = std::chrono::hours(14 * 24);

Difference purse_row(DifferenceClass kind, std::string rule) {
  return {.loop = Loop::purse, .kind = kind, .rule = std::move(rule)};
}

// Equal figures are a match, others differ in amount, whatever the currency says about it.
Difference compare_figures(std::string rule, std::string here, Money ours, std::string there, Money theirs) {
  Difference one = purse_row(DifferenceClass::match, std::move(rule));
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
  return std::string("dropledger purse ") + (charge ? "cost " : "fund ") + to_string(charge ? -gross : gross) + " " +
         std::string(gross.currency().code()) + " --effective " + to_string(entry.at) + " --memo " +
         shell_word(entry.description + (entry.reference.empty() ? "" : " " + entry.reference)) +
         " --sender provider --request " + shell_word(entry.id);
}

class PurseLoop {
 public:
  PurseLoop(const PurseFacts& facts, Milliseconds lag, Milliseconds window, UtcTime now)
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
    Money set_aside = Money::zero(facts_.purse.deposit.currency());
    for (const ProviderDeposit& deposit : facts_.deposits) {
      if (deposit.amount.currency() == set_aside.currency()) set_aside += deposit.amount;
    }
    found_.push_back(compare_figures("their deposits add up", "sum of the deposits", set_aside, "StatusAccount",
                                     facts_.purse.deposit));
    found_.push_back(compare_figures("their bookings add up", "sum of the bookings", facts_.accounting.sum,
                                     "StatusAccount", facts_.purse.amount));
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
      std::stable_partition(holding.begin(), holding.end(),
                            [this](const Backorder* backorder) { return is_funded(*backorder); });
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
    Difference one = purse_row(DifferenceClass::match, "deposit for a job");
    one.subject = deposit.description;
    one.there = "deposit " + deposit.id;
    one.theirs = deposit.amount;
    one.since = deposit.created_at;
    return one;
  }
  Difference deposit_row(const ProviderDeposit& deposit, const Backorder& backorder) const {
    Difference one = deposit_of(deposit);
    one.here = title(backorder);
    if (deposit.amount.currency() != facts_.purse.amount.currency()) {
      one.kind = DifferenceClass::currency;
      one.detail = "set aside in another currency than our account's there, " +
                   std::string(facts_.purse.amount.currency().code());
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
    Difference one = purse_row(DifferenceClass::missing_there, "deposit for a job");
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
      Difference one = purse_row(DifferenceClass::missing_here, "booking");
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
      Difference one = purse_row(kind, std::move(rule));
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
      Difference one = purse_row(DifferenceClass::missing_there, "a charge for each capture");
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

  const PurseFacts& facts_;
  Milliseconds lag_, window_;
  UtcTime now_;
  std::map<std::string, std::vector<const Backorder*>> of_name_;
  std::map<std::string, std::string> status_;
  std::set<BackorderId> charged_;
  std::vector<Difference> found_;
};

}  // namespace

std::vector<Difference> reconcile_purse(const PurseFacts& facts, Milliseconds lag, Milliseconds window, UtcTime now) {
  return PurseLoop(facts, lag, window, now).run();
}

// ---- (d) the bank ----

namespace {

// A statement begins where the one before it ended; those that overlap say nothing about a gap.
void check_sequence(std::vector<Difference>& found, std::string_view source,
                    std::span<const ExternalStatement> statements) {
  std::map<std::string, std::vector<const ExternalStatement*>> of_account;
  for (const ExternalStatement& statement : statements) {
    if (!statement.opening || !statement.closing || !statement.from || !statement.to) continue;
    of_account[statement.account + " " + std::string(statement.opening->currency().code())].push_back(&statement);
  }
  for (auto& [account, list] : of_account) {
    std::ranges::sort(list, {}, [](const ExternalStatement* one) { return std::tuple(*one->from, *one->to, one->id); });
    for (std::size_t i = 1; i < list.size(); ++i) {
      const ExternalStatement &before = *list[i - 1], &next = *list[i];
      if (*next.from <= *before.to) continue;
      Difference one{.loop = Loop::bank,
                     .kind = DifferenceClass::match,
                     .rule = "statements in sequence",
                     .subject = account,
                     .here = before.name,
                     .there = next.name,
                     .ours = before.closing,
                     .theirs = next.opening,
                     .since = UtcTime(*next.from)};
      if (*before.closing != *next.opening) {
        one.kind = DifferenceClass::missing_here;
        one.detail = "between " + to_string(*before.to) + " and " + to_string(*next.from) + " a statement is missing";
        one.command = "dropledger bank import FILE --source " + shell_word(source);
      }
      found.push_back(std::move(one));
    }
  }
}

void add_unread(std::vector<Difference>& found, std::string_view source, std::span<const ExternalLine> lines,
                std::span<const ExternalStatement> statements) {
  std::unordered_set<std::string_view> read;
  std::unordered_map<std::string_view, std::int64_t> latest;  // by name
  if (std::ranges::all_of(statements, [](const ExternalStatement& one) { return one.unread.empty(); })) return;
  for (const ExternalLine& line : lines) read.insert(line.raw);
  for (const ExternalStatement& statement : statements)
    latest[statement.name] = std::max(latest[statement.name], statement.id);
  for (const ExternalStatement& statement : statements) {
    if (statement.id != latest.at(statement.name)) continue;
    for (const UnreadRow& row : statement.unread) {
      if (read.contains(row.raw)) continue;
      found.push_back(
          {.loop = Loop::bank,
           .kind = DifferenceClass::unparsed,
           .rule = "readable",
           .subject = std::string(source),
           .there = statement.name + ":" + std::to_string(row.place),
           .since = statement.imported_at,
           .detail = row.why + ": " + row.raw,
           .command = "dropledger bank import " + shell_word(statement.name) + " --source " + shell_word(source)});
    }
  }
}

}  // namespace

std::vector<Difference> reconcile_bank(std::string_view source, std::span<const MoneyItem> ours,
                                       std::span<const ExternalLine> lines,
                                       std::span<const ExternalStatement> statements, Milliseconds window,
                                       UtcTime now) {
  std::vector<Difference> found;
  check_sequence(found, source, statements);
  add_unread(found, source, lines, statements);
  std::optional<Day> covered;  // the last day a statement speaks for
  for (const ExternalStatement& statement : statements) {
    if (statement.to) covered = covered ? std::max(*covered, *statement.to) : *statement.to;
  }
  std::vector<MoneyItem> theirs;
  theirs.reserve(lines.size());
  for (const ExternalLine& line : lines) {
    MoneyItem item{
        .id = line.external_id, .references = {line.external_id}, .amount = line.amount, .at = UtcTime(line.booked_on)};
    for (const std::string* reference : {&line.end_to_end, &line.reference}) {
      if (!reference->empty()) item.references.push_back(*reference);
    }
    theirs.push_back(std::move(item));
  }
  const Matching matching = match_money(ours, theirs, window);
  const auto row = [&](DifferenceClass kind, std::string rule, std::optional<std::size_t> here,
                       std::optional<std::size_t> there) {
    Difference one{.loop = Loop::bank, .kind = kind, .rule = std::move(rule)};
    if (there) {
      one.subject = lines[*there].counterparty;
      one.there = lines[*there].external_id;
      one.theirs = lines[*there].amount;
      one.since = theirs[*there].at;
    }
    if (here) {
      one.subject = ours[*here].owner;
      one.here = ours[*here].id;
      one.ours = ours[*here].amount;
      if (!one.since || ours[*here].at < *one.since) one.since = ours[*here].at;
    }
    return one;
  };
  const auto number = [&](std::size_t i) { return ours[i].id.substr(ours[i].id.rfind(' ') + 1); };
  // matched pay-ins by the payer's reference and amount
  std::map<std::pair<std::string, std::int64_t>, std::vector<std::size_t>> paid;
  for (const MatchedPair& pair : matching.pairs) {
    Difference one = row(DifferenceClass::match, std::string(pair.rule), pair.ours, pair.theirs);
    const Money here = ours[pair.ours].amount, there = theirs[pair.theirs].amount;
    if (here.currency() != there.currency())
      one.kind = DifferenceClass::currency;
    else if (here != there)
      one.kind = DifferenceClass::amount;
    if (one.kind != DifferenceClass::match) {
      one.detail = "the bank says " + to_string_with_code(there);
      one.command = "dropledger reverse " + number(pair.ours) + " --reason " +
                    shell_word("the bank booked " + to_string_with_code(there) + ", " + one.there);
    }
    if (here.is_positive() && !lines[pair.theirs].end_to_end.empty())
      paid[{lines[pair.theirs].end_to_end, there.minor()}].push_back(pair.ours);
    found.push_back(std::move(one));
  }
  for (const auto& [first, second] : matching.undone) {
    Difference one = row(DifferenceClass::match, "taken back by ourselves", first, std::nullopt);
    one.detail = ours[second].id + " takes it back";
    found.push_back(std::move(one));
  }
  // What is young may still appear on a statement.
  const auto unconfirmed = [&](std::size_t i, const std::string& detail) {
    const bool fresh = now - ours[i].at <= window;
    const bool reached = covered && day_of(ours[i].at) <= *covered;
    Difference one = row(fresh ? DifferenceClass::timing : DifferenceClass::missing_there, "payment", i, std::nullopt);
    one.detail = reached ? detail : "no imported statement reaches its day";
    if (!fresh) {
      one.command = reached
                        ? "dropledger reverse " + number(i) + " --reason " + shell_word("not on the bank's statement")
                        : "dropledger bank import FILE --source " + shell_word(source);
    }
    return one;
  };
  for (const Repetition& again : matching.repetitions) {
    Difference one = unconfirmed(again.ours, "");
    if (again.rule != "same owner" || one.kind == DifferenceClass::missing_there) {
      one.kind = DifferenceClass::duplicate;
      one.rule = again.rule;
      one.command = "dropledger reverse " + number(again.ours) + " --reason " +
                    shell_word("posted twice, see " + ours[again.of].id);
    }
    one.detail = "the same as " + ours[again.of].id + ", which the bank has once";
    found.push_back(std::move(one));
  }
  for (const std::size_t i : matching.ours_left)
    found.push_back(unconfirmed(i, "the statement of its day does not have it"));
  for (const std::size_t i : matching.theirs_left) {
    Difference one = row(DifferenceClass::missing_here, "payment", std::nullopt, i);
    const Money amount = theirs[i].amount;
    if (amount.is_positive()) {
      one.detail = "came in and is not posted";
      one.command = "dropledger payments post --source " + shell_word(source);
    } else {
      one.detail = "went out: a pay-out, a returned payment, a payment to the provider or a fee";
      const auto taken_back = paid.find({lines[i].end_to_end, -amount.minor()});
      if (taken_back != paid.end() && taken_back->second.size() == 1) {
        one.detail = "takes back " + ours[taken_back->second.front()].id;
        one.command = "dropledger chargeback " + number(taken_back->second.front()) + " --reason " +
                      shell_word(lines[i].external_id);
      }
    }
    found.push_back(std::move(one));
  }
  return found;
}

}  // namespace engine
