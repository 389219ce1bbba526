// Typed row numbers: a CustomerId is not a BackorderId. Positive; the store gives them out.
#pragma once

#include <compare>
#include <cstdint>

namespace engine {

template <typename Tag>
class Id {
 public:
  explicit constexpr Id(std::int64_t value) : value_(value) {}
  constexpr std::int64_t value() const { return value_; }
  friend constexpr auto operator<=>(Id, Id) = default;

 private:
  std::int64_t value_;
};

using CustomerId = Id<struct CustomerTag>;            // a customer's account as people name it
using LedgerAccountId = Id<struct LedgerAccountTag>;  // one side of a transfer
using TransferId = Id<struct TransferTag>;
using BackorderId = Id<struct BackorderTag>;
using RequestId = Id<struct RequestTag>;
using CaseId = Id<struct CaseTag>;
using SourceId = Id<struct SourceTag>;  // a source of deletion lists

}  // namespace engine
