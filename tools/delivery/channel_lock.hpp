// A lock per channel: only one of several programs delivers its notices, else a notice could be sent twice. A lock of
// the kernel on a byte of a file beside the book (BOOK-notices), freed when its holder dies.
#pragma once

#include <string>

namespace delivery {

class ChannelLock {
 public:
  ChannelLock(const std::string& book, const std::string& channel);
  ~ChannelLock();
  ChannelLock(const ChannelLock&) = delete;
  ChannelLock& operator=(const ChannelLock&) = delete;

  // False: another program delivers this channel's. Where no such file is possible, everybody may.
  bool is_ours() const { return ours_; }

 private:
  int file_ = -1;
  bool ours_ = true;
};

}  // namespace delivery
