// Records of calls that change something at the provider, and of answers that decided something.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "engine/id.hpp"
#include "engine/time.hpp"

namespace engine {

// The state of such a call. It is recorded as `intent` before it is sent, and completed after the answer.
enum class CallState : std::uint8_t { intent, not_sent, answered, unknown, resolved };
std::string_view to_word(CallState state);
std::optional<CallState> parse_call_state(std::string_view text);
enum class CallCommand : std::uint8_t { add, remove };
std::string_view to_word(CallCommand command);
std::optional<CallCommand> parse_call_command(std::string_view text);

struct ProviderCall {
  std::int64_t id;  // from LedgerStore::next_call_id
  BackorderId backorder;
  CallCommand command;
  int attempt;  // per backorder and command, from 1
  CallState state = CallState::intent;
  UtcTime intent_at;
  std::optional<UtcTime> answered_at{};
  int code = 0;
  std::string text{};
  std::string application{};  // of the answer, or the one to remove
};

// The raw answer of the provider that led to an outcome or a case.
struct Evidence {
  BackorderId backorder;
  std::string status{};
  std::string raw{};
  UtcTime recorded_at{};  // given by the store
};

}  // namespace engine
