#include "engine/statement_chain.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

namespace engine {
namespace {

Error contradicts(std::string why) { return {ErrorCode::invalid_statement, std::move(why)}; }

bool is_balanced(const ExternalStatement& one) { return one.opening && one.closing; }
bool has_days(const ExternalStatement& one) { return one.from && one.to; }
bool shares_days(const ExternalStatement& a, const ExternalStatement& b) {
  return has_days(a) && has_days(b) && *a.from <= *b.to && *b.from <= *a.to;
}

std::string title(const ExternalStatement& one) {
  return "statement '" + one.name + "'" + (one.id != 0 ? " (" + std::to_string(one.id) + ")" : "");
}

// Letters and figures only, in small letters: exports of one bank differ in blanks and marks.
void add_plain(std::string& text, std::string_view words) {
  for (const char c : words) {
    if (c >= 'A' && c <= 'Z')
      text += static_cast<char>(c - 'A' + 'a');
    else if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (static_cast<unsigned char>(c) & 0x80U) != 0)
      text += c;
  }
  text += '\n';
}
std::string content_of(const ExternalLine& line) {
  std::string text = std::to_string(line.booked_on.time_since_epoch().count()) + " " +
                     std::to_string(line.amount.minor()) + " " + std::to_string(line.fee) + "\n";
  for (const std::string* field : {&line.end_to_end, &line.structured, &line.reference, &line.counterparty})
    add_plain(text, *field);
  return text;
}

using DayAmount = std::pair<Day, std::int64_t>;
DayAmount day_amount(const ExternalLine& line) { return {line.booked_on, line.amount.minor()}; }

bool references_agree(const ExternalLine& a, const ExternalLine& b) {
  return is_placeholder(a.bank_reference) || is_placeholder(b.bank_reference) || a.bank_reference == b.bank_reference;
}

class Joiner {
 public:
  Joiner(const ExternalStatement& statement, std::span<const ExternalLine> lines, std::span<const KeptStatement> kept)
      : statement_(statement), lines_(lines), kept_(kept) {
    joined_.known.assign(lines.size(), 0);
    for (const ExternalLine& line : lines) content_.push_back(content_of(line));
  }

  Result<JoinedStatement> run() {
    for (const KeptStatement& one : kept_) {
      if (!is_twin(one.statement)) continue;
      const std::vector<std::int64_t> found = match_twin(one);
      if (std::ranges::find(found, 0) != found.end()) continue;
      if (begins_after_another(one.statement)) {
        if (follows_by_number(one.statement)) continue;
        if (statement_.name != one.statement.name && statement_.sequence == one.statement.sequence) {
          return contradicts(title(statement_) + " looks like " + title(one.statement) +
                             " and begins where a later one ends: whether it is that one again cannot be told");
        }
      }
      joined_.again = true;
      joined_.known = found;
      return joined_;
    }
    for (const KeptStatement& one : kept_) {
      if (!shares_days(statement_, one.statement) || is_apart(one.statement)) continue;
      if (auto error = overlap(one)) return *error;
    }
    return joined_;
  }

 private:
  // Equal days and balances.
  bool is_twin(const ExternalStatement& other) const {
    return other.from == statement_.from && other.to == statement_.to && other.opening == statement_.opening &&
           other.closing == statement_.closing && (has_days(other) || other.name == statement_.name);
  }
  std::vector<std::int64_t> match_twin(const KeptStatement& other) const {
    std::vector<std::int64_t> found(lines_.size(), 0);
    if (other.lines.size() != lines_.size()) return found.empty() ? std::vector<std::int64_t>{0} : found;
    std::vector<bool> used(other.lines.size(), false);
    match(other, found, used, {});
    return found;
  }
  bool follows_by_number(const ExternalStatement& twin) const {
    return statement_.sequence && twin.sequence && *statement_.sequence > *twin.sequence &&
           statement_.name != twin.name;
  }
  bool begins_after_another(const ExternalStatement& twin) const {
    if (!is_balanced(statement_) || !has_days(statement_)) return false;
    return std::ranges::any_of(kept_, [&](const KeptStatement& one) {
      const ExternalStatement& other = one.statement;
      return &other != &twin && other.id != twin.id && is_balanced(other) && has_days(other) &&
             other.closing == statement_.opening && other.opening == twin.closing && *other.from >= *twin.to &&
             *other.to <= *statement_.from;
    });
  }

  // One begins where the other ends: by balance, or by number, and never against the days.
  bool is_apart(const ExternalStatement& other) const {
    const bool after = *other.to <= *statement_.from, before = *statement_.to <= *other.from;
    if (is_balanced(statement_) && is_balanced(other)) {
      if ((after && other.closing == statement_.opening) || (before && statement_.closing == other.opening))
        return true;
    }
    if (!statement_.sequence || !other.sequence || statement_.name == other.name) return false;
    return (after && *other.sequence < *statement_.sequence) || (before && *statement_.sequence < *other.sequence);
  }

