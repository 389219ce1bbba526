#include "tools/operations/bank.hpp"

#include <algorithm>

#include "engine/bank_charges.hpp"
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
  Poster(const Context& context, std::string source, const std::vector<Customer>& customers, engine::Day first)
      : context_(context),
        source_(std::move(source)),
        customers_(customers),
        typed_(context.store, source_, first),
        payers_(customers_, context.store.account_references(), context.store.settings().payments_by_name),
        closed_until_(context.store.book().closed_until) {}

  // REQUIRES: inside a unit of work.
  PostedLine post(ExternalLine line) {
    PostedLine posted{std::move(line), Posting::refused, {}, {}};
    const ExternalLine& one = posted.line;
    const bool has_come = engine::UtcTime(one.booked_on) <= context_.now;
    if (const auto own = engine::bank_charge_of(one.reference, one.amount.is_positive()); own && has_come)
      return post_charge(std::move(posted), *own);
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
    const engine::Identification found =
        payers_.identify({one.structured, one.end_to_end, one.reference, one.counterparty});
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
    if (const auto answer = typed_before(posted, named)) {
      if (!*answer) {
        posted.posting = Posting::refused;
        posted.detail = answer->error().detail;
      }
      return posted;
    }
    const Result<Reply> reply = post_to(one, posted.posting == Posting::posted ? named : nullptr, posted.detail);
    if (!reply) {
      posted.posting = Posting::refused;
      posted.detail = reply.error().detail;
    }
    return posted;
  }

 private:
  // The bank's own charge or interest: between cash and an account of the operator's, on the line's day.
  PostedLine post_charge(PostedLine posted, engine::AccountKind account) {
    const ExternalLine& line = posted.line;
    posted.account = to_word(account);
    posted.detail = "the bank's own, by '" + line.reference + "'";
    const engine::LedgerAccountKey cash =
        engine::operator_account(engine::AccountKind::cash, line.amount.currency(), source_);
    const engine::LedgerAccountKey other = engine::operator_account(account, line.amount.currency());
    const bool in = line.amount.is_positive();
    engine::GeneralEntry entry{.debit = in ? cash : other,
                               .credit = in ? other : cash,
                               .amount = in ? line.amount : -line.amount,
                               .effective_at = engine::UtcTime(line.booked_on),
                               .reason = memo_of(line)};
    if (closed_until_ && *entry.effective_at < *closed_until_) {
      entry.effective_at.reset();
      entry.reason += " (booked on " + engine::to_string(line.booked_on) + ", in a closed period)";
    }
    const Facts content{{"request", "bank-charge"},
                        {"source", source_},
                        {"line", line.external_id},
                        {"amount", to_string_with_code(line.amount)},
                        {"booked", engine::to_string(line.booked_on)},
                        {"account", posted.account}};
    const Result<Reply> reply = answer_request(context_, {bank_sender(source_), line.external_id}, content,
                                               [&](Changes& changes) -> Result<Facts> {
                                                 const engine::Status done = engine::post_general(changes, entry);
                                                 if (!done) return done.error();
                                                 return Facts{{"account", posted.account}};
                                               });
    if (!reply) posted.detail = reply.error().detail;
    posted.posting = !reply ? Posting::refused : reply.value().replayed ? Posting::repeated : Posting::posted;
    return posted;
  }

  // True if a person typed the payment before: then it is bound to the line, or a case asks which of several it is.
  // Nothing where it was not.
  std::optional<Result<Reply>> typed_before(PostedLine& posted, const Customer* named) {
    const ExternalLine& line = posted.line;
    std::vector<const TypedPayment*> fitting =
        typed_.fitting(line, named != nullptr ? std::optional(named->id) : std::nullopt);
    std::vector<const TypedPayment*> told = fitting;
    std::erase_if(told, [&](const TypedPayment* one) { return !TypedPayments::is_told(*one, line); });
    if (told.size() == 1) fitting = told;
    if (fitting.empty()) return std::nullopt;
    std::string numbers;
    for (const TypedPayment* one : fitting)
      numbers += (numbers.empty() ? "" : ", ") + std::to_string(one->first.value());
    // What nobody is named for is somebody's only where the words agree.
    if (named == nullptr && told.size() != 1) {
      posted.detail += "; perhaps typed by hand as transfer " + numbers;
      return std::nullopt;
    }
    Facts content = content_of(line, "typed by hand");
    const RequestKey key{bank_sender(source_), line.external_id};
    if (fitting.size() > 1) {
      posted.posting = Posting::several;
      posted.detail = "fits transfers " + numbers + ", typed by hand: 'payments bind' says which";
      Changes asked;
      asked.cases.push_back(unidentified_payment(source_ + ":" + line.external_id, line.amount,
                                                 "of " + engine::to_string(line.booked_on) + " " + posted.detail));
      const engine::Status done = context_.store.apply(asked, context_.stamp());
      if (!done) return Result<Reply>(done.error());
      return Result<Reply>(Reply{});
    }
    const TypedPayment& one = *fitting.front();
    posted.posting = Posting::bound;
    posted.account = names_.of(one.customer);
    posted.detail = "typed by hand as transfer " + numbers;
    Result<Reply> reply = answer_request(context_, key, content, [&](Changes& changes) -> Result<Facts> {
      if (!context_.dry_run) changes.line_bindings.push_back({line.id, one.first});
      return Facts{{"transfer", numbers}};
    });
    typed_.take(one.first);
    return reply;
  }

  Facts content_of(const ExternalLine& line, const std::string& account) const {
    return {{"request", "payment"},
            {"source", source_},
            {"line", line.external_id},
            {"amount", to_string_with_code(line.amount)},
            {"booked", engine::to_string(line.booked_on)},
            {"account", account}};
  }

  Result<Reply> post_to(const ExternalLine& line, const Customer* account, const std::string& why) {
    engine::Payment payment{line.amount, source_, engine::UtcTime(line.booked_on), memo_of(line)};
    if (closed_until_ && *payment.effective_at < *closed_until_) {
      payment.effective_at.reset();
      payment.memo += " (booked on " + engine::to_string(line.booked_on) + ", in a closed period)";
    }
    const Facts content = content_of(line, account != nullptr ? account->name : "suspense");
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
  TypedPayments typed_;
  engine::PayerIndex payers_;
  std::optional<engine::UtcTime> closed_until_;
  AccountNames names_{context_.store};
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
    case Posting::bound:
      return "bound";
    case Posting::several:
      return "several";
  }
  engine::invariant_failed("the posting is known", __FILE__, __LINE__, "posting");
}

