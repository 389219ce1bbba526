#include "tools/operations/refunds.hpp"

#include <algorithm>
#include <functional>
#include <numeric>
#include <tuple>
#include <unordered_map>
#include <utility>

#include "engine/provider.hpp"

namespace operations {
namespace {

using engine::Backorder;
using engine::BackorderDeposit;
using engine::Currency;
using engine::Customer;
using engine::Error;
using engine::ErrorCode;
using engine::Money;
using engine::to_string_with_code;
using engine::TransferKind;
using engine::UtcTime;

// Words that recur, numbered; mostly one comes several times in a row.
class Words {
 public:
  std::uint32_t number_of(std::string_view word) {
    if (last_ < words_.size() && words_[last_] == word) return last_;
    const auto [found, is_new] = numbers_.try_emplace(std::string(word), static_cast<std::uint32_t>(words_.size()));
    if (is_new) words_.emplace_back(word);
    return last_ = found->second;
  }
  const std::string& operator[](std::uint32_t number) const { return words_[number]; }

 private:
  std::vector<std::string> words_;
  std::unordered_map<std::string, std::uint32_t> numbers_;
  std::uint32_t last_ = 0;
};

// What a report needs of a transfer that reserves, refunds or captures: a few numbers of each, for there may be
// millions.
struct Move {
  std::int64_t backorder, id, minor;
  UtcTime recorded_at, effective_at;
  Currency currency;
  std::int32_t attempt;
  std::uint32_t actor;  // of Books::actors
  TransferKind kind;
};

// One deposit from its reservation to its end: a backorder and an attempt.
struct Deposit {
  const Move* reserve;
  const Move* end = nullptr;     // the refund, or the capture of the net part
  std::optional<Money> ended{};  // sum of what ended it: a capture is net and tax
  int attempt() const { return reserve->attempt; }
  Money amount() const { return Money::of_minor(reserve->minor, reserve->currency); }
};

struct Books {
  std::vector<Customer> customers;  // by id
  // beside them and close together, since they are looked at for every backorder
  std::vector<engine::CustomerId> ids;
  std::vector<Money> held;  // beside them: by open deposits
  std::vector<Move> moves;  // by id
  Words actors;

