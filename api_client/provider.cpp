#include "api_client/provider.hpp"

#include <algorithm>
#include <memory_resource>
#include <unordered_set>

namespace api_client {
namespace {

using engine::Currency;
using engine::Delivery;
using engine::DomainName;
using engine::Error;
using engine::ErrorCode;
using engine::Meaning;
using engine::Money;
using engine::ProviderAnswer;
using engine::ProviderJob;
using engine::Result;
using engine::UtcTime;

constexpr std::int64_t kPage = 1000;             // rows asked for at once
constexpr std::int64_t kPendingPage = 5000;      // of the pending-delete list, whose rows are short
constexpr std::int64_t kMostRows = 100'000'000;  // of a list: a TOTAL above it is no number of rows
// rows that room is made for because TOTAL says so; more may come
constexpr std::int64_t kMostExpected = 1'000'000;
constexpr int kReadings = 3;                 // of a list that keeps changing
constexpr std::size_t kNamesPerQuery = 200;  // DOMAIN0 … DOMAIN199: some ten kilobytes of request

Error failure(const Environment& environment, const std::string& command, const Reply& reply) {
  const bool refused = reply.delivery == Delivery::answered && !is_temporary(reply.code);
  return {refused ? ErrorCode::provider_refused : ErrorCode::provider_unreachable,
          environment.label() + ": " + command + ": " + (reply.code != 0 ? std::to_string(reply.code) + " " : "") +
              reply.text};
}

Error garbled(const Environment& environment, const std::string& command, const std::string& what) {
  return {ErrorCode::provider_unreachable, environment.label() + ": " + command + ": " + what};
}

// ---- lists ----

// What one reading of a list collects.
class Collector {
 public:
  virtual ~Collector() = default;
  virtual void begin() = 0;  // again, where the list changed
  // The first page's scalars too. An error refuses the list.
  virtual engine::Status page(const Response& response) = 0;
  // How many different rows were seen; compared with TOTAL. Nothing where rows have no key.
  virtual std::optional<std::int64_t> distinct() const = 0;
  virtual void expect(std::int64_t) {}  // the list's TOTAL, as its first page says
  virtual void progress(std::int64_t, std::int64_t) {}
};

class ListReader {
 public:
  ListReader(Caller& caller, Command base, std::int64_t page, std::string_view key_column)
      : caller_(caller), base_(std::move(base)), page_(page), key_column_(key_column) {}

  // Every row once, or an error: a list that moved while it was read is not believed.
  engine::Status read(Collector& collector) {
    for (int reading = 1; reading <= kReadings; ++reading) {
      collector.begin();
      changed_.clear();
      if (engine::Status done = read_once(collector); !done) return done;
      if (changed_.empty()) return engine::Unit{};
    }
    return garbled(caller_.environment(), base_.name, "the list kept changing while it was read (" + changed_ + ")");
  }

 private:
  Command window(std::int64_t first, std::int64_t limit) const {
    Command command = base_;
    command.set("FIRST", std::to_string(first));
    command.set("LIMIT", std::to_string(limit));
    return command;
  }

  std::int64_t rows_of(const Response& response) const {
    return response.paging().count.value_or(static_cast<std::int64_t>(response.values(key_column_).size()));
  }

  engine::Status take(const Response& response, Collector& collector) {
    const std::int64_t rows = rows_of(response);
    if (static_cast<std::int64_t>(response.values(key_column_).size()) != rows) {
      return garbled(caller_.environment(), base_.name,
                     "COUNT says " + std::to_string(rows) + ", but there are " +
                         std::to_string(response.values(key_column_).size()) + " of " + std::string(key_column_));
    }
    return collector.page(response);
  }

