#include "storage/sqlite/writer_queue.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <thread>

namespace storage {
namespace {

constexpr off_t kNext = 0, kWriting = 1;  // the locked bytes
constexpr auto kAskAgain = std::chrono::microseconds(250);

enum class Asked { ours, somebodys, impossible };

struct flock byte_range(short type, off_t byte) {
  struct flock range {};
  range.l_type = type;
  range.l_whence = SEEK_SET;
  range.l_start = byte;
  range.l_len = 1;
  return range;
}

// Locks of the open file and not of the process: two connections of one process are as strange to each other as two
// processes.
Asked lock(int file, off_t byte) {
  struct flock range = byte_range(F_WRLCK, byte);
  if (::fcntl(file, F_OFD_SETLK, &range) == 0) return Asked::ours;
  return errno == EAGAIN || errno == EACCES || errno == EINTR ? Asked::somebodys : Asked::impossible;
}

void unlock(int file, off_t byte) {
  struct flock range = byte_range(F_UNLCK, byte);
  ::fcntl(file, F_OFD_SETLK, &range);
}

Asked wait_for(int file, off_t byte, std::chrono::steady_clock::time_point deadline) {
  for (;;) {
    const Asked asked = lock(file, byte);
    if (asked != Asked::somebodys || std::chrono::steady_clock::now() >= deadline) return asked;
    std::this_thread::sleep_for(kAskAgain);
  }
}

}  // namespace

WriteTurn::~WriteTurn() {
  if (file_ >= 0) ::close(file_);
}

bool WriteTurn::open() {
  if (file_ >= 0 || refused_) return file_ >= 0;
  struct stat book {};
  if (::stat(path_.c_str(), &book) == 0) {
    const std::string turn = path_ + "-turn";
    file_ = ::open(turn.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, book.st_mode & 0777);
    // Made by root for a book of somebody else's, it must be theirs as well, as SQLite does with its own files.
    if (file_ >= 0 && ::geteuid() == 0) static_cast<void>(::fchown(file_, book.st_uid, book.st_gid) == 0);
  }
  refused_ = file_ < 0;
  return file_ >= 0;
}

bool WriteTurn::take(engine::Milliseconds longest) {
  if (!open()) return true;
  const auto deadline = std::chrono::steady_clock::now() + longest;
  const Asked next = wait_for(file_, kNext, deadline);
  const Asked writing = next == Asked::ours ? wait_for(file_, kWriting, deadline) : next;
  if (next == Asked::ours) unlock(file_, kNext);
  return writing != Asked::somebodys;
}

bool WriteTurn::has_waiting_writer() const {
  struct flock range = byte_range(F_WRLCK, kNext);
  return file_ >= 0 && ::fcntl(file_, F_OFD_GETLK, &range) == 0 && range.l_type != F_UNLCK;
}

void WriteTurn::give_back() {
  if (file_ >= 0) unlock(file_, kWriting);
}

}  // namespace storage
