#include "tests/support/loopback_server.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <memory>
#include <stdexcept>
#include <system_error>

namespace support {
namespace {

int must(int result, const char* what) {
  if (result < 0) throw std::system_error(errno, std::generic_category(), what);
  return result;
}

int bound_socket(int& port) {
  const int listener = must(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  must(bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address), "bind");
  socklen_t length = sizeof address;
  must(getsockname(listener, reinterpret_cast<sockaddr*>(&address), &length), "getsockname");
  port = ntohs(address.sin_port);
  return listener;
}

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return text;
}

}  // namespace

struct LoopbackServer::Tls {
  SSL_CTX* context;
  explicit Tls(const std::string& file) : context(SSL_CTX_new(TLS_server_method())) {
    if (context == nullptr || SSL_CTX_use_certificate_file(context, file.c_str(), SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_use_PrivateKey_file(context, file.c_str(), SSL_FILETYPE_PEM) != 1) {
      throw std::runtime_error("the certificate cannot be used: " + file);
    }
  }
  ~Tls() { SSL_CTX_free(context); }
  Tls(const Tls&) = delete;
  Tls& operator=(const Tls&) = delete;
};

namespace {

// One connection, plain or TLS.
class Wire {
 public:
  Wire(int socket, SSL_CTX* context) : socket_(socket) {
    if (context == nullptr) return;
    ssl_ = SSL_new(context);
    SSL_set_fd(ssl_, socket);
    ok_ = SSL_accept(ssl_) == 1;
  }
  ~Wire() {
    if (ssl_ != nullptr) SSL_free(ssl_);
  }
  Wire(const Wire&) = delete;
  Wire& operator=(const Wire&) = delete;

