// Notices: what a customer or the operator must hear, and in which words. The log of events is the outbox: each cause
// is one event, written in the transaction of the cause, so a notice exists exactly once per cause and bears the
// event's number. Pure: text in, text out.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/ports.hpp"

namespace engine {

enum class NoticeKind : std::uint8_t {
  // customer
  shortfall,
  shortfall_over,
  reserved,
  voided,
  submitted,
  refunded,
  cancelled,
  captured,
  auction,
  moved,
  price_change,
  account_changed,
  // operator
  provider_balance_short,
  provider_balance_covered,
  provider_balance_low,
  submitting_stopped,
  submitting_resumed,
  case_opened,
  job_unknown,
  job_refused,
  date_conflict,
  missing,
  verify_failed,
};
std::string_view to_word(NoticeKind kind);  // "shortfall", "void", "price-change"
std::optional<NoticeKind> parse_notice_kind(std::string_view text);
enum class Audience : std::uint8_t { customer, operator_ };
std::string_view to_word(Audience audience);  // "customer", "operator"

// What an event is told as; nothing for those that concern nobody but the log.
std::optional<NoticeKind> notice_of(const LoggedEvent& event);

// What stands in {braces}, filled at the time of sending. Amounts are those of the event's own transfers.
using Variables = std::map<std::string, std::string, std::less<>>;

struct NoticeForm {  // everything fixed about one kind
  NoticeKind kind;
  Audience audience;
  // has the variables backorder, domain, domain_ace, zone, deposit_due, deadline, drop_at and the last two in the
  // zone's local time
  bool of_backorder;
  bool of_money;          // has the variable amount
  std::string_view text;  // built-in template
};
std::span<const NoticeForm> notice_forms();
const NoticeForm& form_of(NoticeKind kind);
std::vector<std::string_view> variables_of(const NoticeForm& form);

// "Subject: …", an empty line, the body. {variable} is replaced, {{ is a brace. Words of a template never come from its
// variables: what a customer wrote is inserted as it is, once.
class NoticeTemplate {
 public:
  // invalid_template: no subject, a brace that is not closed, a variable that this kind does not have; `where` is the
  // file's name for people.
  static Result<NoticeTemplate> parse(std::string_view text, const NoticeForm& form, const std::string& where);
  std::string subject(const Variables& variables) const { return one_line(fill(subject_, variables)); }
  std::string body(const Variables& variables) const { return fill(body_, variables); }

 private:
  struct Piece {
    bool is_variable;
    std::string text;
  };
  using Pieces = std::vector<Piece>;
  static Result<Pieces> pieces(std::string_view text, std::size_t first_line, const NoticeForm& form,
                               const std::string& where);
  static std::string fill(const Pieces& pieces, const Variables& variables);
  // control characters in a subject would be more headers of a mail
  static std::string one_line(std::string text);

  Pieces subject_, body_;
};

struct Notice {
  std::int64_t id;  // the event's
  NoticeKind kind;
  UtcTime at;
  Variables variables{};
  std::string subject{}, body{};
};

// The pause before try number `attempts` + 1: a minute, doubled with every try, at most six hours.
Milliseconds pause_after(int attempts);

}  // namespace engine
