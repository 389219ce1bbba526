#include "tools/simulated_registry/adversary.hpp"

#include <algorithm>

#include "engine/enum_names.hpp"
#include "tools/simulated_registry/answer.hpp"

namespace simulated_registry {
namespace {

using engine::AddJob;
using engine::Delivery;
using engine::DomainName;
using engine::Milliseconds;
using engine::ProviderAnswer;
using engine::ProviderJob;

constexpr engine::Named<Trick> kWords[] = {{Trick::other_order, "other-order"},
                                           {Trick::other_domain, "other-domain"},
                                           {Trick::stranger_rows, "stranger-rows"},
                                           {Trick::clock_apart, "clock-apart"},
                                           {Trick::list_with_hole, "list-with-hole"},
                                           {Trick::job_by_hand, "job-by-hand"},
                                           {Trick::job_vanishes, "job-vanishes"},
                                           {Trick::always_540, "always-540"},
                                           {Trick::refusal_carried_out, "refusal-carried-out"}};

constexpr int kRefusals[] = {505, 506, 540, 541, 546, 549, 552};
// Away from one hour after it was made for two: an outcome is never hidden, as an order ends three hours before its
// drop.
constexpr Milliseconds kGoneAfter = std::chrono::hours(1), kGoneFor = std::chrono::hours(2);

}  // namespace

std::string_view to_word(Trick trick) { return engine::word_of(kWords, trick); }

Adversary::Adversary(engine::BackorderProvider& behind, std::uint64_t seed, int percent, Clock clock)
    : behind_(behind), seed_(seed), percent_(percent), clock_(std::move(clock)), ahead_(0) {
  ENSURE(clock_ != nullptr, "the adversary is told the time");
  const auto minutes = static_cast<std::int64_t>(draw(Trick::clock_apart, "") % 121) - 60;
  if (percent_ > 0) ahead_ = std::chrono::minutes(minutes == 0 ? 60 : minutes);
}

engine::Result<std::unique_ptr<engine::BackorderProvider>> Adversary::open(const std::string& path, Clock clock) {
  engine::Result<std::unique_ptr<SimulatedRegistry>> registry = SimulatedRegistry::open(path, clock);
  if (!registry) return registry.error();
  const World world = registry.value()->world();
  std::unique_ptr<engine::BackorderProvider> behind = std::move(registry).value();
  if (world.adversary_percent == 0) return behind;
  auto adversary = std::make_unique<Adversary>(*behind, world.seed, world.adversary_percent, std::move(clock));
  adversary->owned_ = std::move(behind);
  return std::unique_ptr<engine::BackorderProvider>(std::move(adversary));
}

std::int64_t Adversary::count(Trick trick) const { return counts_.at(static_cast<std::size_t>(trick)); }

// FNV-1a over a seeded basis, mixed at the end.
std::uint64_t Adversary::draw(Trick trick, std::string_view about) const {
  std::uint64_t hash = 14695981039346656037ull ^ ((seed_ + static_cast<std::uint64_t>(trick)) * 0x9E3779B97F4A7C15ull);
  for (const char c : about) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ull;
  hash ^= hash >> 29;
  hash *= 0xBF58476D1CE4E5B9ull;
  return hash ^ (hash >> 32);
}

bool Adversary::plays(Trick trick, std::string_view about) {
  if (draw(trick, about) % 100 >= static_cast<std::uint64_t>(percent_)) return false;
  ++counts_.at(static_cast<std::size_t>(trick));
  return true;
}

void Adversary::shift(ProviderJob& job) const {
  if (job.created_at) *job.created_at += ahead_;
}

bool Adversary::is_hidden(const ProviderJob& job) {
  if (!answered_.contains(job.application) || !job.created_at) return false;
  const engine::UtcTime from = *job.created_at + kGoneAfter, now = clock_();
  return now >= from && now < from + kGoneFor && plays(Trick::job_vanishes, job.application);
}

ProviderAnswer Adversary::order(const AddJob& wanted) {
  // a provider that is opened anew by each command draws anew by the hour
  const auto hour = std::chrono::floor<std::chrono::hours>(clock_().time_since_epoch()).count();
  const std::string name = wanted.name.ace(),
                    asked = name + " " + std::to_string(hour) + " " + std::to_string(++asked_[name]);
  const auto send = [&] {
    ProviderAnswer made;
    const AddJob one[] = {wanted};
    behind_.add(one, [&](std::size_t, const ProviderAnswer& answer) { made = answer; });
    return made;
  };
  if (asked_[name] == 1 && plays(Trick::job_by_hand, name)) send();
  if (plays(Trick::always_540, asked)) return plain_answer(540, "DOMAIN is not unique");
  ProviderAnswer answer = send();
  if (!answer.job) return answer;
  shift(*answer.job);
  if (plays(Trick::refusal_carried_out, asked)) {
    const std::uint64_t which = draw(Trick::refusal_carried_out, asked) / 100 % std::size(kRefusals);
    return plain_answer(kRefusals[which]);
  }
  if (last_ && plays(Trick::other_order, asked)) return *last_;
  if (plays(Trick::other_domain, asked)) {
    answer.job->name = DomainName::from_trusted_ace("another-" + std::to_string(seed_) + ".com");
    return answer;
  }
  answered_.insert(answer.job->application);
  last_ = answer;
  return answer;
}

void Adversary::add(std::span<const AddJob> orders,
                    const std::function<void(std::size_t, const ProviderAnswer&)>& answered) {
  for (std::size_t i = 0; i < orders.size(); ++i) answered(i, order(orders[i]));
}

ProviderAnswer Adversary::remove(const std::string& application) {
  ProviderAnswer answer = behind_.remove(application);
  const std::string asked = "remove " + application + " " + std::to_string(++asked_[application]);
  if (answer.code == 200 && plays(Trick::other_domain, asked)) answer.domain = "another.com";
  return answer;
}

ProviderAnswer Adversary::status(const std::string& application) {
  ProviderAnswer answer = behind_.status(application);
  if (!answer.job) return answer;
  if (is_hidden(*answer.job)) return plain_answer(545);
  shift(*answer.job);
  const std::string asked = "status " + application + " " + std::to_string(++asked_[application]);
  if (last_ && last_->job && last_->job->application != application && plays(Trick::other_order, asked)) return *last_;
  if (plays(Trick::other_domain, asked)) answer.job->name = DomainName::from_trusted_ace("another.com");
  return answer;
}

engine::Result<engine::JobList> Adversary::jobs(std::span<const DomainName> names) {
  engine::Result<engine::JobList> read = behind_.jobs(names);
  if (!read) return read;
  engine::JobList& list = read.value();
  const auto hour = std::chrono::floor<std::chrono::hours>(clock_().time_since_epoch()).count();
  const std::string asked = "list " + std::to_string(hour) + " " + std::to_string(++asked_[""]);
  if (plays(Trick::list_with_hole, asked)) {
    return engine::Error{engine::ErrorCode::provider_unreachable,
                         environment() + ": QueryDomainApplicationList: TOTAL is " +
                             std::to_string(list.jobs.size() + 1) + ", but there are " +
                             std::to_string(list.jobs.size()) + " rows"};
  }
  std::erase_if(list.jobs, [&](const ProviderJob& job) { return is_hidden(job); });
  for (ProviderJob& job : list.jobs) shift(job);
  list.clock_ahead = ahead_;
  if (ahead_ != Milliseconds(0)) ++counts_.at(static_cast<std::size_t>(Trick::clock_apart));
  if (plays(Trick::stranger_rows, asked)) {
    list.jobs.push_back({.application = "stranger-1",
                         .name = DomainName::from_trusted_ace("stranger.com"),
                         .status = "FAILED",
                         .created_at = {}});
    list.unread.push_back({.application = "stranger-2",
                           .name = DomainName::from_trusted_ace("other-stranger.com"),
                           .what = "application 'stranger-2', APPLICATION and DOMAIN of a stranger"});
  }
  return read;
}

}  // namespace simulated_registry