  bool ok() const { return ok_; }
  // Nothing more: 0 or less.
  long read(char* into, std::size_t size) {
    if (ssl_ != nullptr) return SSL_read(ssl_, into, static_cast<int>(size));
    return recv(socket_, into, size, 0);
  }
  bool write(std::string_view text) {
    while (!text.empty()) {
      const long sent = ssl_ != nullptr ? SSL_write(ssl_, text.data(), static_cast<int>(text.size()))
                                        : send(socket_, text.data(), text.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      text.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }

 private:
  int socket_;
  SSL* ssl_ = nullptr;
  bool ok_ = true;
};

// Reads one request into `heard`; false when the connection ends first. `rest` keeps what came beyond it.
bool read_request(Wire& wire, std::string& rest, Heard& heard) {
  char buffer[16 * 1024];
  const auto more = [&] {
    const long got = wire.read(buffer, sizeof buffer);
    if (got <= 0) return false;
    rest.append(buffer, static_cast<std::size_t>(got));
    return true;
  };
  std::size_t end;
  while ((end = rest.find("\r\n\r\n")) == std::string::npos) {
    if (!more()) return false;
  }
  const std::string head = rest.substr(0, end);
  rest.erase(0, end + 4);
  heard.target = head.substr(head.find(' ') + 1);
  heard.target.resize(heard.target.find(' '));
  for (std::size_t at = head.find("\r\n"); at != std::string::npos; at = head.find("\r\n", at + 2)) {
    const std::string line = head.substr(at + 2, head.find("\r\n", at + 2) - at - 2);
    const std::size_t colon = line.find(':');
    if (colon != std::string::npos)
      heard.headers[lower(line.substr(0, colon))] = line.substr(line.find_first_not_of(' ', colon + 1));
  }
  const std::size_t length = heard.headers.contains("content-length") ? std::stoul(heard.headers["content-length"]) : 0;
  while (rest.size() < length) {
    if (!more()) return false;
  }
  heard.body = rest.substr(0, length);
  rest.erase(0, length);
  return true;
}

}  // namespace

LoopbackServer::LoopbackServer(Script script) : script_(std::move(script)) { listen_on_any_port(); }
LoopbackServer::LoopbackServer(Script script, const std::string& certificate_file)
    : script_(std::move(script)), tls_(std::make_shared<Tls>(certificate_file)) {
  listen_on_any_port();
}

void LoopbackServer::listen_on_any_port() {
  std::signal(SIGPIPE, SIG_IGN);  // a client that hangs up is part of the tests, also under TLS
  listener_ = bound_socket(port_);
  must(listen(listener_, 64), "listen");
  acceptor_ = std::thread([this] { accept_all(); });
}

LoopbackServer::~LoopbackServer() {
  stopping_ = true;
  shutdown(listener_, SHUT_RDWR);  // wakes accept
  acceptor_.join();
  {
    const std::lock_guard lock(mutex_);
    for (const int socket : sockets_) shutdown(socket, SHUT_RDWR);
  }
  for (std::thread& thread : threads_) thread.join();
  for (const int socket : sockets_) close(socket);
  close(listener_);
}

std::string LoopbackServer::url(const std::string& scheme, const std::string& host) const {
  return scheme + "://" + host + ":" + std::to_string(port_) + "/api/call.cgi";
}

std::vector<Heard> LoopbackServer::heard() const {
  const std::lock_guard lock(mutex_);
  return heard_;
}

void LoopbackServer::accept_all() {
  while (!stopping_) {
    const int socket = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (socket < 0) continue;
    const int one = 1;
    setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    const int number = ++connections_;
    const std::lock_guard lock(mutex_);
    sockets_.push_back(socket);  // closed at the end, so that no number is used twice
    threads_.emplace_back([this, socket, number] { serve(socket, number); });
  }
}

void LoopbackServer::serve(int socket, int connection) {
  {
    Wire wire(socket, tls_ ? tls_->context : nullptr);
    std::string rest;
    Heard heard;
    for (int count = 1; wire.ok(); ++count) {
      heard = {};
      if (!read_request(wire, rest, heard)) break;
      heard.connection = connection;
      heard.on_connection = count;
      {
        const std::lock_guard lock(mutex_);
        heard.number = ++requests_;
        heard_.push_back(heard);
      }
      const Said said = script_(heard);
      if (said.close_before) break;
      if (said.hold) {
        char nothing;
        wire.read(&nothing, 1);  // returns when the client hangs up, or we do
        break;
      }
      std::string head = "HTTP/1.1 " + std::to_string(said.status) + " As The Script Says\r\n";
      for (const std::string& line : said.headers) head += line + "\r\n";
      head += "Content-Length: " + std::to_string(said.body.size()) + "\r\n\r\n";
      const bool cut = said.cut_at < said.body.size();
      if (!wire.write(head + said.body.substr(0, said.cut_at)) || cut || said.close_after) break;
    }
  }
  shutdown(socket, SHUT_RDWR);
}

void write_certificate(const std::string& file, const std::string& host) {
  EVP_PKEY* const key = EVP_EC_gen("P-256");
  X509* const certificate = X509_new();
  if (key == nullptr || certificate == nullptr) throw std::runtime_error("OpenSSL makes no key");
  X509_set_version(certificate, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
  X509_gmtime_adj(X509_getm_notAfter(certificate), 24 * 3600);
  X509_set_pubkey(certificate, key);
  X509_NAME* const name = X509_get_subject_name(certificate);
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>(host.c_str()), -1, -1, 0);
  X509_set_issuer_name(certificate, name);
  X509_EXTENSION* const also = X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, ("DNS:" + host).c_str());
  X509_add_ext(certificate, also, -1);
  X509_EXTENSION_free(also);
  if (X509_sign(certificate, key, EVP_sha256()) == 0) throw std::runtime_error("OpenSSL signs no certificate");
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> out(std::fopen(file.c_str(), "w"), std::fclose);
  // a key is its owner's alone
  if (!out || ::fchmod(::fileno(out.get()), 0600) != 0 ||
      PEM_write_PrivateKey(out.get(), key, nullptr, nullptr, 0, nullptr, nullptr) != 1 ||
      PEM_write_X509(out.get(), certificate) != 1) {
    throw std::runtime_error("cannot write " + file);
  }
  X509_free(certificate);
  EVP_PKEY_free(key);
}

int closed_port() {
  int port = 0;
  const int socket = bound_socket(port);
  close(socket);
  return port;
}

}  // namespace support
