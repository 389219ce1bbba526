// Any bytes as a command block: what is read can be written and is read as the same.
#include <cstdint>
#include <string>

#include "api_client/command.hpp"
#include "tests/fuzz/check.hpp"

using namespace api_client;

namespace {

#ifdef DROPLEDGER_PLANTED_BUG
// Forgets that numbers may have gaps.
void planted(const Command& command) {
  int seen[4] = {};
  for (const Parameter& parameter : command.parameters) {
    if (parameter.name.starts_with("DOMAIN") && parameter.name.size() == 7 && parameter.name[6] >= '0' &&
        parameter.name[6] <= '9')
      ++seen[parameter.name[6] - '0'];
  }
  MUST(seen[0] <= static_cast<int>(command.parameters.size()));
}
#endif

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto command = decode_block(text);
  if (!command) {
    MUST(command.error().code == engine::ErrorCode::invalid_command);
    (void)without_secrets(text);
    return 0;
  }
  MUST(!command.value().name.empty());
  MUST(command.value().is(command.value().name));
  const auto block = encode_block(command.value());
  MUST(block);
  MUST(decode_block(block.value()).value() == command.value());
  MUST(decode_block("[COMMAND]\r\n" + block.value() + "\r\nEOF\r\n").value() == command.value());
  Command changed = command.value();
  for (const Parameter& parameter : command.value().parameters) {
    changed.set(parameter.name, "new");
    MUST(changed.find(parameter.name) == "new");
  }
  if (const auto hidden = decode_block(without_secrets(text))) {
    for (const Parameter& parameter : hidden.value().parameters) {
      if (is_secret(parameter.name) && is_usual(parameter.name)) MUST(is_hidden(parameter.value));
    }
  }
#ifdef DROPLEDGER_PLANTED_BUG
  planted(command.value());
#endif
  return 0;
}
