#include "engine/notice.hpp"

#include <algorithm>
#include <chrono>

#include "engine/enum_names.hpp"

namespace engine {
namespace {

constexpr Named<NoticeKind> kKinds[] = {{NoticeKind::shortfall, "shortfall"},
                                        {NoticeKind::shortfall_over, "shortfall-over"},
                                        {NoticeKind::reserved, "reserved"},
                                        {NoticeKind::voided, "void"},
                                        {NoticeKind::submitted, "submitted"},
                                        {NoticeKind::refunded, "refunded"},
                                        {NoticeKind::cancelled, "cancelled"},
                                        {NoticeKind::captured, "captured"},
                                        {NoticeKind::auction, "auction"},
                                        {NoticeKind::moved, "moved"},
                                        {NoticeKind::price_change, "price-change"},
                                        {NoticeKind::account_changed, "account-changed"},
                                        {NoticeKind::provider_balance_short, "purse-short"},
                                        {NoticeKind::provider_balance_covered, "purse-covered"},
                                        {NoticeKind::provider_balance_low, "purse-low"},
                                        {NoticeKind::submitting_stopped, "submitting-stopped"},
                                        {NoticeKind::submitting_resumed, "submitting-resumed"},
                                        {NoticeKind::case_opened, "case"},
                                        {NoticeKind::job_unknown, "job-unknown"},
                                        {NoticeKind::job_refused, "job-refused"},
                                        {NoticeKind::date_conflict, "date-conflict"},
                                        {NoticeKind::missing, "missing"},
                                        {NoticeKind::verify_failed, "verify-failed"},
                                        {NoticeKind::health_failed, "health-failed"},
                                        {NoticeKind::health_recovered, "health-recovered"}};
constexpr Named<Audience> kAudiences[] = {{Audience::customer, "customer"}, {Audience::operator_, "operator"}};

constexpr Audience customer = Audience::customer, operator_ = Audience::operator_;

constexpr NoticeForm kForms[] = {
    {NoticeKind::shortfall, customer, false, false,
     "Subject: Account {account}: money is missing\n\n"
     "Your backorders need more than account {account} can spend: {detail}.\n"
     "What is not covered when its deposit is due is not processed.\n"},
    {NoticeKind::shortfall_over, customer, false, false,
     "Subject: Account {account}: everything is covered again\n\n"
     "Account {account}: {detail}.\n"},
    {NoticeKind::reserved, customer, true, true,
     "Subject: {domain}: deposit reserved\n\n"
     "A deposit of {amount} is reserved for {domain} (backorder {backorder}) on account {account}.\n"
     "The domain drops at {drop_at} ({drop_at_local}). You may cancel until {deadline} ({deadline_local}).\n"
     "If the domain is not registered, the deposit returns to your account by itself.\n"},
    {NoticeKind::voided, customer, true, true,
     "Subject: {domain}: backorder void\n\n"
     "Backorder {backorder} for {domain} on account {account} is void and not processed. {reason_text}\n"
     "Returned to your account: {amount}.\n"
     "Details: {detail}\n"},
    {NoticeKind::submitted, customer, true, false,
     "Subject: {domain}: handed to the provider\n\n"
     "Backorder {backorder} for {domain} on account {account} was handed to the provider, who tries to register it at "
     "{drop_at} ({drop_at_local}).\n"
     "You may cancel until {deadline} ({deadline_local}).\n"},
    {NoticeKind::refunded, customer, true, true,
     "Subject: {domain}: {amount} returned\n\n"
     "The deposit of {amount} for {domain} (backorder {backorder}) returned to account {account}. {reason_text}\n"},
    {NoticeKind::cancelled, customer, true, false,
     "Subject: {domain}: backorder cancelled\n\n"
     "Backorder {backorder} for {domain} on account {account} is cancelled. {reason_text} Nothing had been "
     "reserved.\n"},
    {NoticeKind::captured, customer, true, true,
     "Subject: {domain}: registered\n\n"
     "{domain} was registered for you (backorder {backorder}). The deposit of {amount} on account {account} paid for "
     "it.\n"},
    {NoticeKind::auction, customer, true, false,
     "Subject: {domain}: caught, auction running\n\n"
     "{domain} was caught, and several backorders exist for it: an auction decides (backorder {backorder}, account "
     "{account}).\n"
     "The deposit stays reserved until its outcome.\n"},
    {NoticeKind::moved, customer, true, false,
     "Subject: {domain}: the drop date moved\n\n"
     "The drop of {domain} (backorder {backorder}, account {account}) moved: {detail}.\n"},
    {NoticeKind::price_change, customer, true, false,
     "Subject: {domain}: the price rises above your limit\n\n"
     "{domain} (backorder {backorder}, account {account}): {detail}.\n"
     "Unless that changes, the backorder is void when its deposit is due.\n"},
    {NoticeKind::account_changed, customer, false, false,
     "Subject: Account {account} was changed\n\n"
     "Account {account}: {detail}.\n"},
    {NoticeKind::provider_balance_short, operator_, false, false,
     "Subject: Our money at the provider will not suffice\n\n"
     "The provider will refuse jobs for lack of our money: {detail}.\n"},
    {NoticeKind::provider_balance_covered, operator_, false, false,
     "Subject: Our money at the provider suffices again\n\n"
     "{detail}.\n"},
    {NoticeKind::provider_balance_low, operator_, true, false,
     "Subject: Our money at the provider is short: {domain}\n\n"
     "Backorder {backorder} of {account} for {domain} is funded, but the provider refuses it: {detail}.\n"
     "Deposit money at the provider before {deadline}; the attempt is repeated until then.\n"},
    {NoticeKind::submitting_stopped, operator_, false, false,
     "Subject: Submitting stopped\n\n"
     "{detail}.\n"
     "No job is created there until the configuration is mended and 'dropledger provider resume' was run.\n"},
    {NoticeKind::submitting_resumed, operator_, false, false,
     "Subject: Submitting goes on\n\n"
     "Submitting goes on for {detail}.\n"},
    {NoticeKind::case_opened, operator_, false, false,
     "Subject: A case waits for a decision\n\n"
     "{detail}\n"
     "Account: {account}. See 'dropledger cases', decide with 'dropledger backorder resolve'.\n"},
    {NoticeKind::job_unknown, operator_, true, false,
     "Subject: {domain}: no certain answer from the provider\n\n"
     "Backorder {backorder} of {account} for {domain}: {detail}.\n"},
    {NoticeKind::job_refused, operator_, true, false,
     "Subject: {domain}: the provider refused\n\n"
     "Backorder {backorder} of {account} for {domain}: {detail}.\n"},
    {NoticeKind::date_conflict, operator_, true, false,
     "Subject: {domain}: sources disagree on the drop date\n\n"
     "Backorder {backorder} of {account} for {domain}: {detail}.\n"},
    {NoticeKind::missing, operator_, true, false,
     "Subject: {domain}: missing from a list\n\n"
     "Backorder {backorder} of {account} for {domain}: {detail}.\n"},
    {NoticeKind::verify_failed, operator_, false, false,
     "Subject: The books do not prove\n\n"
     "'dropledger verify' found: {detail}\n"
     "Stop changing this book, keep a copy, and compare with the last backup that proves.\n"},
    {NoticeKind::health_failed, operator_, false, false,
     "Subject: The ledger needs you: {detail}\n\n"
     "A health check fails since {at}: {detail}\n"
     "'dropledger doctor' prints all checks.\n"},
    {NoticeKind::health_recovered, operator_, false, false,
     "Subject: The ledger is well again: {detail}\n\n"
     "A health check that failed is well again: {detail}\n"},
};

NoticeKind notice_of_step(State from, State to) {
  switch (to) {
    case State::requested:
      return NoticeKind::refunded;  // rescheduled
    case State::active:
      return NoticeKind::reserved;
    case State::processing:
      return NoticeKind::submitted;
    case State::auction_pending:
      return NoticeKind::auction;
    case State::successful:
    case State::auction_won:
      return NoticeKind::captured;
    case State::failed:
    case State::auction_lost:
      return NoticeKind::refunded;
    case State::cancelled:
      return from == State::requested ? NoticeKind::cancelled : NoticeKind::refunded;
    case State::voided:
      return NoticeKind::voided;
  }
  invariant_failed("the state is known", __FILE__, __LINE__, "state");
}

constexpr std::string_view kCommon[] = {"notice", "kind", "at", "account", "reason", "reason_text", "detail", "actor"};
constexpr std::string_view kOfBackorder[] = {"backorder",   "domain",   "domain_ace",     "zone",    "state",
                                             "deposit_due", "deadline", "deadline_local", "drop_at", "drop_at_local"};

}  // namespace

std::string_view to_word(NoticeKind kind) { return word_of(kKinds, kind); }
std::optional<NoticeKind> parse_notice_kind(std::string_view text) { return value_of(kKinds, text); }
std::string_view to_word(Audience audience) { return word_of(kAudiences, audience); }

std::optional<NoticeKind> notice_of(const LoggedEvent& event) {
  switch (event.kind) {  // no default: every new kind of event is asked whether somebody must hear of it
    case EventKind::stepped:
      // submitted again: they hear when it is
      if (event.from == State::processing && event.to == State::active) return std::nullopt;
      return notice_of_step(*event.from, *event.to);
    case EventKind::moved:
      return NoticeKind::moved;
    case EventKind::date_conflict:
      return NoticeKind::date_conflict;
    case EventKind::missing:
      return NoticeKind::missing;
    case EventKind::price_notice:
      return NoticeKind::price_change;
    case EventKind::shortfall:
      return NoticeKind::shortfall;
    case EventKind::shortfall_over:
      return NoticeKind::shortfall_over;
    case EventKind::account_changed:
      return NoticeKind::account_changed;
    case EventKind::case_opened:
      return NoticeKind::case_opened;
    case EventKind::job_refused:
      return NoticeKind::job_refused;
    case EventKind::job_unknown:
      return NoticeKind::job_unknown;
    case EventKind::submitting_stopped:
      return NoticeKind::submitting_stopped;
    case EventKind::submitting_resumed:
      return NoticeKind::submitting_resumed;
    case EventKind::provider_balance_empty:
      return NoticeKind::provider_balance_low;
    case EventKind::provider_balance_short:
      return NoticeKind::provider_balance_short;
    case EventKind::provider_balance_covered:
      return NoticeKind::provider_balance_covered;
    case EventKind::verify_failed:
      return NoticeKind::verify_failed;
    case EventKind::health_failed:
      return NoticeKind::health_failed;
    case EventKind::health_recovered:
      return NoticeKind::health_recovered;
    case EventKind::adopted:
    case EventKind::restored:
    case EventKind::placed:
    case EventKind::late:
    case EventKind::cancel_requested:
    case EventKind::marked:
    case EventKind::account_opened:
    case EventKind::case_closed:
    case EventKind::list_imported:
    case EventKind::status_unknown:
    case EventKind::period_closed:
    case EventKind::period_reopened:
    case EventKind::setting_changed:
    case EventKind::money_moved:
      return std::nullopt;
  }
  invariant_failed("the kind is known", __FILE__, __LINE__, "event kind");
}

std::span<const NoticeForm> notice_forms() { return kForms; }
const NoticeForm& form_of(NoticeKind kind) {
  const auto found = std::ranges::find(kForms, kind, &NoticeForm::kind);
  ENSURE(found != std::end(kForms), "every kind has a form");
  return *found;
}

std::vector<std::string_view> variables_of(const NoticeForm& form) {
  std::vector<std::string_view> names(std::begin(kCommon), std::end(kCommon));
  if (form.of_backorder) names.insert(names.end(), std::begin(kOfBackorder), std::end(kOfBackorder));
  if (form.of_money) names.push_back("amount");
  return names;
}

Result<NoticeTemplate> NoticeTemplate::parse(std::string_view text, const NoticeForm& form, const std::string& where) {
  const std::size_t end = text.find('\n');
  if (!text.starts_with("Subject: ") || end == std::string_view::npos) {
    return Error{ErrorCode::invalid_template,
                 where + ", line 1: begins with 'Subject: ' and the subject; an empty line and the body follow"};
  }
  std::string_view body = text.substr(end + 1);
  std::size_t body_line = 2;
  if (body.starts_with('\n')) {
    body.remove_prefix(1);
    ++body_line;
  } else if (!body.empty()) {
    return Error{ErrorCode::invalid_template, where + ", line 2: is empty, between subject and body"};
  }
  Result<Pieces> subject = pieces(text.substr(9, end - 9), 1, form, where);
  if (!subject) return subject.error();
  Result<Pieces> filled = pieces(body, body_line, form, where);
  if (!filled) return filled.error();
  NoticeTemplate parsed;
  parsed.subject_ = std::move(subject).value();
  parsed.body_ = std::move(filled).value();
  return parsed;
}

Result<NoticeTemplate::Pieces> NoticeTemplate::pieces(std::string_view text, std::size_t first_line,
                                                      const NoticeForm& form, const std::string& where) {
  const std::vector<std::string_view> known = variables_of(form);
  Pieces pieces{{false, {}}};
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '{') {
      pieces.back().text += text[i];
      continue;
    }
    if (text.substr(i).starts_with("{{")) {
      pieces.back().text += '{';
      ++i;
      continue;
    }
    const auto line = first_line + static_cast<std::size_t>(std::ranges::count(text.substr(0, i), '\n'));
    const std::string at = where + ", line " + std::to_string(line) + ": ";
    const std::size_t close = text.find('}', i);
    if (close == std::string_view::npos)
      return Error{ErrorCode::invalid_template, at + "'{' is not closed; write {{ for a brace"};
    const std::string_view variable = text.substr(i + 1, close - i - 1);
    if (std::ranges::find(known, variable) == known.end()) {
      std::string list;
      for (const std::string_view one : known) list += (list.empty() ? "" : ", ") + std::string(one);
      return Error{ErrorCode::invalid_template, at + "a notice '" + std::string(to_word(form.kind)) + "' has no {" +
                                                    std::string(variable.substr(0, 40)) + "}; it has " + list};
    }
    pieces.push_back({true, std::string(variable)});
    pieces.push_back({false, {}});
    i = close;
  }
  return pieces;
}

std::string NoticeTemplate::fill(const Pieces& pieces, const Variables& variables) {
  std::string text;
  for (const Piece& piece : pieces) {
    if (!piece.is_variable) {
      text += piece.text;
      continue;
    }
    const auto found = variables.find(piece.text);
    ENSURE(found != variables.end(), "variable " + piece.text + " is filled for every notice that has it");
    text += found->second.empty() ? "-" : found->second;
  }
  return text;
}

std::string NoticeTemplate::one_line(std::string text) {
  std::ranges::replace_if(
      text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }, ' ');
  return text;
}

Milliseconds pause_after(int attempts) {
  constexpr Milliseconds kLongest = std::chrono::hours(6);
  Milliseconds pause = std::chrono::minutes(1);
  for (int i = 1; i < attempts && pause < kLongest; ++i) pause *= 2;
  return std::min(pause, kLongest);
}

}  // namespace engine