  std::size_t place_of(engine::CustomerId id) const {
    const auto guess = static_cast<std::size_t>(id.value() - 1);  // right where all accounts are there
    if (guess < ids.size() && ids[guess] == id) return guess;
    const auto found = std::ranges::lower_bound(ids, id);
    ENSURE(found != ids.end() && *found == id, "every backorder has an account");
    return static_cast<std::size_t>(found - ids.begin());
  }
};

Error off(std::string detail) {
  return {ErrorCode::report_not_balanced, std::move(detail) + "; nothing is printed: 'verify' looks at everything"};
}

std::string text_of(const Move& move) {
  return "transfer " + std::to_string(move.id) + " (" + std::string(to_word(move.kind)) + ")";
}
Money amount_of(const Move& move) { return Money::of_minor(move.minor, move.currency); }

// The deposits of one backorder, from its moves. Each is reserved once, and then refunded, or captured in one part of a
// kind.
std::optional<Error> add(std::vector<Deposit>& deposits, const Move& move) {
  const auto of = [&] {
    return " of backorder " + std::to_string(move.backorder) + ", attempt " + std::to_string(move.attempt);
  };
  Deposit* deposit = deposits.empty() || deposits.back().attempt() != move.attempt ? nullptr : &deposits.back();
  if (move.kind == TransferKind::reserve) {
    if (deposit != nullptr)
      return off(text_of(move) + of() + " reserves what " + text_of(*deposit->reserve) + " has reserved already");
    deposits.push_back({&move});
    return std::nullopt;
  }
  const bool captures = move.kind != TransferKind::refund;
  if (deposit == nullptr)
    return off(text_of(move) + of() + " ends a deposit of " + to_string_with_code(amount_of(move)) +
               " that was not reserved before");
  if (deposit->end && (!captures || deposit->end->kind == TransferKind::refund || deposit->end->kind == move.kind)) {
    return off(text_of(move) + of() + " ends again what " + text_of(*deposit->end) + " has ended");
  }
  if (move.currency != deposit->reserve->currency)
    return off(text_of(move) + of() + " is in another currency than its deposit");
  if (!deposit->end) deposit->end = &move;
  deposit->ended = deposit->ended ? *deposit->ended + amount_of(move) : amount_of(move);
  return std::nullopt;
}

// Every deposit ended whole or is held whole, and what is held is what its backorder says; `held` is added to.
std::optional<Error> find_off(const BackorderDeposit& backorder, const Customer& customer,
                              std::span<const Deposit> deposits, Money& held) {
  bool holds = false;
  for (const Deposit& deposit : deposits) {
    const auto row = [&] {
      return "backorder " + std::to_string(backorder.id.value()) + " (" + std::string(backorder.name) + " of " +
             customer.name + ", attempt " + std::to_string(deposit.attempt()) + ")";
    };
    const auto reserved_by = [&] {
      return to_string_with_code(deposit.amount()) + " reserved by transfer " + std::to_string(deposit.reserve->id);
    };
    if (deposit.end) {
      if (*deposit.ended != deposit.amount()) {
        return off(row() + ": " + reserved_by() + ", but " + to_string_with_code(*deposit.ended) +
                   (deposit.end->kind == TransferKind::refund ? " refunded" : " captured") + " by transfer " +
                   std::to_string(deposit.end->id));
      }
      if (deposit.attempt() == backorder.attempt && holds_deposit(backorder.state)) {
        return off(row() + ": " + std::string(to_word(backorder.state)) + ", but its deposit ended with transfer " +
                   std::to_string(deposit.end->id));
      }
      continue;
    }
    if (deposit.attempt() != backorder.attempt || !holds_deposit(backorder.state)) {
      return off(row() + ": " + reserved_by() + " never ended, yet it is " + std::string(to_word(backorder.state)));
    }
    if (backorder.deposit != deposit.amount()) {
      return off(row() + ": holds " + (backorder.deposit ? to_string_with_code(*backorder.deposit) : "nothing") +
                 ", but transfer " + std::to_string(deposit.reserve->id) + " reserved " +
                 to_string_with_code(deposit.amount()));
    }
    holds = true;
    held += deposit.amount();
  }
  if (holds_deposit(backorder.state) && !holds) {
    return off("backorder " + std::to_string(backorder.id.value()) + " is " + std::string(to_word(backorder.state)) +
               ", but no transfer reserved its deposit");
  }
  return std::nullopt;
}

// The places of every backorder's moves, those of one as they lie. Where ids are as close together as in a whole book
// they are counted out and not sorted.
class ByBackorder {
 public:
  explicit ByBackorder(const std::vector<Move>& moves) : moves_(moves), order_(moves.size()) {
    if (moves.empty()) return;
    const auto [first, last] = std::ranges::minmax_element(moves, {}, &Move::backorder);
    first_ = first->backorder;
    const auto ids = static_cast<std::uint64_t>(last->backorder - first_) + 1;
    if (ids > 8 * moves.size()) {
      std::iota(order_.begin(), order_.end(), 0U);
      std::ranges::stable_sort(order_, {}, backorder_of());
      return;
    }
    ends_.resize(ids + 1);
    for (const Move& move : moves) ++ends_[static_cast<std::size_t>(move.backorder - first_) + 1];
    std::partial_sum(ends_.begin(), ends_.end(), ends_.begin());
    for (std::uint32_t place = 0; place < moves.size(); ++place)
      order_[ends_[static_cast<std::size_t>(moves[place].backorder - first_)]++] = place;
  }

