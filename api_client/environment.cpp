#include "api_client/environment.hpp"

#include <curl/curl.h>

#include <algorithm>
#include <memory>

namespace api_client {
namespace {

using engine::Error;
using engine::ErrorCode;

struct Known {
  std::string_view name, host, entity;
};
// HEXONET/1API client libraries: the hosts and entities of the two systems.
constexpr Known kKnown[] = {{"ote", "api-ote.ispapi.net", "1234"}, {"live", "api.ispapi.net", "54cd"}};
constexpr std::string_view kTestEntity = "1234";
constexpr const char* kPath = "/api/call.cgi";

Error refused(std::string detail) { return {ErrorCode::invalid_argument, std::move(detail)}; }

Environment made(std::string name, std::string url, std::string_view entity) {
  return {.name = std::move(name), .url = std::move(url), .entity = std::string(entity), .live = entity != kTestEntity};
}

// One part of an address; empty where it has none. The handle outlives the copy.
std::string part_of(CURLU* url, CURLUPart part) {
  char* text = nullptr;
  if (curl_url_get(url, part, &text, 0) != CURLUE_OK) return {};
  const std::unique_ptr<char, void (*)(void*)> owned(text, curl_free);
  return text;
}

bool is_loopback(std::string_view host) {
  if (host == "localhost" || host == "[::1]") return true;
  return host.starts_with("127.") && std::ranges::count(host, '.') == 3 &&
         host.find_first_not_of("0123456789.") == std::string_view::npos;
}

}  // namespace

engine::Result<Environment> resolve_environment(std::string_view provider, std::string_view entity) {
  for (const Known& known : kKnown) {
    if (provider != known.name) continue;
    if (!entity.empty() && entity != known.entity) {
      return refused("provider '" + std::string(provider) + "' is entity " + std::string(known.entity) + ", not " +
                     std::string(entity) + ": leave --entity out");
    }
    return made(std::string(known.name), "https://" + std::string(known.host) + kPath, known.entity);
  }
  const std::unique_ptr<CURLU, void (*)(CURLU*)> url(curl_url(), curl_url_cleanup);
  ENSURE(url != nullptr, "memory for libcurl");
  if (provider.find("://") == std::string_view::npos ||
      curl_url_set(url.get(), CURLUPART_URL, std::string(provider).c_str(), 0) != CURLUE_OK) {
    return refused("provider is 'ote', 'live' or an address such as https://api.example.net/api/call.cgi");
  }
  const std::string scheme = part_of(url.get(), CURLUPART_SCHEME), host = part_of(url.get(), CURLUPART_HOST);
  for (const CURLUPart part : {CURLUPART_USER, CURLUPART_PASSWORD, CURLUPART_QUERY, CURLUPART_FRAGMENT}) {
    if (!part_of(url.get(), part).empty()) {  // not shown: it may hold a password
      return refused(
          "the provider's address holds more than host, port and path: names and passwords belong into --credentials "
          "FILE");
    }
  }
  const bool loopback = is_loopback(host);
  if (scheme != "https" && !(scheme == "http" && loopback)) {
    return refused("provider " + std::string(provider) +
                   ": passwords travel by https, or by http on this machine alone (127.0.0.1)");
  }
  if (entity.empty())
    return refused("provider " + std::string(provider) + " needs its system entity: --entity 1234 for a test system");
  for (const Known& known : kKnown) {
    if (host == known.host && entity != known.entity) {
      return refused(host + " is entity " + std::string(known.entity) + ", not " + std::string(entity) +
                     ": an address and its entity are never mixed");
    }
  }
  if (part_of(url.get(), CURLUPART_PATH) == "/") curl_url_set(url.get(), CURLUPART_PATH, kPath, 0);
  Environment own = made(part_of(url.get(), CURLUPART_URL), part_of(url.get(), CURLUPART_URL), entity);
  own.loopback = loopback;
  return own;
}

}  // namespace api_client