  engine::Status read_once(Collector& collector) {
    const Reply first = caller_.call(window(0, page_), Kind::read);
    if (!first.ok()) return failure(caller_.environment(), base_.name, first);
    if (engine::Status taken = take(*first.response, collector); !taken) return taken;
    const std::int64_t size = rows_of(*first.response);
    if (!first.response->paging().total) return read_on(size, collector);
    const std::int64_t total = *first.response->paging().total;
    if (total < 0 || total > kMostRows) {
      return garbled(
          caller_.environment(), base_.name,
          "TOTAL is " + std::to_string(total) + ": lists of 0 to " + std::to_string(kMostRows) + " rows are read");
    }
    if (size == 0 && total > 0)
      return garbled(caller_.environment(), base_.name,
                     "TOTAL is " + std::to_string(total) + ", but the first page is empty");
    collector.expect(total);
    collector.progress(size, total);
    const std::int64_t pages = size == 0 ? 0 : (total - 1) / size;  // beyond the first
    std::int64_t done = size;
    engine::Status outcome = engine::Unit{};
    const auto stop = [&](std::size_t) {
      return !outcome || !changed_.empty() ? std::optional<std::string>("not needed any more") : std::nullopt;
    };
    caller_.call_each(
        static_cast<std::size_t>(pages),
        [&](std::size_t i) { return window(size * (static_cast<std::int64_t>(i) + 1), size); }, Kind::read, stop,
        [&](std::size_t i, const Reply& reply) {
          if (!outcome || !changed_.empty()) return;
          if (!reply.ok()) {
            outcome = failure(caller_.environment(), base_.name, reply);
            return;
          }
          const std::int64_t from = size * (static_cast<std::int64_t>(i) + 1);
          const Paging& paging = reply.response->paging();
          if (paging.total != total) {
            changed_ = "TOTAL was " + std::to_string(total) + ", then " +
                       (paging.total ? std::to_string(*paging.total) : "not given");
          } else if (rows_of(*reply.response) != std::min(size, total - from)) {
            changed_ = "a page had " + std::to_string(rows_of(*reply.response)) + " rows where " +
                       std::to_string(std::min(size, total - from)) + " were expected";
          } else {
            outcome = take(*reply.response, collector);
            collector.progress(done += rows_of(*reply.response), total);
          }
        });
    if (!outcome) return outcome;
    if (changed_.empty() && collector.distinct() && *collector.distinct() != total) {
      changed_ = std::to_string(*collector.distinct()) + " different rows of " + std::to_string(total);
    }
    return engine::Unit{};
  }

  // A list that tells no TOTAL: page by page until one is short.
  engine::Status read_on(std::int64_t size, Collector& collector) {
    for (std::int64_t at = size, rows = size; rows >= page_;) {
      const Reply reply = caller_.call(window(at, page_), Kind::read);
      if (!reply.ok()) return failure(caller_.environment(), base_.name, reply);
      if (engine::Status taken = take(*reply.response, collector); !taken) return taken;
      rows = rows_of(*reply.response);
      at += rows;
    }
    return engine::Unit{};
  }

  Caller& caller_;
  Command base_;
  std::int64_t page_;
  std::string_view key_column_;
  std::string changed_{};  // what shows that the list moved under us
};

// Columns of a page by name, empty text where a column is missing.
struct Columns {
  const Response& response;
  std::string_view at(std::string_view column, std::size_t row) const { return response.value(column, row); }
  std::size_t rows(std::string_view column) const { return response.values(column).size(); }
};

// ---- jobs ----

std::optional<UtcTime> time_of(std::string_view text) {
  const Result<UtcTime> time = engine::parse_time(text);
  return time ? std::optional(time.value()) : std::nullopt;
}

// The columns of jobs, looked up once for all rows of a page.
struct JobColumns {
  explicit JobColumns(const Response& response)
      : application(response.values("APPLICATION")),
        domain(response.values("DOMAIN")),
        status(response.values("STATUS")),
        created(response.values("CREATEDDATE")),
        auction_end(response.values("AUCTION-ENDDATE")),
        auction_price(response.values("AUCTION-PRICE")),
        auction_currency(response.values("AUCTION-CURRENCY")) {}
  using Values = std::span<const std::string_view>;
  Values application, domain, status, created, auction_end, auction_price, auction_currency;
  static std::string_view at(Values column, std::size_t row) {
    return row < column.size() ? column[row] : std::string_view();
  }
};

// Row `row` of a list, or a single answer (row 0). Nothing where it names no application or no readable domain.
Result<std::optional<ProviderJob>> job_of(const JobColumns& columns, std::size_t row) {
  const std::string_view application = columns.at(columns.application, row);
  Result<DomainName> name = DomainName::parse(columns.at(columns.domain, row));
  if (application.empty() || !name) return std::optional<ProviderJob>();
  const std::string_view created = columns.at(columns.created, row);
  const std::optional<UtcTime> created_at = time_of(created);
  if (!created_at) {
    return Error{ErrorCode::provider_unreachable, "application " + std::string(application) +
                                                      " has no readable CREATEDDATE: '" + std::string(created) + "'"};
  }
  ProviderJob job{.application = std::string(application),
                  .name = std::move(name).value(),
                  .status = std::string(columns.at(columns.status, row)),
                  .created_at = *created_at};
  job.auction_ends_at = time_of(columns.at(columns.auction_end, row));
  const std::string_view price = columns.at(columns.auction_price, row),
                         currency = columns.at(columns.auction_currency, row);
  if (!price.empty()) job.auction_price = std::string(price) + " " + std::string(currency);
  return std::optional(std::move(job));
}

// A list's row as evidence: its cells in the answer's own spelling.
std::string row_text(const Response& response, std::size_t row) {
  std::string text;
  for (const Response::Property& property : response.properties()) {
    if (property.values.size() <= row || property.values.size() == 1) continue;  // FIRST, COUNT … stand once
    text.append("PROPERTY[")
        .append(property.name)
        .append("][")
        .append(std::to_string(row))
        .append("]=")
        .append(property.values[row])
        .append("\n");
  }
  return text;
}

class JobCollector final : public Collector {
 public:
  explicit JobCollector(const Caller& caller) : caller_(caller) {}
  std::vector<ProviderJob> jobs{};

