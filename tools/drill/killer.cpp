#include "tools/drill/killer.hpp"

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <new>
#include <numeric>
#include <stdexcept>
#include <system_error>

namespace drill {

// The message from the child to the parent before it dies.
struct Killer::Trace {
  std::atomic<int> stage{-1};  // index into kStages; −1 before the first milestone
  std::atomic<int> counted{0};
};

Killer::Killer() {
  void* const shared = mmap(nullptr, sizeof(Trace), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (shared == MAP_FAILED) throw std::system_error(errno, std::generic_category(), "mmap");
  trace_ = new (shared) Trace;
}
Killer::~Killer() { munmap(trace_, sizeof(Trace)); }

bool Killer::run(const std::function<void(const operations::SweepOptions&)>& work, operations::SweepOptions options,
                 const Blow& blow) {
  trace_->stage = -1;
  trace_->counted = 0;
  const pid_t child = fork();
  if (child < 0) throw std::system_error(errno, std::generic_category(), "fork");
  if (child == 0) {
    options.reached = [this, blow](operations::Milestone milestone) {
      trace_->stage = static_cast<int>(milestone);
      if (blow.at && *blow.at != milestone) return;
      if (++trace_->counted == blow.nth && blow.after_microseconds == 0) std::raise(SIGKILL);
    };
    try {
      work(options);
      _exit(0);
    } catch (const std::exception& error) {
      std::fprintf(stderr, "sweep failed: %s\n", error.what());
      _exit(1);
    }
  }
  if (blow.after_microseconds > 0) {
    siginfo_t over{};
    while (trace_->counted < blow.nth &&
           waitid(P_PID, static_cast<id_t>(child), &over, WEXITED | WNOHANG | WNOWAIT) == 0 && over.si_pid == 0)
      usleep(50);
    usleep(static_cast<useconds_t>(blow.after_microseconds));
    kill(child, SIGKILL);
  }
  int status = 0;
  while (waitpid(child, &status, 0) != child) {
    if (errno != EINTR) throw std::system_error(errno, std::generic_category(), "waitpid");
  }
  if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) {
    ++(trace_->stage < 0 ? before_any_ : killed_[static_cast<std::size_t>(trace_->stage)]);
    return true;
  }
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
    throw std::runtime_error("a sweep failed; what it said is on stderr");
  return false;
}

int Killer::total() const { return std::accumulate(killed_.begin(), killed_.end(), before_any_); }

}  // namespace drill
