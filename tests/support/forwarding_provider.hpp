// A provider that hands everything on to the one behind it: for tests that answer some of it themselves.
#pragma once

#include "engine/provider.hpp"

namespace support {

class ForwardingProvider : public engine::BackorderProvider {
 public:
  engine::BackorderProvider* behind = nullptr;  // not owned

  std::string environment() const override { return behind->environment(); }
  bool is_live() const override { return false; }
  void add(std::span<const engine::AddJob> orders,
           const std::function<void(std::size_t, const engine::ProviderAnswer&)>& answered) override {
    behind->add(orders, answered);
  }
  engine::ProviderAnswer remove(const std::string& application) override { return behind->remove(application); }
  engine::ProviderAnswer status(const std::string& application) override { return behind->status(application); }
  engine::Result<engine::JobList> jobs(std::span<const engine::DomainName> names) override {
    return behind->jobs(names);
  }
  engine::Result<bool> charged(const engine::DomainName& name, engine::UtcTime since) override {
    return behind->charged(name, since);
  }
  engine::Result<engine::ProviderBalance> balance() override { return behind->balance(); }
  engine::Result<std::vector<engine::ProviderDeposit>> deposits() override { return behind->deposits(); }
  engine::Result<engine::ProviderAccounting> accounting(engine::UtcTime from, engine::UtcTime to) override {
    return behind->accounting(from, to);
  }
};

}  // namespace support
