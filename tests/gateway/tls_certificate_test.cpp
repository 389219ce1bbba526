// What the gateway speaks over TLS, who may read its key, and a certificate that is renewed while it runs.
#include "tools/gateway/tls_certificate.hpp"

#include <doctest/doctest.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <sys/stat.h>

#include <fstream>

#include "tests/support/loopback_server.hpp"
#include "tests/support/raw_connection.hpp"
#include "tests/support/temporary_directory.hpp"
#include "tools/gateway/http_server.hpp"

using gateway::HttpServer;
using gateway::TlsCertificate;

namespace {

struct Agreed {
  std::string version{}, cipher{};  // empty: no agreement
  std::string serial_of_key{};      // tells one certificate from another
};

// A client that offers these and nothing else.
Agreed shake_hands(int port, int version, const char* ciphers) {
  const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in place{};
  place.sin_family = AF_INET;
  place.sin_port = htons(static_cast<std::uint16_t>(port));
  place.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  REQUIRE(::connect(socket, reinterpret_cast<const sockaddr*>(&place), sizeof place) == 0);
  const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context(SSL_CTX_new(TLS_client_method()), SSL_CTX_free);
  SSL_CTX_set_security_level(context.get(), 0);
  if (version != 0) {
    SSL_CTX_set_min_proto_version(context.get(), version);
    SSL_CTX_set_max_proto_version(context.get(), version);
  }
  if (ciphers != nullptr) REQUIRE(SSL_CTX_set_cipher_list(context.get(), ciphers) == 1);
  Agreed agreed;
  {
    const std::unique_ptr<SSL, decltype(&SSL_free)> ssl(SSL_new(context.get()), SSL_free);
    SSL_set_fd(ssl.get(), socket);
    if (SSL_connect(ssl.get()) == 1) {
      agreed = {SSL_get_version(ssl.get()), SSL_get_cipher_name(ssl.get()), {}};
      const std::unique_ptr<X509, decltype(&X509_free)> certificate(SSL_get1_peer_certificate(ssl.get()), X509_free);
      const ASN1_BIT_STRING* const key = X509_get0_pubkey_bitstr(certificate.get());
      agreed.serial_of_key.assign(reinterpret_cast<const char*>(key->data), static_cast<std::size_t>(key->length));
    }
  }
  ::close(socket);
  return agreed;
}

}  // namespace

TEST_CASE("tls: 1.3 where the client can, 1.2 with forward secrecy and authenticated encryption, nothing else") {
  support::TemporaryDirectory directory;
  const std::string certificate = directory.file("certificate.pem");
  support::write_certificate(certificate, "localhost");
  HttpServer server(
      "/path", {}, [](const gateway::HttpCall&) { return std::string("answer"); }, "turned away");
  const int port = server.start({.certificate = certificate, .key = certificate}).value();
  struct Row {
    int version;
    const char* ciphers;
    const char* agreed;
  };
  for (const Row& row : {Row{0, nullptr, "TLSv1.3"}, Row{TLS1_2_VERSION, nullptr, "TLSv1.2"},
                         Row{TLS1_2_VERSION, "ECDHE+AESGCM", "TLSv1.2"}, Row{TLS1_2_VERSION, "kRSA", ""},
                         Row{TLS1_2_VERSION, "ECDHE-ECDSA-AES256-SHA:ECDHE-ECDSA-AES128-SHA", ""},
                         Row{TLS1_2_VERSION, "ECDHE-ECDSA-AES128-SHA256", ""}, Row{TLS1_1_VERSION, "ALL", ""},
                         Row{TLS1_VERSION, "ALL", ""}}) {
    CAPTURE(row.version);
    const Agreed agreed = shake_hands(port, row.version, row.ciphers);
    CAPTURE(agreed.cipher);
    CHECK(agreed.version == row.agreed);
  }
}

TEST_CASE("tls: a key that others may read or change is refused, one of root's may be its group's") {
  support::TemporaryDirectory directory;
  const std::string file = directory.file("certificate.pem");
  support::write_certificate(file, "localhost");
  const bool is_root = ::geteuid() == 0;
  struct Row {
    mode_t mode;
    bool taken;
  };
  for (const Row& row : {Row{0600, true}, Row{0400, true}, Row{0644, false}, Row{0604, false}, Row{0602, false},
                         Row{0640, is_root}, Row{0660, false}, Row{0666, false}}) {
    CAPTURE(row.mode);
    REQUIRE(::chmod(file.c_str(), row.mode) == 0);
    const auto loaded = TlsCertificate::load(file, file);
    CHECK(bool(loaded) == row.taken);
    if (!loaded) CHECK(loaded.error().code == engine::ErrorCode::credentials_unusable);
  }
}

TEST_CASE("tls: a renewed certificate is in use from the next connection on, an unusable one never is") {
  support::TemporaryDirectory directory;
  const std::string file = directory.file("certificate.pem"), renewed = directory.file("renewed.pem");
  support::write_certificate(file, "localhost");
  HttpServer server(
      "/path", {}, [](const gateway::HttpCall&) { return std::string("answer"); }, "turned away");
  const int port = server.start({.certificate = file, .key = file}).value();
  const std::string first = shake_hands(port, 0, nullptr).serial_of_key;
  REQUIRE_FALSE(first.empty());
  std::ofstream(file) << "half written";
  CHECK_FALSE(server.reload_certificate());
  CHECK(shake_hands(port, 0, nullptr).serial_of_key == first);
  support::write_certificate(renewed, "localhost");
  REQUIRE(std::rename(renewed.c_str(), file.c_str()) == 0);
  CHECK(shake_hands(port, 0, nullptr).serial_of_key == first);
  CHECK(bool(server.reload_certificate()));
  CHECK(shake_hands(port, 0, nullptr).serial_of_key != first);
}
