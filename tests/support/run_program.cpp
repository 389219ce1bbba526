#include "tests/support/run_program.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <system_error>
#include <utility>

namespace support {
namespace {

using Clock = std::chrono::steady_clock;

[[noreturn]] void fail(const std::string& what) { throw std::system_error(errno, std::generic_category(), what); }

class Descriptor {
 public:
  explicit Descriptor(int number = -1) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  ~Descriptor() { close(); }
  void close() {
    if (number_ >= 0) ::close(std::exchange(number_, -1));
  }
  int number() const { return number_; }
  bool is_open() const { return number_ >= 0; }

 private:
  int number_;
};

struct Pipe {
  Descriptor read;
  Descriptor write;
};
Pipe make_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) fail("pipe");
  return {Descriptor(ends[0]), Descriptor(ends[1])};
}

// Kills the process group and collects the child, also when the test is left by an exception.
class Child {
 public:
  explicit Child(pid_t id) : id_(id) {}
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() {
    if (id_ <= 0) return;
    kill();
    int status = 0;
    while (::waitpid(id_, &status, 0) < 0 && errno == EINTR) {
    }
  }
  void kill() const { ::kill(-id_, SIGKILL); }
  // Empty while it runs.
  std::optional<int> wait_status(bool block) {
    int status = 0;
    const pid_t ended = ::waitpid(id_, &status, block ? 0 : WNOHANG);
    if (ended == 0 || (ended < 0 && errno == EINTR)) return std::nullopt;
    if (ended < 0) fail("waitpid");
    id_ = -1;
    return status;
  }

 private:
  pid_t id_;
};

std::vector<std::string> environment_of(const ProgramOptions& options) {
  std::map<std::string, std::string> variables;
  for (const char* name : {"PATH", "HOME", "TMPDIR", "ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS"}) {
    if (const char* value = std::getenv(name); value != nullptr) variables[name] = value;
  }
  for (const auto& [name, value] : options.environment) variables[name] = value;
  std::vector<std::string> lines;
  for (const auto& [name, value] : variables) lines.push_back(name + "=" + value);
  return lines;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> result;
  for (std::string& text : texts) result.push_back(text.data());
  result.push_back(nullptr);
  return result;
}

}  // namespace

std::string program_path() {
  const char* chosen = std::getenv("DROPLEDGER_PROGRAM");
  return chosen != nullptr && *chosen != '\0' ? chosen : DROPLEDGER_PROGRAM;
}

std::filesystem::path source_folder() { return DROPLEDGER_SOURCE_DIR; }

std::filesystem::path build_folder() { return DROPLEDGER_BUILD_DIR; }

ProgramResult run_program(const std::vector<std::string>& arguments, const ProgramOptions& options) {
  return run(program_path(), arguments, options);
}

ProgramResult run(const std::string& path, const std::vector<std::string>& arguments, const ProgramOptions& options) {
  // Everything that allocates comes before the fork.
  std::vector<std::string> words{path};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<std::string> variables = environment_of(options);
  const std::vector<char*> argv = pointers(words);
  const std::vector<char*> envp = pointers(variables);
  Pipe input = make_pipe();
  Pipe output = make_pipe();
  Pipe error = make_pipe();
  Pipe refusal = make_pipe();  // closes when the program starts, else carries errno

  const pid_t id = ::fork();
  if (id < 0) fail("fork");
  if (id == 0) {
    ::setpgid(0, 0);
    ::signal(SIGPIPE, SIG_DFL);
    const bool ready = ::dup2(input.read.number(), 0) >= 0 && ::dup2(output.write.number(), 1) >= 0 &&
                       ::dup2(error.write.number(), 2) >= 0 &&
                       (options.directory.empty() || ::chdir(options.directory.c_str()) == 0);
    if (ready) ::execve(path.c_str(), argv.data(), envp.data());
    const int reason = errno;
    [[maybe_unused]] const ssize_t told = ::write(refusal.write.number(), &reason, sizeof reason);
    ::_exit(127);
  }
  ::setpgid(id, id);  // whoever of the two comes first
  Child child(id);
  input.read.close();
  output.write.close();
  error.write.close();
  refusal.write.close();

  int reason = 0;
  ssize_t told = 0;
  while ((told = ::read(refusal.read.number(), &reason, sizeof reason)) < 0 && errno == EINTR) {
  }
  if (told == sizeof reason) {
    errno = reason;
    fail(path);
  }

  // A program may end without reading its input: that must not end the test.
  struct IgnoreBrokenPipe {
    void (*before)(int) = std::signal(SIGPIPE, SIG_IGN);
    ~IgnoreBrokenPipe() { std::signal(SIGPIPE, before); }
  } ignored;
  if (::fcntl(input.write.number(), F_SETFL, O_NONBLOCK) != 0) fail("fcntl");
  if (options.input.empty()) input.write.close();

  ProgramResult result;
  const Clock::time_point deadline = Clock::now() + options.timeout;
  std::string_view unsent = options.input;
  std::array<char, 65536> buffer;
  const auto take = [&buffer](Descriptor& from, std::string& into) {
    const ssize_t count = ::read(from.number(), buffer.data(), buffer.size());
    if (count > 0) into.append(buffer.data(), static_cast<std::size_t>(count));
    if (count == 0 || (count < 0 && errno != EINTR)) from.close();
  };
  std::optional<int> ended;
  while (output.read.is_open() || error.read.is_open()) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
    if (left <= 0) {
      result.timed_out = true;
      child.kill();
      break;
    }
    // A negative descriptor is skipped by poll().
    std::array<pollfd, 3> watched{
        {{output.read.number(), POLLIN, 0}, {error.read.number(), POLLIN, 0}, {input.write.number(), POLLOUT, 0}}};
    if (::poll(watched.data(), watched.size(), static_cast<int>(std::min<std::int64_t>(left, 1000))) < 0) {
      if (errno == EINTR) continue;
      fail("poll");
    }
    if (watched[0].revents != 0) take(output.read, result.output);
    if (watched[1].revents != 0) take(error.read, result.error);
    if (watched[2].revents != 0) {
      const ssize_t count = ::write(input.write.number(), unsent.data(), unsent.size());
      if (count > 0) unsent.remove_prefix(static_cast<std::size_t>(count));
      if (unsent.empty() || (count < 0 && errno != EINTR && errno != EAGAIN)) input.write.close();
    }
  }
  // Both outputs are closed, and the program as good as over; one that closed them and stays is killed at the deadline
  // too.
  input.write.close();
  while (!ended) {
    ended = child.wait_status(result.timed_out);
    if (ended || result.timed_out) continue;
    if (Clock::now() >= deadline) {
      result.timed_out = true;
      child.kill();
    } else {
      ::poll(nullptr, 0, 1);
    }
  }
  if (WIFEXITED(*ended)) result.status = WEXITSTATUS(*ended);
  if (WIFSIGNALED(*ended)) result.signal = WTERMSIG(*ended);
  return result;
}

}  // namespace support
