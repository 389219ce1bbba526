#include <algorithm>
#include <map>
#include <set>
#include <unordered_map>
#include <unordered_set>

#include "engine/reconciliation.hpp"
#include "engine/statement_chain.hpp"

namespace engine {
namespace {

// A statement begins where the one before it ended.
void check_sequence(std::vector<Difference>& found, std::string_view source,
                    std::span<const ExternalStatement> statements) {
  std::map<std::string, std::vector<ExternalStatement>> of_currency;
  for (const ExternalStatement& statement : statements) {
    if (statement.opening) of_currency[std::string(statement.opening->currency().code())].push_back(statement);
  }
  for (const auto& [currency, list] : of_currency) {
    for (const ChainLink& link : chain_links(list)) {
      const ExternalStatement &before = *link.before, &next = *link.after;
      Difference one{.loop = Loop::bank,
                     .kind = DifferenceClass::match,
                     .rule = "statements in sequence",
                     .subject = next.account + " " + currency,
                     .here = before.name,
                     .there = next.name,
                     .ours = before.closing,
                     .theirs = next.opening,
                     .since = UtcTime(*next.from)};
      if (link.kind != ChainLink::Kind::holds) {
        one.kind = DifferenceClass::missing_here;
        one.detail = to_string(link) +
                     (link.kind == ChainLink::Kind::gap ? ": a statement is missing" : ": the statements do not chain");
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

// Everything about one source.
class BankLoop {
 public:
  BankLoop(std::string_view source, std::span<const MoneyItem> ours, std::span<const ExternalLine> lines,
           std::span<const ExternalStatement> statements, Milliseconds window, UtcTime now)
      : source_(source), ours_(ours), lines_(lines), statements_(statements), window_(window), now_(now) {
    for (const ExternalStatement& statement : statements) {
      if (statement.to) covered_ = covered_ ? std::max(*covered_, *statement.to) : *statement.to;
    }
    for (const ExternalLine& line : lines) theirs_.push_back(item_of(line));
  }

  std::vector<Difference> run(std::vector<BankBalance>* balances) {
    check_sequence(found_, source_, statements_);
    add_unread(found_, source_, lines_, statements_);
    matching_ = match_money(ours_, theirs_, window_);
    explain_openings();
    pairs();
    undone();
    for (const Repetition& again : matching_.repetitions) repetition(again);
    for (const std::size_t i : matching_.ours_left) {
      if (!before_first_.contains(i)) found_.push_back(unconfirmed(i, "the statement of its day does not have it"));
    }
    for (const std::size_t i : matching_.theirs_left) unposted(i);
    sign(balances);
    return std::move(found_);
  }

 private:
  static MoneyItem item_of(const ExternalLine& line) {
    MoneyItem item{
        .id = line.external_id, .references = {line.external_id}, .amount = line.amount, .at = UtcTime(line.booked_on)};
    for (const std::string* reference : {&line.bank_reference, &line.structured, &line.end_to_end, &line.reference}) {
      if (!reference->empty() && *reference != line.external_id) item.references.push_back(*reference);
    }
    return item;
  }

  Difference row(DifferenceClass kind, std::string rule, std::optional<std::size_t> here,
                 std::optional<std::size_t> there) const {
    Difference one{.loop = Loop::bank, .kind = kind, .rule = std::move(rule)};
    if (there) {
      one.subject = lines_[*there].counterparty;
      one.there = lines_[*there].external_id;
      one.theirs = lines_[*there].amount;
      one.since = theirs_[*there].at;
    }
    if (here) {
      one.subject = ours_[*here].owner;
      one.here = ours_[*here].id;
      one.ours = ours_[*here].amount;
      if (!one.since || ours_[*here].at < *one.since) one.since = ours_[*here].at;
    }
    return one;
  }
  std::string number(std::size_t i) const { return ours_[i].id.substr(ours_[i].id.rfind(' ') + 1); }

  // What the bank had before its first statement is one movement for us: what was booked before that day, or nothing.
  void explain_openings() {
    std::map<std::string, std::vector<ExternalStatement>> of_currency;
    for (const ExternalStatement& one : statements_) {
      if (one.opening) of_currency[std::string(one.opening->currency().code())].push_back(one);
    }
    for (const auto& [code, list] : of_currency) {
      const std::vector<const ExternalStatement*> order = chained(list);
      if (order.empty()) continue;
      const ExternalStatement& first = *order.front();
      Money opening = *first.opening;
      for (const ExternalLine& line : lines_) {
        if (line.amount.currency() == opening.currency() && line.booked_on < *first.from) opening -= line.amount;
      }
      Money booked = Money::zero(opening.currency());
      std::vector<std::size_t> before;
      for (const std::size_t i : matching_.ours_left) {
        if (ours_[i].amount.currency() != opening.currency() || day_of(ours_[i].at) >= *first.from) continue;
        booked += ours_[i].amount;
        before.push_back(i);
      }
      const Opening& one = openings_.emplace(code, Opening{*first.from, opening, booked == opening}).first->second;
      if (one.booked) {
        for (const std::size_t i : before) {
          before_first_.insert(i);
          Difference match = row(DifferenceClass::match, "before the first statement", i, std::nullopt);
          match.detail = "part of the balance with which the first statement opens";
          found_.push_back(std::move(match));
        }
        continue;
      }
      if (opening.is_zero()) continue;
      Difference open{.loop = Loop::bank,
                      .kind = DifferenceClass::missing_here,
                      .rule = "opening balance",
                      .subject = std::string(source_),
                      .there = first.name,
                      .theirs = opening,
                      .since = UtcTime(*first.from)};
      open.detail =
          "the bank had " + to_string_with_code(opening) + " before " + to_string(*first.from) +
          ", the first day of its first statement: the books need it as an opening entry, effective before that day";
      found_.push_back(std::move(open));
    }
  }

  void pairs() {
    for (const MatchedPair& pair : matching_.pairs) {
      Difference one = row(DifferenceClass::match, std::string(pair.rule), pair.ours, pair.theirs);
      const Money here = ours_[pair.ours].amount, there = theirs_[pair.theirs].amount;
      if (here.currency() != there.currency())
        one.kind = DifferenceClass::currency;
      else if (here != there)
        one.kind = DifferenceClass::amount;
      if (one.kind != DifferenceClass::match) {
        one.detail = "the bank says " + to_string_with_code(there);
        one.command = "dropledger reverse " + number(pair.ours) + " --reason " +
                      shell_word("the bank booked " + to_string_with_code(there) + ", " + one.there) +
                      booked_instead(pair);
      }
      if (here.is_positive() && !lines_[pair.theirs].end_to_end.empty())
        paid_[{lines_[pair.theirs].end_to_end, there.minor()}].push_back(pair.ours);
      found_.push_back(std::move(one));
    }
  }

  // What the bank has must not be left with nobody by what is proposed.
  std::string booked_instead(const MatchedPair& pair) const {
    const Money there = theirs_[pair.theirs].amount;
    const std::string& owner = ours_[pair.ours].owner;
    if (there.currency() != ours_[pair.ours].amount.currency() || owner.empty()) return {};
    if (owner == "suspense" || owner == "provider") return {};
    return " && dropledger " + std::string(there.is_negative() ? "withdraw " : "fund ") + shell_word(owner) + " " +
           to_string(there.is_negative() ? -there : there) + " --source " + shell_word(source_) + " --effective " +
           to_string(lines_[pair.theirs].booked_on) + " --memo " + shell_word(lines_[pair.theirs].external_id);
  }

  void undone() {
    for (const auto& [first, second] : matching_.undone) {
      Difference one = row(DifferenceClass::match, "taken back by ourselves", first, std::nullopt);
      one.detail = ours_[second].id + " takes it back";
      for (const std::string& word : ours_[first].references) taken_back_.emplace(word, first);
      found_.push_back(std::move(one));
    }
  }

  // What is young may still appear on a statement.
  Difference unconfirmed(std::size_t i, const std::string& detail) const {
    const bool fresh = now_ - ours_[i].at <= window_;
    const bool reached = covered_ && day_of(ours_[i].at) <= *covered_;
    Difference one = row(fresh ? DifferenceClass::timing : DifferenceClass::missing_there, "payment", i, std::nullopt);
    one.detail = reached ? detail : "no imported statement reaches its day";
    if (!fresh) {
      one.command = reached
                        ? "dropledger reverse " + number(i) + " --reason " + shell_word("not on the bank's statement")
                        : "dropledger bank import FILE --source " + shell_word(source_);
    }
    return one;
  }

  void repetition(const Repetition& again) {
    Difference one = unconfirmed(again.ours, "");
    if (again.rule != "same owner" || one.kind == DifferenceClass::missing_there) {
      one.kind = DifferenceClass::duplicate;
      one.rule = again.rule;
      one.command = "dropledger reverse " + number(again.ours) + " --reason " +
                    shell_word("posted twice, see " + ours_[again.of].id);
    }
    one.detail = "the same as " + ours_[again.of].id + ", which the bank has once";
    found_.push_back(std::move(one));
  }

  void unposted(std::size_t i) {
    Difference one = row(DifferenceClass::missing_here, "payment", std::nullopt, i);
    const Money amount = theirs_[i].amount;
    const auto before = taken_back_.find(lines_[i].external_id);
    if (before != taken_back_.end()) {
      one.detail = "was posted as " + ours_[before->second].id +
                   " and taken back: it is nobody's now. Post it to its " + "owner: dropledger fund ACCOUNT " +
                   to_string(amount) + " --source " + shell_word(source_) + " --effective " +
                   to_string(lines_[i].booked_on) + " --memo " + shell_word(lines_[i].external_id);
    } else if (amount.is_positive()) {
      one.detail = "came in and is not posted";
      one.command = "dropledger payments post --source " + shell_word(source_);
    } else {
      one.detail = "went out: a pay-out, a returned payment, a payment to the provider or a fee";
      const auto returned = paid_.find({lines_[i].end_to_end, -amount.minor()});
      if (returned != paid_.end() && returned->second.size() == 1) {
        one.detail = "takes back " + ours_[returned->second.front()].id;
        one.command = "dropledger chargeback " + number(returned->second.front()) + " --reason " +
                      shell_word(lines_[i].external_id);
        paid_.erase(returned);  // a payment is taken back once
      }
    }
    found_.push_back(std::move(one));
  }

  // ---- what is signed

  struct Opening {
    Day from;
    Money amount;
    bool booked = false;
  };
  struct Step {  // of one day
    std::int64_t lines = 0, books = 0, only_books = 0, only_bank = 0, book_items = 0, bank_items = 0;
  };

  void sign(std::vector<BankBalance>* balances) {
    std::set<std::string> codes;
    for (const ExternalLine& line : lines_) codes.insert(std::string(line.amount.currency().code()));
    for (const ExternalStatement& one : statements_) {
      if (one.closing) codes.insert(std::string(one.closing->currency().code()));
    }
    for (const std::string& code : codes) {
      const std::vector<BankBalance> signed_days = balances_in(Currency::parse(code).value());
      if (signed_days.empty()) continue;
      const BankBalance& last = signed_days.back();
      if (!last.difference().is_zero()) {
        Difference open{.loop = Loop::bank,
                        .kind = DifferenceClass::amount,
                        .rule = std::string(kBalanceRule),
                        .subject = last.source + (last.account.empty() ? "" : " " + last.account),
                        .here = "books on " + to_string(last.day),
                        .there = "bank on " + to_string(last.day),
                        .ours = last.per_books,
                        .theirs = last.per_bank - last.only_bank + last.only_books,
                        .since = UtcTime(last.day)};
        open.detail = to_string(last);
        found_.insert(found_.begin(), std::move(open));
      }
      if (balances != nullptr) balances->insert(balances->end(), signed_days.begin(), signed_days.end());
    }
  }

  // Which day each item is matched on the other side; absent: it is not.
  std::map<Day, Step> steps_in(Currency currency) const {
    std::vector<std::optional<Day>> line_of(ours_.size()), item_of(lines_.size());
    for (const MatchedPair& pair : matching_.pairs) {
      const Money here = ours_[pair.ours].amount, there = theirs_[pair.theirs].amount;
      if (here.currency() != there.currency() || here != there) continue;
      line_of[pair.ours] = lines_[pair.theirs].booked_on;
      item_of[pair.theirs] = day_of(ours_[pair.ours].at);
    }
    std::map<Day, Step> steps;
    const auto opening = openings_.find(std::string(currency.code()));
    for (std::size_t i = 0; i < ours_.size(); ++i) {
      if (ours_[i].amount.currency() != currency) continue;
      const Day day = day_of(ours_[i].at);
      const std::int64_t minor = ours_[i].amount.minor();
      steps[day].books += minor;
      if (before_first_.contains(i)) continue;  // the opening balance is them
      steps[day].only_books += minor;
      ++steps[day].book_items;
      if (!line_of[i]) continue;
      Step& found = steps[std::max(day, *line_of[i])];
      found.only_books -= minor;
      --found.book_items;
    }
    for (std::size_t i = 0; i < lines_.size(); ++i) {
      if (lines_[i].amount.currency() != currency) continue;
      const Day day = lines_[i].booked_on;
      const std::int64_t minor = lines_[i].amount.minor();
      steps[day].lines += minor;
      steps[day].only_bank += minor;
      ++steps[day].bank_items;
      if (!item_of[i]) continue;
      Step& found = steps[std::max(day, *item_of[i])];
      found.only_bank -= minor;
      --found.bank_items;
    }
    if (opening != openings_.end() && !opening->second.booked && !opening->second.amount.is_zero()) {
      Step& first = steps[opening->second.from];
      first.only_bank += opening->second.amount.minor();
      ++first.bank_items;
    }
    return steps;
  }

  std::vector<BankBalance> balances_in(Currency currency) const {
    const std::map<Day, Step> steps = steps_in(currency);
    std::map<Day, const ExternalStatement*> closing;  // the last of each day
    std::vector<ExternalStatement> of_currency;
    std::string account;
    for (const ExternalStatement& one : statements_) {
      if (!one.account.empty()) account = one.account;
      if (one.closing && one.closing->currency() == currency) of_currency.push_back(one);
    }
    for (const ExternalStatement* one : chained(of_currency)) closing[*one->to] = one;
    std::vector<BankBalance> days;
    Step sum;
    auto next = steps.begin();
    const auto advance = [&](Day day) {
      for (; next != steps.end() && next->first <= day; ++next) {
        sum.lines += next->second.lines;
        sum.books += next->second.books;
        sum.only_books += next->second.only_books;
        sum.only_bank += next->second.only_bank;
        sum.book_items += next->second.book_items;
        sum.bank_items += next->second.bank_items;
      }
    };
    const auto money = [&](std::int64_t minor) { return Money::of_minor(minor, currency); };
    const auto add = [&](Day day, Money per_bank, bool stated) {
      days.push_back({.source = std::string(source_),
                      .account = account,
                      .day = day,
                      .stated = stated,
                      .per_bank = per_bank,
                      .only_bank = money(sum.only_bank),
                      .only_books = money(sum.only_books),
                      .per_books = money(sum.books),
                      .bank_items = sum.bank_items,
                      .book_items = sum.book_items});
    };
    for (const auto& [day, statement] : closing) {
      advance(day);
      add(day, *statement->closing, true);
    }
    if (closing.empty() && covered_) {
      advance(*covered_);
      add(*covered_, money(sum.lines), false);
    }
    return days;
  }

  std::string_view source_;
  std::span<const MoneyItem> ours_;
  std::span<const ExternalLine> lines_;
  std::span<const ExternalStatement> statements_;
  Milliseconds window_;
  UtcTime now_;
  std::optional<Day> covered_{};  // the last day a statement speaks for
  std::vector<MoneyItem> theirs_{};
  Matching matching_{};
  std::map<std::string, Opening> openings_{};  // by currency
  std::set<std::size_t> before_first_{};       // ours that the first opening balance contains
  // matched pay-ins by the payer's reference and amount
  std::map<std::pair<std::string, std::int64_t>, std::vector<std::size_t>> paid_{};
  std::map<std::string, std::size_t> taken_back_{};  // by reference: ours that were reversed
  std::vector<Difference> found_{};
};

}  // namespace

std::string to_string(const BankBalance& one) {
  const std::string account = one.source + (one.account.empty() ? "" : " " + one.account);
  std::string text = account + " on " + to_string(one.day) + ": " +
                     (one.stated ? "balance per bank " : "sum of the bank's lines (it states no balance) ") +
                     to_string_with_code(one.per_bank) + ", less " + to_string(one.only_bank) +
                     " that only the bank has (" + std::to_string(one.bank_items) + "), plus " +
                     to_string(one.only_books) + " that only the books have (" + std::to_string(one.book_items) +
                     "), balance per books " + to_string(one.per_books);
  return text + (one.difference().is_zero() ? ": holds" : ": DIFFERENCE " + to_string(one.difference()));
}

std::vector<Difference> reconcile_bank(std::string_view source, std::span<const MoneyItem> ours,
                                       std::span<const ExternalLine> lines,
                                       std::span<const ExternalStatement> statements, Milliseconds window, UtcTime now,
                                       std::vector<BankBalance>* balances) {
  return BankLoop(source, ours, lines, statements, window, now).run(balances);
}

}  // namespace engine