  bool in_range(Day day, Day first, Day last) const { return first <= day && day <= last; }

  // Gives lines of ours their line among the other's; what is taken by earlier statements stays. First by the bank's
  // reference where it is the only one of its day, then by content.
  void match(const KeptStatement& other, std::vector<std::int64_t>& found, std::vector<bool>& used,
             const std::set<std::int64_t>& taken) const {
    for (std::size_t k = 0; k < other.lines.size(); ++k) {
      if (taken.contains(other.lines[k].id)) used[k] = true;
    }
    using Key = std::tuple<DayAmount, std::string>;
    std::map<Key, std::vector<std::size_t>> here, there;
    for (std::size_t i = 0; i < lines_.size(); ++i) {
      if (!is_placeholder(lines_[i].bank_reference))
        here[{day_amount(lines_[i]), lines_[i].bank_reference}].push_back(i);
    }
    for (std::size_t k = 0; k < other.lines.size(); ++k) {
      if (!is_placeholder(other.lines[k].bank_reference))
        there[{day_amount(other.lines[k]), other.lines[k].bank_reference}].push_back(k);
    }
    const auto take = [&](std::size_t i, std::size_t k) {
      found[i] = other.lines[k].id;
      used[k] = true;
    };
    for (const auto& [key, mine] : here) {
      const auto theirs = there.find(key);
      if (theirs == there.end() || mine.size() != 1 || theirs->second.size() != 1) continue;
      if (found[mine.front()] == 0 && !used[theirs->second.front()]) take(mine.front(), theirs->second.front());
    }
    std::map<std::string, std::vector<std::size_t>> by_content;
    for (std::size_t k = 0; k < other.lines.size(); ++k) {
      if (!used[k]) by_content[content_of(other.lines[k])].push_back(k);
    }
    // an equal reference goes before one that is missing
    for (const bool exact : {true, false}) {
      for (std::size_t i = 0; i < lines_.size(); ++i) {
        if (found[i] != 0) continue;
        const auto same = by_content.find(content_[i]);
        if (same == by_content.end()) continue;
        for (const std::size_t k : same->second) {
          if (used[k] || !references_agree(lines_[i], other.lines[k])) continue;
          if (exact && lines_[i].bank_reference != other.lines[k].bank_reference) continue;
          take(i, k);
          break;
        }
      }
    }
  }

  // Formats of one bank word the same movement differently: where days and balances say that it is the same stretch of
  // the account, day and amount are enough.
  void match_amounts(const KeptStatement& other, std::vector<std::int64_t>& found, std::vector<bool>& used) const {
    std::map<DayAmount, std::vector<std::size_t>> free;
    for (std::size_t k = other.lines.size(); k-- > 0;) {
      if (!used[k]) free[day_amount(other.lines[k])].push_back(k);
    }
    for (std::size_t i = 0; i < lines_.size(); ++i) {
      const auto same = free.find(day_amount(lines_[i]));
      if (found[i] != 0 || same == free.end() || same->second.empty()) continue;
      found[i] = other.lines[same->second.back()].id;
      used[same->second.back()] = true;
      same->second.pop_back();
    }
  }

  // Whether the two can be stretches of one account that lie over each other: at the beginning of the days they share,
  // one of them stands at a balance through which the other one passes on that day.
  bool positions_fit(const KeptStatement& other) const {
    const Day first = std::max(*statement_.from, *other.statement.from);
    const auto at_start = [&](Money opening, std::span<const ExternalLine> lines) {
      Money balance = opening;
      for (const ExternalLine& line : lines) {
        if (line.booked_on < first) balance += line.amount;
      }
      return balance;
    };
    const auto passes = [&](Money start, std::span<const ExternalLine> lines, Money wanted) {
      Money forwards = start, backwards = start;
      if (start == wanted) return true;
      for (std::size_t i = 0; i < lines.size(); ++i) {
        if (lines[i].booked_on == first) forwards += lines[i].amount;
        const ExternalLine& last = lines[lines.size() - 1 - i];
        if (last.booked_on == first) backwards += last.amount;
        if (forwards == wanted || backwards == wanted) return true;
      }
      return false;
    };
    const Money ours = at_start(*statement_.opening, lines_), theirs = at_start(*other.statement.opening, other.lines);
    return passes(ours, lines_, theirs) || passes(theirs, other.lines, ours);
  }

  std::string told(const ExternalLine& line) const {
    std::string text = to_string_with_code(line.amount) + " of " + to_string(line.booked_on);
    for (const std::string* field : {&line.reference, &line.counterparty, &line.bank_reference}) {
      if (!field->empty()) return text + ", '" + field->substr(0, 60) + "'";
    }
    return text;
  }

