#include "tools/gateway/back_office.hpp"

#include "storage/store.hpp"
#include "tools/operations/jobs.hpp"

namespace gateway {
namespace {

constexpr const char* kActor = "gateway";
// a customer waits this long for the provider to be free
constexpr auto kLongestDelete = std::chrono::seconds(20);

engine::Error what_failed() {
  try {
    throw;
  } catch (const storage::StorageError& failed) {
    return failed.error();
    // a broken invariant: said loudly, and the gateway goes on with what is not concerned
  } catch (const std::exception& failed) {
    return {engine::ErrorCode::database_failed, std::string("internal error: ") + failed.what()};
  }
}

}  // namespace

BackOffice::BackOffice(const std::string& path, engine::BackorderProvider* provider, Clock clock)
    : path_(path), provider_(provider), clock_(std::move(clock)), store_(storage::open_book(path, {})) {}

operations::SweepOptions BackOffice::options() {
  operations::SweepOptions options;
  options.clock = [this] { return clock_(*store_); };
  const storage::FileSizes sizes = storage::file_sizes(path_);
  options.machine = {.book_bytes = sizes.book, .log_bytes = sizes.log, .free_bytes = sizes.free, .provider_skew = {}};
  options.interrupted = [this] { return ending_.load(); };
  return options;
}

operations::SweepReport BackOffice::sweep(engine::UtcTime now) {
  const std::lock_guard lock(mutex_);
  return sweep_locked(now);
}

std::optional<operations::SweepReport> BackOffice::follow(engine::UtcTime now) {
  const auto instant = now.time_since_epoch().count();
  if (swept_until_ >= instant) return std::nullopt;
  const std::lock_guard lock(mutex_);
  if (swept_until_ >= instant) return std::nullopt;
  return sweep_locked(now);
}

operations::SweepReport BackOffice::sweep_locked(engine::UtcTime now) {
  operations::SweepReport report;
  try {
    report = operations::sweep({*store_, now, kActor}, provider_, options());
  } catch (...) {
    report.errors.push_back(what_failed());
  }
  swept_until_ = std::max<engine::UtcTime::rep>(swept_until_, now.time_since_epoch().count());
  return report;
}

std::optional<engine::Deletion> BackOffice::delete_job(engine::BackorderId id, engine::UtcTime now,
                                                       const std::string& actor) {
  const std::unique_lock lock(mutex_, kLongestDelete);
  if (!lock.owns_lock() || provider_ == nullptr) return std::nullopt;
  const operations::Context context{*store_, now, actor};
  const operations::SweepOptions with = options();
  operations::SweepRun run{context, with, {}};
  const std::optional<engine::Backorder> backorder = store_->backorder(id);
  if (!backorder || !backorder->cancelling || backorder->open_call || !backorder->application) return std::nullopt;
  const engine::Result<engine::Deletion> deletion = operations::delete_job(run, *provider_, id);
  if (!deletion || deletion.value() == engine::Deletion::unknown) return std::nullopt;
  return deletion.value();
}

}  // namespace gateway
