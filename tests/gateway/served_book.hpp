// A gateway in this process over a fresh book: the sample world of rehearsals, a clock that the test moves, and
// customers beside test.user where it wants them.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "api_client/response.hpp"
#include "engine/provider.hpp"
#include "storage/store.hpp"
#include "tests/support/books.hpp"
#include "tests/support/temporary_directory.hpp"
#include "tools/gateway/gateway.hpp"
#include "tools/gateway/sample_world.hpp"
#include "tools/operations/accounts.hpp"
#include "tools/operations/users.hpp"
#include "tools/simulated_registry/simulated_registry.hpp"

namespace support {

// Of the sample world: made at this instant, so john.com drops four days later.
inline const engine::UtcTime kMade = at("2026-08-01T12:00:00Z");
inline const engine::UtcTime kJohnDrops = kMade + std::chrono::hours(96);

class ServedBook {
 public:
  explicit ServedBook(engine::BackorderProvider* provider = nullptr)
      : book(directory.file("book.db")), registry_file(directory.file("registry.db")) {
    REQUIRE(bool(gateway::make_rehearsal(book, registry_file, kMade)));
    set_now(kMade);
    registry = simulated_registry::SimulatedRegistry::open(registry_file, [this] { return now(); }).value();
    options.book = book;
    options.entity = "1234";
    options.provider = provider == nullptr ? registry.get() : provider;
    options.clock = [this] { return now(); };
    options.monotonic = [this] { return gateway::Instant(std::chrono::seconds(seconds.load())); };
    options.log = [this](const std::string& line) { log.push_back(line); };
    begin();
  }
  void begin() { served = std::make_unique<gateway::Gateway>(options); }

  engine::UtcTime now() const { return engine::UtcTime(engine::Milliseconds(milliseconds.load())); }
  void set_now(engine::UtcTime to) { milliseconds = to.time_since_epoch().count(); }
  // Moves the clock and does what fell due meanwhile, hour by hour.
  void advance_to(engine::UtcTime to) {
    while (now() < to) {
      set_now(std::min(to, now() + std::chrono::hours(1)));
      served->sweep();
    }
  }

  // A command as the form that stands in the body, by test.user or with other credentials.
  api_client::Response call(const std::string& body,
                            const std::string& credentials = "s_login=test.user&s_pw=test.passw0rd",
                            const std::string& address = "192.0.2.1") {
    api_client::Response response =
        api_client::Response::parse(served->answer("s_entity=1234&" + credentials, body, address));
    CHECK_MESSAGE(response.complete(), body << ": " << response.torn());
    return response;
  }
  // Another account with a user of the same name, whose password is "<name>.secret".
  void open_account(const std::string& name, std::int64_t euro_cents, const std::string& currency_code = "EUR") {
    const auto store = storage::open_book(book, {});
    const operations::Context context{*store, now(), "test"};
    REQUIRE(bool(operations::open_account(context, {}, name, currency(currency_code.c_str()), {})));
    if (euro_cents > 0)
      REQUIRE(bool(operations::fund(context, {}, name,
                                    {.amount = engine::Money::of_minor(euro_cents, currency(currency_code.c_str()))})));
    REQUIRE(bool(operations::add_user(context, {}, name, name, name + ".secret")));
  }
  static std::string as(const std::string& name) { return "s_login=" + name + "&s_pw=" + name + ".secret"; }

  std::unique_ptr<engine::LedgerStore> store() const { return storage::open_book(book, {}); }

  TemporaryDirectory directory;
  std::string book, registry_file;
  std::atomic<std::int64_t> milliseconds{0};
  std::atomic<std::int64_t> seconds{1'000};  // of the monotonic clock
  std::unique_ptr<simulated_registry::SimulatedRegistry> registry;
  std::vector<std::string> log;
  gateway::GatewayOptions options;
  std::unique_ptr<gateway::Gateway> served;
};

}  // namespace support