  void begin() override {
    jobs.clear();
    seen_.clear();
  }
  engine::Status page(const Response& response) override {
    const JobColumns columns(response);
    const std::size_t rows = columns.application.size();
    for (std::size_t row = 0; row < rows; ++row) {
      if (!seen_.emplace(columns.application[row]).second) continue;
      Result<std::optional<ProviderJob>> job = job_of(columns, row);
      if (!job) return job.error();
      if (!job.value()) continue;  // a name that is none: none of ours
      const engine::StatusMeaning meaning = engine::meaning_of_status(job.value()->status);
      if (meaning.outcome || !meaning.known)
        job.value()->raw = caller_.without_secrets(rows == 1 ? response.body() : row_text(response, row));
      jobs.push_back(*std::move(job).value());
    }
    return engine::Unit{};
  }
  std::optional<std::int64_t> distinct() const override { return static_cast<std::int64_t>(seen_.size()); }
  void expect(std::int64_t rows) override {
    const auto some = static_cast<std::size_t>(std::min(rows, kMostExpected));
    jobs.reserve(some);
    seen_.reserve(some);
  }

 private:
  const Caller& caller_;
  // one after the other: made and dropped by the hundred thousand
  std::pmr::monotonic_buffer_resource nodes_{};
  std::pmr::unordered_set<std::string> seen_{&nodes_};
};

// ---- money ----

Result<Money> money_of(std::string_view amount, std::string_view currency_code) {
  const Result<Currency> currency = Currency::parse(currency_code);
  if (!currency) return currency.error();
  const Result<engine::RoundedMoney> money = engine::parse_provider_money(amount, currency.value());
  if (!money) return money.error();
  return money.value().amount;
}

class DepositCollector final : public Collector {
 public:
  std::vector<engine::ProviderDeposit> deposits{};

  void begin() override {
    deposits.clear();
    seen_.clear();
  }
  engine::Status page(const Response& response) override {
    const Columns columns{response};
    for (std::size_t row = 0; row < columns.rows("DEPOSITID"); ++row) {
      if (!seen_.emplace(columns.at("DEPOSITID", row)).second) continue;
      const Result<Money> amount = money_of(columns.at("DEPOSIT", row), columns.at("CURRENCY", row));
      if (!amount) return amount.error();
      const std::optional<UtcTime> created_at = time_of(columns.at("CREATEDDATE", row));
      if (!created_at)
        return Error{ErrorCode::provider_unreachable,
                     "deposit " + std::string(columns.at("DEPOSITID", row)) + " has no readable CREATEDDATE"};
      deposits.push_back({.id = std::string(columns.at("DEPOSITID", row)),
                          .account_type = std::string(columns.at("ACCOUNTINGTYPE", row)),
                          .description = std::string(columns.at("DESCRIPTION", row)),
                          .amount = amount.value(),
                          .created_at = *created_at,
                          .expires_at = time_of(columns.at("EXPIRATIONDATE", row))});
    }
    return engine::Unit{};
  }
  std::optional<std::int64_t> distinct() const override { return static_cast<std::int64_t>(seen_.size()); }

