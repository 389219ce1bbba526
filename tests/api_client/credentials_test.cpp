#include "api_client/credentials.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <fstream>

#include "tests/support/temporary_directory.hpp"

namespace {

using api_client::Credentials;
using api_client::read_credentials;
using engine::ErrorCode;

std::string written(const support::TemporaryDirectory& directory, const std::string& text, mode_t mode = 0600) {
  const std::string path = directory.file("credentials");
  std::ofstream(path) << text;
  chmod(path.c_str(), mode);
  return path;
}

}  // namespace

TEST_CASE("credentials: lines NAME = VALUE, comments, blanks, CRLF and values with = and #") {
  const support::TemporaryDirectory directory;
  const Credentials read = read_credentials(written(directory,
                                                    "# the reseller's\r\n\n login = north.user!submitter "
                                                    "\r\npassword=Tide&42=#x\nuser = sub.user\notp = 123456"))
                               .value();
  CHECK(read.login == "north.user!submitter");
  CHECK(read.password == "Tide&42=#x");
  CHECK(read.user == "sub.user");
  CHECK(read.otp == "123456");
}

TEST_CASE("credentials: a file that others may read or change is refused, whatever is in it") {
  const support::TemporaryDirectory directory;
  for (const mode_t mode : {0640, 0604, 0660, 0602, 0610, 0777, 0644}) {
    CAPTURE(mode);
    const auto refused = read_credentials(written(directory, "login = a\npassword = t0psecret\n", mode));
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == ErrorCode::credentials_unusable);
    CHECK(refused.error().detail.find("chmod 600") != std::string::npos);
    CHECK(refused.error().detail.find("t0psecret") == std::string::npos);
  }
  CHECK(read_credentials(written(directory, "login = a\npassword = t0psecret\n", 0400)));
}

TEST_CASE("credentials: what is no file, not there, incomplete or misspelt is refused without repeating what it says") {
  const support::TemporaryDirectory directory;
  CHECK(read_credentials(directory.file("nothing")).error().code == ErrorCode::file_not_found);
  CHECK(read_credentials(directory.path().string()).error().code == ErrorCode::credentials_unusable);
  const std::string pipe = directory.file("pipe");
  REQUIRE(mkfifo(pipe.c_str(), 0600) == 0);
  CHECK(read_credentials(pipe).error().code == ErrorCode::credentials_unusable);
  for (const char* text : {"", "login = a\n", "password = t0psecret\n", "login = a\npassword =\n",
                           "login = a\npassword = t0psecret\npasword = t0psecret\n", "login = a\nt0psecret\n",
                           "login = a\npassword = t0psecret\nt0psecret = x\n"}) {
    CAPTURE(text);
    const auto refused = read_credentials(written(directory, text));
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == ErrorCode::credentials_unusable);
    CHECK(refused.error().detail.find("t0psecret") == std::string::npos);
  }
  CHECK(read_credentials(written(directory, "login = a\npassword = " + std::string(70'000, 'x'))).error().code ==
        ErrorCode::credentials_unusable);
}

TEST_CASE("credentials: a value with a line break is none") {
  CHECK(api_client::check({.login = "a", .password = "b"}));
  CHECK(api_client::check({.login = "a", .password = "b\nc"}).error().code == ErrorCode::credentials_unusable);
  CHECK(api_client::check({.login = "", .password = "b"}).error().code == ErrorCode::credentials_unusable);
}
