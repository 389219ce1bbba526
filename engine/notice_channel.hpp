// Channels for notices, and the state of each delivery.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "engine/time.hpp"

namespace engine {

// A channel is a cursor in the log of events, which is the outbox.
enum class ChannelMethod : std::uint8_t { webhook, command, file };
std::string_view to_word(ChannelMethod method);
std::optional<ChannelMethod> parse_channel_method(std::string_view text);

struct NoticeChannel {
  std::string name{};
  ChannelMethod method;
  std::string target{};       // URL; a command's words, one a line; path
  std::string secret_file{};  // webhook: signs with what this file holds
  std::string audience{};     // "customer", "operator", or empty: both
  std::string kinds{};        // of notices, comma separated; empty: all
  std::string account{};      // only this account's; empty: all
  std::string templates{};    // a folder that overrides the built-in ones; empty: none
  // every event up to this one was delivered, waits for the next try, or is not for this channel
  std::int64_t cursor = 0;
  UtcTime made_at;
  std::string made_by{};
};
// The state of one notice on one channel. It changes; the log does not.
struct NoticeDelivery {
  std::string channel{};
  std::int64_t event;
  int attempts;
  UtcTime first_at, last_at;
  std::optional<UtcTime> next_at{};  // of the next try; absent: delivered
  std::string trouble{};             // of the last try
};
struct DeliveryQuery {
  std::string channel{};  // empty: any
  std::optional<std::int64_t> event{};
  bool waiting_only = false;
  std::optional<UtcTime> due_by{};  // waiting, next_at <= this
  std::int64_t limit = 0;
};

}  // namespace engine
