// Our credentials at the provider. They come from a file that only its owner can read, or from the environment; never
// from arguments, and they are never part of an error text.
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

// Reads a file of secrets of at most `most` bytes. `what` names it in errors; they never repeat its content. Refuses
// with file_not_found, or credentials_unusable: not a regular file, readable or writable by group or others, or longer.
engine::Result<std::string> read_private_file(const std::string& path, const std::string& what, std::size_t most);

// Lines NAME = VALUE: login, password, otp, user; blank lines and lines that begin with # are passed over, blanks
// around name and value too. As read_private_file; credentials_unusable also: an unknown name, no login or no password.
engine::Result<Credentials> read_credentials(const std::string& path);

// credentials_unusable where login or password is missing or a value holds a line break.
engine::Status check(const Credentials& credentials);

}  // namespace api_client
