#include "tools/operations/reconcile.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "tools/operations/bank.hpp"

namespace operations {
namespace {

using engine::Difference;
using engine::DifferenceClass;
using engine::Loop;
using engine::LoopReport;
using engine::Money;
using engine::MoneyItem;
using engine::Transfer;
using engine::TransferKind;

constexpr std::size_t kMostWords = 12;  // of a memo that may be references

std::vector<std::string> words_of(const std::string& text) {
  std::vector<std::string> words;
  for (std::size_t at = 0; at < text.size() && words.size() < kMostWords;) {
    const std::size_t end = std::min(text.find(' ', at), text.size());
    if (end > at) words.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return words;
}

// The words by which the other side may know a transfer: the id of its request, then its memo whole, in its parts, and
// word by word.
std::vector<std::string> references_of(const std::string& key, const std::string& memo) {
  std::vector<std::string> references;
  const auto add = [&references](const std::string& word) {
    if (!word.empty() && std::ranges::find(references, word) == references.end()) references.push_back(word);
  };
  add(key);
  add(memo);
  constexpr std::string_view kBetween = " / ";  // as post_payments writes it
  for (std::size_t at = 0; at < memo.size();) {
    const std::size_t end = std::min(memo.find(kBetween, at), memo.size());
    add(memo.substr(at, end - at));
    at = end + kBetween.size();
  }
  for (const std::string& word : words_of(memo)) add(word);
  return references;
}

// The keys of requests, asked once for neighbours.
class RequestKeys {
 public:
  explicit RequestKeys(engine::LedgerReader& store) : store_(store) {}
  const std::string& of(const Transfer& transfer) {
    if (transfer.request != last_) {
      last_ = transfer.request;
      const auto request = last_ ? store_.request(*last_) : std::nullopt;
      key_ = request ? request->key : "";
    }
    return key_;
  }

 private:
  engine::LedgerReader& store_;
  std::optional<engine::RequestId> last_{};
  std::string key_{};
};

std::string title(engine::TransferId id) { return "transfer " + std::to_string(id.value()); }

// ---- ours against ourselves

DifferenceClass class_of_check(const std::string& check) {
  if (check == "balances" || check == "deposits" || check == "floors") return DifferenceClass::amount;
  return check == "currency" ? DifferenceClass::currency : DifferenceClass::state;
}

// The customers' money, and the cash that must be there for it. A gap is a fact for the operator, no contradiction in
// the books.
void add_cover(LoopReport& report, engine::LedgerReader& store) {
  struct Sums {
    Money cash, owed;
  };
  std::map<std::string, Sums> of_currency;
  for (const engine::AccountTurnover& row : store.turnovers({}, {}, false)) {
    const engine::Currency currency = row.account.currency;
    const Money credit = Money::of_minor(
        row.opening_credit_minor + row.credit_minor - row.opening_debit_minor - row.debit_minor, currency);
    Sums& sums =
        of_currency.try_emplace(std::string(currency.code()), Sums{Money::zero(currency), Money::zero(currency)})
            .first->second;
    switch (row.account.kind) {
      case engine::AccountKind::cash:
        sums.cash -= credit;
        break;
      case engine::AccountKind::available:
      case engine::AccountKind::reserved:
      case engine::AccountKind::suspense:
        sums.owed += credit;
        break;
      default:
        break;
    }
  }
  for (const auto& [code, sums] : of_currency) {
    Difference one{.loop = Loop::self,
                   .kind = DifferenceClass::match,
                   .rule = "cover of customers' money",
                   .subject = code,
                   .here = "customers' money and suspense",
                   .there = "cash",
                   .ours = sums.owed,
                   .theirs = sums.cash};
    if (sums.cash < sums.owed)
      one.detail = "cash is " + to_string_with_code(sums.owed - sums.cash) + " less than what customers could ask back";
    report.differences.push_back(std::move(one));
  }
}

LoopReport self(engine::LedgerReader& store, const ReconcileOptions& options) {
  LoopReport report{Loop::self};
  const engine::Verification verified = store.verify(options.progress);
  report.proved = verified.transfers + verified.accounts + verified.backorders + verified.seals;
  for (const engine::Finding& finding : verified.findings) {
    report.differences.push_back({.loop = Loop::self,
                                  .kind = class_of_check(finding.check),
                                  .rule = finding.check,
                                  .here = "the book",
                                  .detail = finding.what,
                                  .command = "dropledger verify"});
  }
  report.proved -= static_cast<std::int64_t>(report.differences.size());
  engine::BackorderQuery ended;
  ended.open = false;
  for (Difference& one : engine::reconcile_outcomes(store.backorders(ended)))
    report.differences.push_back(std::move(one));
  add_cover(report, store);
  return report;
}

// ---- ours against the provider

std::vector<engine::Backorder> backorders_with_a_job(engine::LedgerReader& store) {
  engine::BackorderQuery query;
  query.with_job = true;
  std::vector<engine::Backorder> found = store.backorders(query);
  std::set<engine::BackorderId> ids;
  for (const engine::Backorder& backorder : found) ids.insert(backorder.id);
  engine::BackorderQuery unanswered;
  unanswered.with_open_call = true;
  for (engine::Backorder& backorder : store.backorders(unanswered)) {
    if (ids.insert(backorder.id).second) found.push_back(std::move(backorder));
  }
  return found;
}

std::vector<MoneyItem> provider_balance_items(engine::LedgerReader& store) {
  std::vector<MoneyItem> items;
  RequestKeys keys(store);
  engine::TransferQuery query;
  query.kinds = {TransferKind::provider_pay_in, TransferKind::provider_cost, TransferKind::reversal};
  const auto is_provider_balance = [](const engine::LedgerAccountKey& account) {
    return account.kind == engine::AccountKind::provider_prepaid ||
           account.kind == engine::AccountKind::provider_deposit;
  };
  store.each_transfer(query, [&](const Transfer& transfer) {
    if (is_provider_balance(transfer.debit) == is_provider_balance(transfer.credit)) return;
    MoneyItem item{.id = title(transfer.id),
                   .references = references_of(keys.of(transfer), transfer.memo),
                   .amount = is_provider_balance(transfer.debit) ? transfer.amount : -transfer.amount,
                   .at = transfer.effective_at};
    for (const std::string& word : words_of(transfer.memo)) {
      if (!item.subject.empty() || word.find('.') == std::string::npos) continue;
      if (const auto domain = engine::DomainName::parse(word)) item.subject = domain.value().ace();
    }
    if (transfer.kind == TransferKind::reversal && transfer.reverses) item.undoes = title(*transfer.reverses);
    items.push_back(std::move(item));
  });
  return items;
}

LoopReport jobs(engine::LedgerReader& store, engine::BackorderProvider& provider, engine::UtcTime now) {
  LoopReport report{Loop::jobs};
  const auto listed = provider.jobs({});
  if (!listed) {
    report.not_done = listed.error().detail;
    return report;
  }
  report.differences =
      engine::reconcile_jobs(backorders_with_a_job(store), listed.value().jobs, store.settings().provider_lag, now);
  return report;
}

LoopReport balance(engine::LedgerReader& store, engine::BackorderProvider& provider, engine::UtcTime now) {
  LoopReport report{Loop::provider_balance};
  std::vector<MoneyItem> ours = provider_balance_items(store);
  engine::UtcTime from = store.book().made_at;
  for (const MoneyItem& item : ours) from = std::min(from, item.at);
  from = std::chrono::floor<std::chrono::seconds>(from);
  const auto accounting = provider.accounting(from, now + std::chrono::seconds(1));
  const auto deposits = provider.deposits();
  const auto listed = provider.jobs({});
  const auto account = provider.balance();
  const auto unreadable = [&report](const auto& result) {
    if (!result && report.not_done.empty()) report.not_done = result.error().detail;
  };
  unreadable(account);
  unreadable(accounting);
  unreadable(deposits);
  unreadable(listed);
  if (!report.not_done.empty()) return report;
  const engine::Settings settings = store.settings();
  report.differences =
      engine::reconcile_provider_balance({account.value(), deposits.value(), accounting.value(), from,
                                          listed.value().jobs, std::move(ours), backorders_with_a_job(store)},
                                         settings.provider_lag, settings.bank_lag, now);
  return report;
}

// ---- ours against the bank

// Movements of the cash accounts by source: one per request, as the bank sees one payment where we post two transfers.
// A pay-in that is bound to a line is known by it before anything else.
std::map<std::string, std::vector<MoneyItem>> cash_items(engine::LedgerReader& store,
                                                         const std::map<std::int64_t, std::string>& line_of_transfer) {
  const std::vector<std::string> names = store.names_of_customers();
  std::map<std::string, std::vector<MoneyItem>> items;
  std::map<std::pair<std::string, engine::RequestId>, std::size_t> of_request;
  std::map<std::int64_t, std::string> item_of_transfer;
  RequestKeys keys(store);
  engine::TransferQuery query;
  query.kinds = {TransferKind::pay_in,          TransferKind::pay_in_receivable, TransferKind::pay_out,
                 TransferKind::suspense_in,     TransferKind::chargeback,        TransferKind::chargeback_receivable,
                 TransferKind::provider_pay_in, TransferKind::reversal,          TransferKind::general};
  const auto add_side = [&](const Transfer& transfer, bool in) {
    const engine::LedgerAccountKey& cash = in ? transfer.debit : transfer.credit;
    if (cash.kind != engine::AccountKind::cash) return;
    const engine::LedgerAccountKey& other = in ? transfer.credit : transfer.debit;
    const Money amount = in ? transfer.amount : -transfer.amount;
    std::vector<MoneyItem>& list = items[cash.source];
    if (transfer.request) {
      const auto [place, first] = of_request.emplace(std::pair(cash.source, *transfer.request), list.size());
      if (!first) {
        list[place->second].amount += amount;
        item_of_transfer.emplace(transfer.id.value(), list[place->second].id);
        return;
      }
    }
    MoneyItem item{.id = title(transfer.id),
                   .references = references_of(keys.of(transfer), transfer.memo),
                   .amount = amount,
                   .at = transfer.effective_at};
    if (const auto bound = line_of_transfer.find(transfer.id.value()); bound != line_of_transfer.end())
      item.references.insert(item.references.begin(), bound->second);
    if (other.customer)
      item.owner = names.at(static_cast<std::size_t>(other.customer->value()));
    else
      item.owner = other.kind == engine::AccountKind::provider_prepaid ? "provider" : std::string(to_word(other.kind));
    if (transfer.kind == TransferKind::reversal && transfer.reverses) {
      const auto undone = item_of_transfer.find(transfer.reverses->value());
      if (undone != item_of_transfer.end()) item.undoes = undone->second;
    }
    item_of_transfer.emplace(transfer.id.value(), item.id);
    list.push_back(std::move(item));
  };
  store.each_transfer(query, [&](const Transfer& transfer) {  // between two of them it is a movement of both
    add_side(transfer, true);
    add_side(transfer, false);
  });
  return items;
}

LoopReport bank(engine::LedgerReader& store, const ReconcileOptions& options, engine::UtcTime now) {
  LoopReport report{Loop::bank};
  std::map<std::string, std::vector<engine::ExternalLine>> lines;
  std::map<std::int64_t, std::string> name_of_line, line_of_transfer;
  std::map<std::string, std::vector<engine::ExternalStatement>> statements;
  store.each_external_line(options.source, [&](const engine::ExternalLine& line) {
    name_of_line.emplace(line.id, line.external_id);
    lines[line.source].push_back(line);
  });
  for (const engine::LineBinding& bound : store.line_bindings()) {
    if (const auto name = name_of_line.find(bound.line); name != name_of_line.end())
      line_of_transfer.emplace(bound.transfer.value(), name->second);
  }
  std::map<std::string, std::vector<MoneyItem>> ours = cash_items(store, line_of_transfer);
  for (engine::ExternalStatement& statement : store.external_statements())
    statements[statement.source].push_back(std::move(statement));
  std::set<std::string> sources;
  if (!options.source.empty()) {
    sources.insert(options.source);
  } else {
    for (const auto& [source, items] : ours) sources.insert(source);
    for (const auto& [source, list] : statements) sources.insert(source);
  }
  for (const std::string& source : sources) {
    if (statements[source].empty()) {
      report.not_done += (report.not_done.empty() ? "" : "; ") + std::string("no statement of '") + source +
                         "' was imported, see 'bank import'";
      continue;
    }
    for (Difference& one : engine::reconcile_bank(source, ours[source], lines[source], statements[source],
                                                  store.settings().bank_lag, now, &report.balances)) {
      report.differences.push_back(std::move(one));
    }
  }
  return report;
}

}  // namespace

std::vector<LoopReport> reconcile(engine::LedgerReader& store, engine::BackorderProvider* provider,
                                  const ReconcileOptions& options, engine::UtcTime now) {
  std::vector<LoopReport> reports;
  for (const Loop loop : engine::kLoops) {
    if (std::ranges::find(options.loops, loop) == options.loops.end()) continue;
    switch (loop) {
      case Loop::self:
        reports.push_back(self(store, options));
        break;
      case Loop::jobs:
      case Loop::provider_balance:
        if (provider == nullptr)
          reports.push_back({loop, "no provider is configured: --registry or DROPLEDGER_REGISTRY"});
        else
          reports.push_back(loop == Loop::jobs ? jobs(store, *provider, now) : balance(store, *provider, now));
        break;
      case Loop::bank:
        reports.push_back(bank(store, options, now));
        break;
    }
  }
  return reports;
}

}  // namespace operations
