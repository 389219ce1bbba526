// Whether an answer reached its caller, as far as TCP tells.
#pragma once

#include <sys/types.h>

#include <functional>
#include <mutex>

namespace gateway {

// What becomes of the answer to a call, as far as its connection tells. May be asked by any thread, also when the
// connection has long ended.
class Delivery {
 public:
  explicit Delivery(int socket) : socket_(socket) {}

  // Whether the caller has closed its end or is out of reach: it waits for no answer any more (or, seldom, it only said
  // that it has nothing more to ask).
  bool caller_has_gone() const;
  // Whether the answer did not arrive, or will not: the connection broke, or the caller closed it or let it end before
  // its machine had acknowledged every byte. While the answer is on its way: no.
  bool failed() const;

  // For the server. `send` hands bytes of the answer to the kernel without waiting, as send(2) does.
  ssize_t hand_over(const std::function<ssize_t()>& send);
  // Before the socket is closed, and when the next request begins. `has_more`: some of that is here, so the answer to
  // the one before has arrived. `broken`: the connection was just found to be.
  void end(bool has_more, bool broken);

 private:
  mutable std::mutex mutex_;
  int socket_;  // -1: ended
  bool sent_ = false, failed_ = false;
};

// Whether the other machine's kernel has acknowledged all that was sent; our own end of the stream counts as one byte.
bool is_acknowledged(int socket);
// Whether the connection is broken. Its error stays where it is, for whoever asks next.
bool is_broken(int socket);

}  // namespace gateway
