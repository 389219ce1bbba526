#include "tools/operations/bank.hpp"

#include <algorithm>

#include "engine/payment_reference.hpp"
#include "engine/payments.hpp"
#include "tools/operations/accounts.hpp"

namespace operations {
namespace {

using engine::Changes;
using engine::Customer;
using engine::Error;
using engine::ErrorCode;
using engine::ExternalLine;
using engine::Money;
using engine::Result;

constexpr std::size_t kChunk = 500;  // lines per commit

// The first field in which two lines of one id differ; empty where none does. The raw text may: banks reword what they
// export.
std::string difference(const ExternalLine& kept, const ExternalLine& now) {
  const auto differ = [](const char* field, const std::string& before, const std::string& after) {
    return std::string(field) + " is kept as '" + before + "', the file says '" + after + "'";
  };
  if (kept.amount.currency() != now.amount.currency() || kept.amount != now.amount) {
    return differ("the amount", to_string_with_code(kept.amount), to_string_with_code(now.amount));
  }
  if (kept.booked_on != now.booked_on)
    return differ("the booking day", engine::to_string(kept.booked_on), engine::to_string(now.booked_on));
  if (kept.end_to_end != now.end_to_end) return differ("the end-to-end id", kept.end_to_end, now.end_to_end);
  if (kept.reference != now.reference) return differ("the reference", kept.reference, now.reference);
  return {};
}

std::string memo_of(const ExternalLine& line) {
  std::string memo;
  for (const std::string* part : {&line.end_to_end, &line.reference, &line.counterparty}) {
    if (part->empty()) continue;
    memo += (memo.empty() ? "" : " / ") + *part;
  }
  return memo.empty() ? line.external_id : memo;
}

class Poster {
 public:
  Poster(const Context& context, std::string source, const std::vector<Customer>& customers)
      : context_(context),
        source_(std::move(source)),
        customers_(customers),
        payers_(customers_, context.store.account_references()),
        closed_until_(context.store.book().closed_until) {}

  // REQUIRES: inside a unit of work.
  PostedLine post(ExternalLine line) {
    PostedLine posted{std::move(line), Posting::refused, {}, {}};
    const ExternalLine& one = posted.line;
    if (one.amount.is_negative()) {
      posted.posting = Posting::outgoing;
      posted.detail =
          "a pay-out, a returned payment or a fee: post it with 'withdraw', 'chargeback' or 'provider fund'";
      return posted;
    }
    if (engine::UtcTime(one.booked_on) > context_.now) {
      posted.posting = Posting::future;
      posted.detail = "booked on " + engine::to_string(one.booked_on) + ", after now";
      return posted;
    }
    // Posted before, perhaps when other references were known: whose it was then is not asked again.
    if (context_.store.request(bank_sender(source_), one.external_id)) {
      posted.posting = Posting::repeated;
      return posted;
    }
    const engine::Identification found = payers_.identify(one.end_to_end, one.reference);
    const Customer* named = found.verdict == engine::Identified::account ? &customers_[found.customer] : nullptr;
    if (named != nullptr) posted.account = named->name;
    if (named == nullptr) {
      posted.posting = Posting::unidentified;
      posted.detail =
          found.verdict == engine::Identified::nobody ? "names no account" : "names several accounts: " + found.word;
    } else if (named->currency != one.amount.currency()) {
      posted.posting = Posting::other_currency;
      posted.detail = "account " + named->name + " is in " + std::string(named->currency.code());
    } else if (engine::forbidden(named->state, engine::AccountOperation::pay_in)) {
      posted.posting = Posting::closed;
      posted.detail = "account " + named->name + " is " + std::string(to_word(named->state));
    } else {
      posted.posting = Posting::posted;
      posted.detail = "by '" + found.word + "'";
    }
    const Result<Reply> reply = post_to(one, posted.posting == Posting::posted ? named : nullptr, posted.detail);
    if (!reply) {
      posted.posting = Posting::refused;
      posted.detail = reply.error().detail;
    }
    return posted;
  }

 private:
  Result<Reply> post_to(const ExternalLine& line, const Customer* account, const std::string& why) {
    engine::Payment payment{line.amount, source_, engine::UtcTime(line.booked_on), memo_of(line)};
    if (closed_until_ && *payment.effective_at < *closed_until_) {
      payment.effective_at.reset();
      payment.memo += " (booked on " + engine::to_string(line.booked_on) + ", in a closed period)";
    }
    const Facts content{{"request", "payment"},
                        {"source", source_},
                        {"line", line.external_id},
                        {"amount", to_string_with_code(line.amount)},
                        {"booked", engine::to_string(line.booked_on)},
                        {"account", account != nullptr ? account->name : "suspense"}};
    return answer_request(
        context_, {bank_sender(source_), line.external_id}, content, [&](Changes& changes) -> Result<Facts> {
          if (account == nullptr) {
            engine::pay_in_unidentified(changes, payment);
            changes.cases.push_back(
                unidentified_payment(source_ + ":" + line.external_id, line.amount,
                                     "of " + engine::to_string(line.booked_on) + ", " + why + ": " + payment.memo));
            return Facts{{"account", "suspense"}};
          }
          // as it stands after the lines before
          std::optional<Customer> customer = context_.store.customer(account->id);
          ENSURE(customer.has_value(), "an account is never deleted");
          const engine::Status paid = engine::pay_in(changes, *customer, payment);
          if (!paid) return paid.error();
          return Facts{{"account", account->name}};
        });
  }

