#include "engine/error_code.hpp"

#include "engine/enum_names.hpp"

namespace engine {
namespace {

constexpr Named<ErrorCode> kCodes[] = {
    {ErrorCode::invalid_argument, "invalid_argument"},
    {ErrorCode::invalid_amount, "invalid_amount"},
    {ErrorCode::amount_out_of_range, "amount_out_of_range"},
    {ErrorCode::unknown_currency, "unknown_currency"},
    {ErrorCode::currency_mismatch, "currency_mismatch"},
    {ErrorCode::invalid_time, "invalid_time"},
    {ErrorCode::unknown_time_zone, "unknown_time_zone"},
    {ErrorCode::invalid_domain, "invalid_domain"},
    {ErrorCode::invalid_list, "invalid_list"},
    {ErrorCode::list_too_short, "list_too_short"},
    {ErrorCode::unknown_zone, "unknown_zone"},
    {ErrorCode::invalid_schedule, "invalid_schedule"},
    {ErrorCode::invalid_command, "invalid_command"},
    {ErrorCode::credentials_unusable, "credentials_unusable"},
    {ErrorCode::invalid_statement, "invalid_statement"},
    {ErrorCode::statement_not_balanced, "statement_not_balanced"},
    {ErrorCode::invalid_template, "invalid_template"},
    {ErrorCode::insufficient_available, "insufficient_available"},
    {ErrorCode::limit_below_use, "limit_below_use"},
    {ErrorCode::not_reversible, "not_reversible"},
    {ErrorCode::already_reversed, "already_reversed"},
    {ErrorCode::period_closed, "period_closed"},
    {ErrorCode::request_id_reused, "request_id_reused"},
    {ErrorCode::account_exists, "account_exists"},
    {ErrorCode::user_exists, "user_exists"},
    {ErrorCode::reference_taken, "reference_taken"},
    {ErrorCode::payment_repeated, "payment_repeated"},
    {ErrorCode::impossible_step, "impossible_step"},
    {ErrorCode::too_late, "too_late"},
    {ErrorCode::no_price, "no_price"},
    {ErrorCode::price_above_cap, "price_above_cap"},
    {ErrorCode::account_frozen, "account_frozen"},
    {ErrorCode::account_closing, "account_closing"},
    {ErrorCode::account_closed, "account_closed"},
    {ErrorCode::job_may_exist, "job_may_exist"},
    {ErrorCode::restored_unread, "restored_unread"},
    {ErrorCode::case_not_open, "case_not_open"},
    {ErrorCode::resolution_not_allowed, "resolution_not_allowed"},
    {ErrorCode::account_not_found, "account_not_found"},
    {ErrorCode::backorder_not_found, "backorder_not_found"},
    {ErrorCode::transfer_not_found, "transfer_not_found"},
    {ErrorCode::case_not_found, "case_not_found"},
    {ErrorCode::source_not_found, "source_not_found"},
    {ErrorCode::file_not_found, "file_not_found"},
    {ErrorCode::user_not_found, "user_not_found"},
    {ErrorCode::channel_not_found, "channel_not_found"},
    {ErrorCode::invoice_not_found, "invoice_not_found"},
    {ErrorCode::provider_refused, "provider_refused"},
    {ErrorCode::outcome_unknown, "outcome_unknown"},
    {ErrorCode::provider_unreachable, "provider_unreachable"},
    {ErrorCode::provider_stopped, "provider_stopped"},
    {ErrorCode::database_missing, "database_missing"},
    {ErrorCode::database_busy, "database_busy"},
    {ErrorCode::database_read_only, "database_read_only"},
    {ErrorCode::database_newer, "database_newer"},
    {ErrorCode::not_a_database, "not_a_database"},
    {ErrorCode::database_exists, "database_exists"},
    {ErrorCode::database_failed, "database_failed"},
    {ErrorCode::clock_not_movable, "clock_not_movable"},
    {ErrorCode::books_differ, "books_differ"},
    {ErrorCode::report_not_balanced, "report_not_balanced"},
};

struct Nature {
  ErrorClass kind;
  bool retryable;
};

Nature nature_of(ErrorCode code) {
  switch (code) {  // no default: every new code is asked for both
    case ErrorCode::invalid_argument:
      return {ErrorClass::usage, false};
    case ErrorCode::invalid_amount:
    case ErrorCode::amount_out_of_range:
    case ErrorCode::unknown_currency:
    case ErrorCode::currency_mismatch:
    case ErrorCode::invalid_time:
    case ErrorCode::unknown_time_zone:
    case ErrorCode::invalid_domain:
    case ErrorCode::invalid_list:
    case ErrorCode::list_too_short:
    case ErrorCode::unknown_zone:
    case ErrorCode::invalid_schedule:
    case ErrorCode::invalid_command:
    case ErrorCode::credentials_unusable:
    case ErrorCode::invalid_statement:
    case ErrorCode::statement_not_balanced:
    case ErrorCode::invalid_template:
    case ErrorCode::database_read_only:
    case ErrorCode::database_newer:
    case ErrorCode::not_a_database:
    case ErrorCode::database_failed:
      return {ErrorClass::bad_input, false};
    case ErrorCode::account_not_found:
    case ErrorCode::backorder_not_found:
    case ErrorCode::transfer_not_found:
    case ErrorCode::case_not_found:
    case ErrorCode::source_not_found:
    case ErrorCode::file_not_found:
    case ErrorCode::user_not_found:
    case ErrorCode::channel_not_found:
    case ErrorCode::invoice_not_found:
    case ErrorCode::database_missing:
      return {ErrorClass::not_found, false};
    case ErrorCode::insufficient_available:  // funds may arrive
    case ErrorCode::account_frozen:
    case ErrorCode::restored_unread:  // the next sweep reads
      return {ErrorClass::refused, true};
    case ErrorCode::limit_below_use:
    case ErrorCode::not_reversible:
    case ErrorCode::period_closed:
    case ErrorCode::too_late:
    case ErrorCode::no_price:
    case ErrorCode::price_above_cap:
    case ErrorCode::account_closing:
    case ErrorCode::account_closed:
    case ErrorCode::job_may_exist:
    case ErrorCode::resolution_not_allowed:
    case ErrorCode::provider_refused:
    case ErrorCode::clock_not_movable:
    case ErrorCode::books_differ:
    case ErrorCode::report_not_balanced:
      return {ErrorClass::refused, false};
    case ErrorCode::already_reversed:
    case ErrorCode::request_id_reused:
    case ErrorCode::account_exists:
    case ErrorCode::user_exists:
    case ErrorCode::reference_taken:
    case ErrorCode::payment_repeated:
    case ErrorCode::impossible_step:
    case ErrorCode::case_not_open:
    case ErrorCode::database_exists:
      return {ErrorClass::conflict, false};
    // ask the provider first, or we order twice
    case ErrorCode::outcome_unknown:
      return {ErrorClass::provider, false};
    case ErrorCode::provider_unreachable:
    case ErrorCode::provider_stopped:
      return {ErrorClass::provider, true};
    case ErrorCode::database_busy:
      return {ErrorClass::busy, true};
  }
  invariant_failed("the code is known", __FILE__, __LINE__, "error code");
}

}  // namespace

std::string_view to_word(ErrorCode code) { return word_of(kCodes, code); }
ErrorClass error_class(ErrorCode code) { return nature_of(code).kind; }
bool retryable(ErrorCode code) { return nature_of(code).retryable; }

}  // namespace engine
