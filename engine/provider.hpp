// The provider as the rules see it: jobs (applications), answers, and one table from answer codes to meanings. The
// simulated registry and the HTTP client implement BackorderProvider.
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

// One application as the provider shows it.
struct ProviderJob {
  std::string application{};  // the provider's id
  DomainName name;
  std::string status{};                 // verbatim; unknown words are kept, never guessed
  std::optional<UtcTime> created_at{};  // by the provider's clock; absent: it gives no readable date
  std::optional<UtcTime> auction_ends_at{};
  std::string auction_price{};  // "120.00 USD" once won, else empty
  std::string raw{};            // the answer's text, kept as evidence with an outcome
  std::string job_class{};      // "COM_BACKORDER"; empty where the provider does not say it
};
// True if the job is of the class that we order: BACKORDER, shown as that of the zone. A lite backorder is another
// product.
bool is_of_our_class(const ProviderJob& job);

// A row of a list of jobs without a readable domain or without an application: reported and passed over.
struct UnreadJob {
  std::string application{};
  std::optional<DomainName> name{};
  std::string what{};  // "application 70099: '-.com' is no domain name"
  // True if it may be a job for this name: then its list does not prove absence.
  bool may_be(const DomainName& wanted) const { return !name || *name == wanted; }
};

// A list of jobs that was read completely.
struct JobList {
  std::vector<ProviderJob> jobs{};
  std::vector<UnreadJob> unread{};
  // The provider's clock minus ours, by the Date of the same exchange; absent: the two cannot be compared.
  std::optional<Milliseconds> clock_ahead{};
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
  std::string application{}, domain{};  // as the answer names them, also where it is no whole job
};
// The part of an answer that is not about the question: "application 777 instead of 40219". Empty: none.
// Domain rule: an answer settles only what it is about. `application`: empty where the answer is to give one.
std::string about_another(const ProviderAnswer& answer, std::string_view application, const DomainName& name);

// The meaning of an answer to an order, a command that changes something. Source: HEXONET/1API API documentation,
// "response codes".
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

// The meaning of a provider's status word. `outcome` is empty for unknown words and for words that settle nothing.
struct StatusMeaning {
  bool known = false;
  std::optional<State> outcome{};  // a final state, or auction_pending
  bool lives = true;               // it may still register the name; also true of words that we do not know
};
StatusMeaning meaning_of_status(std::string_view status);

struct AddJob {
  DomainName name;
  bool allow_duplicate = false;        // NEW=1: one of our jobs for this name exists already
  std::optional<UtcTime> not_after{};  // an order that is not sent by then is not sent at all: answered not_sent
};

struct ProviderBalance {
  Money amount;   // balance, not reduced by deposits
  Money deposit;  // set aside, shown positive
  Money credit;   // credit line
  Money spendable() const { return amount - deposit + credit; }
};

// Our account with the provider, for accountants. Deposits and entries keep the provider's signs, which are also ours.

// Money that the provider has set aside (QueryDepositList). Positive: reserved, and not spendable; negative: a credit
// ("positive values are reserved", HEXONET API documentation, QueryDepositList, DEPOSIT). The provider renews a deposit
// like a lease: `expires_at` is a few hours after the last renewal, and a returned deposit lapses within that time. So
// neither instant tells when the money was first set aside.
struct ProviderDeposit {
  std::string id{};            // DEPOSITID
  std::string account_type{};  // "COM_BACKORDER"
  std::string description{};   // the domain, as the provider wrote it
  Money amount;
  UtcTime created_at;
  std::optional<UtcTime> expires_at{};
};

// One booking (QueryAccountingList). Payments are positive, charges negative. `net` and `tax` are separate columns.
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
// Gives every entry without an id one that is made of its content and its number among equal entries:
// "2026-08-05T18:31:00Z COM_BACKORDER dune-market.com -15.00 0.00 #1". Equal entries share an instant, so the id is the
// same in every reading whose bounds do not divide that instant.
void number_entries(std::vector<ProviderEntry>& entries);

class BackorderProvider {
 public:
  virtual ~BackorderProvider() = default;
  // "simulated", "ote 1234", "live 54cd"; printed with every submission
  virtual std::string environment() const = 0;
  // true if orders cost real money: refused for a rehearsal book and for a moved clock
  virtual bool is_live() const = 0;
  // Sends every order once, in any sequence and possibly in parallel. Calls `answered` once per order with its index.
  // REQUIRES: no name twice in one call.
  virtual void add(std::span<const AddJob> orders,
                   const std::function<void(std::size_t, const ProviderAnswer&)>& answered) = 0;
  virtual ProviderAnswer remove(const std::string& application) = 0;
  virtual ProviderAnswer status(const std::string& application) = 0;
  // As status() for many applications, possibly in parallel. Calls `answered` once per application with its index.
  virtual void statuses(std::span<const std::string> applications,
                        const std::function<void(std::size_t, const ProviderAnswer&)>& answered);
  // Every application of ours (or only those of `names`), from a list that was read completely; provider_unreachable
  // otherwise.
  virtual Result<JobList> jobs(std::span<const DomainName> names) = 0;
  // From now on a reading that is not done when `is_over` says so ends as provider_unreachable; empty: no limit.
  virtual void limit_reading(std::function<bool()> /*is_over*/) {}
  // True if the provider's accounting shows a charge for this name since that instant.
  virtual Result<bool> charged(const DomainName& name, UtcTime since) = 0;
  virtual Result<ProviderBalance> balance() = 0;
  // Both from lists that were read completely; provider_unreachable otherwise.
  virtual Result<std::vector<ProviderDeposit>> deposits() = 0;
  // The bookings with `from` <= at < `to`, each with an id, checked by check_sum. On the wire both bounds are inclusive
  // whole seconds: MINDATE is `from` rounded up, MAXDATE the last second before `to`.
  virtual Result<ProviderAccounting> accounting(UtcTime from, UtcTime to) = 0;
};

}  // namespace engine