 private:
  std::unordered_set<std::string> seen_{};
};

class EntryCollector final : public Collector {
 public:
  std::vector<engine::ProviderEntry> entries{};
  std::string opening{}, sum{};  // as written; of the first page

  void begin() override {
    entries.clear();
    opening.clear();
    sum.clear();
  }
  engine::Status page(const Response& response) override {
    const Columns columns{response};
    if (opening.empty()) opening = columns.at("OPENINGBALANCE", 0);
    if (sum.empty()) sum = columns.at("SUM", 0);
    for (std::size_t row = 0; row < columns.rows("ACCOUNTINGDATE"); ++row) {
      const std::optional<UtcTime> at = time_of(columns.at("ACCOUNTINGDATE", row));
      if (!at)
        return Error{ErrorCode::provider_unreachable, "an entry has no readable ACCOUNTINGDATE: '" +
                                                          std::string(columns.at("ACCOUNTINGDATE", row)) + "'"};
      const std::string_view currency = columns.at("ACCOUNTINGCURRENCY", row);
      const Result<Money> net = money_of(columns.at("ACCOUNTINGPRICE", row), currency);
      if (!net) return net.error();
      const std::string_view tax_text = columns.at("ACCOUNTINGVATPRICE", row);
      const Result<Money> tax =
          tax_text.empty() ? Result<Money>(Money::zero(net.value().currency())) : money_of(tax_text, currency);
      if (!tax) return tax.error();
      entries.push_back({.id = std::string(columns.at("ACCOUNTINGID", row)),
                         .at = *at,
                         .type = std::string(columns.at("ACCOUNTINGTYPE", row)),
                         .description = std::string(columns.at("ACCOUNTINGDESCRIPTION", row)),
                         .reference = std::string(columns.at("ACCOUNTINGREFERENCE", row)),
                         .net = net.value(),
                         .tax = tax.value()});
    }
    return engine::Unit{};
  }
  // equal bookings are two bookings
  std::optional<std::int64_t> distinct() const override { return std::nullopt; }
};

Command accounting_between(UtcTime from, std::optional<UtcTime> to) {
  using std::chrono::seconds;
  Command command{
      "QueryAccountingList",
      {{"MINDATE", engine::to_wire_string(std::chrono::ceil<seconds>(from))}, {"ORDERBY", "ACCOUNTINGDATE"}}};
  if (to) command.set("MAXDATE", engine::to_wire_string(std::chrono::ceil<seconds>(*to) - seconds(1)));
  return command;
}

// "dune-market.com" in "backorder dune-market.com", but not in "my-dune-market.com".
bool names(std::string_view text, std::string_view name) {
  const auto of_name = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
  };
  for (std::size_t at = text.find(name); at != std::string_view::npos; at = text.find(name, at + 1)) {
    const std::size_t end = at + name.size();
    if ((at == 0 || !of_name(text[at - 1])) && (end == text.size() || !of_name(text[end]))) return true;
  }
  return false;
}

}  // namespace

HttpProvider::HttpProvider(CallerOptions options, Clock clock) : caller_(std::move(options)), clock_(std::move(clock)) {
  ENSURE(clock_ != nullptr, "the client is told the time");
}

std::string HttpProvider::environment() const { return caller_.environment().label(); }
bool HttpProvider::is_live() const { return caller_.environment().live; }

ProviderAnswer HttpProvider::answer_of(const Reply& reply) const {
  ProviderAnswer answer{.delivery = reply.delivery, .code = reply.code, .text = reply.text};
  if (reply.response) answer.raw = caller_.without_secrets(reply.response->body());
  if (!reply.ok()) return answer;
  Result<std::optional<ProviderJob>> job = job_of(JobColumns(*reply.response), 0);
  if (!job || !job.value()) return answer;  // says yes without saying which
  job.value()->raw = answer.raw;
  answer.job = *std::move(job).value();
  return answer;
}

