#include "tests/support/running_program.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <stdexcept>
#include <system_error>

#include "tests/support/run_program.hpp"

namespace support {
namespace {

constexpr int kPatienceMs = 60'000;

}  // namespace

RunningProgram::RunningProgram(const std::vector<std::string>& arguments, const std::string& error_file) {
  const std::string path = program_path();
  std::vector<char*> argv{const_cast<char*>(path.c_str())};
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  int pipe_ends[2];
  if (::pipe2(pipe_ends, O_CLOEXEC) != 0) throw std::system_error(errno, std::generic_category(), "pipe");
  pid_ = ::fork();
  if (pid_ < 0) throw std::system_error(errno, std::generic_category(), "fork");
  if (pid_ == 0) {
    ::dup2(pipe_ends[1], STDOUT_FILENO);
    const int error = ::open(error_file.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (error >= 0) ::dup2(error, STDERR_FILENO);
    ::execv(path.c_str(), argv.data());
    ::_exit(127);
  }
  ::close(pipe_ends[1]);
  output_ = pipe_ends[0];
}

RunningProgram::~RunningProgram() {
  if (pid_ > 0) {
    ::kill(pid_, SIGKILL);
    while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
    }
  }
  if (output_ >= 0) ::close(output_);
}

std::string RunningProgram::read_line() {
  std::string line;
  char letter = 0;
  for (;;) {
    pollfd waiting{output_, POLLIN, 0};
    if (::poll(&waiting, 1, kPatienceMs) == 0)
      throw std::runtime_error("the program says nothing: '" + line + "' was all of its line");
    if (::read(output_, &letter, 1) != 1 || letter == '\n') return line;
    line += letter;
  }
}

void RunningProgram::signal(int number) const {
  if (pid_ > 0) ::kill(pid_, number);
}

std::optional<int> RunningProgram::wait() {
  if (pid_ <= 0) return std::nullopt;
  const int ended = static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0));
  if (ended < 0) throw std::system_error(errno, std::generic_category(), "pidfd_open");
  pollfd waiting{ended, POLLIN, 0};
  const int ready = ::poll(&waiting, 1, kPatienceMs);
  ::close(ended);
  if (ready == 0) throw std::runtime_error("the program does not end");
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
  if (WIFEXITED(status)) return WEXITSTATUS(status);
  return std::nullopt;
}

}  // namespace support
