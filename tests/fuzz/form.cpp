// Any bytes as a request: up to the first # the query string, then the body. What is read can be sent again in both
// encodings and is read as the same; no secret is left by without_secrets.
#include <algorithm>
#include <cstdint>
#include <string>

#include "api_client/command.hpp"
#include "tests/fuzz/check.hpp"

using namespace api_client;

namespace {

#ifdef DROPLEDGER_PLANTED_BUG
// Expects short transfer codes. Only a whole request with a session and a parameter AUTH reaches it: decoded, cut into
// lines, trimmed.
void planted(const Request& request) {
  char letters[8];
  if (request.connection.session.empty()) return;
  for (const Parameter& parameter : request.command.parameters) {
    if (parameter.name != "AUTH") continue;
    for (std::size_t i = 0; i < parameter.value.size(); ++i) letters[i] = parameter.value[i];
    MUST(parameter.value.empty() || letters[0] == parameter.value[0]);
  }
}
#endif

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::size_t cut = std::min(input.find('#'), size);
  const std::string_view query = input.substr(0, cut), body = input.substr(std::min(cut + 1, size));
  const auto request = decode_form(query, body);
  if (!request) {
    MUST(request.error().code == engine::ErrorCode::invalid_command);
    (void)without_secrets(input);
    return 0;
  }
  MUST(!request.value().command.name.empty());
  for (const Parameter& parameter : request.value().command.parameters) {
    MUST(!parameter.name.empty());
    MUST(request.value().command.find(parameter.name).has_value());
    MUST(!request.value().command.indexed(parameter.name).empty());
  }
  for (const Encoding encoding : {Encoding::flat, Encoding::block}) {
    const auto form = encode_form(request.value(), encoding);
    MUST(form);
    const auto again = decode_form("", form.value());
    MUST(again);
    MUST(again.value() == request.value());
    MUST(encode_form(again.value(), encoding).value() == form.value());
  }
  if (const auto hidden = decode_form(without_secrets(query), without_secrets(body))) {
    MUST(is_hidden(hidden.value().connection.password));
    MUST(is_hidden(hidden.value().connection.otp));
    MUST(is_hidden(hidden.value().connection.session));
    for (const Parameter& parameter : hidden.value().command.parameters) {
      if (is_secret(parameter.name) && is_usual(parameter.name)) MUST(is_hidden(parameter.value));
    }
  }
#ifdef DROPLEDGER_PLANTED_BUG
  planted(request.value());
#endif
  return 0;
}
