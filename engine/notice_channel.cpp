#include "engine/notice_channel.hpp"

#include "engine/enum_names.hpp"

namespace engine {
namespace {

constexpr Named<ChannelMethod> kChannelMethods[] = {
    {ChannelMethod::webhook, "webhook"}, {ChannelMethod::command, "command"}, {ChannelMethod::file, "file"}};

}  // namespace

std::string_view to_word(ChannelMethod method) { return word_of(kChannelMethods, method); }
std::optional<ChannelMethod> parse_channel_method(std::string_view text) { return value_of(kChannelMethods, text); }

}  // namespace engine