std::int64_t PostingReport::count(Posting posting) const {
  return std::ranges::count(lines, posting, &PostedLine::posting);
}

PostingReport post_payments(const Context& context, const std::string& source, std::vector<ExternalLine> lines,
                            const std::function<void(std::size_t done)>& progress) {
  const std::vector<Customer> customers = context.store.customers();
  PostingReport report;
  if (lines.empty()) return report;
  Poster poster(context, source, customers, std::ranges::min(lines, {}, &ExternalLine::booked_on).booked_on);
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

Result<Reply> bind_line(const Context& context, const RequestKey& request, const std::string& source,
                        const std::string& line_name, engine::TransferId transfer) {
  const Facts asked{
      {"request", "bind"}, {"source", source}, {"line", line_name}, {"transfer", std::to_string(transfer.value())}};
  return run_request(context, request, asked, [&](Changes& changes) -> Result<Facts> {
    const std::optional<ExternalLine> line = context.store.external_line(source, line_name);
    if (!line) return Error{ErrorCode::source_not_found, "source '" + source + "' has no line '" + line_name + "'"};
    const std::string number = std::to_string(transfer.value());
    const std::vector<engine::LineBinding> bound = context.store.line_bindings();
    if (context.store.request(bank_sender(source), line_name) ||
        std::ranges::find(bound, line->id, &engine::LineBinding::line) != bound.end())
      return Error{ErrorCode::invalid_argument, "line '" + line_name + "' is posted or bound already"};
    if (!context.store.transfer(transfer))
      return Error{ErrorCode::transfer_not_found, "there is no transfer " + number};
    const TypedPayments typed(context.store, source, line->booked_on);
    const std::vector<const TypedPayment*> fitting = typed.fitting(*line, {});
    const auto one = std::ranges::find(fitting, transfer, &TypedPayment::first);
    if (one == fitting.end()) {
      return Error{ErrorCode::invalid_argument, "transfer " + number + " is no free pay-in of " +
                                                    to_string_with_code(line->amount) + " to '" + source +
                                                    "' of these days"};
    }
    changes.line_bindings.push_back({line->id, transfer});
    changes.requests.push_back({.sender = bank_sender(source),
                                .key = line_name,
                                .content = "request=bind\ntransfer=" + number + "\n",
                                .answer = "transfer=" + number + "\n"});
    engine::CaseQuery query;
    query.kind = engine::CaseKind::unidentified_payment;
    for (const engine::Case& open : context.store.cases(query)) {
      if (open.subject == source + ":" + line_name)
        changes.closed_cases.push_back({open.id, "it is transfer " + number});
    }
    return Facts{{"line", line_name}, {"transfer", number}};
  });
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
                         // what cannot be told apart in a payer's text is one reference
                         if (engine::compared_reference(given.reference) != engine::compared_reference(word.value()))
                           continue;
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
