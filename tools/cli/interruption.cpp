#include "tools/cli/interruption.hpp"

#include <csignal>
#include <initializer_list>

namespace cli {
namespace {

volatile std::sig_atomic_t caught = 0;

extern "C" void note_signal(int signal) { caught = signal; }

}  // namespace

void stop_on_signals() {
  for (const int signal : {SIGINT, SIGTERM}) {
    struct sigaction action {};
    action.sa_handler = note_signal;
    action.sa_flags = static_cast<int>(SA_RESETHAND);  // no SA_RESTART: what waits is woken
    sigaction(signal, &action, nullptr);
  }
}

bool interrupted() { return caught != 0; }
int interrupted_status() { return 128 + static_cast<int>(caught); }

}  // namespace cli
