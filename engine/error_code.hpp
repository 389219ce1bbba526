// Every refusal of the program has one number and one name. They are printed, stored and used in scripts: append only,
// never renumber. A test pins each one. The class of the code decides the exit status.
#pragma once

#include <cstdint>
#include <string_view>

namespace engine {

enum class ErrorCode : std::uint16_t {
  // 1xx: the input cannot be read
  invalid_argument = 101,
  invalid_amount = 102,
  amount_out_of_range = 103,
  unknown_currency = 104,
  currency_mismatch = 105,
  invalid_time = 106,
  unknown_time_zone = 107,
  invalid_domain = 108,
  invalid_list = 109,
  list_too_short = 110,
  unknown_zone = 111,
  invalid_schedule = 112,
  invalid_command = 113,
  credentials_unusable = 114,
  invalid_statement = 115,
  statement_not_balanced = 116,
  invalid_template = 117,
  // 2xx: the ledger says no
  insufficient_available = 201,
  limit_below_use = 202,
  not_reversible = 203,
  already_reversed = 204,
  period_closed = 205,
  request_id_reused = 210,
  account_exists = 211,
  user_exists = 213,
  reference_taken = 214,
  payment_repeated = 215,
  // 3xx: the state of a backorder or an account says no
  impossible_step = 301,
  too_late = 303,
  no_price = 304,
  price_above_cap = 305,
  account_frozen = 306,
  account_closing = 307,
  account_closed = 308,
  job_may_exist = 309,
  case_not_open = 310,
  resolution_not_allowed = 311,
  restored_unread = 312,  // the book was put back from a copy: the provider is read first
  // 4xx: what was named does not exist
  account_not_found = 401,
  backorder_not_found = 402,
  transfer_not_found = 403,
  case_not_found = 404,
  source_not_found = 405,
  file_not_found = 406,
  user_not_found = 408,
  channel_not_found = 409,
  invoice_not_found = 410,
  // 5xx: the provider
  provider_refused = 501,
  outcome_unknown = 502,
  provider_unreachable = 503,
  provider_stopped = 504,
  // 6xx: the database
  database_missing = 601,
  database_busy = 602,
  database_read_only = 603,
  database_newer = 604,
  not_a_database = 605,
  database_exists = 606,
  database_failed = 607,
  clock_not_movable = 608,
  // 7xx: a check found something
  books_differ = 701,
  report_not_balanced = 702,
};

// Exit statuses of the program, as scripts know them.
enum class ErrorClass : std::uint8_t {
  usage = 2,
  bad_input = 3,
  not_found = 4,
  refused = 5,
  conflict = 6,
  provider = 7,
  busy = 8
};

std::string_view to_word(ErrorCode code);
ErrorClass error_class(ErrorCode code);

// True if the same request may succeed later without a change.
bool retryable(ErrorCode code);

}  // namespace engine
