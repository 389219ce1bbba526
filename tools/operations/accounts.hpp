// Accounts: opening, closing, freezing, limits and terms; money in and out; corrections; periods, prices, schedules,
// policies.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/payments.hpp"
#include "engine/provider.hpp"
#include "tools/operations/context.hpp"

namespace operations {

struct AccountTerms {
  std::optional<std::string> tier{};
  std::optional<engine::FundingPolicy> policy{};
  std::optional<engine::VoidPolicy> void_policy{};
  std::optional<std::string> country{};  // two letters
  std::optional<std::string> vat_id{};
  std::optional<engine::Money> credit_limit{};
};
// account_exists, invalid_argument (name or country), currency_mismatch. Facts: account, id.
engine::Result<Reply> open_account(const Context& context, const RequestKey& request, const std::string& name,
                                   engine::Currency currency, const AccountTerms& terms);
// Changes what is given. Facts: account and each changed term.
engine::Result<Reply> change_terms(const Context& context, const RequestKey& request, const std::string& name,
                                   const AccountTerms& terms);
engine::Result<Reply> freeze_account(const Context& context, const RequestKey& request, const std::string& name,
                                     const std::string& reason);
engine::Result<Reply> unfreeze_account(const Context& context, const RequestKey& request, const std::string& name,
                                       const std::string& reason);
// The first call sets the account to closing and cancels everything that can be cancelled; the next sweep deletes the
// jobs. A later call closes the account if nothing is open and the balance is zero; `pay_out_to` pays out the available
// balance first. Facts: account, state, open_backorders, cancelled, available, owed.
engine::Result<Reply> close_account(const Context& context, const RequestKey& request, const std::string& name,
                                    const std::string& reason, const std::optional<std::string>& pay_out_to);

// Facts: account, available, reserved, owed. The transfers are those of the request. payment_repeated where a line of
// the bank was posted to the account with this amount and source, within the bank's lag of its day, unless it is
// `another`.
engine::Result<Reply> fund(const Context& context, const RequestKey& request, const std::string& account,
                           const engine::Payment& payment, bool another = true);
// Posts to suspense and opens a case unidentified_payment. fund() does the same for a closed account.
engine::Result<Reply> fund_unidentified(const Context& context, const RequestKey& request,
                                        const engine::Payment& payment);
// The open case that asks whose a payment in suspense is: it begins with the amount.
engine::NewCase unidentified_payment(const std::string& subject, engine::Money amount, const std::string& whence);
// Closes the case that asked for it: `case_id`, else the one open case of that very amount; where several do,
// invalid_argument names them.
engine::Result<Reply> assign_unidentified(const Context& context, const RequestKey& request, const std::string& account,
                                          engine::Money amount, const std::string& reason,
                                          std::optional<std::int64_t> case_id = {},
                                          std::optional<engine::UtcTime> effective_at = {});
// The case that a decision about money in suspense answers: the one named, else the only open one of that amount; none
// where no case is of that amount.
engine::Result<std::optional<engine::CaseId>> case_about_payment(engine::LedgerStore& store, engine::Money amount,
                                                                 std::optional<std::int64_t> named);
engine::Result<Reply> withdraw(const Context& context, const RequestKey& request, const std::string& account,
                               const engine::Payment& payment);
engine::Result<Reply> adjust(const Context& context, const RequestKey& request, const std::string& account,
                             engine::Money amount, engine::Direction direction, bool as_goodwill,
                             const std::string& reason, std::optional<engine::UtcTime> effective_at);
// Our balance at the provider.
engine::Result<Reply> pay_provider(const Context& context, const RequestKey& request, const engine::Payment& payment);
engine::Result<Reply> book_provider_cost(const Context& context, const RequestKey& request, engine::Money amount,
                                         const std::string& memo, std::optional<engine::UtcTime> effective_at);

// Refuses effective dates before `until` from now on. `until` is not later than now. Reopening moves it back or removes
// it.
engine::Result<Reply> close_period(const Context& context, const RequestKey& request, engine::UtcTime until);
engine::Result<Reply> reopen_period(const Context& context, const RequestKey& request,
                                    std::optional<engine::UtcTime> until, const std::string& reason);

// Prices above zero; all rows or none. Backorders whose cap the new price exceeds get a price_notice. Facts: rows,
// notices.
engine::Result<Reply> set_prices(const Context& context, const RequestKey& request,
                                 const std::vector<engine::Price>& prices);
engine::Result<Reply> set_schedule(const Context& context, const RequestKey& request,
                                   const engine::ZoneSchedule& schedule);
// Per cent 0, or 1 to 35; others only where forced (0.19 is a fraction that was meant as 19).
engine::Result<Reply> set_tax_rate(const Context& context, const RequestKey& request, const engine::TaxRate& rate,
                                   bool forced = false);

struct SettingInfo {
  std::string name, value, meaning;
};
std::vector<SettingInfo> list_settings(const engine::Settings& settings);
// invalid_argument names the settings there are, or the values one takes.
engine::Result<Reply> set_setting(const Context& context, const RequestKey& request, const std::string& name,
                                  const std::string& value);
// Resumes submitting after a person has mended the cause of the refusal. "" is the whole environment.
engine::Result<Reply> resume_submitting(const Context& context, const RequestKey& request, const std::string& zone);

}  // namespace operations
