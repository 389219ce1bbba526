#include "tools/gateway/delivery.hpp"

#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cerrno>

namespace gateway {
namespace {

bool has_arrived(int socket) {  // anything but the end
  char next = 0;
  return ::recv(socket, &next, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}
short state_of(int socket, short events) {
  pollfd asked{socket, events, 0};
  return ::poll(&asked, 1, 0) > 0 ? asked.revents : static_cast<short>(0);
}
bool is_sent_in_vain(int socket) {  // more than once, and still without an echo
  tcp_info info{};
  socklen_t length = sizeof info;
  return ::getsockopt(socket, IPPROTO_TCP, TCP_INFO, &info, &length) == 0 && info.tcpi_retransmits > 0;
}

}  // namespace

bool is_acknowledged(int socket) {
  int left = 0;
  return ::ioctl(socket, SIOCOUTQ, &left) == 0 && left <= 1;
}
bool is_broken(int socket) { return (state_of(socket, 0) & POLLERR) != 0; }

bool Delivery::caller_has_gone() const {
  const std::lock_guard lock(mutex_);
  return socket_ < 0 || (state_of(socket_, POLLRDHUP) & (POLLRDHUP | POLLHUP | POLLERR)) != 0;
}

bool Delivery::failed() const {
  const std::lock_guard lock(mutex_);
  if (socket_ < 0 || failed_) return failed_;
  const short state = state_of(socket_, POLLRDHUP);
  if ((state & POLLERR) != 0) return true;
  return (!sent_ || !is_acknowledged(socket_)) && ((state & (POLLRDHUP | POLLHUP)) != 0 || is_sent_in_vain(socket_));
}

ssize_t Delivery::hand_over(const std::function<ssize_t()>& send) {
  const std::lock_guard lock(mutex_);
  sent_ = true;
  errno = 0;
  const ssize_t part = send();
  if (part <= 0 && errno != 0 && errno != EAGAIN && errno != EINTR) failed_ = true;
  return part;
}

void Delivery::end(bool has_more, bool broken) {
  const std::lock_guard lock(mutex_);
  failed_ = !has_more &&
            (failed_ || broken || !sent_ || is_broken(socket_) || (!has_arrived(socket_) && !is_acknowledged(socket_)));
  socket_ = -1;
}

}  // namespace gateway
