#include "tools/gateway/request_log.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace gateway {
namespace {

int open_to_append(const std::string& file) {
  return ::open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY, 0640);
}

engine::Error cannot_open(const std::string& file, int why) {
  return {engine::ErrorCode::file_not_found, "cannot write the log '" + file + "': " + std::strerror(why)};
}

}  // namespace

engine::Result<std::unique_ptr<RequestLog>> RequestLog::open(const std::string& file) {
  const int opened = file.empty() ? ::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0) : open_to_append(file);
  // a program without standard error has no log, and works nevertheless
  if (opened < 0 && !file.empty()) return cannot_open(file, errno);
  return std::unique_ptr<RequestLog>(new RequestLog(file, opened));
}

RequestLog::~RequestLog() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

void RequestLog::write(std::string_view line) {
  std::string text(line);
  text += '\n';
  const std::lock_guard lock(mutex_);
  if (torn_) text.insert(0, 1, '\n');
  std::size_t written = 0;
  while (written < text.size()) {
    const ssize_t part = ::write(descriptor_, text.data() + written, text.size() - written);
    if (part < 0 && errno == EINTR) continue;
    if (part <= 0) break;  // a full disk does not stop the gateway
    written += static_cast<std::size_t>(part);
  }
  if (written > 0) torn_ = written < text.size();
}

engine::Status RequestLog::reopen() {
  if (file_.empty()) return engine::Unit{};
  const int opened = open_to_append(file_);
  if (opened < 0) return cannot_open(file_, errno);
  const std::lock_guard lock(mutex_);
  const int replaced = ::dup3(opened, descriptor_, O_CLOEXEC);
  const int why = errno;
  ::close(opened);
  if (replaced < 0) return cannot_open(file_, why);
  torn_ = false;
  return engine::Unit{};
}

}  // namespace gateway
