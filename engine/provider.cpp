#include "engine/provider.hpp"

#include <algorithm>
#include <map>

#include "engine/enum_names.hpp"

namespace engine {
namespace {

struct CodeRule {
  int code;
  Meaning meaning;
};

// HEXONET/1API API documentation, "response codes". Codes outside this table mean unknown, whatever their class: for an
// order, "failed" without a known reason may still have ordered.
constexpr CodeRule kCodeRules[] = {
    {505, Meaning::refused},              // invalid attribute value syntax
    {506, Meaning::refused},              // invalid option value
    {541, Meaning::refused},              // invalid attribute value
    {552, Meaning::refused},              // object status does not allow for operation: too late
    {549, Meaning::refused_after_tries},  // command failed
    {500, Meaning::stop},                 // invalid command name
    {501, Meaning::stop},                 // invalid command option
    {502, Meaning::stop},                 // invalid entity value
    {503, Meaning::stop},                 // invalid attribute name
    {504, Meaning::stop},                 // missing required attribute
    {507, Meaning::stop},                 // invalid command format
    {510, Meaning::stop},                 // command not supported for this class: the zone is not on offer
    {530, Meaning::stop},                 // authentication failed
    {531, Meaning::stop},                 // authorization failed
    {544, Meaning::stop},                 // entity on hold
    {540, Meaning::look_up},              // attribute value is not unique
    {546, Meaning::provider_balance},     // credit limit exceeded
    {545, Meaning::gone},                 // object not found
    {420, Meaning::unknown},              // server error, server closing connection
    {421, Meaning::unknown},              // server error, client should try again
    {423, Meaning::unknown},              // the same
    {425, Meaning::unknown},              // service temporarily locked
    {520, Meaning::unknown},              // server closing connection: temporary although 5xx
    {521, Meaning::unknown},              // too many sessions open: temporary although 5xx
};

constexpr Named<Meaning> kMeanings[] = {{Meaning::success, "success"},
                                        {Meaning::refused, "refused"},
                                        {Meaning::refused_after_tries, "refused_after_tries"},
                                        {Meaning::stop, "stop"},
                                        {Meaning::look_up, "look_up"},
                                        {Meaning::provider_balance, "provider_balance"},
                                        {Meaning::gone, "gone"},
                                        {Meaning::not_sent, "not_sent"},
                                        {Meaning::unknown, "unknown"}};

struct StatusRule {
  std::string_view word;
  std::optional<State> outcome;
  bool lives = false;
};

// A job that the provider calls CANCELLED or DELETED is no outcome: whether the deposit may go back is decided by the
// job's proven absence and the provider's accounting, not by the word.
constexpr StatusRule kStatusRules[] = {{"REQUESTED", {}, true},
                                       {"ACTIVE", {}, true},
                                       {"PROCESSING", {}, true},
                                       {"CANCELLED", {}},
                                       {"CANCELED", {}},
                                       {"DELETED", {}},
                                       {"SUCCESSFUL", State::successful},
                                       {"FAILED", State::failed},
                                       {"AUCTION-PENDING", State::auction_pending, true},
                                       {"AUCTION-WON", State::auction_won},
                                       {"AUCTION-LOST", State::auction_lost}};

std::string_view trimmed(std::string_view text) {
  const std::string_view blank = " \t\r\n";
  const std::size_t first = text.find_first_not_of(blank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(blank) - first + 1);
}

char upper(char letter) { return letter >= 'a' && letter <= 'z' ? static_cast<char>(letter - 'a' + 'A') : letter; }

}  // namespace

Meaning meaning_of_order(const ProviderAnswer& answer) {
  switch (answer.delivery) {
    case Delivery::not_sent:
      return Meaning::not_sent;
    case Delivery::unknown:
      return Meaning::unknown;
    case Delivery::answered:
      break;
  }
  if (answer.code / 100 == 2) return Meaning::success;  // "success = first digit 2"
  for (const CodeRule& rule : kCodeRules) {
    if (rule.code == answer.code) return rule.meaning;
  }
  return Meaning::unknown;
}

void BackorderProvider::statuses(std::span<const std::string> applications,
                                 const std::function<void(std::size_t, const ProviderAnswer&)>& answered) {
  for (std::size_t i = 0; i < applications.size(); ++i) answered(i, status(applications[i]));
}

std::string_view to_word(Meaning meaning) { return word_of(kMeanings, meaning); }

StatusMeaning meaning_of_status(std::string_view status) {
  const std::string_view word = trimmed(status);
  for (const StatusRule& rule : kStatusRules) {
    if (std::ranges::equal(rule.word, word, {}, {}, upper)) return {true, rule.outcome, rule.lives};
  }
  return {};
}

bool is_of_our_class(const ProviderJob& job) {
  const auto is_word = [&](std::string_view text, std::string_view word) {
    return std::ranges::equal(text, word, {}, upper);
  };
  constexpr std::string_view kClass = "BACKORDER", kOfZone = "_BACKORDER", kLite = "LITE_BACKORDER";
  const std::string_view shown = trimmed(job.job_class);
  if (shown.empty() || is_word(shown, kClass)) return true;
  const auto ends_in = [&](std::string_view end) {
    return shown.size() >= end.size() && is_word(shown.substr(shown.size() - end.size()), end);
  };
  return ends_in(kOfZone) && !ends_in(kLite);
}

std::string about_another(const ProviderAnswer& answer, std::string_view application, const DomainName& name) {
  const std::string_view named = answer.job ? std::string_view(answer.job->application) : answer.application;
  if (!application.empty() && !named.empty() && named != application)
    return "application " + std::string(named) + " instead of " + std::string(application);
  if (answer.job) {
    if (answer.job->name == name) return {};
    return answer.job->name.ace() + " instead of " + name.ace();
  }
  if (answer.domain.empty()) return {};
  const Result<DomainName> domain = DomainName::parse(answer.domain);
  if (domain && domain.value() == name) return {};
  return "'" + answer.domain + "' instead of " + name.ace();
}

Status check_sum(const ProviderAccounting& accounting) {
  Money sum = accounting.opening;
  for (const ProviderEntry& entry : accounting.entries) {
    for (const Money part : {entry.net, entry.tax}) {
      if (part.currency() == sum.currency()) continue;
      return Error{ErrorCode::currency_mismatch, "the provider's entry " + entry.id + " is in " +
                                                     std::string(part.currency().code()) + ", its account in " +
                                                     std::string(sum.currency().code())};
    }
    sum += entry.gross();
  }
  if (accounting.sum.currency() == sum.currency() && accounting.sum == sum) return Unit{};
  return Error{ErrorCode::books_differ, "the provider's accounting does not add up: opening balance and entries make " +
                                            to_string_with_code(sum) + ", its sum says " +
                                            to_string_with_code(accounting.sum)};
}

void number_entries(std::vector<ProviderEntry>& entries) {
  std::map<std::string, int> seen;
  for (ProviderEntry& entry : entries) {
    if (!entry.id.empty()) continue;
    std::string content = to_string(entry.at);
    for (const std::string& part :
         {entry.type, entry.description, entry.reference, to_string(entry.net), to_string(entry.tax)}) {
      if (!part.empty()) content += ' ' + part;
    }
    entry.id = content + " #" + std::to_string(++seen[content]);
  }
}

}  // namespace engine
