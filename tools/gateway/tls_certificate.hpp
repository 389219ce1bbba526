// The server's side of TLS: 1.3, and 1.2 with forward secrecy and authenticated encryption alone (RFC 9325, 4.2).
#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "engine/result.hpp"

struct ssl_ctx_st;

namespace gateway {

// A certificate in use, which may be replaced by a renewed one: connections that were accepted before keep theirs.
class TlsCertificate {
 public:
  // PEM files: the certificate with its chain, and its private key. invalid_argument where they cannot be used;
  // credentials_unusable where others than the owner may read the key. A key of root's may be read by its group
  // (0640 root:ssl-cert, as Debian keeps keys).
  static engine::Result<std::unique_ptr<TlsCertificate>> load(const std::string& certificate, const std::string& key);

  // Reads both files again. Where they cannot be used, what was in use stays, and the error says why.
  engine::Status reload();
  std::shared_ptr<ssl_ctx_st> context() const;

 private:
  TlsCertificate(std::string certificate, std::string key, std::shared_ptr<ssl_ctx_st> context)
      : certificate_(std::move(certificate)), key_(std::move(key)), context_(std::move(context)) {}

  const std::string certificate_, key_;
  mutable std::mutex mutex_;
  std::shared_ptr<ssl_ctx_st> context_;
};

}  // namespace gateway
