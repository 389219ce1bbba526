#include "tools/operations/accounts.hpp"

#include <algorithm>
#include <cctype>
#include <iterator>

#include "engine/placing.hpp"
#include "engine/set_off.hpp"
#include "tools/operations/dating.hpp"
#include "tools/operations/typed_payments.hpp"

namespace operations {
namespace {

using engine::Changes;
using engine::Customer;
using engine::Error;
using engine::ErrorCode;
using engine::EventKind;
using engine::Money;
using engine::Result;
using engine::to_string;

Error bad_argument(std::string detail) { return {ErrorCode::invalid_argument, std::move(detail)}; }

bool is_account_name(std::string_view name) {
  return !name.empty() && name.size() <= 64 && std::ranges::all_of(name, [](unsigned char c) {
    return c < 128 && (std::isalnum(c) != 0 || c == '.' || c == '-' || c == '_');
  });
}

std::string text_or(const std::optional<Money>& money) { return money ? to_string_with_code(*money) : ""; }
std::string text_or(const std::optional<engine::UtcTime>& time) { return time ? to_string(*time) : ""; }

void add_balances(Facts& facts, const Customer& customer) {
  facts.emplace_back("available", to_string_with_code(customer.available));
  facts.emplace_back("reserved", to_string_with_code(customer.reserved));
  facts.emplace_back("owed", to_string_with_code(customer.owed));
}

Facts balance_facts(const Customer& customer) {
  Facts facts{{"account", customer.name}};
  add_balances(facts, customer);
  return facts;
}

engine::NewEvent account_event(EventKind kind, const Customer& customer, std::string detail) {
  return {kind, customer.id, {}, {}, {}, {}, std::move(detail)};
}

// A request about one account: looked up, decided.
Result<Reply> about_account(const Context& context, const RequestKey& request, Facts content,
                            const std::string& account,
                            const std::function<Result<Facts>(Changes&, Customer&)>& decide) {
  content.emplace_back("account", account);
  return run_request(context, request, content, [&](Changes& changes) -> Result<Facts> {
    Result<Customer> customer = customer_named(context.store, account);
    if (!customer) return customer.error();
    return decide(changes, customer.value());
  });
}
// And answered with its balances.
Result<Reply> on_account(const Context& context, const RequestKey& request, Facts content, const std::string& account,
                         const std::function<engine::Status(Changes&, Customer&)>& decide) {
  return about_account(context, request, std::move(content), account,
                       [&](Changes& changes, Customer& customer) -> Result<Facts> {
                         const engine::Status done = decide(changes, customer);
                         if (!done) return done.error();
                         return balance_facts(customer);
                       });
}

Facts payment_content(std::string what, const engine::Payment& payment) {
  return {{"request", std::move(what)},
          {"amount", to_string_with_code(payment.amount)},
          {"source", payment.source},
          {"effective", text_or(payment.effective_at)},
          {"memo", payment.memo}};
}

Facts post_unidentified(Changes& changes, const RequestKey& request, const engine::Payment& payment) {
  engine::pay_in_unidentified(changes, payment);
  const std::string subject = request.key.empty() ? payment.memo : request.sender + ":" + request.key;
  changes.cases.push_back(
      unidentified_payment(subject, payment.amount, "from " + payment.source + ": " + payment.memo));
  return {{"account", "suspense"}, {"amount", to_string_with_code(payment.amount)}};
}

engine::Status apply_terms(Changes& changes, Customer& customer, const AccountTerms& terms, std::string& what) {
  const auto note = [&what](const std::string& text) { what += (what.empty() ? "" : ", ") + text; };
  if (terms.country) {
    const bool two_letters = terms.country->size() == 2 &&
                             std::ranges::all_of(*terms.country, [](unsigned char c) { return c >= 'A' && c <= 'Z'; });
    if (!two_letters && !terms.country->empty()) {
      return bad_argument("country '" + *terms.country + "' is not two capital letters of ISO 3166-1, such as DE");
    }
    customer.country = *terms.country;
    note("country " + *terms.country);
  }
  if (terms.tier) {
    if (!is_account_name(*terms.tier))
      return bad_argument("tier '" + *terms.tier + "': letters, digits, '.', '-', '_', at most 64");
    customer.tier = *terms.tier;
    note("tier " + *terms.tier);
  }
  if (terms.policy) {
    customer.policy = terms.policy;
    note("policy " + std::string(to_word(*terms.policy)));
  }
  if (terms.void_policy) {
    customer.void_policy = terms.void_policy;
    note("void " + std::string(to_word(*terms.void_policy)));
  }
  if (terms.vat_id) {
    customer.vat_id = *terms.vat_id;
    note("vat id " + *terms.vat_id);
  }
  if (terms.credit_limit) {
    const engine::Status set = engine::set_credit_limit(changes, customer, *terms.credit_limit);
    if (!set) return set.error();
    changes.customers.pop_back();  // the caller puts the row once, with every term
  }
  return engine::Unit{};
}

Facts terms_content(const AccountTerms& terms) {
  return {{"tier", terms.tier.value_or("")},
          {"policy", terms.policy ? std::string(to_word(*terms.policy)) : ""},
          {"void", terms.void_policy ? std::string(to_word(*terms.void_policy)) : ""},
          {"country", terms.country.value_or("")},
          {"vat_id", terms.vat_id.value_or("")},
          {"credit_limit", text_or(terms.credit_limit)}};
}

Result<Reply> change_state(const Context& context, const RequestKey& request, const std::string& name,
                           const std::string& reason, engine::AccountState from, engine::AccountState to,
                           const std::string& verb) {
  return on_account(context, request, {{"request", verb}, {"reason", reason}}, name,
                    [&](Changes& changes, Customer& customer) -> engine::Status {
                      if (reason.empty()) return bad_argument(verb + " needs a reason");
                      if (customer.state != from) {
                        return Error{ErrorCode::impossible_step, "account " + name + " is " +
                                                                     std::string(engine::to_word(customer.state)) +
                                                                     ", not " + std::string(engine::to_word(from))};
                      }
                      customer.state = to;
                      changes.customers.push_back(customer);
                      changes.events.push_back(account_event(EventKind::account_changed, customer,
                                                             std::string(engine::to_word(to)) + ": " + reason));
                      return engine::Unit{};
                    });
}

}  // namespace

Result<Reply> open_account(const Context& context, const RequestKey& request, const std::string& name,
                           engine::Currency currency, const AccountTerms& terms) {
  Facts content{{"request", "open"}, {"account", name}, {"currency", std::string(currency.code())}};
  const Facts rest = terms_content(terms);
  content.insert(content.end(), rest.begin(), rest.end());
  return run_request(context, request, content, [&](Changes& changes) -> Result<Facts> {
    if (!is_account_name(name))
      return bad_argument("account name '" + name + "': letters, digits, '.', '-', '_', at most 64");
    if (const auto taken = context.store.customer(name)) {
      return Error{ErrorCode::account_exists, "account " + name + " was opened on " + to_string(taken->opened_at)};
    }
    const Money zero = Money::zero(currency);
    Customer customer{.id = context.store.next_customer_id(),
                      .name = name,
                      .currency = currency,
                      .opened_at = context.now,
                      .available = zero,
                      .reserved = zero,
                      .credit_limit = zero,
                      .owed = zero,
                      .warned = zero};
    std::string what;
    const engine::Status applied = apply_terms(changes, customer, terms, what);
    if (!applied) return applied.error();
    changes.new_customers.push_back(customer);
    changes.events.push_back(account_event(EventKind::account_opened, customer, "in " + std::string(currency.code())));
    return Facts{{"account", name},
                 {"id", std::to_string(customer.id.value())},
                 {"currency", std::string(currency.code())},
                 {"tier", customer.tier},
                 {"credit_limit", to_string_with_code(customer.credit_limit)}};
  });
}

Result<Reply> change_terms(const Context& context, const RequestKey& request, const std::string& name,
                           const AccountTerms& terms) {
  Facts content = terms_content(terms);
  content.insert(content.begin(), {"request", "terms"});
  return on_account(context, request, content, name, [&](Changes& changes, Customer& customer) -> engine::Status {
    if (const auto refused = forbidden(customer.state, engine::AccountOperation::configure))
      return Error{*refused, "account " + name + " is closed"};
    std::string what;
    const engine::Status applied = apply_terms(changes, customer, terms, what);
    if (!applied) return applied;
    changes.customers.push_back(customer);
    if (!what.empty()) changes.events.push_back(account_event(EventKind::account_changed, customer, what));
    return engine::Unit{};
  });
}

Result<Reply> freeze_account(const Context& context, const RequestKey& request, const std::string& name,
                             const std::string& reason) {
  return change_state(context, request, name, reason, engine::AccountState::open, engine::AccountState::frozen,
                      "freeze");
}

Result<Reply> unfreeze_account(const Context& context, const RequestKey& request, const std::string& name,
                               const std::string& reason) {
  return change_state(context, request, name, reason, engine::AccountState::frozen, engine::AccountState::open,
                      "unfreeze");
}

Result<Reply> close_account(const Context& context, const RequestKey& request, const std::string& name,
                            const std::string& reason, const std::optional<std::string>& pay_out_to) {
  const Facts content{
      {"request", "close"}, {"account", name}, {"reason", reason}, {"pay_out_to", pay_out_to.value_or("")}};
  return run_request(context, request, content, [&](Changes& changes) -> Result<Facts> {
    if (reason.empty()) return bad_argument("closing needs a reason");
    Result<Customer> found = customer_named(context.store, name);
    if (!found) return found.error();
    Customer& customer = found.value();
    if (customer.state == engine::AccountState::closed)
      return Error{ErrorCode::account_closed, "account " + name + " is closed already"};
    engine::BackorderQuery query;
    query.customer = customer.id;
    query.open = true;
    int open = 0, cancelled = 0;
    for (engine::Backorder& backorder : context.store.backorders(query)) {
      if (backorder.state == engine::State::auction_pending) {
        ++open;
        continue;
      }
      const auto done = engine::cancel(changes, backorder, customer, engine::By::operator_,
                                       "account closing: " + reason, context.now);
      if (!done) return done.error();
      if (done.value() == engine::Cancelling::done) {
        changes.backorders.back().reason = engine::Reason::account_closed;
        changes.events.back().reason = engine::Reason::account_closed;
        ++cancelled;
      } else {
        ++open;
      }
    }
    engine::set_off(changes, customer);  // of books in which a debt and a balance could stand side by side
    if (open == 0 && pay_out_to && customer.available.is_positive()) {
      const engine::Status paid =
          engine::pay_out(changes, customer, {customer.available, *pay_out_to, {}, "account closed: " + reason});
      if (!paid) return paid.error();
    }
    const bool empty =
        open == 0 && customer.available.is_zero() && customer.reserved.is_zero() && customer.owed.is_zero();
    const engine::AccountState before = customer.state;
    customer.state = empty ? engine::AccountState::closed : engine::AccountState::closing;
    if (customer.state != before) {
      changes.customers.push_back(customer);
      changes.events.push_back(account_event(EventKind::account_changed, customer,
                                             std::string(engine::to_word(customer.state)) + ": " + reason));
    }
    Facts facts{{"account", name},
                {"state", std::string(engine::to_word(customer.state))},
                {"cancelled", std::to_string(cancelled)},
                {"open_backorders", std::to_string(open)}};
    add_balances(facts, customer);
    return facts;
  });
}

Result<Reply> fund(const Context& context, const RequestKey& request, const std::string& account,
                   const engine::Payment& payment, bool another) {
  return about_account(context, request, payment_content("fund", payment), account,
                       [&](Changes& changes, Customer& customer) -> Result<Facts> {
                         if (!another) {
                           if (auto repeated = repeats_a_line(context, customer, payment)) return *repeated;
                         }
                         if (customer.state == engine::AccountState::closed) {
                           engine::Payment unidentified = payment;
                           unidentified.memo =
                               "for closed account " + account + (payment.memo.empty() ? "" : ": " + payment.memo);
                           return post_unidentified(changes, request, unidentified);
                         }
                         const engine::Status paid = engine::pay_in(changes, customer, payment);
                         if (!paid) return paid.error();
                         return balance_facts(customer);
                       });
}

Result<Reply> fund_unidentified(const Context& context, const RequestKey& request, const engine::Payment& payment) {
  return run_request(context, request, payment_content("fund-unidentified", payment),
                     [&](Changes& changes) -> Result<Facts> { return post_unidentified(changes, request, payment); });
}

engine::NewCase unidentified_payment(const std::string& subject, Money amount, const std::string& whence) {
  return {engine::CaseKind::unidentified_payment, {}, {}, subject, to_string_with_code(amount) + " " + whence};
}

// The case that an assignment answers: the one named, else the only open one of that amount; none where no case is of
// that amount.
Result<std::optional<engine::CaseId>> case_about_payment(engine::LedgerStore& store, Money amount,
                                                         std::optional<std::int64_t> named) {
  engine::CaseQuery query;
  query.kind = engine::CaseKind::unidentified_payment;
  std::vector<engine::CaseId> asking;
  for (const engine::Case& one : store.cases(query)) {
    if (named ? one.id.value() == *named : one.detail.starts_with(to_string_with_code(amount) + " "))
      asking.push_back(one.id);
  }
  if (named && asking.empty()) {
    return Error{ErrorCode::case_not_found,
                 "there is no open case " + std::to_string(*named) +
                     " about an unidentified payment: 'cases --kind unidentified_payment' lists them"};
  }
  if (asking.empty()) return std::optional<engine::CaseId>();
  if (asking.size() == 1) return std::optional(asking.front());
  std::string numbers;
  for (const engine::CaseId id : asking) numbers += (numbers.empty() ? "" : ", ") + std::to_string(id.value());
  return bad_argument("several payments of " + to_string_with_code(amount) +
                      " wait in suspense: say which case this closes, --case " + numbers);
}

Result<Reply> assign_unidentified(const Context& context, const RequestKey& request, const std::string& account,
                                  Money amount, const std::string& reason, std::optional<std::int64_t> case_id,
                                  std::optional<engine::UtcTime> effective_at) {
  Facts content{{"request", "assign"}, {"amount", to_string_with_code(amount)}, {"reason", reason}};
  if (effective_at) content.emplace_back("effective", to_string(*effective_at));
  if (case_id) content.emplace_back("case", std::to_string(*case_id));
  return on_account(context, request, content, account, [&](Changes& changes, Customer& customer) -> engine::Status {
    if (reason.empty()) return bad_argument("assigning unidentified money needs a reason");
    const Result<std::optional<engine::CaseId>> asking = case_about_payment(context.store, amount, case_id);
    if (!asking) return asking.error();
    if (asking.value())
      changes.closed_cases.push_back({*asking.value(), "assigned to " + customer.name + ": " + reason});
    Money held = Money::zero(amount.currency());
    for (const engine::AccountTurnover& row : context.store.turnovers({}, {}, false)) {
      if (row.account.kind != engine::AccountKind::suspense || row.account.currency != amount.currency()) continue;
      held += Money::of_minor(row.opening_credit_minor + row.credit_minor - row.opening_debit_minor - row.debit_minor,
                              amount.currency());
    }
    return engine::assign_unidentified(changes, customer, amount, held, reason, effective_at);
  });
}

Result<Reply> withdraw(const Context& context, const RequestKey& request, const std::string& account,
                       const engine::Payment& payment) {
  return on_account(context, request, payment_content("withdraw", payment), account,
                    [&](Changes& changes, Customer& customer) { return engine::pay_out(changes, customer, payment); });
}

Result<Reply> adjust(const Context& context, const RequestKey& request, const std::string& account, Money amount,
                     engine::Direction direction, bool as_goodwill, const std::string& reason,
                     std::optional<engine::UtcTime> effective_at) {
  const Facts content{{"request", as_goodwill                              ? "goodwill"
                                  : direction == engine::Direction::credit ? "credit"
                                                                           : "debit"},
                      {"amount", to_string_with_code(amount)},
                      {"reason", reason},
                      {"effective", text_or(effective_at)}};
  return on_account(context, request, content, account, [&](Changes& changes, Customer& customer) {
    if (as_goodwill) return engine::grant_goodwill(changes, customer, amount, reason, effective_at);
    return engine::adjust(changes, customer, amount, direction, reason, effective_at);
  });
}

Result<Reply> pay_provider(const Context& context, const RequestKey& request, const engine::Payment& payment) {
  return run_request(context, request, payment_content("pay-provider", payment),
                     [&](Changes& changes) -> Result<Facts> {
                       engine::pay_provider(changes, payment);
                       return Facts{{"purse", "prepaid"}, {"amount", to_string_with_code(payment.amount)}};
                     });
}

Result<Reply> book_provider_cost(const Context& context, const RequestKey& request, Money amount,
                                 const std::string& memo, std::optional<engine::UtcTime> effective_at) {
  const Facts content{{"request", "provider-cost"},
                      {"amount", to_string_with_code(amount)},
                      {"memo", memo},
                      {"effective", text_or(effective_at)}};
  return run_request(context, request, content, [&](Changes& changes) -> Result<Facts> {
    engine::book_provider_cost(changes, amount, effective_at, memo);
    return Facts{{"purse", "cost of sales"}, {"amount", to_string_with_code(amount)}};
  });
}

Result<Reply> close_period(const Context& context, const RequestKey& request, engine::UtcTime until) {
  return run_request(
      context, request, {{"request", "close-period"}, {"until", to_string(until)}},
      [&](Changes& changes) -> Result<Facts> {
        const auto before = context.store.book().closed_until;
        if (until > context.now)
          return bad_argument("a period can be closed up to now (" + to_string(context.now) + "), not until " +
                              to_string(until));
        if (before && until < *before)
          return bad_argument("closed until " + to_string(*before) + " already; 'period reopen' moves it back");
        changes.closed_until = until;
        changes.events.push_back({EventKind::period_closed,
                                  {},
                                  {},
                                  {},
                                  {},
                                  {},
                                  "effective dates before " + to_string(until) + " are closed"});
        return Facts{{"closed_until", to_string(until)}};
      });
}

Result<Reply> reopen_period(const Context& context, const RequestKey& request, std::optional<engine::UtcTime> until,
                            const std::string& reason) {
  const Facts content{{"request", "reopen-period"}, {"until", text_or(until)}, {"reason", reason}};
  return run_request(context, request, content, [&](Changes& changes) -> Result<Facts> {
    if (reason.empty()) return bad_argument("reopening a period needs a reason");
    const auto before = context.store.book().closed_until;
    if (!before) return bad_argument("no period is closed");
    if (until && *until >= *before)
      return bad_argument("closed until " + to_string(*before) + "; reopening moves it to an earlier instant");
    changes.closed_until = until.value_or(engine::UtcTime{});
    changes.events.push_back(
        {EventKind::period_reopened, {}, {}, {}, {}, {}, "from " + text_or(until) + ": " + reason});
    return Facts{{"closed_until", text_or(until)}};
  });
}

Result<Reply> set_prices(const Context& context, const RequestKey& request, const std::vector<engine::Price>& prices) {
  Facts content{{"request", "prices"}};
  for (const engine::Price& price : prices) {
    content.emplace_back(
        price.zone + " " + price.tier,
        to_string_with_code(price.amount) + " from " + to_string(price.valid_from) + " to " + text_or(price.valid_to));
  }
  return run_request(context, request, content, [&](Changes& changes) -> Result<Facts> {
    for (const engine::Price& price : prices) {
      if (!price.amount.is_positive())
        return Error{ErrorCode::invalid_amount, "the price of ." + price.zone + " must be above zero"};
      if (price.valid_to && *price.valid_to <= price.valid_from) {
        return Error{ErrorCode::invalid_time, "the price of ." + price.zone + " ends at " + to_string(*price.valid_to) +
                                                  ", not after its start"};
      }
    }
    changes.prices = prices;
    // Customers whose cap is below the new price are told now, not when the deposit is due.
    std::vector<engine::Price> all = context.store.price_list().rows();
    all.insert(all.end(), prices.begin(), prices.end());
    const engine::PriceList after(std::move(all));
    engine::BackorderQuery query;
    query.states = {engine::State::requested};
    query.order = engine::BackorderQuery::Order::customer;
    std::optional<Customer> customer;
    for (const engine::Backorder& backorder : context.store.backorders(query)) {
      if (std::ranges::none_of(prices, [&](const engine::Price& price) { return price.zone == backorder.zone; }))
        continue;
      if (!customer || customer->id != backorder.customer) customer = context.store.customer(backorder.customer);
      const engine::UtcTime at = backorder.drop ? std::max(context.now, backorder.drop->deposit_due) : context.now;
      const auto before = context.store.price_list().price(backorder.zone, customer->tier, customer->currency, at);
      const auto price = after.price(backorder.zone, customer->tier, customer->currency, at);
      if (!price || *price <= backorder.max_price || before == price) continue;
      changes.events.push_back({EventKind::price_notice,
                                customer->id,
                                backorder.id,
                                {},
                                {},
                                engine::Reason::price_above_cap,
                                "the price of ." + backorder.zone + " will be " + to_string_with_code(*price) +
                                    ", above the cap of " + to_string_with_code(backorder.max_price) +
                                    ": void when the deposit is due"});
    }
    return Facts{{"prices", std::to_string(prices.size())}, {"notices", std::to_string(changes.events.size())}};
  });
}

Result<Reply> set_schedule(const Context& context, const RequestKey& request, const engine::ZoneSchedule& schedule) {
  std::string times;
  for (const auto time : schedule.batch_times) times += std::to_string(time.count()) + " ";
  const Facts content{{"request", "schedule"},
                      {"zone", schedule.zone},
                      {"kind", std::string(to_word(schedule.kind))},
                      {"time_zone", schedule.time_zone},
                      {"times", times},
                      {"job_lead", to_string(schedule.job_lead)},
                      {"deposit_lead", to_string(schedule.deposit_lead)},
                      {"deposit_gap", to_string(schedule.deposit_gap)},
                      {"finalization_lead", to_string(schedule.finalization_lead)},
                      {"submit_lead", schedule.submit_lead ? to_string(*schedule.submit_lead) : ""},
                      {"sharp_s", std::string(to_word(schedule.sharp_s))}};
  return run_request(context, request, content, [&](Changes& changes) -> Result<Facts> {
    const engine::Status sound = engine::check(schedule);
    if (!sound) return sound.error();
    const Result<DatedCounts> dated = date_by_schedule(context.store, context.now, schedule, changes);
    if (!dated) return dated.error();
    changes.schedules.push_back(schedule);
    changes.events.push_back({EventKind::setting_changed, {}, {}, {}, {}, {}, "schedule of ." + schedule.zone});
    return Facts{{"zone", schedule.zone},
                 {"time_zone", schedule.time_zone},
                 {"backorders_moved", std::to_string(dated.value().moved)},
                 {"rescheduled", std::to_string(dated.value().rescheduled)}};
  });
}

Result<Reply> set_tax_rate(const Context& context, const RequestKey& request, const engine::TaxRate& rate,
                           bool forced) {
  const Facts content{{"request", "tax"},
                      {"country", rate.country},
                      {"rate_bp", std::to_string(rate.rate_bp)},
                      {"from", to_string(rate.valid_from)}};
  return run_request(context, request, content, [&](Changes& changes) -> Result<Facts> {
    if (rate.rate_bp < 0 || rate.rate_bp > 10'000) return bad_argument("a tax rate is between 0 and 100 per cent");
    if (const bool usual = rate.rate_bp == 0 || (rate.rate_bp >= 100 && rate.rate_bp <= 3'500); !usual && !forced) {
      return bad_argument("a tax rate is given in per cent, 0 or from 1 to 35" +
                          (rate.rate_bp < 100 ? ": did you mean " + std::to_string(rate.rate_bp) + "?"
                                              : std::string("; --force takes another")));
    }
    changes.tax_rates.push_back(rate);
    return Facts{
        {"country", rate.country}, {"rate_bp", std::to_string(rate.rate_bp)}, {"from", to_string(rate.valid_from)}};
  });
}

std::vector<SettingInfo> list_settings(const engine::Settings& settings) {
  std::vector<SettingInfo> rows{
      {"funding.policy", std::string(to_word(settings.funding.policy)),
       "each | all-or-nothing: what happens when not everything due is covered"},
      {"funding.void", std::string(to_word(settings.funding.void_policy)),
       "at-due | at-deadline: when an underfunded backorder is voided"},
      {"reschedule.keep", to_string(settings.reschedule_keep),
       "a held deposit stays held while the moved drop is this near"},
      {"warn.ahead", to_string(settings.warn_ahead), "shortfalls within this time are announced"},
      {"provider.absence-wait", to_string(settings.absence_wait),
       "how long after a call a list may prove that it created nothing"},
      {"provider.adopt", settings.ask_to_adopt ? "ask" : "act",
       "act | ask: a job at the provider that this book did not order is bound to the backorder that wants it, or is a "
       "case"},
      {"overdue.after", to_string(settings.overdue_after), "no outcome this long after the drop is a case"},
      {"overdue.auction-after", to_string(settings.auction_overdue_after),
       "no outcome this long after an auction's end is a case"},
      {"reconcile.provider-lag", to_string(settings.provider_lag),
       "grace for what the provider sets aside, frees and charges"},
      {"reconcile.bank-lag", to_string(settings.bank_lag),
       "how far the days of one payment may lie apart, and grace until a statement shows it"},
      {"payments.match", settings.payments_by_name ? "name" : "reference",
       "name | reference: whether an account's name, as the whole of a field, names the payer"},
      {"auction.price", settings.auction_on_account ? "on-account" : "external",
       "external | on-account: who collects the auction price"},
      {"tax.charged", settings.charges_tax ? "yes" : "no",
       "yes | no: whether the seller charges tax; with yes a capture without a rate is a case"},
      {"seller.country", settings.seller_country,
       "two letters: with it customers elsewhere are taxed by reverse charge, one-stop shop, or not at all"},
      {"seller.name", settings.seller_name, "who sells, on invoices"},
      {"seller.address", settings.seller_address, "where, on invoices; lines are separated by ', '"},
      {"seller.vat-id", settings.seller_vat_id, "the seller's VAT id, on invoices"},
      {"invoice.period", std::string(to_word(settings.invoice_period)),
       "capture | day | month: what of an account stands on one invoice"}};
  for (const auto& [zone, cost] : settings.expected_cost)
    rows.push_back(
        {"cost." + zone, to_string_with_code(cost), "what a job there is expected to cost us; the preview adds it up"});
  constexpr std::pair<const char*, const char*> kDetails[] = {
      {"order.owner-contact", "the owner's contact handle that every order carries, where the provider wants it"},
      {"order.admin-contact", "the administrator's"},
      {"order.tech-contact", "the technician's"},
      {"order.billing-contact", "the bookkeeper's"},
      {"order.period", "years of the registration that every order asks for"}};
  for (const auto& [name, meaning] : kDetails) {
    const auto given = settings.order_details.find(name);
    rows.push_back({name, given == settings.order_details.end() ? "" : given->second, meaning});
  }
  return rows;
}

Result<Reply> set_setting(const Context& context, const RequestKey& request, const std::string& setting,
                          const std::string& value) {
  return run_request(
      context, request, {{"request", "setting"}, {"name", setting}, {"value", value}},
      [&](Changes& changes) -> Result<Facts> {
        if (const engine::Status sound = engine::check_setting(setting, value); !sound) return sound.error();
        changes.settings.emplace_back(setting, value);
        changes.events.push_back({EventKind::setting_changed, {}, {}, {}, {}, {}, setting + " = " + value});
        return Facts{{"setting", setting}, {"value", value}};
      });
}

Result<Reply> resume_submitting(const Context& context, const RequestKey& request, const std::string& zone) {
  return run_request(context, request, {{"request", "resume"}, {"zone", zone}}, [&](Changes& changes) -> Result<Facts> {
    const std::vector<std::string> stopped = context.store.stopped_zones();
    if (std::ranges::find(stopped, zone) == stopped.end()) {
      return bad_argument(zone.empty() ? "submitting is not stopped for the environment"
                                       : "submitting is not stopped for zone ." + zone);
    }
    changes.resumed_zones.push_back(zone);
    changes.events.push_back(
        {EventKind::submitting_resumed, {}, {}, {}, {}, {}, zone.empty() ? "the environment" : "zone ." + zone});
    engine::CaseQuery query;
    query.kind = engine::CaseKind::submitting_stopped;
    for (const engine::Case& open : context.store.cases(query)) {
      if (open.subject == (zone.empty() ? "environment" : zone))
        changes.closed_cases.push_back({open.id, "submitting resumed"});
    }
    return Facts{{"resumed", zone.empty() ? "environment" : zone}};
  });
}

}  // namespace operations
