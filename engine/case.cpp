#include "engine/case.hpp"

#include "engine/enum_names.hpp"

namespace engine {
namespace {

constexpr Named<CaseKind> kCaseKinds[] = {{CaseKind::overdue, "overdue"},
                                          {CaseKind::gone, "gone"},
                                          {CaseKind::late_success, "late_success"},
                                          {CaseKind::late_failure, "late_failure"},
                                          {CaseKind::surplus_job, "surplus_job"},
                                          {CaseKind::missing_from_list, "missing_from_list"},
                                          {CaseKind::unknown_status, "unknown_status"},
                                          {CaseKind::auction_price_other_currency, "auction_price_other_currency"},
                                          {CaseKind::auction_price_short, "auction_price_short"},
                                          {CaseKind::unidentified_payment, "unidentified_payment"},
                                          {CaseKind::submitting_stopped, "submitting_stopped"},
                                          {CaseKind::untaxed, "untaxed"},
                                          {CaseKind::wrong_answer, "wrong_answer"},
                                          {CaseKind::doubtful_job, "doubtful_job"},
                                          {CaseKind::deadline_missed, "deadline_missed"},
                                          {CaseKind::operator_float, "operator_float"}};

}  // namespace

std::string_view to_word(CaseKind kind) { return word_of(kCaseKinds, kind); }
std::optional<CaseKind> parse_case_kind(std::string_view text) { return value_of(kCaseKinds, text); }

}  // namespace engine
