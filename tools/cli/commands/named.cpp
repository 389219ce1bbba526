#include "tools/cli/commands/named.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <vector>

#include "tools/cli/session.hpp"
#include "tools/operations/context.hpp"

namespace cli {
namespace {

using engine::Backorder;
using engine::Error;
using engine::ErrorCode;

constexpr std::size_t kShown = 10;

// A number is nothing but digits; everything else is a name.
std::optional<std::int64_t> number_of(const std::string& text, const std::string& what) {
  if (text.empty() || !std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; })) return std::nullopt;
  std::int64_t number = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc{} || stop != end || number <= 0)
    throw CommandError{Error{ErrorCode::invalid_argument,
                             "'" + text + "' is no number of a " + what + ": write its digits, such as 17"}};
  return number;
}

engine::DomainName name_of(const std::string& text, const std::string& what) {
  const auto name = engine::DomainName::parse(text);
  if (!name)
    throw CommandError{Error{ErrorCode::invalid_argument,
                             "'" + text + "' is neither the number of a " + what + ", such as 17, nor a domain name"}};
  return name.value();
}

std::string listed(const std::vector<std::string>& candidates) {
  std::string text;
  for (std::size_t i = 0; i < candidates.size() && i < kShown; ++i) text += (i == 0 ? "" : ", ") + candidates[i];
  if (candidates.size() > kShown) text += " and " + std::to_string(candidates.size() - kShown) + " more";
  return text;
}

}  // namespace

Backorder backorder_named(engine::LedgerReader& store, const std::string& text) {
  if (const auto number = number_of(text, "backorder"))
    return value_or_throw(operations::backorder_numbered(store, *number));
  const engine::DomainName name = name_of(text, "backorder");
  engine::BackorderQuery query;
  query.name = name.ace();
  std::vector<Backorder> found = store.backorders(query);
  if (found.empty()) throw CommandError{Error{ErrorCode::backorder_not_found, "there is no backorder for " + text}};
  std::vector<Backorder> open;
  std::ranges::copy_if(found, std::back_inserter(open), [](const Backorder& one) { return !is_final(one.state); });
  const std::vector<Backorder>& candidates = open.empty() ? found : open;
  if (candidates.size() == 1) return candidates.front();
  operations::AccountNames accounts(store);
  std::vector<std::string> shown;
  for (const Backorder& one : candidates)
    shown.push_back(std::to_string(one.id.value()) + " (" + accounts.of(one.customer) + ", " +
                    std::string(to_word(one.state)) + ")");
  throw CommandError{Error{ErrorCode::invalid_argument, text + " has " + std::to_string(candidates.size()) +
                                                            (open.empty() ? " ended" : " open") +
                                                            " backorders, give the number of one: " + listed(shown)}};
}

std::int64_t open_case_named(engine::LedgerReader& store, const std::string& text) {
  if (const auto number = number_of(text, "case")) return *number;
  const engine::DomainName name = name_of(text, "case");
  std::vector<std::int64_t> found;
  std::vector<std::string> shown;
  for (const engine::Case& one : store.cases({})) {
    const auto backorder = one.backorder ? store.backorder(*one.backorder) : std::nullopt;
    if (!backorder || backorder->name.ace() != name.ace()) continue;
    found.push_back(one.id.value());
    shown.push_back(std::to_string(one.id.value()) + " (" + std::string(to_word(one.kind)) + ")");
  }
  if (found.empty()) throw CommandError{Error{ErrorCode::case_not_found, "there is no open case about " + text}};
  if (found.size() == 1) return found.front();
  throw CommandError{Error{ErrorCode::invalid_argument, std::to_string(found.size()) + " cases are open about " + text +
                                                            ", give the number of one: " + listed(shown)}};
}

}  // namespace cli
