#include "api_client/credentials.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace api_client {
namespace {

using engine::Error;
using engine::ErrorCode;

constexpr std::size_t kMaxFile = 64 * 1024;
constexpr const char* kWhat = "credentials file";

struct Descriptor {
  int number;
  explicit Descriptor(int opened) : number(opened) {}
  ~Descriptor() {
    if (number >= 0) close(number);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
};

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

}  // namespace

engine::Result<std::string> read_private_file(const std::string& path, const std::string& what, std::size_t most) {
  const auto unusable = [&](const std::string& why) {
    return Error{ErrorCode::credentials_unusable, what + " '" + path + "' " + why};
  };
  // a pipe must not hold us up: it is refused below
  const Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file.number < 0) {
    const int why = errno;
    return Error{why == ENOENT ? ErrorCode::file_not_found : ErrorCode::credentials_unusable,
                 what + " '" + path + "' cannot be opened: " + std::strerror(why)};
  }
  struct stat about {};
  if (fstat(file.number, &about) != 0 || !S_ISREG(about.st_mode)) return unusable("is no regular file");
  if ((about.st_mode & (S_IRWXG | S_IRWXO)) != 0)
    return unusable("may be read or changed by others: chmod 600 it, and make a new secret where others had access");
  std::string text(most + 1, '\0');
  std::size_t length = 0;
  for (;;) {
    const ssize_t got = read(file.number, text.data() + length, text.size() - length);
    if (got < 0) return unusable(std::string("cannot be read: ") + std::strerror(errno));
    if (got == 0) break;
    length += static_cast<std::size_t>(got);
    if (length > most) return unusable("is far too long");
  }
  text.resize(length);
  return text;
}

engine::Result<Credentials> read_credentials(const std::string& path) {
  const engine::Result<std::string> text = read_private_file(path, kWhat, kMaxFile);
  if (!text) return text.error();
  const auto unusable = [&](const std::string& why) {
    return Error{ErrorCode::credentials_unusable, std::string(kWhat) + " '" + path + "' " + why};
  };
  Credentials read;
  int number = 0;
  for (std::string_view rest = text.value(); !rest.empty();) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view line = trimmed(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
    ++number;
    if (line.empty() || line.starts_with('#')) continue;
    const std::size_t equals = line.find('=');
    const std::string_view name = trimmed(line.substr(0, equals));
    std::string* into = name == "login"      ? &read.login
                        : name == "password" ? &read.password
                        : name == "otp"      ? &read.otp
                        : name == "user"     ? &read.user
                                             : nullptr;
    // What stands there is not repeated: it may be a password.
    if (equals == std::string_view::npos || into == nullptr)
      return unusable("line " + std::to_string(number) + " is not login, password, otp or user = VALUE");
    *into = trimmed(line.substr(equals + 1));
  }
  if (const engine::Status sound = check(read); !sound) return unusable("is not complete: " + sound.error().detail);
  return read;
}

engine::Status check(const Credentials& credentials) {
  if (credentials.login.empty() || credentials.password.empty())
    return Error{ErrorCode::credentials_unusable, "login and password are both needed"};
  for (const std::string* value : {&credentials.login, &credentials.password, &credentials.otp, &credentials.user}) {
    if (value->find_first_of(std::string_view("\r\n\0", 3)) != std::string::npos)
      return Error{ErrorCode::credentials_unusable, "a value holds a line break"};
  }
  return engine::Unit{};
}

}  // namespace api_client
