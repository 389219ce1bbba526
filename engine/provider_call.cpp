#include "engine/provider_call.hpp"

#include "engine/enum_names.hpp"

namespace engine {
namespace {

constexpr Named<CallState> kCallStates[] = {{CallState::intent, "intent"},
                                            {CallState::not_sent, "not-sent"},
                                            {CallState::answered, "answered"},
                                            {CallState::unknown, "unknown"},
                                            {CallState::resolved, "resolved"}};
constexpr Named<CallCommand> kCallCommands[] = {{CallCommand::add, "AddDomainApplication"},
                                                {CallCommand::remove, "DeleteDomainApplication"}};

}  // namespace

std::string_view to_word(CallState state) { return word_of(kCallStates, state); }
std::optional<CallState> parse_call_state(std::string_view text) { return value_of(kCallStates, text); }
std::string_view to_word(CallCommand command) { return word_of(kCallCommands, command); }
std::optional<CallCommand> parse_call_command(std::string_view text) { return value_of(kCallCommands, text); }

}  // namespace engine