  std::span<const std::uint32_t> of(std::int64_t backorder) const {
    if (ends_.empty()) {
      return {std::ranges::lower_bound(order_, backorder, {}, backorder_of()),
              std::ranges::upper_bound(order_, backorder, {}, backorder_of())};
    }
    const auto at = static_cast<std::uint64_t>(backorder - first_);
    if (backorder < first_ || at + 1 >= ends_.size()) return {};
    const std::uint32_t begin = at == 0 ? 0 : ends_[at - 1];
    return std::span(order_).subspan(begin, ends_[at] - begin);
  }

 private:
  std::function<std::int64_t(std::uint32_t)> backorder_of() const {
    return [this](std::uint32_t place) { return moves_[place].backorder; };
  }

  const std::vector<Move>& moves_;
  std::vector<std::uint32_t> order_;
  std::vector<std::uint32_t> ends_;  // in order_, by backorder from first_ on; empty: it is searched
  std::int64_t first_ = 0;
};

Books read(engine::LedgerReader& store, std::optional<engine::CustomerId> only) {
  Books books;
  if (!only)
    books.customers = store.customers();
  else if (auto one = store.customer(*only))
    books.customers.push_back(*std::move(one));
  for (const Customer& customer : books.customers) {
    books.ids.push_back(customer.id);
    books.held.push_back(Money::zero(customer.currency));
  }
  store.each_deposit_transfer(only, [&](const engine::DepositTransfer& transfer) {
    books.moves.push_back({transfer.backorder.value(), transfer.id.value(), transfer.amount.minor(),
                           transfer.recorded_at, transfer.effective_at, transfer.amount.currency(), transfer.attempt,
                           books.actors.number_of(transfer.actor), transfer.kind});
  });
  return books;
}

class Reporter {
 public:
  Reporter(engine::LedgerReader& store, Books& books, const RefundQuery& query)
      : store_(store), books_(books), query_(query) {}

  // Every backorder and what moved for it.
  std::optional<Error> run() {
    const ByBackorder moves_of(books_.moves);
    std::size_t looked_at = 0;
    std::optional<Error> problem;
    std::vector<Deposit> deposits;
    store_.each_deposit(query_.customer, [&](const BackorderDeposit& backorder) {
      deposits.clear();
      if (problem) return;
      const std::span<const std::uint32_t> theirs = moves_of.of(backorder.id.value());
      looked_at += theirs.size();
      for (std::size_t i = 0; !problem && i < theirs.size(); ++i) problem = add(deposits, books_.moves[theirs[i]]);
      const std::size_t place = books_.place_of(backorder.customer);
      if (!problem) problem = find_off(backorder, books_.customers[place], deposits, books_.held[place]);
      if (problem) return;
      for (const Deposit& deposit : deposits) {
        const std::optional<UtcTime> outcome_at = outcome_of(backorder, deposit.attempt());
        count(deposit, backorder, place);
        note_exception(deposit, backorder, place, outcome_at);
        if (deposit.end && in_period(*deposit.end)) ended_.push_back({deposit.reserve, deposit.end, outcome_at});
      }
    });
    if (!problem && looked_at < books_.moves.size()) problem = stray();
    for (std::size_t place = 0; !problem && place < books_.customers.size(); ++place) {
      const Customer& customer = books_.customers[place];
      if (books_.held[place] == customer.reserved) continue;
      problem = off("account " + customer.name + ": its balance has " + to_string_with_code(customer.reserved) +
                    " reserved, its open deposits make " + to_string_with_code(books_.held[place]));
    }
    return problem;
  }
  std::optional<Error> tie_out() {
    std::vector<DepositFlow> flows;
    for (std::size_t place = 0; place < first_flow_.size(); ++place) {
      for (std::uint32_t at = first_flow_[place]; at != kNoFlow; at = flows_[at].next) {
        const Flow& flow = flows_[at];
        const Money in = flow.opening + flow.reserved;
        if (in.is_zero() && (flow.captured + flow.refunded + flow.closing).is_zero()) continue;
        flows.push_back({books_.customers[place].name, zones_[flow.zone], flow.opening, flow.reserved, flow.captured,
                         flow.refunded, flow.closing});
      }
    }
    std::ranges::sort(flows, [](const DepositFlow& a, const DepositFlow& b) {
      return std::tie(a.account, a.zone) < std::tie(b.account, b.zone);
    });
    for (const DepositFlow& flow : flows) {
      const Money in = flow.opening + flow.reserved, out = flow.captured + flow.refunded + flow.closing;
      if (in == out) continue;
      return off("account " + flow.account + ", ." + flow.zone + ": opening and reserved make " +
                 to_string_with_code(in) + ", captured, refunded and closing " + to_string_with_code(out));
    }
    report_.flows = std::move(flows);
    return std::nullopt;
  }
  void add_rows() {
    std::ranges::sort(ended_, {}, [](const Ended& one) { return one.end->id; });
    for (const Ended& one : ended_) add_row(one);
    std::ranges::stable_sort(report_.exceptions, {}, [](const DepositException& one) { return one.backorder.id; });
  }
  RefundReport& report() { return report_; }

