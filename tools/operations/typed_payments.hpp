// Pay-ins that a person typed beside those that the bank's statements brought: the same payment must not be posted
// twice, whichever came first.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "engine/payments.hpp"
#include "tools/operations/context.hpp"

namespace operations {

// Sender of the requests that post a source's lines.
std::string bank_sender(std::string_view source);

// A pay-in of one request, to one customer.
struct TypedPayment {
  engine::TransferId first;  // of its transfers
  engine::CustomerId customer;
  engine::Money amount;
  engine::UtcTime at;  // effective
  std::string memo{};
};

// The pay-ins of one cash account that were typed by hand, stand, and are bound to no line of the bank.
class TypedPayments {
 public:
  // Loads the payments effective from a bank's lag before `first` on.
  TypedPayments(engine::LedgerReader& store, const std::string& source, engine::Day first);

  // The payments that a line may be: of its amount, at most the bank's lag from its day; of `customer` if one is named.
  std::vector<const TypedPayment*> fitting(const engine::ExternalLine& line,
                                           const std::optional<engine::CustomerId>& customer) const;
  // True if the text of the line contains the memo of the payment.
  static bool is_told(const TypedPayment& payment, const engine::ExternalLine& line);
  void take(engine::TransferId first) { taken_.insert(first); }

 private:
  engine::Milliseconds lag_;
  std::vector<TypedPayment> payments_{};
  std::set<engine::TransferId> taken_{};
};

// Why this pay-in is one that a line of the bank brought already; nothing where it is not.
std::optional<engine::Error> repeats_a_line(const Context& context, const engine::Customer& customer,
                                            const engine::Payment& payment);

}  // namespace operations
