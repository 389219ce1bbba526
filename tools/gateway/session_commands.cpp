// Sessions, and what needs no book.
#include <charconv>

#include "tools/gateway/commands.hpp"

namespace gateway {
namespace {

// TIMEOUT and MAXTTL: seconds within bounds, or the default. Nothing where it is no number or out of bounds.
std::optional<std::chrono::seconds> seconds_of(const Command& command, std::string_view parameter, std::int64_t least,
                                               std::int64_t most, std::int64_t otherwise) {
  const auto text = command.find(parameter);
  if (!text || text->empty()) return std::chrono::seconds(otherwise);
  std::int64_t number = 0;
  const auto [stop, error] = std::from_chars(text->data(), text->data() + text->size(), number);
  if (error != std::errc{} || stop != text->data() + text->size() || number < least || number > most)
    return std::nullopt;
  return std::chrono::seconds(number);
}

}  // namespace

Answer start_session(Services& desk, const Call& call) {
  const auto timeout = seconds_of(call.command, "TIMEOUT", 60, 3'600, 600);
  const auto max_ttl = seconds_of(call.command, "MAXTTL", 60, 86'400, 86'400);
  if (!timeout) return refuse(541, "TIMEOUT: 60 to 3600 seconds");
  if (!max_ttl) return refuse(541, "MAXTTL: 60 to 86400 seconds");
  Answer answer;
  answer.add("SESSION", desk.authentication.begin_session(call.caller, *timeout, *max_ttl));
  return answer;
}

Answer end_session(Services& desk, const Call& call) {
  if (call.connection.session.empty()) return refuse(531, "there is no session to end: s_session");
  desk.authentication.end_session(call.connection.session);
  return {};
}

Answer check_authentication(Services& desk, const Call& call) {
  const auto sub_user = call.command.find("SUBUSER");
  const auto password = call.command.find("PASSWORD");
  // the vendor's module asks like that: whether it is itself who it says
  if (!sub_user && !password) return {};
  if (!sub_user || !password) return refuse(504, sub_user ? "PASSWORD" : "SUBUSER");
  const std::optional<engine::User> user = call.store.user(*sub_user);
  if (!user || user->customer != call.caller.user.customer) return refuse(531, "SUBUSER");
  const auto right = desk.authentication.check(user->login, std::string(*password), call.address, call.store);
  if (const Refusal* refused = std::get_if<Refusal>(&right)) return refuse(*refused);
  return std::get<bool>(right) ? Answer{} : refuse(530);
}

Answer convert_idn(Services&, const Call& call) {
  const std::vector<std::string_view> domains = call.command.indexed("DOMAIN");
  if (domains.empty()) return refuse(504, "DOMAIN0");
  Answer answer;
  for (const std::string_view domain : domains) {
    const engine::Result<engine::DomainName> name = engine::DomainName::parse(domain);
    if (!name) return refuse(505, "DOMAIN " + std::string(domain.substr(0, 100)));
    answer.add("ACE", name.value().ace());
    answer.add("IDN", name.value().unicode());
  }
  return answer;
}

}  // namespace gateway
