// Cases: decisions that wait for a person. engine/settlement.hpp says which decisions each kind allows.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "engine/id.hpp"
#include "engine/time.hpp"

namespace engine {

// At most one case is open per kind and backorder, or per kind and subject if there is no backorder.
enum class CaseKind : std::uint8_t {
  overdue,
  gone,
  late_success,
  late_failure,
  surplus_job,
  missing_from_list,
  unknown_status,
  auction_price_other_currency,
  auction_price_short,
  unidentified_payment,
  submitting_stopped,
  untaxed,          // a capture without a country, or without a rate in force there
  wrong_answer,     // an answer was about something else than what was asked
  doubtful_job,     // an application that may be a backorder's: its age is in doubt, or provider.adopt is ask
  deadline_missed,  // failures of ours, until they are acknowledged
  operator_float,
};
std::string_view to_word(CaseKind kind);
std::optional<CaseKind> parse_case_kind(std::string_view text);

struct NewCase {
  CaseKind kind;
  std::optional<CustomerId> customer{};
  std::optional<BackorderId> backorder{};
  // what it is about if there is no backorder: application id, zone, payment reference
  std::string subject{};
  std::string detail{};  // what was seen, with the evidence
};
struct Case : NewCase {
  CaseId id;
  UtcTime opened_at;
  std::optional<UtcTime> closed_at{};
  std::string closed_by{};
  std::string resolution{};
};
// The cause of a case has ended: closes the open case of that kind and backorder, if there is one.
struct CauseGone {
  CaseKind kind;
  BackorderId backorder;
  std::string why{};
};
struct CaseClosing {
  CaseId id;
  std::string resolution;
};

}  // namespace engine
