// A receiver of webhooks on this machine: keeps what it got and answers as told.
#pragma once

#include <deque>
#include <mutex>
#include <string>
#include <vector>

#include "tests/support/loopback_server.hpp"

namespace support {

class Receiver {
 public:
  std::string url() const { return server_.url(); }
  // What the next posts are answered with; then 204. 0: the connection is closed without a word.
  void answer_next(std::deque<int> statuses) {
    const std::lock_guard lock(mutex_);
    statuses_ = std::move(statuses);
  }
  std::vector<Heard> posts() const { return server_.heard(); }  // also those that were refused

 private:
  Said answer() {
    const std::lock_guard lock(mutex_);
    const int status = statuses_.empty() ? 204 : statuses_.front();
    if (!statuses_.empty()) statuses_.pop_front();
    return status == 0 ? Said{.close_before = true}
                       : Said{.status = status, .headers = {"Connection: close"}, .close_after = true};
  }

  std::mutex mutex_;
  std::deque<int> statuses_;
  // last: it stops before what it uses goes
  LoopbackServer server_{[this](const Heard&) { return answer(); }};
};

}  // namespace support