  std::optional<Error> overlap(const KeptStatement& other) {
    const ExternalStatement& kept = other.statement;
    const Day first = std::max(*statement_.from, *kept.from), last = std::min(*statement_.to, *kept.to);
    std::vector<bool> used(other.lines.size(), false);
    std::set<std::int64_t> taken;  // kept lines that are lines of ours already
    for (const std::int64_t id : joined_.known) {
      if (id != 0) taken.insert(id);
    }
    std::vector<std::int64_t> found = joined_.known;
    match(other, found, used, taken);
    const bool both = is_balanced(statement_) && is_balanced(kept);
    const bool fits = both && positions_fit(other);
    if (fits) match_amounts(other, found, used);
    const std::set<std::int64_t> theirs = ids_of(other);
    const bool any = std::ranges::any_of(found, [&](std::int64_t id) { return theirs.contains(id); });
    if (both && !fits) {
      // Two stretches of one day that do not touch: what lies between them is missing.
      if (!any && first == last) return std::nullopt;
      return contradicts(title(statement_) + " shares days with " + title(kept) + ", but its balances do not fit: " +
                         to_string_with_code(*statement_.opening) + " to " + to_string_with_code(*statement_.closing) +
                         " beside " + to_string_with_code(*kept.opening) + " to " + to_string_with_code(*kept.closing));
    }
    for (std::size_t i = 0; i < lines_.size(); ++i) {
      const Day day = lines_[i].booked_on;
      if (found[i] != 0 || !in_range(day, first, last)) continue;
      if (is_balanced(kept) && *kept.from < day && day < *kept.to)
        return contradicts(title(kept) + " covers " + to_string(day) + " and lacks a line that " + title(statement_) +
                           " has: " + told(lines_[i]));
      if (const ExternalLine* one = altered(lines_[i], other, used)) {
        return contradicts("the bank's reference " + one->bank_reference + " of " + to_string(day) + " is kept with " +
                           to_string_with_code(one->amount) + ", " + title(statement_) + " says " +
                           to_string_with_code(lines_[i].amount));
      }
    }
    for (std::size_t k = 0; k < other.lines.size(); ++k) {
      const Day day = other.lines[k].booked_on;
      if (used[k] || !in_range(day, first, last)) continue;
      if (is_balanced(statement_) && *statement_.from < day && day < *statement_.to)
        return contradicts(title(statement_) + " covers " + to_string(day) + " and lacks a line that " + title(kept) +
                           " has: " + told(other.lines[k]));
    }
    if (both) {
      if (auto error = two_of_one_day(other, found, used, first, last)) return error;
    }
    joined_.known = std::move(found);
    if (any) joined_.notes.push_back("it overlaps " + title(kept));
    return std::nullopt;
  }

  // Of a day that both have, one may know the beginning and the other one the end, and then they share what is between.
  // Where they share nothing and each has lines of its own, they tell different stories of the same money.
  std::optional<Error> two_of_one_day(const KeptStatement& other, const std::vector<std::int64_t>& found,
                                      const std::vector<bool>& used, Day first, Day last) const {
    std::map<Day, std::pair<const ExternalLine*, const ExternalLine*>> alone;
    std::set<Day> shared;
    for (std::size_t i = 0; i < lines_.size(); ++i) {
      if (!in_range(lines_[i].booked_on, first, last)) continue;
      if (found[i] != 0)
        shared.insert(lines_[i].booked_on);
      else
        alone[lines_[i].booked_on].first = &lines_[i];
    }
    for (std::size_t k = 0; k < other.lines.size(); ++k) {
      if (!used[k] && in_range(other.lines[k].booked_on, first, last))
        alone[other.lines[k].booked_on].second = &other.lines[k];
    }
    for (const auto& [day, one] : alone) {
      if (one.first == nullptr || one.second == nullptr || shared.contains(day)) continue;
      return contradicts(title(statement_) + " and " + title(other.statement) + " tell " + to_string(day) +
                         " differently: " + told(*one.first) + " beside " + told(*one.second));
    }
    return std::nullopt;
  }

  static std::set<std::int64_t> ids_of(const KeptStatement& other) {
    std::set<std::int64_t> ids;
    for (const ExternalLine& line : other.lines) ids.insert(line.id);
    return ids;
  }

  // A kept line of the same day with the same reference and words and another amount, where neither side has the
  // reference twice.
  const ExternalLine* altered(const ExternalLine& line, const KeptStatement& other,
                              const std::vector<bool>& used) const {
    if (is_placeholder(line.bank_reference)) return nullptr;
    const auto bears = [&](const ExternalLine& one) {
      return one.booked_on == line.booked_on && one.bank_reference == line.bank_reference;
    };
    if (std::ranges::count_if(lines_, bears) != 1 || std::ranges::count_if(other.lines, bears) != 1) return nullptr;
    const auto found = std::ranges::find_if(other.lines, bears);
    if (used[static_cast<std::size_t>(found - other.lines.begin())] || found->reference != line.reference ||
        found->end_to_end != line.end_to_end)
      return nullptr;
    return &*found;
  }

