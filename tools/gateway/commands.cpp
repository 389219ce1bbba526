#include "tools/gateway/commands.hpp"

namespace gateway {
namespace {

struct Offered {
  const char* name;
  Answer (*answer)(Services&, const Call&);
};
constexpr Offered kCommands[] = {{"AddDomainApplication", add_application},
                                 {"DeleteDomainApplication", delete_application},
                                 {"StatusDomainApplication", status_application},
                                 {"QueryDomainApplicationList", query_applications},
                                 {"QueryDomainPendingDeleteList", query_drops},
                                 {"StatusAccount", status_account},
                                 {"QueryDepositList", query_deposits},
                                 {"QueryAccountingList", query_accounting},
                                 {"StatusUser", status_user},
                                 {"QueryEventList", query_events},
                                 {"StatusEvent", status_event},
                                 {"DeleteEvent", delete_event},
                                 {"StartSession", start_session},
                                 {"EndSession", end_session},
                                 {"CheckAuthentication", check_authentication},
                                 {"ConvertIDN", convert_idn}};

int code_of(engine::ErrorCode code) {
  switch (code) {
    case engine::ErrorCode::invalid_domain:
    case engine::ErrorCode::invalid_amount:
    case engine::ErrorCode::amount_out_of_range:
    case engine::ErrorCode::invalid_time:
      return 505;
    case engine::ErrorCode::unknown_zone:
    case engine::ErrorCode::no_price:
      return 510;
    case engine::ErrorCode::insufficient_available:
      return 546;
    case engine::ErrorCode::too_late:
    case engine::ErrorCode::impossible_step:
      return 552;
    case engine::ErrorCode::account_frozen:
    case engine::ErrorCode::account_closing:
    case engine::ErrorCode::account_closed:
      return 544;
    case engine::ErrorCode::backorder_not_found:
      return 545;
    case engine::ErrorCode::database_busy:
    case engine::ErrorCode::database_failed:
    case engine::ErrorCode::outcome_unknown:
    case engine::ErrorCode::provider_unreachable:
      return 421;
    default:
      return 541;
  }
}

}  // namespace

Answer answer_command(Services& desk, const Call& call) {
  // an answer's field: a client that pages on with it has misread
  if (call.command.find("LAST")) return refuse(503, "LAST");
  for (const Offered& command : kCommands) {
    if (call.command.is(command.name)) return command.answer(desk, call);
  }
  return refuse(500, call.command.name.substr(0, 64));
}

Answer refuse(Refusal refusal) {
  switch (refusal) {
    case Refusal::wrong:
      return refuse(530);
    case Refusal::no_session: {
      Answer answer = refuse(530);
      answer.description = "SESSION NOT FOUND";  // the text by which the vendor's clients know it
      return answer;
    }
    case Refusal::throttled:
      return refuse(425, "too many failed logins: wait before the next");
    case Refusal::busy:
      return refuse(421, "too many log in at once: try again");
    case Refusal::other_session:
      return refuse(531, "s_login is another than the session's");
  }
  return refuse(530);
}

Answer refuse(const engine::Error& error) {
  const int code = code_of(error.code);
  if (code == 421) return refuse(code);  // of our own troubles, nothing but that there are some
  // its detail is for who keeps the price list
  return refuse(code, code == 510 ? "there is no price for this name here" : error.detail);
}

}  // namespace gateway
