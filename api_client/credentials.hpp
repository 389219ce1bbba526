// Who we are at the provider. Read from a file that nobody else can read, or handed over by the program from its environment; never from its arguments, and
// never part of an error text.
#pragma once

#include <string>

#include "engine/result.hpp"

namespace api_client {

struct Credentials {
  std::string login{};     // "account", or "account!role" for a role user
  std::string password{};
  std::string otp{};       // one-time password of a two-factor login; sent with the login alone
  std::string user{};      // sub-user with whose view everything is done
};

// Lines NAME = VALUE: login, password, otp, user; blank lines and lines that begin with # are passed over, blanks around name and value too.
// file_not_found; credentials_unusable: no regular file, its group or others may read or change it, an unknown name, no login or no password.
engine::Result<Credentials> read_credentials(const std::string& path);

// credentials_unusable where login or password is missing or a value holds a line break.
engine::Outcome check(const Credentials& credentials);

}  // namespace api_client
