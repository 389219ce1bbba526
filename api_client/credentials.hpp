// Who we are at the provider. Read from a file that nobody else can read, or handed over by the program from its
// environment; never from its arguments, and never part of an error text.
#pragma once

#include <cstddef>
#include <string>

#include "engine/result.hpp"

namespace api_client {

struct Credentials {
  std::string login{};  // "account", or "account!role" for a role user
  std::string password{};
  std::string otp{};   // one-time password of a two-factor login; sent with the login alone
  std::string user{};  // sub-user with whose view everything is done
};

// What a file holds that is nobody's business: at most `most` bytes. `what` names it in errors, which never repeat what
// it says. file_not_found; credentials_unusable: no regular file, its group or others may read or change it, or it is
// longer.
engine::Result<std::string> read_private_file(const std::string& path, const std::string& what, std::size_t most);

// Lines NAME = VALUE: login, password, otp, user; blank lines and lines that begin with # are passed over, blanks
// around name and value too. As read_private_file; credentials_unusable also: an unknown name, no login or no password.
engine::Result<Credentials> read_credentials(const std::string& path);

// credentials_unusable where login or password is missing or a value holds a line break.
engine::Status check(const Credentials& credentials);

}  // namespace api_client
