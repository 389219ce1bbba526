#include "tools/delivery/download.hpp"

#include <curl/curl.h>
#include <sodium.h>

#include <algorithm>
#include <memory>

namespace delivery {
namespace {

using engine::Error;
using engine::ErrorCode;
using engine::Result;

struct FreeEasy {
  void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};
struct FreeList {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
struct FreeUrl {
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
};

struct Answer {
  Download download{};
  std::uint64_t max_bytes;
  bool too_big = false;
};

std::size_t take_body(char* data, std::size_t size, std::size_t count, void* into) {
  Answer& answer = *static_cast<Answer*>(into);
  if (answer.download.bytes.size() + size * count > answer.max_bytes) {
    answer.too_big = true;
    return 0;
  }
  answer.download.bytes.append(data, size * count);
  return size * count;
}

// Headers of the last answer: each redirect begins anew.
std::size_t take_header(char* data, std::size_t size, std::size_t count, void* into) {
  Answer& answer = *static_cast<Answer*>(into);
  std::string_view line(data, size * count);
  while (!line.empty() && (line.back() == '\n' || line.back() == '\r')) line.remove_suffix(1);
  if (line.starts_with("HTTP/")) answer.download.etag.clear(), answer.download.last_modified.clear();
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return size * count;
  std::string name(line.substr(0, colon));
  std::ranges::transform(name, name.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  std::string_view value = line.substr(colon + 1);
  while (value.starts_with(' ')) value.remove_prefix(1);
  if (name == "etag") answer.download.etag = value;
  if (name == "last-modified") answer.download.last_modified = value;
  return size * count;
}

std::optional<Error> check_url(const std::string& text, std::string& scheme) {
  const std::unique_ptr<CURLU, FreeUrl> url(curl_url());
  const auto part = [&](CURLUPart which) {
    char* value = nullptr;
    std::string copy;
    if (curl_url_get(url.get(), which, &value, 0) == CURLUE_OK) copy = value;
    curl_free(value);
    return copy;
  };
  if (curl_url_set(url.get(), CURLUPART_URL, text.c_str(), 0) != CURLUE_OK)
    return Error{ErrorCode::invalid_argument, "'" + text + "' is no address such as https://example.com/list.csv"};
  scheme = part(CURLUPART_SCHEME);
  if (scheme != "https" && scheme != "http" && scheme != "file")
    return Error{ErrorCode::invalid_argument, "'" + text + "' is neither https, http nor file"};
  if (!part(CURLUPART_USER).empty() || !part(CURLUPART_PASSWORD).empty())
    return Error{ErrorCode::invalid_argument, "the address holds a user or password, which would stand in the book"};
  return std::nullopt;
}

}  // namespace

Result<Download> download(const DownloadRequest& request) {
  std::string scheme;
  if (std::optional<Error> refused = check_url(request.url, scheme)) return *refused;
  const auto unreachable = [&](const std::string& why) {
    return Error{ErrorCode::provider_unreachable, request.url + ": " + why};
  };
  curl_global_init(CURL_GLOBAL_DEFAULT);
  const std::unique_ptr<CURL, FreeEasy> easy(curl_easy_init());
  if (!easy) return unreachable("no memory for a connection");
  Answer answer{.max_bytes = request.max_bytes};
  CURL* handle = easy.get();
  curl_easy_setopt(handle, CURLOPT_URL, request.url.c_str());
  curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, scheme.c_str());
  curl_easy_setopt(handle, CURLOPT_REDIR_PROTOCOLS_STR, scheme == "http" ? "http,https" : "https");
  curl_easy_setopt(handle, CURLOPT_FOLLOWLOCATION, scheme == "file" ? 0L : 1L);
  curl_easy_setopt(handle, CURLOPT_MAXREDIRS, 5L);
  curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS, 15'000L);
  curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, static_cast<long>(request.limit.count()));
  curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, take_body);
  curl_easy_setopt(handle, CURLOPT_WRITEDATA, &answer);
  curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, take_header);
  curl_easy_setopt(handle, CURLOPT_HEADERDATA, &answer);
  if (!request.ca_file.empty()) curl_easy_setopt(handle, CURLOPT_CAINFO, request.ca_file.c_str());
  curl_slist* lines = nullptr;
  if (scheme != "file" && !request.etag.empty())
    lines = curl_slist_append(lines, ("If-None-Match: " + request.etag).c_str());
  if (scheme != "file" && !request.last_modified.empty())
    lines = curl_slist_append(lines, ("If-Modified-Since: " + request.last_modified).c_str());
  const std::unique_ptr<curl_slist, FreeList> owned(lines);
  curl_easy_setopt(handle, CURLOPT_HTTPHEADER, lines);
  const CURLcode code = curl_easy_perform(handle);
  if (code == CURLE_FILE_COULDNT_READ_FILE)
    return Error{ErrorCode::file_not_found, "cannot read '" + request.url + "'"};
  if (answer.too_big) return unreachable("bigger than " + std::to_string(request.max_bytes) + " bytes");
  if (code != CURLE_OK) return unreachable(curl_easy_strerror(code));
  long status = 200;
  if (scheme != "file") curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
  if (status == 304) {
    answer.download.unchanged = true;
    answer.download.bytes.clear();
    if (answer.download.etag.empty()) answer.download.etag = request.etag;
    if (answer.download.last_modified.empty()) answer.download.last_modified = request.last_modified;
    return std::move(answer.download);
  }
  if (status == 404 || status == 410)
    return Error{ErrorCode::file_not_found, request.url + ": HTTP " + std::to_string(status)};
  if (status != 200) return unreachable("HTTP " + std::to_string(status));
  return std::move(answer.download);
}

std::string sha256_of(std::string_view bytes) {
  unsigned char hash[crypto_hash_sha256_BYTES];
  crypto_hash_sha256(hash, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
  char text[2 * sizeof hash + 1];
  sodium_bin2hex(text, sizeof text, hash, sizeof hash);
  return text;
}

}  // namespace delivery
