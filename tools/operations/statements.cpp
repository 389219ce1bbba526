#include "tools/operations/statements.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "engine/statement_chain.hpp"

namespace operations {
namespace {

using engine::BankSource;
using engine::Error;
using engine::ErrorCode;
using engine::ExternalLine;
using engine::ExternalStatement;
using engine::KeptStatement;
using engine::Money;
using engine::Result;

Error refused(std::string why) { return {ErrorCode::invalid_statement, std::move(why)}; }

std::string plain_account(std::string_view text) {
  std::string plain;
  for (const char c : text) {
    if (c == ' ') continue;
    plain += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  }
  return plain;
}

std::string currency_of(const ExternalStatement& statement, const std::vector<ExternalLine>& lines) {
  if (statement.opening) return std::string(statement.opening->currency().code());
  if (statement.closing) return std::string(statement.closing->currency().code());
  return lines.empty() ? std::string() : std::string(lines.front().amount.currency().code());
}

class Importer {
 public:
  Importer(const Context& context, std::string source)
      : context_(context), source_(std::move(source)), sources_(context.store.bank_sources()) {
    for (ExternalStatement& statement : context.store.external_statements())
      (statement.source == source_ ? kept_ : elsewhere_).push_back({std::move(statement)});
  }

  // REQUIRES: inside a unit of work.
  Result<StatementReport> run(std::vector<StatementToKeep> statements, const std::string& account) {
    for (StatementToKeep& one : statements) {
      one.statement.source = source_;
      one.statement.account = plain_account(one.statement.account);
      for (ExternalLine& line : one.lines) line.source = source_;
      if (auto error = bind(one, plain_account(account))) return *error;
      if (auto error = check_amounts(one)) return *error;
    }
    std::ranges::stable_sort(statements, {}, [](const StatementToKeep& one) {
      return std::tuple(one.statement.from, one.statement.to, one.statement.sequence);
    });
    // A file's statements may need each other: one that does not fit yet waits for those between.
    while (!statements.empty()) {
      std::optional<Error> first;
      std::vector<StatementToKeep> waiting;
      for (StatementToKeep& one : statements) {
        if (auto error = keep(one)) {
          if (!first) first = error;
          waiting.push_back(std::move(one));
        }
      }
      if (waiting.size() == statements.size()) return *first;
      statements = std::move(waiting);
    }
    note_chain();
    return std::move(report_);
  }

 private:
  std::optional<Error> bind(StatementToKeep& one, const std::string& given) {
    const bool nameless = one.statement.account.empty();
    if (nameless) one.statement.account = given;
    const std::string& account = one.statement.account;
    const std::string title = one.statement.name.empty() ? "the file" : "statement '" + one.statement.name + "'";
    BankSource mine{source_, account, nameless};
    for (const BankSource& other : sources_) {
      if (other.source == source_) {
        mine = other;
      } else if (!account.empty() && other.account == account) {
        return refused(title + " is of account " + account + ", which is source '" + other.source + "', not '" +
                       source_ + "'");
      }
    }
    if (!account.empty() && !mine.account.empty() && mine.account != account)
      return refused(title + " is of account " + account + ", source '" + source_ + "' is account " + mine.account);
    if (account.empty() && !mine.nameless) {
      return refused(title + " names no account, and source '" + source_ + "' is account " + mine.account +
                     ": if it is of that account, say so once with --account " + mine.account);
    }
    if (account.empty()) {
      if (auto error = twin_elsewhere(one, title)) return error;
    }
    BankSource next = mine;
    if (next.account.empty()) next.account = account;
    next.nameless = next.nameless || nameless;
    const auto place = std::ranges::find(sources_, source_, &BankSource::source);
    if (place != sources_.end() && place->account == next.account && place->nameless == next.nameless)
      return std::nullopt;
    context_.store.put_bank_source(next);
    if (place == sources_.end())
      sources_.push_back(next);
    else
      *place = next;
    return std::nullopt;
  }

  // Where no account is named, the rows themselves must not stand under another source.
  std::optional<Error> twin_elsewhere(const StatementToKeep& one, const std::string& title) {
    const auto rows = [](const std::vector<ExternalLine>& lines) {
      std::multiset<std::string> all;
      for (const ExternalLine& line : lines) all.insert(line.raw);
      return all;
    };
    for (KeptStatement& other : elsewhere_) {
      if (one.lines.empty() || other.statement.from != one.statement.from || other.statement.to != one.statement.to ||
          other.statement.lines != static_cast<std::int64_t>(one.lines.size()))
        continue;
      load(other);
      if (rows(other.lines) != rows(one.lines)) continue;
      return refused(title + " is kept already, under source '" + other.statement.source +
                     "'; if it really is of another account, say which with --account ID");
    }
    return std::nullopt;
  }

