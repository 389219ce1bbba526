#include "engine/bank_charges.hpp"

#include <algorithm>

namespace engine {
namespace {

constexpr std::string_view kCharges[] = {"account charge",
                                         "account charges",
                                         "account fee",
                                         "account fees",
                                         "bank charge",
                                         "bank charges",
                                         "bank fee",
                                         "bank fees",
                                         "charges",
                                         "fee",
                                         "fees",
                                         "monthly fee",
                                         "service charge",
                                         "service charges",
                                         "service fee",
                                         "entgelt",
                                         "entgelte",
                                         "entgeltabschluss",
                                         "kontoführung",
                                         "kontofuehrung",
                                         "frais bancaires",
                                         "frais de tenue de compte",
                                         "comisiones",
                                         "spese bancarie"};
constexpr std::string_view kInterest[] = {"interest",         "credit interest", "interest credit", "interest earned",
                                          "interest payment", "zinsen",          "habenzinsen",     "intérêts",
                                          "interessi",        "intereses"};

bool same_word(std::string_view text, std::string_view word) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  return std::ranges::equal(text, word, [&](char a, char b) { return lower(a) == b; });
}

}  // namespace

std::optional<AccountKind> bank_charge_of(std::string_view text, bool incoming) {
  while (text.ends_with(' ')) text.remove_suffix(1);
  while (text.starts_with(' ')) text.remove_prefix(1);
  const auto is = [&](std::string_view word) { return same_word(text, word); };
  if (!incoming && std::ranges::any_of(kCharges, is)) return AccountKind::fees;
  if (incoming && std::ranges::any_of(kInterest, is)) return AccountKind::interest;
  return std::nullopt;
}

}  // namespace engine
