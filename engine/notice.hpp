// Notices to customers and the operator: kinds, audiences and templates. The log of events is the outbox: each cause is
// one event, written in the transaction of the cause. So a notice exists exactly once per cause, and its id is the
// event's. Pure: text in, text out.
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
  health_failed,
  health_recovered,
};
std::string_view to_word(NoticeKind kind);  // "shortfall", "void", "price-change"
std::optional<NoticeKind> parse_notice_kind(std::string_view text);
enum class Audience : std::uint8_t { customer, operator_ };
std::string_view to_word(Audience audience);  // "customer", "operator"

// The kind of notice for an event; empty if nobody is told of it.
std::optional<NoticeKind> notice_of(const LoggedEvent& event);

// Values for the {variables} of a template, filled when the notice is sent. Amounts are those of the event's transfers.
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

// A template is "Subject: …", an empty line and the body. {variable} is replaced by its value; {{ is a brace. A value
// is inserted as text: braces in it are not replaced again.
class NoticeTemplate {
 public:
  // Refuses with invalid_template: no subject, an unclosed brace, or a variable that this kind does not have. `where`
  // is the name of the file, for the message.
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