 private:
  struct Ended {  // in the period
    const Move *reserve, *end;
    std::optional<UtcTime> outcome_at;
  };

  Error stray() {
    const auto is_stray = [&](const Move& move) {
      const std::optional<Backorder> backorder = store_.backorder(engine::BackorderId(move.backorder));
      return !backorder || (query_.customer && backorder->customer != *query_.customer);
    };
    const auto found = std::ranges::find_if(books_.moves, is_stray);
    ENSURE(found != books_.moves.end(), "a transfer was not looked at");
    return off(text_of(*found) + " names no backorder of this account");
  }
  UtcTime instant(const Move& move) const { return query_.period.by_effective ? move.effective_at : move.recorded_at; }
  bool is_before(const Move& move, const std::optional<UtcTime>& at) const { return at && instant(move) < *at; }
  bool in_period(const Move& move) const {
    return !is_before(move, query_.period.from) && (!query_.period.to || instant(move) < *query_.period.to);
  }

  void count(const Deposit& deposit, const BackorderDeposit& backorder, std::size_t place) {
    const Money amount = deposit.amount();
    const std::uint32_t zone = zones_.number_of(backorder.zone);
    std::uint32_t found = first_flow_[place];
    while (found != kNoFlow && flows_[found].zone != zone) found = flows_[found].next;
    if (found == kNoFlow) {
      const Money zero = Money::zero(amount.currency());
      flows_.push_back({zone, first_flow_[place], zero, zero, zero, zero, zero});
      found = first_flow_[place] = static_cast<std::uint32_t>(flows_.size() - 1);
    }
    Flow& flow = flows_[found];
    const bool reserved_before_end = !query_.period.to || instant(*deposit.reserve) < *query_.period.to;
    const bool reserved_before = is_before(*deposit.reserve, query_.period.from);
    const bool ended_before = deposit.end && is_before(*deposit.end, query_.period.from);
    const bool ended_before_end = deposit.end && (!query_.period.to || instant(*deposit.end) < *query_.period.to);
    if (reserved_before && !ended_before) flow.opening += amount;
    if (!reserved_before && reserved_before_end) flow.reserved += amount;
    if (reserved_before_end && !ended_before_end) flow.closing += amount;
    if (deposit.end && in_period(*deposit.end))
      (deposit.end->kind == TransferKind::refund ? flow.refunded : flow.captured) += *deposit.ended;
  }

  // When the provider's word was read that settles this deposit; only the last attempt has one.
  static std::optional<UtcTime> outcome_of(const BackorderDeposit& backorder, int attempt) {
    const std::optional<engine::State> outcome = engine::meaning_of_status(backorder.provider_status).outcome;
    if (attempt != backorder.attempt || !outcome || !is_final(*outcome)) return std::nullopt;
    return backorder.provider_status_at;
  }