  static std::optional<Error> check_amounts(const StatementToKeep& one) {
    const auto is_out = [](Money amount) {
      return amount.minor() > engine::kMaxAmountMinor || amount.minor() < -engine::kMaxAmountMinor;
    };
    const auto beyond = [](Money amount, const std::string& what) {
      return Error{ErrorCode::amount_out_of_range,
                   what + " of " + to_string_with_code(amount) + " is more than a book can hold"};
    };
    std::int64_t in = 0, out = 0;
    for (const ExternalLine& line : one.lines) {
      if (is_out(line.amount) || line.fee > engine::kMaxAmountMinor) return beyond(line.amount, "a line");
      (line.amount.is_negative() ? out : in) += line.amount.minor();
      if (in > engine::kMaxAmountMinor || out < -engine::kMaxAmountMinor)
        return beyond(Money::of_minor(in > engine::kMaxAmountMinor ? in : out, line.amount.currency()),
                      "the sum of the lines");
    }
    for (const auto& balance : {one.statement.opening, one.statement.closing}) {
      if (balance && is_out(*balance)) return beyond(*balance, "a balance");
    }
    return std::nullopt;
  }

  void load(KeptStatement& kept) {
    if (kept.lines.empty() && kept.statement.lines > 0)
      kept.lines = context_.store.lines_of_statement(kept.statement.id);
  }

  // Those of the same currency; with their lines where they share days with it.
  std::vector<KeptStatement> beside(const StatementToKeep& one, const std::string& currency) {
    std::vector<KeptStatement> found;
    for (KeptStatement& kept : kept_) {
      const ExternalStatement& other = kept.statement;
      const bool touches = other.from && other.to && one.statement.from && one.statement.to &&
                           *other.from <= *one.statement.to && *one.statement.from <= *other.to;
      if (touches) load(kept);
      const std::string theirs = currency_of(other, kept.lines);
      if (!theirs.empty() && theirs != currency) continue;
      if (touches || (other.opening && other.closing) || other.name == one.statement.name) found.push_back(kept);
    }
    return found;
  }

  std::optional<Error> keep(StatementToKeep& one) {
    const std::vector<KeptStatement> others = beside(one, currency_of(one.statement, one.lines));
    const Result<engine::JoinedStatement> joined = engine::join_statement(one.statement, one.lines, others);
    if (!joined) return joined.error();
    std::map<std::int64_t, const ExternalLine*> by_id;
    for (const KeptStatement& other : others) {
      for (const ExternalLine& line : other.lines) by_id.emplace(line.id, &line);
    }
    const auto& known = joined.value().known;
    for (std::size_t i = 0; i < one.lines.size(); ++i) {
      if (known[i] != 0) {
        one.lines[i] = *by_id.at(known[i]);
        ++report_.known;
      } else {
        one.lines[i].external_id = free_name(one.lines[i]);
        ++report_.added;
      }
    }
    if (!joined.value().again) {
      for (const std::string& note : joined.value().notes)
        report_.notes.push_back("statement '" + one.statement.name + "': " + note);
      one.statement.lines = static_cast<std::int64_t>(one.lines.size());
      one.statement.id = context_.store.add_statement(one.statement, one.lines, context_.stamp());
      kept_.push_back({one.statement, one.lines});
      new_.insert(one.statement.id);
      ++report_.statements;
    }
    report_.lines.insert(report_.lines.end(), one.lines.begin(), one.lines.end());
    return std::nullopt;
  }

  // The bank's reference where nobody has it, else the name made from the content, with a number.
  std::string free_name(const ExternalLine& line) {
    const auto is_free = [&](const std::string& name) {
      return !names_.contains(name) && !context_.store.external_line(source_, name);
    };
    std::string name = line.bank_reference;
    if (name.empty() || !is_free(name)) {
      const std::string content = line.external_id;
      do {
        name = content + "/" + std::to_string(++numbers_[content]);
      } while (!is_free(name));
    }
    names_.insert(name);
    return name;
  }

  void note_chain() {
    std::map<std::string, std::vector<ExternalStatement>> of_currency;
    for (const KeptStatement& one : kept_) of_currency[currency_of(one.statement, one.lines)].push_back(one.statement);
    for (const auto& [currency, statements] : of_currency) {
      for (const engine::ChainLink& link : engine::chain_links(statements)) {
        if (link.kind == engine::ChainLink::Kind::holds) continue;
        if (new_.contains(link.before->id) || new_.contains(link.after->id)) report_.notes.push_back(to_string(link));
      }
    }
  }

  const Context& context_;
  std::string source_;
  std::vector<BankSource> sources_;
  std::vector<KeptStatement> kept_{}, elsewhere_{};
  std::set<std::int64_t> new_{};
  std::set<std::string> names_{};
  std::map<std::string, std::int64_t> numbers_{};
  StatementReport report_{};
};

}  // namespace

Result<StatementReport> import_statements(const Context& context, const std::string& source,
                                          std::vector<StatementToKeep> statements, const std::string& account) {
  UnitOfWork work(context);
  Result<StatementReport> report = Importer(context, source).run(std::move(statements), account);
  if (report) work.keep();
  return report;
}

}  // namespace operations
