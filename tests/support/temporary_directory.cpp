#include "tests/support/temporary_directory.hpp"

#include <stdlib.h>  // mkdtemp is POSIX

#include <cerrno>
#include <iostream>
#include <system_error>

namespace support {

TemporaryDirectory::TemporaryDirectory() {
  std::string name = (std::filesystem::temp_directory_path() / "dropledger_test.XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) throw std::system_error(errno, std::generic_category(), "mkdtemp " + name);
  path_ = name;
}

TemporaryDirectory::~TemporaryDirectory() {
  std::error_code failed;
  std::filesystem::remove_all(path_, failed);
  if (failed) std::cerr << "could not remove " << path_ << ": " << failed.message() << '\n';
}

}  // namespace support
