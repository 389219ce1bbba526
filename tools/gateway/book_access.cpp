#include "tools/gateway/book_access.hpp"

namespace gateway {
namespace {

constexpr std::size_t kLargestBatch = 128;   // in one commit
constexpr std::size_t kMostWaiting = 4'096;  // then the book is said to be busy

}  // namespace

Readers::Lent::~Lent() { owner_->take_back(std::move(store_)); }

void Readers::take_back(std::unique_ptr<engine::LedgerReader> store) {
  {
    const std::lock_guard lock(mutex_);
    if (store) idle_.push_back(std::move(store));
    ++free_;
  }
  back_.notify_one();
}

Readers::Lent Readers::lend() {
  {
    std::unique_lock lock(mutex_);
    back_.wait(lock, [this] { return free_ > 0; });
    --free_;
    if (!idle_.empty()) {
      std::unique_ptr<engine::LedgerReader> store = std::move(idle_.back());
      idle_.pop_back();
      return {*this, std::move(store)};
    }
  }
  try {
    return {*this, storage::open_reader(path_)};
  } catch (...) {
    take_back(nullptr);
    throw;
  }
}

void Reading::begin() {
  store().begin_snapshot();
  begun_ = true;
}

void Reading::end() {
  // nothing was changed, and what the store has learnt of prices and schedules stays true
  if (begun_) store().end_snapshot();
  begun_ = false;
  lent_.reset();
}

Writer::Writer(const std::string& path) : store_(storage::open_book(path, {})), thread_([this] { work(); }) {}

Writer::~Writer() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  arrived_.notify_all();
  thread_.join();
}

void Writer::in_batch(const std::function<void(engine::LedgerStore&)>& task) { run(task, true); }
void Writer::alone(const std::function<void(engine::LedgerStore&)>& task) { run(task, false); }

void Writer::run(const std::function<void(engine::LedgerStore&)>& task, bool shares) {
  Job job{.task = &task, .shares = shares};
  {
    const std::lock_guard lock(mutex_);
    if (waiting_.size() >= kMostWaiting) {
      throw storage::StorageError({engine::ErrorCode::database_busy, "too many requests wait for the book: try again"});
    }
    waiting_.push_back(&job);
    if (!busy_) arrived_.notify_one();
  }
  std::unique_lock lock(job.mutex);
  job.finished.wait(lock, [&job] { return job.done; });
  if (job.failure) std::rethrow_exception(job.failure);
}

void Writer::work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    arrived_.wait(lock, [this] { return ending_ || !waiting_.empty(); });
    if (waiting_.empty()) return;
    std::vector<Job*> jobs;
    do {
      jobs.push_back(waiting_.front());
      waiting_.pop_front();
    } while (jobs.back()->shares && jobs.size() < kLargestBatch && !waiting_.empty() && waiting_.front()->shares);
    busy_ = true;
    lock.unlock();
    if (jobs.front()->shares) {
      write_batch(jobs);
    } else {
      try {
        (*jobs.front()->task)(*store_);
      } catch (...) {
        store_->rollback();
        jobs.front()->failure = std::current_exception();
      }
    }
    for (Job* job : jobs) {
      const std::lock_guard done(job->mutex);  // until it is told: then the caller may take the job away
      job->done = true;
      job->finished.notify_one();
    }
    lock.lock();
    busy_ = false;
  }
}

void Writer::write_batch(std::vector<Job*>& jobs) {
  const auto write = [this](std::span<Job* const> some) {
    try {
      store_->begin();
      for (Job* job : some) (*job->task)(*store_);
      store_->commit();
    } catch (...) {
      store_->rollback();
      throw;
    }
  };
  try {
    write(jobs);
    return;
  } catch (...) {
    if (jobs.size() == 1) {
      jobs.front()->failure = std::current_exception();
      return;
    }
  }
  for (Job*& job : jobs) {
    try {
      write(std::span(&job, 1));
    } catch (...) {
      job->failure = std::current_exception();
    }
  }
}

}  // namespace gateway