  const Context& context_;
  std::string source_;
  const std::vector<Customer>& customers_;
  engine::PayerIndex payers_;
  std::optional<engine::UtcTime> closed_until_;
};

}  // namespace

std::string_view to_word(Posting posting) {
  switch (posting) {
    case Posting::posted:
      return "posted";
    case Posting::unidentified:
      return "unidentified";
    case Posting::other_currency:
      return "other_currency";
    case Posting::closed:
      return "closed";
    case Posting::repeated:
      return "repeated";
    case Posting::outgoing:
      return "outgoing";
    case Posting::future:
      return "future";
    case Posting::refused:
      return "refused";
  }
  engine::invariant_failed("the posting is known", __FILE__, __LINE__, "posting");
}

std::string bank_sender(std::string_view source) { return "bank:" + std::string(source); }

std::int64_t PostingReport::count(Posting posting) const {
  return std::ranges::count(lines, posting, &PostedLine::posting);
}

StatementReport import_statement(const Context& context, const engine::ExternalStatement& statement,
                                 std::vector<ExternalLine> lines) {
  StatementReport report;
  UnitOfWork work(context);
  std::vector<ExternalLine> added;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    lines[i].source = statement.source;
    const std::optional<ExternalLine> kept = context.store.external_line(statement.source, lines[i].external_id);
    if (!kept) {
      added.push_back(lines[i]);
    } else if (const std::string why = difference(*kept, lines[i]); !why.empty()) {
      report.conflicts.push_back({i, why});
    } else {
      ++report.known;
    }
  }
  report.added = static_cast<std::int64_t>(added.size());
  // The same statement again is no news; another one whose lines are all known still tells its balances.
  const auto balance = [](const std::optional<Money>& money) {
    return money ? to_string_with_code(*money) : std::string();
  };
  const auto same = [&](const engine::ExternalStatement& kept) {
    return kept.source == statement.source && kept.name == statement.name && kept.account == statement.account &&
           kept.from == statement.from && kept.to == statement.to &&
           balance(kept.opening) == balance(statement.opening) && balance(kept.closing) == balance(statement.closing);
  };
  if (added.empty() && std::ranges::any_of(context.store.external_statements(), same)) return report;
  report.statement = context.store.add_statement(statement, added, context.stamp());
  work.keep();
  return report;
}

PostingReport post_payments(const Context& context, const std::string& source, std::vector<ExternalLine> lines,
                            const std::function<void(std::size_t done)>& progress) {
  const std::vector<Customer> customers = context.store.customers();
  Poster poster(context, source, customers);
  PostingReport report;
  for (std::size_t first = 0; first < lines.size(); first += kChunk) {
    UnitOfWork work(context);
    const std::size_t end = std::min(first + kChunk, lines.size());
    for (std::size_t i = first; i < end; ++i) {
      report.lines.push_back(poster.post(std::move(lines[i])));
      if (progress) progress(i + 1);
    }
    work.keep();
  }
  return report;
}

Result<Reply> give_reference(const Context& context, const RequestKey& request, const std::string& account,
                             const std::string& reference) {
  return run_request(context, request, {{"request", "reference"}, {"account", account}, {"reference", reference}},
                     [&](Changes& changes) -> Result<Facts> {
                       const Result<Customer> customer = customer_named(context.store, account);
                       if (!customer) return customer.error();
                       const Result<std::string> word = engine::parse_reference(reference);
                       if (!word) return word.error();
                       for (const engine::AccountReference& given : context.store.account_references()) {
                         if (given.reference != word.value()) continue;
                         const std::optional<Customer> owner = context.store.customer(given.customer);
                         return Error{ErrorCode::reference_taken, "reference '" + reference + "' is given to account " +
                                                                      (owner ? owner->name : "?")};
                       }
                       changes.references.push_back({customer.value().id, word.value()});
                       changes.events.push_back({engine::EventKind::account_changed,
                                                 customer.value().id,
                                                 {},
                                                 {},
                                                 {},
                                                 {},
                                                 "payment reference " + word.value()});
                       return Facts{{"account", account}, {"reference", word.value()}};
                     });
}

Result<Reply> drop_reference(const Context& context, const RequestKey& request, const std::string& account,
                             const std::string& reference) {
  return run_request(context, request, {{"request", "drop-reference"}, {"account", account}, {"reference", reference}},
                     [&](Changes& changes) -> Result<Facts> {
                       const Result<Customer> customer = customer_named(context.store, account);
                       if (!customer) return customer.error();
                       const std::string word = engine::normalised_reference(reference);
                       const std::vector<engine::AccountReference> given = context.store.account_references();
                       const bool theirs = std::ranges::any_of(given, [&](const engine::AccountReference& one) {
                         return one.reference == word && one.customer == customer.value().id;
                       });
                       if (!theirs)
                         return Error{ErrorCode::invalid_argument, "account " + account + " has no reference '" +
                                                                       reference + "'; see 'payments references'"};
                       changes.dropped_references.push_back({customer.value().id, word});
                       changes.events.push_back({engine::EventKind::account_changed,
                                                 customer.value().id,
                                                 {},
                                                 {},
                                                 {},
                                                 {},
                                                 "payment reference " + word + " taken away"});
                       return Facts{{"account", account}, {"reference", word}};
                     });
}

}  // namespace operations
