// The real provider behind engine::BackorderProvider, over its own API (protocol.md). One thread uses it. It does not
// read the machine's clock: the instant is passed in, as for the simulated registry, so that a rehearsal over HTTP uses
// the rehearsal's time.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "api_client/session_client.hpp"
#include "engine/provider.hpp"

namespace api_client {

struct PendingDeletes {
  std::vector<std::string> zones{};             // ACE; empty: all
  std::optional<engine::UtcTime> from{}, to{};  // finalization dates within, both inclusive
};
struct PendingDelete {
  engine::DomainName name;
  engine::UtcTime finalization_at;
};

// invalid_argument names what an order there must carry and `details` lack, or carry and the dialect does not take.
engine::Status check_details(const Dialect& dialect, std::span<const Parameter> details);

class HttpProvider final : public engine::BackorderProvider {
 public:
  using Clock = std::function<engine::UtcTime()>;  // asked before each order

  // `details` are parameters of every order: contacts and period, where the dialect takes them; see check_details().
  HttpProvider(SessionOptions options, Clock clock, std::vector<Parameter> details = {});

  // engine::BackorderProvider. Lists are read page by page, several pages at once; one that changed meanwhile is read
  // again, and after the third time refused with provider_unreachable. provider_refused: a definite no (530, 531 …),
  // with code and text.
  std::string environment() const override;  // "ote 1234"
  bool is_live() const override;
  void add(std::span<const engine::AddJob> orders,
           const std::function<void(std::size_t, const engine::ProviderAnswer&)>& answered) override;
  engine::ProviderAnswer remove(const std::string& application) override;
  engine::ProviderAnswer status(const std::string& application) override;
  void statuses(std::span<const std::string> applications,
                const std::function<void(std::size_t, const engine::ProviderAnswer&)>& answered) override;
  engine::Result<engine::JobList> jobs(std::span<const engine::DomainName> names) override;
  void limit_reading(std::function<bool()> is_over) override { is_over_ = std::move(is_over); }
  engine::Result<bool> charged(const engine::DomainName& name, engine::UtcTime since) override;
  engine::Result<engine::ProviderBalance> balance() override;
  engine::Result<std::vector<engine::ProviderDeposit>> deposits() override;
  engine::Result<engine::ProviderAccounting> accounting(engine::UtcTime from, engine::UtcTime to) override;

  // Reads QueryDomainPendingDeleteList: names that will be released, sorted, one row per name. Counts unreadable rows
  // in `unreadable`. Calls `progress` with the rows read and their total.
  engine::Result<std::vector<PendingDelete>> pending_deletes(
      const PendingDeletes& wanted, std::int64_t& unreadable,
      const std::function<void(std::int64_t, std::int64_t)>& progress);

 private:
  // `asked_for`: of an order whose answer never names its domain.
  engine::ProviderAnswer answer_of(const Reply& reply, const engine::DomainName* asked_for = nullptr) const;

  SessionClient client_;
  Clock clock_;
  std::vector<Parameter> details_;
  std::function<bool()> is_over_{};
};

}  // namespace api_client
