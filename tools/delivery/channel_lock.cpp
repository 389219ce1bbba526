#include "tools/delivery/channel_lock.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>

namespace delivery {
namespace {

// The byte that stands for a channel. Two of one byte wait for each other, which costs nothing but that.
off_t byte_of(const std::string& channel) {
  std::uint32_t hash = 2'166'136'261U;  // FNV-1a
  for (const char c : channel) hash = (hash ^ static_cast<unsigned char>(c)) * 16'777'619U;
  return static_cast<off_t>(hash >> 1U);
}

}  // namespace

ChannelLock::ChannelLock(const std::string& book, const std::string& channel)
    : file_(::open((book + "-notices").c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0640)) {
  if (file_ < 0) return;
  struct flock range {};
  range.l_type = F_WRLCK;
  range.l_whence = SEEK_SET;
  range.l_start = byte_of(channel);
  range.l_len = 1;
  ours_ = ::fcntl(file_, F_OFD_SETLK, &range) == 0 || (errno != EAGAIN && errno != EACCES);
}

ChannelLock::~ChannelLock() {
  if (file_ >= 0) ::close(file_);
}

}  // namespace delivery
