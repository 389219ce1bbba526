// Recognises the charges and interest that a bank books on our account. Such a line is no customer's payment.
#pragma once

#include <optional>
#include <string_view>

#include "engine/account.hpp"

namespace engine {

// The operator's account that a line belongs to: fees for money that went out, interest for money that came in, where
// the whole text is one of the words that banks use for it, whatever its case. Nothing else is guessed: a text that
// only contains such a word may be a customer's.
std::optional<AccountKind> bank_charge_of(std::string_view text, bool incoming);

}  // namespace engine
