// Notices over HTTP: one signed POST per notice. HTTPS, or plain HTTP to this machine only. Nothing is retried here;
// the caller keeps what failed.
//
// Headers: Content-Type: application/json, Dropledger-Notice: <id>, Dropledger-Timestamp: <unix seconds>,
//          Dropledger-Signature: v1=<HMAC-SHA256 of "<timestamp>.<id>.<body>" in hex>, where there is a secret.
// A receiver recomputes the signature over the bytes it got, refuses old timestamps, and knows a repetition by the id.
// Any 2xx is an acknowledgement.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "engine/result.hpp"

namespace delivery {

// invalid_argument: neither https://host… nor http:// to 127.0.0.1, [::1] or localhost; or a user and password within.
engine::Status check_webhook_url(const std::string& url);

// HMAC-SHA256 as 64 hexadecimal digits.
std::string webhook_signature(std::string_view secret, std::int64_t timestamp, std::string_view id,
                              std::string_view body);

struct WebhookPost {
  std::string url;
  std::string id;
  std::string body;
  // unix seconds, the system's clock: it tells the receiver how old the signature is
  std::int64_t timestamp;
  std::string secret{};  // empty: not signed
};

class Webhook {  // one connection, kept between posts
 public:
  explicit Webhook(std::chrono::milliseconds timeout);
  ~Webhook();
  Webhook(const Webhook&) = delete;
  Webhook& operator=(const Webhook&) = delete;
  // Nothing when it was acknowledged, else what went wrong: for people, without secrets.
  std::optional<std::string> post(const WebhookPost& post);

 private:
  struct Handle;
  std::unique_ptr<Handle> handle_;
  std::chrono::milliseconds timeout_;
};

}  // namespace delivery
