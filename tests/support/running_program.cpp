#include "tests/support/running_program.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <system_error>

#include "tests/support/run_program.hpp"

namespace support {

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
    wait();
  }
  if (output_ >= 0) ::close(output_);
}

std::string RunningProgram::read_line() {
  std::string line;
  char letter = 0;
  while (::read(output_, &letter, 1) == 1 && letter != '\n') line += letter;
  return line;
}

void RunningProgram::signal(int number) const {
  if (pid_ > 0) ::kill(pid_, number);
}

std::optional<int> RunningProgram::wait() {
  if (pid_ <= 0) return std::nullopt;
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {}
  pid_ = -1;
  if (WIFEXITED(status)) return WEXITSTATUS(status);
  return std::nullopt;
}

}  // namespace support
