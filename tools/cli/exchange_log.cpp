#include "tools/cli/exchange_log.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>

#include "tools/cli/session.hpp"

namespace cli {
namespace {

std::string_view word_of(engine::Delivery delivery) {
  switch (delivery) {
    case engine::Delivery::not_sent:
      return "not sent";
    case engine::Delivery::answered:
      return "answered";
    case engine::Delivery::unknown:
      break;
  }
  return "unknown";
}

class JsonLines final : public api_client::ExchangeLog {
 public:
  JsonLines(int descriptor, bool owned) : descriptor_(descriptor), owned_(owned) {}
  ~JsonLines() override {
    if (owned_) close(descriptor_);
  }
  JsonLines(const JsonLines&) = delete;
  JsonLines& operator=(const JsonLines&) = delete;

  void note(const api_client::LoggedExchange& exchange) override {
    const nlohmann::ordered_json line{{"at", engine::to_string(system_now())},
                                      {"environment", exchange.environment},
                                      {"command", exchange.command},
                                      {"request", exchange.request},
                                      {"delivery", word_of(exchange.delivery)},
                                      {"code", exchange.code},
                                      {"text", exchange.text},
                                      {"answer", exchange.answer},
                                      {"attempt", exchange.attempt},
                                      {"ms", exchange.took.count()},
                                      {"pid", getpid()}};
    const std::string text = line.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
    // One write a line: several programs may append to one file. A log that cannot be written does not hold up orders.
    [[maybe_unused]] const ssize_t written = write(descriptor_, text.data(), text.size());
  }

 private:
  int descriptor_;
  bool owned_;
};

}  // namespace

std::unique_ptr<api_client::ExchangeLog> open_exchange_log(const std::string& path) {
  if (path == "-") return std::make_unique<JsonLines>(STDERR_FILENO, false);
  const int descriptor = open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
  if (descriptor < 0)
    throw CommandError{engine::Error{engine::ErrorCode::file_not_found,
                                     "cannot write the log '" + path + "': " + std::strerror(errno)}};
  return std::make_unique<JsonLines>(descriptor, true);
}

}  // namespace cli
