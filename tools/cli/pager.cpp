#include "tools/cli/pager.hpp"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <iostream>
#include <string>

#include "tools/cli/session.hpp"
#include "tools/render/terminal.hpp"

namespace cli {
namespace {

std::string pager_command() {
  for (const char* name : {"DROPLEDGER_PAGER", "PAGER"}) {
    if (const char* value = std::getenv(name); value != nullptr) return value;
  }
  return "less";
}

}  // namespace

// A shell runs the pager at the end of a pipe that stands in the place of our stdout.
class Pager::Child {
 public:
  explicit Child(const std::string& command) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return;
    std::cout.flush();
    process_ = ::fork();
    if (process_ == 0) {
      ::dup2(ends[0], STDIN_FILENO);
      ::setenv("LESS", "FRX", 0);  // colours, no pager for one screen, and the text stays when it ends
      ::execl("/bin/sh", "sh", "-c", command.c_str(), static_cast<char*>(nullptr));
      ::_exit(127);
    }
    ::close(ends[0]);
    if (process_ > 0) {
      terminal_ = ::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
      ::dup2(ends[1], STDOUT_FILENO);
      std::signal(SIGINT, SIG_IGN);  // the pager's reader means the pager
    }
    ::close(ends[1]);
  }
  ~Child() {
    if (process_ <= 0) return;
    std::cout.flush();
    ::dup2(terminal_, STDOUT_FILENO);  // closes the pipe
    ::close(terminal_);
    int status = 0;
    while (::waitpid(process_, &status, 0) < 0 && errno == EINTR) {
    }
    std::signal(SIGINT, SIG_DFL);
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

 private:
  pid_t process_ = -1;
  int terminal_ = -1;
};

Pager::Pager(const Globals& globals) {
  if (globals.no_pager || !render::is_terminal(STDOUT_FILENO) || render::is_dumb_terminal()) return;
  const std::string command = pager_command();
  if (!command.empty() && command != "cat") child_ = std::make_unique<Child>(command);
}

Pager::~Pager() = default;

}  // namespace cli