  const ExternalStatement& statement_;
  std::span<const ExternalLine> lines_;
  std::span<const KeptStatement> kept_;
  std::vector<std::string> content_{};
  JoinedStatement joined_{};
};

}  // namespace

bool is_placeholder(std::string_view reference) {
  std::string word;
  for (const char c : reference) {
    if (c >= 'a' && c <= 'z')
      word += static_cast<char>(c - 'a' + 'A');
    else if ((c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'))
      word += c;
  }
  if (word.find_first_not_of('0') == std::string::npos) return true;  // nothing, marks, zeros
  if (word.size() > 2 && word.find_first_not_of('X') == std::string::npos) return true;
  for (const std::string_view none :
       {"NONREF", "NOREF", "NOTPROVIDED", "NOTPROVID", "NOTAVAILABLE", "NA", "NONE", "NULL", "UNKNOWN", "KEINE"}) {
    if (word == none) return true;
  }
  return false;
}

Result<JoinedStatement> join_statement(const ExternalStatement& statement, std::span<const ExternalLine> lines,
                                       std::span<const KeptStatement> kept) {
  return Joiner(statement, lines, kept).run();
}

std::vector<const ExternalStatement*> chained(std::span<const ExternalStatement> statements) {
  std::vector<const ExternalStatement*> order;
  for (const ExternalStatement& one : statements) {
    if (is_balanced(one) && has_days(one)) order.push_back(&one);
  }
  std::ranges::sort(order, {}, [](const ExternalStatement* one) {
    return std::tuple(*one->from, *one->to, one->sequence.value_or(0), one->id);
  });
  // Statements that begin on one day: each next one is the one that opens with the balance that was reached.
  for (std::size_t first = 0; first < order.size();) {
    std::size_t end = first + 1;
    while (end < order.size() && *order[end]->from == *order[first]->from) ++end;
    std::optional<Money> reached;
    if (first > 0) reached = order[first - 1]->closing;
    const auto opens_unreached = [&](std::size_t from, const ExternalStatement* one) {
      return std::none_of(
          order.begin() + static_cast<std::ptrdiff_t>(from), order.begin() + static_cast<std::ptrdiff_t>(end),
          [&](const ExternalStatement* other) { return other != one && other->closing == one->opening; });
    };
    for (std::size_t at = first; at < end; ++at) {
      const auto begin = order.begin() + static_cast<std::ptrdiff_t>(at),
                 stop = order.begin() + static_cast<std::ptrdiff_t>(end);
      auto next =
          std::find_if(begin, stop, [&](const ExternalStatement* one) { return reached && one->opening == reached; });
      if (next == stop)
        next = std::find_if(begin, stop, [&](const ExternalStatement* one) { return opens_unreached(at, one); });
      if (next == stop) next = begin;
      std::rotate(begin, next, next + 1);
      reached = order[at]->closing;
    }
    first = end;
  }
  return order;
}

std::vector<ChainLink> chain_links(std::span<const ExternalStatement> statements) {
  std::vector<ChainLink> links;
  const ExternalStatement* last = nullptr;  // the one that reaches furthest
  for (const ExternalStatement* one : chained(statements)) {
    if (last == nullptr) {
      last = one;
      continue;
    }
    const bool meets = last->closing == one->opening;
    const bool overlaps = *one->from < *last->to ||
                          (*one->from == *last->to && !meets && *one->from != *one->to && *last->from != *last->to);
    if (!overlaps || meets) {
      const Money missing = *one->opening - *last->closing;
      const bool same_day = *one->from <= *last->to;
      // Two views of one day: the later one begins with the day, or repeats a part of it.
      const bool repeats = same_day && !meets && (one->opening == last->opening || one->closing == last->closing);
      if (!repeats)
        links.push_back({meets      ? ChainLink::Kind::holds
                         : same_day ? ChainLink::Kind::broken
                                    : ChainLink::Kind::gap,
                         last, one, missing});
    }
    if (*one->to >= *last->to) last = one;
  }
  return links;
}

std::string to_string(const ChainLink& link) {
  return "between " + title(*link.before) + ", which ends on " + to_string(*link.before->to) + " with " +
         to_string_with_code(*link.before->closing) + ", and " + title(*link.after) + ", which begins on " +
         to_string(*link.after->from) + " with " + to_string_with_code(*link.after->opening) + ", " +
         to_string_with_code(link.missing) + " are missing";
}

}  // namespace engine
