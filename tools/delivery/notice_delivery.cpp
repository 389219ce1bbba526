#include "tools/delivery/notice_delivery.hpp"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>

#include "api_client/command.hpp"
#include "api_client/credentials.hpp"
#include "engine/time.hpp"

extern "C" char** environ;

namespace delivery {
namespace {

class File {
 public:
  explicit File(int descriptor) : descriptor_(descriptor) {}
  ~File() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  int get() const { return descriptor_; }
  explicit operator bool() const { return descriptor_ >= 0; }

 private:
  int descriptor_;
};

bool write_all(int descriptor, const std::string& text) {
  for (std::size_t done = 0; done < text.size();) {
    const ssize_t written = ::write(descriptor, text.data() + done, text.size() - done);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    done += static_cast<std::size_t>(written);
  }
  return true;
}

std::string system_says(const std::string& what) { return what + ": " + std::strerror(errno); }

}  // namespace

std::optional<std::string> run_with_input(const std::vector<std::string>& words,
                                          const std::vector<std::string>& environment, const std::string& input,
                                          std::chrono::milliseconds timeout) {
  // In memory and not through a pipe: a program that reads nothing cannot block or end us.
  const File memory(::memfd_create("notice", MFD_CLOEXEC));
  if (!memory || !write_all(memory.get(), input) || ::lseek(memory.get(), 0, SEEK_SET) != 0)
    return system_says("the notice could not be handed over");
  std::vector<char*> arguments, variables;
  for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  // The provider's credentials are not passed to the program that delivers a notice.
  for (char** variable = environ; *variable != nullptr; ++variable) {
    const std::string_view name = std::string_view(*variable).substr(0, std::string_view(*variable).find('='));
    if (!name.starts_with("DROPLEDGER_") || !api_client::is_secret(name)) variables.push_back(*variable);
  }
  for (const std::string& variable : environment) variables.push_back(const_cast<char*>(variable.c_str()));
  variables.push_back(nullptr);

  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_adddup2(&files, memory.get(), STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&files, STDERR_FILENO, STDOUT_FILENO);  // our stdout is for data only
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  // so that what it starts can be ended with it
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
  posix_spawnattr_setpgroup(&attributes, 0);
  pid_t child = 0;
  const int failed =
      ::posix_spawnp(&child, words.front().c_str(), &files, &attributes, arguments.data(), variables.data());
  posix_spawn_file_actions_destroy(&files);
  posix_spawnattr_destroy(&attributes);
  if (failed != 0) {
    errno = failed;
    return system_says("'" + words.front() + "' cannot be run");
  }
  // glibc 2.36 declares it for C only
  const File process(static_cast<int>(::syscall(SYS_pidfd_open, child, 0)));
  pollfd ended{process.get(), POLLIN, 0};
  const bool in_time = process && ::poll(&ended, 1, static_cast<int>(timeout.count())) > 0;
  if (!in_time) ::kill(-child, SIGKILL);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (!in_time) return "'" + words.front() + "' did not end within " + engine::to_string(engine::Milliseconds(timeout));
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return std::nullopt;
  return "'" + words.front() + "' ended with " +
         (WIFEXITED(status) ? std::to_string(WEXITSTATUS(status)) : "signal " + std::to_string(WTERMSIG(status)));
}

std::optional<std::string> append_line(const std::string& path, const std::string& line) {
  // read as well, for the end of the last line; a pipe, or a file that may only be written, has none to look at
  constexpr int kAppend = O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY;
  int opened = ::open(path.c_str(), O_RDWR | kAppend, 0600);
  if (opened < 0) opened = ::open(path.c_str(), O_WRONLY | kAppend, 0600);
  const File file(opened);
  if (!file) return system_says("'" + path + "' cannot be written");
  struct ::stat before {};
  if (::fstat(file.get(), &before) != 0) return system_says("'" + path + "'");
  // A line that a crash cut off ends here, or it would swallow this one.
  char last = '\n';
  const bool torn = S_ISREG(before.st_mode) && before.st_size > 0 &&
                    ::pread(file.get(), &last, 1, before.st_size - 1) == 1 && last != '\n';
  if (write_all(file.get(), (torn ? "\n" : "") + line + "\n") &&
      (::fsync(file.get()) == 0 || errno == EINVAL || errno == EROFS))  // a pipe cannot be synced
    return std::nullopt;
  const std::string trouble = system_says("'" + path + "' could not be written");
  if (S_ISREG(before.st_mode) && ::ftruncate(file.get(), before.st_size) != 0)
    return trouble + "; a part of a line stayed";
  return trouble;
}

engine::Result<std::string> read_secret(const std::string& path) {
  constexpr std::size_t kMost = 4096;
  engine::Result<std::string> read = api_client::read_private_file(path, "the file of a secret", kMost);
  if (!read) return read.error();
  std::string text = std::move(read).value();
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  if (text.size() < 16) {
    return engine::Error{engine::ErrorCode::credentials_unusable,
                         "'" + path + "' holds no secret of 16 to 4096 characters"};
  }
  return text;
}

}  // namespace delivery