void HttpProvider::add(std::span<const engine::AddJob> orders,
                       const std::function<void(std::size_t, const ProviderAnswer&)>& answered) {
  std::string refused;  // us as a whole: the rest need not be sent
  caller_.call_each(
      orders.size(),
      [&](std::size_t i) {
        Command command{"AddDomainApplication", {{"CLASS", "BACKORDER"}, {"DOMAIN", orders[i].name.ace()}}};
        if (orders[i].another) command.set("NEW", "1");
        return command;
      },
      Kind::order,
      [&](std::size_t i) -> std::optional<std::string> {
        if (!refused.empty()) return "not sent after " + refused;
        if (orders[i].not_after && clock_() > *orders[i].not_after) return "its time was over before it could be sent";
        return std::nullopt;
      },
      [&](std::size_t i, const Reply& reply) {
        const ProviderAnswer answer = answer_of(reply);
        if (engine::meaning_of_order(answer) == Meaning::stop && answer.code != 510)
          refused = std::to_string(answer.code) + " " + answer.text;
        answered(i, answer);
      });
}

ProviderAnswer HttpProvider::remove(const std::string& application) {
  return answer_of(caller_.call({"DeleteDomainApplication", {{"APPLICATION", application}}}, Kind::order));
}

ProviderAnswer HttpProvider::status(const std::string& application) {
  return answer_of(caller_.call({"StatusDomainApplication", {{"APPLICATION", application}}}, Kind::read));
}

void HttpProvider::statuses(std::span<const std::string> applications,
                            const std::function<void(std::size_t, const ProviderAnswer&)>& answered) {
  caller_.call_each(
      applications.size(),
      [&](std::size_t i) {
        return Command{"StatusDomainApplication", {{"APPLICATION", applications[i]}}};
      },
      Kind::read, {}, [&](std::size_t i, const Reply& reply) { answered(i, answer_of(reply)); });
}

Result<std::vector<ProviderJob>> HttpProvider::jobs(std::span<const DomainName> wanted) {
  // Sub-users' own applications are not ours to read, nor to delete as surplus.
  const Command base{"QueryDomainApplicationList",
                     {{"CLASS", "*_BACKORDER"}, {"USERDEPTH", "SELF"}, {"ORDERBY", "CREATEDDATE"}, {"WIDE", "1"}}};
  JobCollector collector(caller_);
  if (wanted.empty()) {
    const engine::Status read = ListReader(caller_, base, kPage, "APPLICATION").read(collector);
    if (!read) return read.error();
    return std::move(collector.jobs);
  }
  std::vector<ProviderJob> found;
  for (std::size_t at = 0; at < wanted.size(); at += kNamesPerQuery) {
    Command some = base;
    const auto part = wanted.subspan(at, std::min(kNamesPerQuery, wanted.size() - at));
    for (std::size_t i = 0; i < part.size(); ++i) some.set("DOMAIN" + std::to_string(i), part[i].ace());
    const engine::Status read = ListReader(caller_, std::move(some), kPage, "APPLICATION").read(collector);
    if (!read) return read.error();
    std::ranges::move(collector.jobs, std::back_inserter(found));
  }
  return found;
}

Result<bool> HttpProvider::charged(const DomainName& name, UtcTime since) {
  EntryCollector collector;
  Command command = accounting_between(std::chrono::floor<std::chrono::seconds>(since), std::nullopt);
  const engine::Status read = ListReader(caller_, std::move(command), kPage, "ACCOUNTINGDATE").read(collector);
  if (!read) return read.error();
  return std::ranges::any_of(collector.entries, [&](const engine::ProviderEntry& entry) {
    return entry.net.is_negative() &&
           (names(entry.description, name.ace()) || names(entry.description, name.unicode()));
  });
}

Result<engine::ProviderPurse> HttpProvider::purse() {
  const Reply reply = caller_.call({"StatusAccount"}, Kind::read);
  if (!reply.ok()) return failure(caller_.environment(), "StatusAccount", reply);
  const Response& account = *reply.response;
  std::vector<Money> amounts;
  for (const std::string_view property : {"AMOUNT", "DEPOSIT", "CREDIT"}) {
    const Result<Money> amount = money_of(account.value(property), account.value("CURRENCY"));
    if (!amount)
      return garbled(caller_.environment(), "StatusAccount", std::string(property) + ": " + amount.error().detail);
    amounts.push_back(amount.value());
  }
  return engine::ProviderPurse{.amount = amounts[0], .deposit = amounts[1], .credit = amounts[2]};
}

