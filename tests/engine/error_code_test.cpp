#include "engine/error_code.hpp"

#include <doctest/doctest.h>

using namespace engine;

TEST_CASE("codes: numbers and classes are for ever") {
  struct Row {
    ErrorCode code;
    int number;
    const char* word;
    int exit;
  };
  for (const Row& row : {Row{ErrorCode::invalid_argument, 101, "invalid_argument", 2},
                         Row{ErrorCode::invalid_amount, 102, "invalid_amount", 3},
                         Row{ErrorCode::amount_out_of_range, 103, "amount_out_of_range", 3},
                         Row{ErrorCode::unknown_currency, 104, "unknown_currency", 3},
                         Row{ErrorCode::currency_mismatch, 105, "currency_mismatch", 3},
                         Row{ErrorCode::invalid_time, 106, "invalid_time", 3},
                         Row{ErrorCode::unknown_time_zone, 107, "unknown_time_zone", 3},
                         Row{ErrorCode::invalid_domain, 108, "invalid_domain", 3},
                         Row{ErrorCode::invalid_list, 109, "invalid_list", 3},
                         Row{ErrorCode::list_too_short, 110, "list_too_short", 3},
                         Row{ErrorCode::unknown_zone, 111, "unknown_zone", 3},
                         Row{ErrorCode::invalid_schedule, 112, "invalid_schedule", 3},
                         Row{ErrorCode::invalid_command, 113, "invalid_command", 3},
                         Row{ErrorCode::credentials_unusable, 114, "credentials_unusable", 3},
                         Row{ErrorCode::invalid_statement, 115, "invalid_statement", 3},
                         Row{ErrorCode::statement_not_balanced, 116, "statement_not_balanced", 3},
                         Row{ErrorCode::insufficient_available, 201, "insufficient_available", 5},
                         Row{ErrorCode::limit_below_use, 202, "limit_below_use", 5},
                         Row{ErrorCode::not_reversible, 203, "not_reversible", 5},
                         Row{ErrorCode::already_reversed, 204, "already_reversed", 6},
                         Row{ErrorCode::period_closed, 205, "period_closed", 5},
                         Row{ErrorCode::request_id_reused, 210, "request_id_reused", 6},
                         Row{ErrorCode::account_exists, 211, "account_exists", 6},
                         Row{ErrorCode::user_exists, 213, "user_exists", 6},
                         Row{ErrorCode::reference_taken, 214, "reference_taken", 6},
                         Row{ErrorCode::payment_repeated, 215, "payment_repeated", 6},
                         Row{ErrorCode::impossible_step, 301, "impossible_step", 6},
                         Row{ErrorCode::too_late, 303, "too_late", 5},
                         Row{ErrorCode::no_price, 304, "no_price", 5},
                         Row{ErrorCode::price_above_cap, 305, "price_above_cap", 5},
                         Row{ErrorCode::account_frozen, 306, "account_frozen", 5},
                         Row{ErrorCode::account_closing, 307, "account_closing", 5},
                         Row{ErrorCode::account_closed, 308, "account_closed", 5},
                         Row{ErrorCode::job_may_exist, 309, "job_may_exist", 5},
                         Row{ErrorCode::case_not_open, 310, "case_not_open", 6},
                         Row{ErrorCode::resolution_not_allowed, 311, "resolution_not_allowed", 5},
                         Row{ErrorCode::restored_unread, 312, "restored_unread", 5},
                         Row{ErrorCode::account_not_found, 401, "account_not_found", 4},
                         Row{ErrorCode::backorder_not_found, 402, "backorder_not_found", 4},
                         Row{ErrorCode::transfer_not_found, 403, "transfer_not_found", 4},
                         Row{ErrorCode::case_not_found, 404, "case_not_found", 4},
                         Row{ErrorCode::source_not_found, 405, "source_not_found", 4},
                         Row{ErrorCode::file_not_found, 406, "file_not_found", 4},
                         Row{ErrorCode::user_not_found, 408, "user_not_found", 4},
                         Row{ErrorCode::provider_refused, 501, "provider_refused", 5},
                         Row{ErrorCode::channel_not_found, 409, "channel_not_found", 4},
                         Row{ErrorCode::invoice_not_found, 410, "invoice_not_found", 4},
                         Row{ErrorCode::invalid_template, 117, "invalid_template", 3},
                         Row{ErrorCode::outcome_unknown, 502, "outcome_unknown", 7},
                         Row{ErrorCode::provider_unreachable, 503, "provider_unreachable", 7},
                         Row{ErrorCode::provider_stopped, 504, "provider_stopped", 7},
                         Row{ErrorCode::database_missing, 601, "database_missing", 4},
                         Row{ErrorCode::database_busy, 602, "database_busy", 8},
                         Row{ErrorCode::database_read_only, 603, "database_read_only", 3},
                         Row{ErrorCode::database_newer, 604, "database_newer", 3},
                         Row{ErrorCode::not_a_database, 605, "not_a_database", 3},
                         Row{ErrorCode::database_exists, 606, "database_exists", 6},
                         Row{ErrorCode::database_failed, 607, "database_failed", 3},
                         Row{ErrorCode::clock_not_movable, 608, "clock_not_movable", 5},
                         Row{ErrorCode::books_differ, 701, "books_differ", 5},
                         Row{ErrorCode::report_not_balanced, 702, "report_not_balanced", 5}}) {
    CAPTURE(row.word);
    CHECK(static_cast<int>(row.code) == row.number);
    CHECK(to_word(row.code) == row.word);
    CHECK(static_cast<int>(error_class(row.code)) == row.exit);
  }
  CHECK_FALSE(retryable(ErrorCode::outcome_unknown));
  CHECK(retryable(ErrorCode::insufficient_available));
}
