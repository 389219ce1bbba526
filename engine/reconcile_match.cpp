#include <algorithm>
#include <set>
#include <tuple>

#include "engine/reconciliation.hpp"

namespace engine {
namespace {

Milliseconds apart(UtcTime a, UtcTime b) { return a < b ? b - a : a - b; }

bool same_amount(Money a, Money b) { return a.currency() == b.currency() && a == b; }
bool same_sign(Money a, Money b) { return a.is_negative() == b.is_negative(); }

using MoneyKey = std::tuple<std::string, std::int64_t, Currency>;  // word, amount, currency
using ByTime = std::set<std::pair<UtcTime, std::size_t>>;

class Matcher {
 public:
  Matcher(std::span<const MoneyItem> ours, std::span<const MoneyItem> theirs, Milliseconds window)
      : ours_(ours), theirs_(theirs), window_(window), here_(ours.size(), false), there_(theirs.size(), false) {}

  Matching run() {
    take_undone();
    by_reference();
    by_lone_word(
        "reference, other amount", [](const MoneyItem& item) { return item.references; }, std::nullopt);
    by_subject();
    by_lone_word(
        "subject", [](const MoneyItem& item) { return subject_of(item); }, window_);
    by_amount_and_day();
    bring_back();
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
        own.erase(std::ranges::unique(own).begin(), own.end());
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

  // Where the other side knows both, the movement and its way back, they are two movements for us as well.
  void bring_back() {
    std::map<MoneyKey, ByTime> free;
    for (std::size_t i = 0; i < theirs_.size(); ++i) {
      if (!there_[i]) free[key("", theirs_[i].amount)].emplace(theirs_[i].at, i);
    }
    const auto fits = [&](std::size_t ours) -> std::optional<std::size_t> {
      const auto found = free.find(key("", ours_[ours].amount));
      if (found == free.end()) return std::nullopt;
      const auto other = nearest(found->second, ours_[ours].at);
      if (!other || apart(theirs_[*other].at, ours_[ours].at) > window_) return std::nullopt;
      return other;
    };
    std::erase_if(found_.undone, [&](const std::pair<std::size_t, std::size_t>& one) {
      const auto first = fits(one.first), second = fits(one.second);
      if (!first || !second) return false;
      pair(one.first, *first, "both know its way back");
      pair(one.second, *second, "both know its way back");
      return true;
    });
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

}  // namespace engine
