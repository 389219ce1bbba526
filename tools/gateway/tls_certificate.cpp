#include "tools/gateway/tls_certificate.hpp"

#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

namespace gateway {
namespace {

using engine::Error;
using engine::ErrorCode;

// RFC 9325, 4.2: ephemeral key exchange, AEAD. Those of TLS 1.3 are all of this kind.
constexpr const char* kCiphers = "ECDHE+AESGCM:ECDHE+CHACHA20:!aNULL:!PSK";

std::string last_tls_error() {
  char text[256] = "no reason given";
  if (const unsigned long code = ERR_get_error(); code != 0) ERR_error_string_n(code, text, sizeof text);
  return text;
}

struct Closer {
  void operator()(std::FILE* file) const { std::fclose(file); }
};

// The file that is looked at is the file that is read, whatever happens to its name meanwhile.
engine::Result<std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>> read_key(const std::string& path) {
  const auto unusable = [&](ErrorCode code, const std::string& why) {
    return Error{code, "the key '" + path + "' " + why};
  };
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  const std::unique_ptr<std::FILE, Closer> file(descriptor < 0 ? nullptr : ::fdopen(descriptor, "r"));
  if (!file)
    return unusable(ErrorCode::invalid_argument,
                    std::string("cannot be used: it cannot be opened: ") + std::strerror(errno));
  struct stat about {};
  if (::fstat(descriptor, &about) != 0 || !S_ISREG(about.st_mode))
    return unusable(ErrorCode::credentials_unusable, "cannot be used: it is no regular file");
  const mode_t of_others = about.st_uid == 0 ? S_IRWXO | S_IWGRP | S_IXGRP : S_IRWXO | S_IRWXG;
  if ((about.st_mode & of_others) != 0) {
    return unusable(ErrorCode::credentials_unusable,
                    "may be read or changed by others: chmod 600 it, and have the certificate renewed with a new key "
                    "where others had access");
  }
  std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(
      PEM_read_PrivateKey(
          file.get(), nullptr, [](char*, int, int, void*) { return 0; }, nullptr),
      EVP_PKEY_free);
  if (!key)
    return unusable(ErrorCode::invalid_argument, "cannot be used (PEM, without a passphrase): " + last_tls_error());
  return key;
}

engine::Result<std::shared_ptr<SSL_CTX>> make_context(const std::string& certificate, const std::string& key) {
  ERR_clear_error();
  const std::shared_ptr<SSL_CTX> context(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
  ENSURE(context != nullptr, "OpenSSL works");
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  ENSURE(SSL_CTX_set_cipher_list(context.get(), kCiphers) == 1, "OpenSSL knows these ciphers");
  SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE |
                                         SSL_OP_PRIORITIZE_CHACHA);
  SSL_CTX_set_mode(context.get(),
                   SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
  if (SSL_CTX_use_certificate_chain_file(context.get(), certificate.c_str()) != 1) {
    return Error{ErrorCode::invalid_argument,
                 "the certificate '" + certificate + "' cannot be used (PEM, with its chain): " + last_tls_error()};
  }
  const auto private_key = read_key(key);
  if (!private_key) return private_key.error();
  if (SSL_CTX_use_PrivateKey(context.get(), private_key.value().get()) != 1 ||
      SSL_CTX_check_private_key(context.get()) != 1) {
    return Error{ErrorCode::invalid_argument,
                 "the key '" + key + "' cannot be used (PEM, of that certificate): " + last_tls_error()};
  }
  return context;
}

}  // namespace

engine::Result<std::unique_ptr<TlsCertificate>> TlsCertificate::load(const std::string& certificate,
                                                                     const std::string& key) {
  engine::Result<std::shared_ptr<SSL_CTX>> context = make_context(certificate, key);
  if (!context) return context.error();
  return std::unique_ptr<TlsCertificate>(new TlsCertificate(certificate, key, std::move(context).value()));
}

engine::Status TlsCertificate::reload() {
  engine::Result<std::shared_ptr<SSL_CTX>> renewed = make_context(certificate_, key_);
  if (!renewed) return renewed.error();
  const std::lock_guard lock(mutex_);
  context_ = std::move(renewed).value();
  return engine::Unit{};
}

std::shared_ptr<ssl_ctx_st> TlsCertificate::context() const {
  const std::lock_guard lock(mutex_);
  return context_;
}

}  // namespace gateway
