// One file from an address, https, http or file, unless it is the one that is here already. TLS is verified; at most
// five redirects, and none from https to anything else; nothing is retried.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "engine/result.hpp"

namespace delivery {

struct DownloadRequest {
  std::string url{};
  std::string etag{}, last_modified{};                         // of what is here, as the server said them; empty: none
  std::string ca_file{};                                       // PEM of those trusted; empty: the system's
  std::chrono::milliseconds limit = std::chrono::minutes(10);  // for the whole exchange
  std::uint64_t max_bytes = 2ULL * 1024 * 1024 * 1024;
};
struct Download {
  bool unchanged = false;  // the server says that it is what is here
  std::string bytes{};
  std::string etag{}, last_modified{};  // to ask with next time
};

// invalid_argument: another scheme, a user or password in the address. file_not_found: no such file, HTTP 404 or 410.
// provider_unreachable: no connection, another status than 200 or 304, cut off, too long, too big.
engine::Result<Download> download(const DownloadRequest& request);

// SHA-256 as 64 hexadecimal digits.
std::string sha256_of(std::string_view bytes);

}  // namespace delivery
