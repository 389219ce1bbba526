#include "api_client/environment.hpp"

#include <curl/curl.h>

#include <algorithm>
#include <memory>
#include <optional>

namespace api_client {
namespace {

using engine::Error;
using engine::ErrorCode;

constexpr std::string_view kTestEntity = "1234";
constexpr const char* kPath = "/api/call.cgi";

Error refused(std::string detail) { return {ErrorCode::invalid_argument, std::move(detail)}; }

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

std::string names_of_hosts() {
  std::string names;
  for (const Dialect& dialect : dialects()) {
    for (const DialectHost& host : dialect.hosts) {
      if (host.closed.empty()) names += (names.empty() ? "" : ", ") + std::string(host.name);
    }
  }
  return names;
}

struct KnownHost {
  const Dialect* dialect;
  const DialectHost* host;
};
std::optional<KnownHost> find_host(const auto& is_wanted) {
  for (const Dialect& dialect : dialects()) {
    for (const DialectHost& host : dialect.hosts) {
      if (is_wanted(host)) return KnownHost{&dialect, &host};
    }
  }
  return std::nullopt;
}

}  // namespace

engine::Result<Environment> resolve_environment(std::string_view provider, std::string_view entity,
                                                std::string_view dialect_name) {
  const Dialect* said = dialect_name.empty() ? nullptr : find_dialect(dialect_name);
  if (!dialect_name.empty() && said == nullptr) {
    std::string names;
    for (const Dialect& each : dialects()) names += (names.empty() ? "" : ", ") + std::string(each.name);
    return refused("there is no dialect '" + std::string(dialect_name) + "': " + names);
  }
  if (const auto known = find_host([&](const DialectHost& host) { return host.name == provider; })) {
    const DialectHost& host = *known->host;
    if (said != nullptr && said != known->dialect)
      return refused("provider '" + std::string(provider) + "' speaks " + std::string(known->dialect->name) +
                     ": leave --dialect out");
    if (!entity.empty() && entity != host.entity) {
      return refused("provider '" + std::string(provider) + "' " +
                     (host.entity.empty() ? "has no entity"
                                          : "is entity " + std::string(host.entity) + ", not " + std::string(entity)) +
                     ": leave --entity out");
    }
    if (!host.closed.empty()) return refused("provider '" + std::string(provider) + "': " + std::string(host.closed));
    return Environment{.name = std::string(host.name),
                       .url = "https://" + std::string(host.host) + kPath,
                       .entity = std::string(host.entity),
                       .live = host.live,
                       .loopback = false,
                       .dialect = known->dialect};
  }
  const std::unique_ptr<CURLU, void (*)(CURLU*)> url(curl_url(), curl_url_cleanup);
  ENSURE(url != nullptr, "memory for libcurl");
  if (provider.find("://") == std::string_view::npos ||
      curl_url_set(url.get(), CURLUPART_URL, std::string(provider).c_str(), 0) != CURLUE_OK) {
    return refused("provider is one of " + names_of_hosts() +
                   ", or an address such as https://api.example.net/api/call.cgi");
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
  const auto known = find_host([&](const DialectHost& each) { return each.host == host; });
  const Dialect& dialect = said != nullptr ? *said : known ? *known->dialect : dialect_1api();
  if (known && said != nullptr && said != known->dialect)
    return refused(host + " speaks " + std::string(known->dialect->name) + ", not " + std::string(said->name));
  if (dialect.has_entity && entity.empty())
    return refused("provider " + std::string(provider) + " needs its system entity: --entity 1234 for a test system");
  if (!dialect.has_entity && !entity.empty())
    return refused(std::string(dialect.title) + " has no system entity: leave --entity out");
  if (known && dialect.has_entity && entity != known->host->entity) {
    return refused(host + " is entity " + std::string(known->host->entity) + ", not " + std::string(entity) +
                   ": an address and its entity are never mixed");
  }
  if (part_of(url.get(), CURLUPART_PATH) == "/") curl_url_set(url.get(), CURLUPART_PATH, kPath, 0);
  Environment own;
  own.name = own.url = part_of(url.get(), CURLUPART_URL);
  own.entity = entity;
  // an address without an entity is a test system only where we know it as one, or on this machine
  own.live = dialect.has_entity ? entity != kTestEntity : known ? known->host->live : !loopback;
  own.loopback = loopback;
  own.dialect = &dialect;
  return own;
}

}  // namespace api_client
