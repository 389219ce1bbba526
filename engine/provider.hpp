// The provider as the rules see it: jobs (applications), answers, and one table from answer codes to what we do about
// them. The narrow interface is implemented by the simulated registry and by the HTTP client.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/backorder.hpp"
#include "engine/domain_name.hpp"
#include "engine/money.hpp"
#include "engine/result.hpp"
#include "engine/time.hpp"

namespace engine {

// One application at the provider, as it shows it.
struct ProviderJob {
  std::string application{};  // the provider's id
  DomainName name;
  std::string status{};  // verbatim; unknown words are kept, never guessed
  UtcTime created_at;
  std::optional<UtcTime> auction_ends_at{};
  std::string auction_price{};  // "120.00 USD" once won, else empty
  std::string raw{};            // the answer's text, kept as evidence with an outcome
};

enum class Delivery : std::uint8_t {
  not_sent,  // no connection was established: certainly nothing happened
  answered,  // a complete answer was read
  unknown,   // sent, but no readable answer: it may have happened
};

struct ProviderAnswer {
  Delivery delivery = Delivery::unknown;
  int code = 0;  // of the provider's table, where answered
  std::string text{};
  std::optional<ProviderJob> job{};  // where the command answers one
  std::string raw{};
};

// What an answer to an order (a command that changes something) means. HEXONET/1API API documentation, "response
// codes".
enum class Meaning : std::uint8_t {
  success,              // 2xx
  refused,              // 505 506 541 552: permanent for this job
  refused_after_tries,  // 549: permanent after three
  stop,                 // 500-504 507 510 530 531 544: nothing more is submitted until a person acts
  look_up,              // 540: it exists already, perhaps ours
  provider_balance,     // 546: our own money at the provider does not suffice
  gone,                 // 545: there is no such job
  not_sent,             // try again, nothing happened
  // 420 421 423 425 520 521, torn, silent, and whatever the provider invents next: ask before doing anything
  unknown,
};
Meaning meaning_of_order(const ProviderAnswer& answer);
std::string_view to_word(Meaning meaning);

// The state a provider's status word stands for; nothing for words we do not know and for those that settle nothing.
struct StatusMeaning {
  bool known = false;
  std::optional<State> outcome{};  // a final state, or auction_pending
};
StatusMeaning meaning_of_status(std::string_view status);

struct AddJob {
  DomainName name;
  bool allow_duplicate = false;        // NEW=1: one of our jobs for this name exists already
  std::optional<UtcTime> not_after{};  // still unsent then, it is not sent any more: answered not_sent
};

struct ProviderBalance {
  Money amount;   // balance, not reduced by deposits
  Money deposit;  // set aside, shown positive
  Money credit;   // credit line
  Money spendable() const { return amount - deposit + credit; }
};

// Our account with the provider as an accountant reads it. Both signs are the provider's own, and ours; nobody turns
// them again.

// Money set aside there (QueryDepositList). Positive: reserved, taken off what may be spent; negative: a credit
// ("positive values are reserved", HEXONET API documentation, QueryDepositList, DEPOSIT). It is a lease that the
// provider keeps renewing: `expires_at` lies a few hours after the last renewal, and a deposit given back lapses within
// that time. So neither instant says when the money was first set aside.
struct ProviderDeposit {
  std::string id{};            // DEPOSITID
  std::string account_type{};  // "COM_BACKORDER"
  std::string description{};   // the domain, as the provider wrote it
  Money amount;
  UtcTime created_at;
  std::optional<UtcTime> expires_at{};
};

// One booking (QueryAccountingList). Payments are positive, charges negative; prices are net, with their tax beside
// them.
struct ProviderEntry {
  std::string id{};    // ACCOUNTINGID where the provider shows one; else number_entries() derives it
  UtcTime at;          // whole seconds
  std::string type{};  // "PAYMENT", "COM_BACKORDER"; verbatim, as are the next two
  std::string description{};
  std::string reference{};
  Money net;
  Money tax;
  Money gross() const { return net + tax; }
};
struct ProviderAccounting {
  Money opening;                         // before the first entry, tax included
  Money sum;                             // after the last one, as the provider says it
  std::vector<ProviderEntry> entries{};  // by instant
};
// SUM = OPENINGBALANCE + prices + VAT prices (HEXONET API documentation, QueryAccountingList); books_differ names both
// figures. An entry in another currency than the opening balance is a currency_mismatch.
Status check_sum(const ProviderAccounting& accounting);
// Gives every entry without an id its content and its number among its equals: "2026-08-05T18:31:00Z COM_BACKORDER
// dune-market.com -15.00 0.00 #1". Equals share an instant, so the id is the same in every reading whose bounds do not
// cut through one.
void number_entries(std::vector<ProviderEntry>& entries);

class BackorderProvider {
 public:
  virtual ~BackorderProvider() = default;
  // "simulated", "ote 1234", "live 54cd": shown wherever a job is submitted
  virtual std::string environment() const = 0;
  // orders there cost real money: never with a rehearsal book, never with a moved clock
  virtual bool is_live() const = 0;
  // Sends every order once, in any order and overlapping; `answered` is called once per order with its index.
  // REQUIRES: no name twice in one call.
  virtual void add(std::span<const AddJob> orders,
                   const std::function<void(std::size_t, const ProviderAnswer&)>& answered) = 0;
  virtual ProviderAnswer remove(const std::string& application) = 0;
  virtual ProviderAnswer status(const std::string& application) = 0;
  // The same for many, possibly overlapping; `answered` is called once per application with its index.
  virtual void statuses(std::span<const std::string> applications,
                        const std::function<void(std::size_t, const ProviderAnswer&)>& answered);
  // Every application of ours (or only those of `names`), from a list that was read completely; provider_unreachable
  // otherwise.
  virtual Result<std::vector<ProviderJob>> jobs(std::span<const DomainName> names) = 0;
  // Whether the provider's accounting shows a charge for this name since then.
  virtual Result<bool> charged(const DomainName& name, UtcTime since) = 0;
  virtual Result<ProviderBalance> balance() = 0;
  // Both from lists that were read completely; provider_unreachable otherwise.
  virtual Result<std::vector<ProviderDeposit>> deposits() = 0;
  // The bookings with `from` <= at < `to`, each with an id, checked by check_sum. On the wire both bounds are inclusive
  // whole seconds: MINDATE is `from` rounded up, MAXDATE the last second before `to`.
  virtual Result<ProviderAccounting> accounting(UtcTime from, UtcTime to) = 0;
};

}  // namespace engine
