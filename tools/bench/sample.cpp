#include "tools/bench/sample.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "engine/lifecycle.hpp"
#include "storage/store.hpp"
#include "tools/operations/accounts.hpp"

namespace bench {

using engine::Changes;
using engine::Customer;
using engine::Money;
using engine::UtcTime;

const UtcTime kNow = engine::parse_time("2026-08-01T12:00:00Z").value();
const engine::Currency kEuro = engine::Currency::parse("EUR").value();

namespace {

constexpr std::int64_t kBatch = 20'000;  // rows of one commit while a book is filled

Money euro(std::int64_t minor) { return Money::of_minor(minor, kEuro); }

}  // namespace

void apply(engine::LedgerStore& store, const std::string& key, const std::function<void(Changes&)>& fill, UtcTime now) {
  const operations::Context context{store, now, "bench"};
  operations::UnitOfWork work(context);
  Changes changes;
  changes.requests = {{"bench", key, "", "{}"}};
  fill(changes);
  (void)value_of(store.apply(changes, context.stamp()));
  work.keep();
}

engine::Backorder backorder_of(const Ground& ground, std::int64_t i) {
  // between due and deadline
  const UtcTime drop = kNow + std::chrono::seconds(100'000 + draw(ground, static_cast<std::uint64_t>(i)) % 100'000);
  return {
      .id = engine::BackorderId(i + 1),
      .customer = engine::CustomerId(account_of(ground, i)),
      .name = engine::DomainName::from_trusted_ace(domain_of(ground, i)),
      .zone = "com",
      .placed_at = kNow,
      .quoted = euro(kPriceMinor),
      .max_price = euro(kPriceMinor),
      .drop = engine::Drop{drop, {}, drop - std::chrono::hours(3), drop - std::chrono::hours(72), engine::SourceId(1)}};
}

void add_orders(const Ground& ground, engine::LedgerStore& store,
                const std::function<void(Changes&, engine::Backorder&)>& live) {
  for (std::int64_t at = 0; at < ground.size;) {
    const std::int64_t end = std::min(at + kBatch, ground.size);
    apply(store, "orders " + std::to_string(at), [&](Changes& changes) {
      for (; at < end; ++at) {
        engine::Backorder order = backorder_of(ground, at);
        live(changes, order);
        changes.new_backorders.push_back(std::move(order));
      }
    });
  }
}

std::string account_name(std::int64_t customer) { return "account" + std::to_string(customer); }

std::int64_t account_of(const Ground& ground, std::int64_t order) {
  return static_cast<std::int64_t>(draw(ground, (1ULL << 40U) + static_cast<std::uint64_t>(order)) %
                                   static_cast<std::uint64_t>(ground.accounts())) +
         1;
}

std::string domain_of(const Ground& ground, std::int64_t order) {
  std::string name;
  for (std::uint64_t rest = draw(ground, static_cast<std::uint64_t>(order)) >> 24U; rest > 0; rest /= 36)
    name += "abcdefghijklmnopqrstuvwxyz0123456789"[rest % 36];
  return name + "-" + std::to_string(order) + ".com";
}

std::unique_ptr<engine::LedgerStore> make_accounts(const Ground& ground, const std::string& file, bool rich) {
  storage::create_book(file, kNow, true);
  auto store = storage::open_book(file, {});
  const operations::Context context{*store, kNow, "bench"};
  (void)value_of(operations::set_prices(context, {}, {{"com", "standard", euro(kPriceMinor), kNow, {}}}));
  (void)value_of(operations::set_tax_rate(context, {}, {"DE", kTaxBp, kNow}));
  {
    operations::UnitOfWork work(context);
    (void)store->add_list("registry", engine::DateIs::drop, kNow, {}, 0);
    work.keep();
  }
  std::vector<std::int64_t> orders(static_cast<std::size_t>(ground.accounts()) + 1);
  for (std::int64_t i = 0; i < ground.size; ++i) ++orders[static_cast<std::size_t>(account_of(ground, i))];
  for (std::int64_t at = 1; at <= ground.accounts();) {
    const std::int64_t end = std::min(at + kBatch, ground.accounts() + 1);
    apply(*store, "accounts " + std::to_string(at), [&](Changes& changes) {
      for (; at < end; ++at) {
        Customer customer{.id = engine::CustomerId(at),
                          .name = account_name(at),
                          .currency = kEuro,
                          .country = "DE",
                          .opened_at = kNow,
                          .available = euro(0),
                          .reserved = euro(0),
                          .credit_limit = euro(0),
                          .owed = euro(0),
                          .warned = euro(0)};
        changes.new_customers.push_back(customer);
        const std::int64_t all = orders[static_cast<std::size_t>(at)];
        const std::int64_t covered = rich || at % 5 != 0 ? all : all / 2;
        (void)value_of(engine::pay_in(changes, customer, {.amount = euro(covered * kPriceMinor + 1)}));
      }
    });
  }
  return store;
}

void add_due(const Ground& ground, engine::LedgerStore& store) {
  add_orders(ground, store, [](Changes&, engine::Backorder&) {});
}

void add_answered(const Ground& ground, engine::LedgerStore& store) {
  std::vector<Customer> customers = store.customers();
  add_orders(ground, store, [&](Changes& changes, engine::Backorder& order) {
    Customer& customer = customers[static_cast<std::size_t>(order.customer.value() - 1)];
    (void)value_of(
        apply_transition(changes, order, customer, engine::Trigger::funded, {.now = kNow, .deposit = order.quoted}));
    (void)value_of(apply_transition(changes, order, customer, engine::Trigger::job_created, {.now = kNow}));
    order.application = std::to_string(1'000'000 + order.id.value());
    order.provider_status = order.id.value() % 2 == 0 ? "SUCCESSFUL" : "FAILED";
    order.provider_status_at = kNow;
  });
}

std::string copy_of_prepared(const Ground& ground, std::string_view name) {
  const std::string file = ground.file(name);
  for (const char* end : {"", "-wal", "-shm"}) std::filesystem::remove(file + end);
  std::filesystem::copy_file(ground.file("prepared.db"), file);
  const int descriptor = ::open(file.c_str(), O_RDWR | O_CLOEXEC);
  ::fsync(descriptor);
  ::close(descriptor);
  return file;
}

std::string read_whole(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::string text(std::filesystem::file_size(path), '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (!in) throw std::runtime_error(path + ": cannot be read");
  return text;
}

void write_whole(const std::string& path, const std::string& text) {
  std::ofstream out(path, std::ios::binary);
  out << text;
  if (!out.flush()) throw std::runtime_error(path + ": cannot be written");
}

}  // namespace bench