Result<std::vector<engine::ProviderDeposit>> HttpProvider::deposits() {
  DepositCollector collector;
  const engine::Status read = ListReader(caller_, {"QueryDepositList"}, kPage, "DEPOSITID").read(collector);
  if (!read) return read.error();
  return std::move(collector.deposits);
}

Result<engine::ProviderAccounting> HttpProvider::accounting(UtcTime from, UtcTime to) {
  EntryCollector collector;
  const engine::Status read =
      ListReader(caller_, accounting_between(from, to), kPage, "ACCOUNTINGDATE").read(collector);
  if (!read) return read.error();
  std::ranges::stable_sort(collector.entries, {}, &engine::ProviderEntry::at);
  std::optional<Currency> currency;
  if (!collector.entries.empty()) {
    currency = collector.entries.front().net.currency();
  } else {  // an empty list does not say whose money it counts
    const Result<engine::ProviderPurse> ours = purse();
    if (!ours) return ours.error();
    currency = ours.value().amount.currency();
  }
  const Result<Money> opening = money_of(collector.opening, currency->code()),
                      sum = money_of(collector.sum, currency->code());
  if (!opening)
    return garbled(caller_.environment(), "QueryAccountingList", "OPENINGBALANCE: " + opening.error().detail);
  if (!sum) return garbled(caller_.environment(), "QueryAccountingList", "SUM: " + sum.error().detail);
  engine::ProviderAccounting accounting{
      .opening = opening.value(), .sum = sum.value(), .entries = std::move(collector.entries)};
  if (const engine::Status sound = engine::check_sum(accounting); !sound) return sound.error();
  engine::number_entries(accounting.entries);
  return accounting;
}

namespace {

class PendingCollector final : public Collector {
 public:
  explicit PendingCollector(const std::function<void(std::int64_t, std::int64_t)>& progress) : progress_(progress) {}
  std::vector<PendingDelete> rows{};
  std::int64_t read = 0, unreadable = 0;

  void begin() override {
    rows.clear();
    read = unreadable = 0;
  }
  engine::Status page(const Response& response) override {
    const Columns columns{response};
    for (std::size_t row = 0; row < columns.rows("DOMAIN"); ++row) {
      ++read;
      Result<DomainName> name = DomainName::parse(columns.at("DOMAIN", row));
      const std::optional<UtcTime> at = time_of(columns.at("FINALIZATIONDATE", row));
      if (name && at) {
        rows.push_back({std::move(name).value(), *at});
      } else {
        ++unreadable;
      }
    }
    return engine::Unit{};
  }
  // A name may stand on the list twice; one that slipped between two pages shows in TOTAL alone.
  std::optional<std::int64_t> distinct() const override { return read; }
  void progress(std::int64_t done, std::int64_t total) override {
    if (progress_) progress_(done, total);
  }

 private:
  const std::function<void(std::int64_t, std::int64_t)>& progress_;
};

}  // namespace

Result<std::vector<PendingDelete>> HttpProvider::pending_deletes(
    const PendingDeletes& wanted, std::int64_t& unreadable,
    const std::function<void(std::int64_t, std::int64_t)>& progress) {
  Command command{"QueryDomainPendingDeleteList", {{"ORDERBY", "NAME"}}};
  for (std::size_t i = 0; i < wanted.zones.size(); ++i) {
    std::string zone = wanted.zones[i];
    std::ranges::transform(zone, zone.begin(),
                           [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
    command.set("ZONE" + std::to_string(i), std::move(zone));
  }
  if (wanted.from) command.set("MINFINALIZATIONDATE", engine::to_wire_string(*wanted.from));
  if (wanted.to) command.set("MAXFINALIZATIONDATE", engine::to_wire_string(*wanted.to));
  PendingCollector collector(progress);
  const engine::Status read = ListReader(caller_, std::move(command), kPendingPage, "DOMAIN").read(collector);
  if (!read) return read.error();
  unreadable = collector.unreadable;
  std::ranges::stable_sort(collector.rows, [](const PendingDelete& a, const PendingDelete& b) {
    return std::tie(a.name, a.finalization_at) < std::tie(b.name, b.finalization_at);
  });
  // the earlier date stays
  const auto doubled = std::unique(collector.rows.begin(), collector.rows.end(),
                                   [](const PendingDelete& a, const PendingDelete& b) { return a.name == b.name; });
  collector.rows.erase(doubled, collector.rows.end());
  return std::move(collector.rows);
}

}  // namespace api_client
