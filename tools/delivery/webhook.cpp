#include "tools/delivery/webhook.hpp"

#include <curl/curl.h>
#include <sodium.h>

#include <algorithm>
#include <mutex>

namespace delivery {
namespace {

constexpr std::size_t kMostOfAnswer = 200;  // of what a receiver says when it refuses, for people

struct UrlParts {
  CURLU* url = curl_url();
  ~UrlParts() { curl_url_cleanup(url); }
  UrlParts() = default;
  UrlParts(const UrlParts&) = delete;
  UrlParts& operator=(const UrlParts&) = delete;
  std::string part(CURLUPart which) const {
    char* text = nullptr;
    if (curl_url_get(url, which, &text, 0) != CURLUE_OK) return {};
    std::string copy(text);
    curl_free(text);
    return copy;
  }
};

std::size_t keep_some(char* data, std::size_t size, std::size_t count, void* into) {
  std::string& text = *static_cast<std::string*>(into);
  if (text.size() < kMostOfAnswer) text.append(data, std::min(size * count, kMostOfAnswer - text.size()));
  return size * count;
}

}  // namespace

struct Webhook::Handle {
  CURL* easy = curl_easy_init();
  ~Handle() { curl_easy_cleanup(easy); }
  Handle() = default;
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
};

engine::Status check_webhook_url(const std::string& url) {
  const auto refused = [&](const std::string& why) {
    return engine::Error{engine::ErrorCode::invalid_argument, "'" + url + "' " + why};
  };
  UrlParts parts;
  if (curl_url_set(parts.url, CURLUPART_URL, url.c_str(), 0) != CURLUE_OK)
    return refused("is no URL such as https://example.com/hook");
  if (!parts.part(CURLUPART_USER).empty() || !parts.part(CURLUPART_PASSWORD).empty()) {
    return engine::Error{
        engine::ErrorCode::invalid_argument,
        "the URL holds a user or password, which would stand in the book: sign with --secret-file instead"};
  }
  const std::string scheme = parts.part(CURLUPART_SCHEME), host = parts.part(CURLUPART_HOST);
  const bool here = host == "127.0.0.1" || host == "[::1]" || host == "localhost";
  if (scheme != "https" && !(scheme == "http" && here))
    return refused("is not https://…, and not http:// to this machine");
  return engine::Unit{};
}

std::string webhook_signature(std::string_view secret, std::int64_t timestamp, std::string_view id,
                              std::string_view body) {
  crypto_auth_hmacsha256_state state;
  const auto add = [&state](std::string_view text) {
    crypto_auth_hmacsha256_update(&state, reinterpret_cast<const unsigned char*>(text.data()), text.size());
  };
  crypto_auth_hmacsha256_init(&state, reinterpret_cast<const unsigned char*>(secret.data()), secret.size());
  add(std::to_string(timestamp) + ".");
  add(id);
  add(".");
  add(body);
  unsigned char hash[crypto_auth_hmacsha256_BYTES];
  crypto_auth_hmacsha256_final(&state, hash);
  char text[2 * sizeof hash + 1];
  sodium_bin2hex(text, sizeof text, hash, sizeof hash);
  return text;
}

Webhook::Webhook(std::chrono::milliseconds timeout) : timeout_(timeout) {
  static std::once_flag once;
  std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
  handle_ = std::make_unique<Handle>();
}
Webhook::~Webhook() = default;

std::optional<std::string> Webhook::post(const WebhookPost& post) {
  if (const engine::Status allowed = check_webhook_url(post.url); !allowed) return allowed.error().detail;
  CURL* easy = handle_->easy;
  curl_easy_reset(easy);  // options, not connections
  std::string answer;
  char error[CURL_ERROR_SIZE] = "";
  curl_slist* headers = nullptr;
  const auto add = [&headers](const std::string& line) { headers = curl_slist_append(headers, line.c_str()); };
  add("Content-Type: application/json");
  add("Expect:");
  add("Dropledger-Notice: " + post.id);
  add("Dropledger-Timestamp: " + std::to_string(post.timestamp));
  if (!post.secret.empty())
    add("Dropledger-Signature: v1=" + webhook_signature(post.secret, post.timestamp, post.id, post.body));
  curl_easy_setopt(easy, CURLOPT_URL, post.url.c_str());
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);  // a redirect could lead anywhere, in plain text
  // what goes in plain text stays on this machine
  if (post.url.starts_with("http:")) curl_easy_setopt(easy, CURLOPT_PROXY, "");
  curl_easy_setopt(easy, CURLOPT_POST, 1L);
  curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(post.body.size()));
  curl_easy_setopt(easy, CURLOPT_POSTFIELDS, post.body.data());
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
  curl_easy_setopt(easy, CURLOPT_USERAGENT, "dropledger");
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, static_cast<long>(timeout_.count()));
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, keep_some);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, &answer);
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, error);
  const CURLcode done = curl_easy_perform(easy);
  curl_slist_free_all(headers);
  if (done != CURLE_OK) return std::string(error[0] == '\0' ? curl_easy_strerror(done) : error);
  long status = 0;
  curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
  if (status >= 200 && status < 300) return std::nullopt;
  return "the receiver answered " + std::to_string(status) + (answer.empty() ? "" : ": " + answer);
}

}  // namespace delivery