  // Everything, of what is printed.
  Backorder whole(engine::BackorderId id) { return store_.backorder(id).value(); }

  void add_row(const Ended& ended) {
    const Move &reserve = *ended.reserve, &end = *ended.end;
    Backorder backorder = whole(engine::BackorderId(end.backorder));
    const bool refunded = end.kind == TransferKind::refund;
    // An earlier attempt of the same backorder can only have been rescheduled.
    const bool earlier = end.attempt < backorder.attempt || !is_final(backorder.state);
    std::string cause = refunded
                            ? std::string(to_word(earlier ? engine::Reason::rescheduled
                                                          : backorder.reason.value_or(engine::Reason::not_registered)))
                            : "captured";
    const std::string& account = books_.customers[books_.place_of(backorder.customer)].name;
    EndedDeposit row{engine::TransferId(end.id),
                     instant(end),
                     account,
                     std::move(backorder),
                     amount_of(reserve),
                     std::move(cause),
                     books_.actors[end.actor],
                     instant(reserve),
                     ended.outcome_at,
                     instant(end) - instant(reserve),
                     {},
                     {}};
    if (row.outcome_at) {
      row.latency = std::max(engine::Milliseconds(0), end.recorded_at - *row.outcome_at);
      if (std::vector<engine::Evidence> evidence = store_.evidence(row.backorder.id); !evidence.empty())
        row.evidence = std::move(evidence.back().raw);
    }
    (refunded ? report_.refunds : report_.captures).push_back(std::move(row));
  }

  void note_exception(const Deposit& deposit, const BackorderDeposit& backorder, std::size_t place,
                      std::optional<UtcTime> outcome_at) {
    if (!outcome_at) return;
    const engine::State outcome = *engine::meaning_of_status(backorder.provider_status).outcome;
    const bool won = outcome == engine::State::successful || outcome == engine::State::auction_won;
    const auto add = [&](const char* what, std::optional<UtcTime> ended_at, engine::Milliseconds late_by) {
      report_.exceptions.push_back(
          {books_.customers[place].name, whole(backorder.id), deposit.amount(), what, outcome_at, ended_at, late_by});
    };
    if (!deposit.end) {
      const engine::Milliseconds late_by = query_.now - *outcome_at;
      if (late_by > query_.tolerance)
        add(won ? "outcome without capture" : "outcome without refund", std::nullopt, late_by);
      return;
    }
    if (!in_period(*deposit.end)) return;
    const bool refunded = deposit.end->kind == TransferKind::refund;
    const engine::Milliseconds late_by = deposit.end->recorded_at - *outcome_at;
    if (refunded && won)
      add("refunded but registered", deposit.end->recorded_at, late_by);
    else if (!refunded && !won)
      add("captured but not registered", deposit.end->recorded_at, late_by);
    else if (late_by > query_.tolerance)
      add(refunded ? "refund later than outcome" : "capture later than outcome", deposit.end->recorded_at, late_by);
  }

  engine::LedgerReader& store_;
  Books& books_;
  const RefundQuery& query_;
  static constexpr std::uint32_t kNoFlow = ~std::uint32_t{0};
  struct Flow {
    std::uint32_t zone, next;  // of the same account, in another zone
    Money opening, reserved, captured, refunded, closing;
  };
  std::vector<Ended> ended_;
  Words zones_;
  std::vector<Flow> flows_;
  // by the account's place
  std::vector<std::uint32_t> first_flow_ = std::vector<std::uint32_t>(books_.customers.size(), kNoFlow);
  RefundReport report_;
};

}  // namespace

engine::Result<RefundReport> refund_report(engine::LedgerReader& store, const RefundQuery& query) {
  Books books = read(store, query.customer);
  Reporter reporter(store, books, query);
  if (const std::optional<Error> problem = reporter.run()) return *problem;
  if (const std::optional<Error> problem = reporter.tie_out()) return *problem;
  reporter.add_rows();
  return std::move(reporter.report());
}

}  // namespace operations
