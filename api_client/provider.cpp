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
// rows that are believed of a list that tells no TOTAL, and readings that one list may ask for
constexpr std::int64_t kMostUntold = 1'000'000, kMostPages = 200'000;
// of clocks: more is no deviation, but another time altogether (a rehearsal's)
constexpr engine::Milliseconds kComparable = std::chrono::hours(24);
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

// The rows that one reading of a list collects.
class Collector {
 public:
  virtual ~Collector() = default;
  virtual void begin() = 0;  // again, where the list changed
  // The first page's scalars too. An error refuses the list.
  virtual engine::Status page(const Response& response) = 0;
  // The number of different rows so far; compared with TOTAL. Empty if rows have no key.
  virtual std::optional<std::int64_t> distinct() const = 0;
  virtual void dated(std::optional<UtcTime>, engine::Milliseconds) {}  // the first page's Date, and how long it took
  virtual void expect(std::int64_t) {}                                 // the list's TOTAL, as its first page says
  virtual void progress(std::int64_t, std::int64_t) {}
};

class ListReader {
 public:
  ListReader(SessionClient& client, Command base, std::int64_t page, std::string_view key_column,
             std::function<bool()> is_over = {})
      : client_(client), base_(std::move(base)), page_(page), key_column_(key_column), is_over_(std::move(is_over)) {}

  // Every row once, or an error: a list that moved while it was read is not believed.
  engine::Status read(Collector& collector) {
    for (int reading = 1; reading <= kReadings; ++reading) {
      collector.begin();
      changed_.clear();
      if (engine::Status done = read_once(collector); !done) return done;
      if (changed_.empty()) return engine::Unit{};
      if (is_over_ && is_over_()) break;
    }
    return garbled(client_.environment(), base_.name, "the list kept changing while it was read (" + changed_ + ")");
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
      return garbled(client_.environment(), base_.name,
                     "COUNT says " + std::to_string(rows) + ", but there are " +
                         std::to_string(response.values(key_column_).size()) + " of " + std::string(key_column_));
    }
    return collector.page(response);
  }

  engine::Status read_once(Collector& collector) {
    const Reply first = client_.call(window(0, page_), Kind::read);
    if (!first.ok()) return failure(client_.environment(), base_.name, first);
    collector.dated(first.date, first.took);
    if (engine::Status taken = take(*first.response, collector); !taken) return taken;
    const std::int64_t size = rows_of(*first.response);
    if (!first.response->paging().total) return read_on(size, collector);
    const std::int64_t total = *first.response->paging().total;
    if (total < 0 || total > kMostRows) {
      return garbled(
          client_.environment(), base_.name,
          "TOTAL is " + std::to_string(total) + ": lists of 0 to " + std::to_string(kMostRows) + " rows are read");
    }
    if (size == 0 && total > 0)
      return garbled(client_.environment(), base_.name,
                     "TOTAL is " + std::to_string(total) + ", but the first page is empty");
    const std::int64_t pages = size == 0 ? 0 : (total - 1) / size;  // beyond the first
    // What a list claims is judged before memory is taken for it: a page is as long as it says pages are.
    if (pages > 0 && size < std::min(page_, first.response->paging().limit.value_or(size)))
      return garbled(client_.environment(), base_.name,
                     "TOTAL is " + std::to_string(total) + " and LIMIT " +
                         std::to_string(*first.response->paging().limit) + ", but the first page has " +
                         std::to_string(size) + (size == 1 ? " row" : " rows"));
    if (pages > kMostPages)
      return garbled(client_.environment(), base_.name,
                     "TOTAL is " + std::to_string(total) + " in pages of " + std::to_string(size) +
                         ": that many readings are not made for one list");
    collector.expect(total);
    collector.progress(size, total);
    std::int64_t done = size;
    engine::Status outcome = engine::Unit{};
    const auto stop = [&](std::size_t) {
      if (!outcome || !changed_.empty()) return std::optional<std::string>("not needed any more");
      return is_over_ && is_over_() ? std::optional<std::string>("the time for reading was over") : std::nullopt;
    };
    client_.call_each(
        static_cast<std::size_t>(pages),
        [&](std::size_t i) { return window(size * (static_cast<std::int64_t>(i) + 1), size); }, Kind::read, stop,
        [&](std::size_t i, const Reply& reply) {
          if (!outcome || !changed_.empty()) return;
          if (!reply.ok()) {
            outcome = failure(client_.environment(), base_.name, reply);
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

  // A list that tells no TOTAL: page by page until one is short, as long as each brings something new.
  engine::Status read_on(std::int64_t size, Collector& collector) {
    std::string before;
    std::optional<std::int64_t> seen = collector.distinct();
    for (std::int64_t at = size, rows = size; rows >= page_;) {
      if (is_over_ && is_over_())
        return garbled(client_.environment(), base_.name,
                       "the time for reading was over after " + std::to_string(at) + " rows");
      if (at >= kMostUntold)
        return garbled(client_.environment(), base_.name,
                       "the list tells no TOTAL and has not ended after " + std::to_string(at) + " rows");
      const Reply reply = client_.call(window(at, page_), Kind::read);
      if (!reply.ok()) return failure(client_.environment(), base_.name, reply);
      if (engine::Status taken = take(*reply.response, collector); !taken) return taken;
      rows = rows_of(*reply.response);
      const std::string page = content_of(*reply.response);
      const bool is_new = collector.distinct() ? collector.distinct() != seen : page != before;
      if (rows > 0 && !is_new)
        return garbled(client_.environment(), base_.name,
                       "the list tells no TOTAL and repeats itself after " + std::to_string(at) + " rows");
      before = page;
      seen = collector.distinct();
      at += rows;
    }
    return engine::Unit{};
  }

  // The rows of a page, without what differs between equal pages.
  std::string content_of(const Response& response) const {
    std::string text;
    for (const Response::Property& property : response.properties()) {
      if (property.values.size() < 2) continue;  // FIRST, COUNT … stand once
      for (const std::string_view value : property.values) text.append(value).append("\n");
    }
    return text;
  }

  SessionClient& client_;
  Command base_;
  std::int64_t page_;
  std::string_view key_column_;
  std::function<bool()> is_over_;
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
  JobColumns(const Response& response, const Dialect& dialect)
      : application(response.values(dialect.application)),
        domain(response.values(dialect.domain)),
        status(response.values(dialect.status)),
        job_class(response.values(dialect.job_class)),
        created(response.values(dialect.created)),
        auction_end(response.values("AUCTION-ENDDATE")),
        auction_price(response.values("AUCTION-PRICE")),
        auction_currency(response.values("AUCTION-CURRENCY")) {}
  using Values = std::span<const std::string_view>;
  Values application, domain, status, job_class, created, auction_end, auction_price, auction_currency;
  static std::string_view at(Values column, std::size_t row) {
    return row < column.size() ? column[row] : std::string_view();
  }
};

// Row `row` of a list, or a single answer (row 0). Nothing where it names no application or no readable domain: then it
// is not known what it is about. Its other fields may be unreadable.
std::optional<ProviderJob> job_of(const JobColumns& columns, std::size_t row, const Dialect& dialect,
                                  const DomainName* asked_for = nullptr) {
  const std::string_view application = columns.at(columns.application, row);
  const std::string_view domain = columns.at(columns.domain, row);
  // an answer that never names its domain is about the one that was asked for
  const Result<DomainName> name =
      domain.empty() && asked_for != nullptr ? Result<DomainName>(*asked_for) : DomainName::parse(domain);
  if (application.empty() || !name) return std::nullopt;
  ProviderJob job{.application = std::string(application),
                  .name = name.value(),
                  .status = std::string(dialect.our_status(columns.at(columns.status, row))),
                  .created_at = time_of(columns.at(columns.created, row))};
  job.job_class = columns.at(columns.job_class, row);
  job.auction_ends_at = time_of(columns.at(columns.auction_end, row));
  const std::string_view price = columns.at(columns.auction_price, row),
                         currency = columns.at(columns.auction_currency, row);
  if (!price.empty()) job.auction_price = std::string(price) + " " + std::string(currency);
  return job;
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

// The provider's clock minus ours, where the two can be compared; the date is of some instant of the exchange, which
// ends now.
std::optional<engine::Milliseconds> clock_ahead(std::optional<UtcTime> date, engine::Milliseconds took, UtcTime now) {
  if (!date) return std::nullopt;
  const engine::Milliseconds ahead = *date - now, behind = now - took - *date - std::chrono::seconds(1);
  // within the exchange's own length there is no difference to be seen
  const engine::Milliseconds apart = ahead > engine::Milliseconds(0)    ? ahead
                                     : behind > engine::Milliseconds(0) ? -behind
                                                                        : engine::Milliseconds(0);
  return std::chrono::abs(apart) <= kComparable ? std::optional(apart) : std::nullopt;
}

class JobCollector final : public Collector {
 public:
  JobCollector(const SessionClient& client, const HttpProvider::Clock& clock) : client_(client), clock_(clock) {}
  engine::JobList list{};

  void begin() override {
    list = {};
    seen_.clear();
    nameless_ = 0;
  }
  engine::Status page(const Response& response) override {
    const Dialect& dialect = *client_.environment().dialect;
    const JobColumns columns(response, dialect);
    const std::size_t rows = columns.application.size();
    for (std::size_t row = 0; row < rows; ++row) {
      const std::string_view application = columns.application[row];
      if (!application.empty() && !seen_.emplace(application).second) continue;
      nameless_ += application.empty() ? 1 : 0;
      std::optional<ProviderJob> job = job_of(columns, row, dialect);
      if (!job) {
        const std::string_view domain = columns.at(columns.domain, row);
        Result<DomainName> name = DomainName::parse(domain);
        list.unread.push_back({std::string(application), name ? std::optional(name.value()) : std::nullopt,
                               "application '" + std::string(application) + "', DOMAIN '" + std::string(domain) + "'"});
        continue;
      }
      const engine::StatusMeaning meaning = engine::meaning_of_status(job->status);
      if (meaning.outcome || !meaning.known || !job->created_at)
        job->raw = client_.without_secrets(rows == 1 ? response.body() : row_text(response, row));
      list.jobs.push_back(*std::move(job));
    }
    return engine::Unit{};
  }
  void dated(std::optional<UtcTime> date, engine::Milliseconds took) override {
    list.clock_ahead = clock_ahead(date, took, clock_());
  }
  std::optional<std::int64_t> distinct() const override { return static_cast<std::int64_t>(seen_.size()) + nameless_; }
  void expect(std::int64_t rows) override {
    const auto some = static_cast<std::size_t>(std::min(rows, kMostExpected));
    list.jobs.reserve(some);
    seen_.reserve(some);
  }

 private:
  const SessionClient& client_;
  const HttpProvider::Clock& clock_;
  std::int64_t nameless_ = 0;  // rows without an application
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
  explicit EntryCollector(const Dialect& dialect) : dialect_(dialect) {}
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
    for (std::size_t row = 0; row < columns.rows(dialect_.entry_date); ++row) {
      const std::optional<UtcTime> at = time_of(columns.at(dialect_.entry_date, row));
      if (!at)
        return Error{ErrorCode::provider_unreachable, "an entry has no readable " + std::string(dialect_.entry_date) +
                                                          ": '" + std::string(columns.at(dialect_.entry_date, row)) +
                                                          "'"};
      const std::string_view currency = columns.at(dialect_.entry_currency, row);
      const Result<Money> net = money_of(columns.at(dialect_.entry_price, row), currency);
      if (!net) return net.error();
      const std::string_view tax_text = columns.at(dialect_.entry_vat, row);
      const Result<Money> tax =
          tax_text.empty() ? Result<Money>(Money::zero(net.value().currency())) : money_of(tax_text, currency);
      if (!tax) return tax.error();
      entries.push_back({.id = std::string(columns.at(dialect_.entry_id, row)),
                         .at = *at,
                         .type = std::string(columns.at(dialect_.entry_type, row)),
                         .description = std::string(columns.at(dialect_.entry_description, row)),
                         .reference = std::string(columns.at(dialect_.entry_reference, row)),
                         .net = net.value(),
                         .tax = tax.value()});
    }
    return engine::Unit{};
  }
  // equal bookings are two bookings
  std::optional<std::int64_t> distinct() const override { return std::nullopt; }

 private:
  const Dialect& dialect_;
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

HttpProvider::HttpProvider(SessionOptions options, Clock clock, std::vector<Parameter> details)
    : client_(std::move(options)), clock_(std::move(clock)), details_(std::move(details)) {
  ENSURE(clock_ != nullptr, "the client is told the time");
}

engine::Status check_details(const Dialect& dialect, std::span<const Parameter> details) {
  if (!dialect.order_takes_details && !details.empty())
    return Error{ErrorCode::invalid_argument,
                 std::string(dialect.title) + " takes no " + details.front().name + " with an order"};
  for (const std::string_view required : dialect.required_details) {
    const auto given = std::ranges::find(details, required, &Parameter::name);
    if (given == details.end() || given->value.empty())
      return Error{ErrorCode::invalid_argument,
                   std::string(dialect.title) + " takes no order without " + std::string(required) +
                       ": set the contacts with 'config set order.owner-contact HANDLE' and "
                       "order.admin-contact, order.tech-contact, order.billing-contact"};
  }
  return engine::Unit{};
}

std::string HttpProvider::environment() const { return client_.environment().label(); }
bool HttpProvider::is_live() const { return client_.environment().live; }

ProviderAnswer HttpProvider::answer_of(const Reply& reply, const DomainName* asked_for) const {
  ProviderAnswer answer{.delivery = reply.delivery, .code = reply.code, .text = reply.text};
  if (reply.response) answer.raw = client_.without_secrets(reply.response->body());
  if (!reply.ok()) return answer;
  const Dialect& dialect = *client_.environment().dialect;
  const JobColumns columns(*reply.response, dialect);
  answer.application = JobColumns::at(columns.application, 0);
  answer.domain = JobColumns::at(columns.domain, 0);
  answer.job = job_of(columns, 0, dialect, asked_for);  // where it says which
  if (answer.job) answer.job->raw = answer.raw;
  return answer;
}

void HttpProvider::add(std::span<const engine::AddJob> orders,
                       const std::function<void(std::size_t, const ProviderAnswer&)>& answered) {
  const Dialect& dialect = *client_.environment().dialect;
  const engine::Status complete = check_details(dialect, details_);
  std::string refused;  // us as a whole: the rest need not be sent
  client_.call_each(
      orders.size(),
      [&](std::size_t i) {
        Command command{"AddDomainApplication",
                        {{"CLASS", std::string(dialect.order_class)}, {"DOMAIN", orders[i].name.ace()}}};
        if (orders[i].allow_duplicate && dialect.order_takes_new) command.set("NEW", "1");
        for (const Parameter& detail : details_) command.set(detail.name, detail.value);
        return command;
      },
      Kind::order,
      [&](std::size_t i) -> std::optional<std::string> {
        if (!complete) return complete.error().detail;
        if (!refused.empty()) return "not sent after " + refused;
        if (orders[i].not_after && clock_() > *orders[i].not_after) return "its time was over before it could be sent";
        return std::nullopt;
      },
      [&](std::size_t i, const Reply& reply) {
        const ProviderAnswer answer = answer_of(reply, dialect.order_answer_names_domain ? nullptr : &orders[i].name);
        if (engine::meaning_of_order(answer) == Meaning::stop && answer.code != 510)
          refused = std::to_string(answer.code) + " " + answer.text;
        answered(i, answer);
      });
}

ProviderAnswer HttpProvider::remove(const std::string& application) {
  return answer_of(client_.call({"DeleteDomainApplication", {{"APPLICATION", application}}}, Kind::order));
}

ProviderAnswer HttpProvider::status(const std::string& application) {
  return answer_of(client_.call({"StatusDomainApplication", {{"APPLICATION", application}}}, Kind::read));
}

void HttpProvider::statuses(std::span<const std::string> applications,
                            const std::function<void(std::size_t, const ProviderAnswer&)>& answered) {
  client_.call_each(
      applications.size(),
      [&](std::size_t i) {
        return Command{"StatusDomainApplication", {{"APPLICATION", applications[i]}}};
      },
      Kind::read,
      [&](std::size_t) {
        return is_over_ && is_over_() ? std::optional<std::string>("the time for reading was over") : std::nullopt;
      },
      [&](std::size_t i, const Reply& reply) { answered(i, answer_of(reply)); });
}

Result<engine::JobList> HttpProvider::jobs(std::span<const DomainName> wanted) {
  const Dialect& dialect = *client_.environment().dialect;
  Command base{"QueryDomainApplicationList"};
  for (const auto& [name, value] : dialect.list_parameters) base.set(name, std::string(value));
  JobCollector collector(client_, clock_);
  if (wanted.empty()) {
    const engine::Status read = ListReader(client_, base, kPage, dialect.application, is_over_).read(collector);
    if (!read) return read.error();
    return std::move(collector.list);
  }
  engine::JobList found;
  const std::size_t at_once = dialect.list_takes_names ? kNamesPerQuery : 1;
  for (std::size_t at = 0; at < wanted.size(); at += at_once) {
    Command some = base;
    const auto part = wanted.subspan(at, std::min(at_once, wanted.size() - at));
    if (dialect.list_takes_names) {
      for (std::size_t i = 0; i < part.size(); ++i) some.set("DOMAIN" + std::to_string(i), part[i].ace());
    } else {
      some.set("DOMAIN", part.front().ace());
    }
    const engine::Status read =
        ListReader(client_, std::move(some), kPage, dialect.application, is_over_).read(collector);
    if (!read) return read.error();
    std::ranges::move(collector.list.jobs, std::back_inserter(found.jobs));
    std::ranges::move(collector.list.unread, std::back_inserter(found.unread));
    found.clock_ahead = collector.list.clock_ahead;
  }
  return found;
}

Result<bool> HttpProvider::charged(const DomainName& name, UtcTime since) {
  const Dialect& dialect = *client_.environment().dialect;
  EntryCollector collector(dialect);
  Command command = accounting_between(std::chrono::floor<std::chrono::seconds>(since), std::nullopt);
  const engine::Status read = ListReader(client_, std::move(command), kPage, dialect.entry_date).read(collector);
  if (!read) return read.error();
  return std::ranges::any_of(collector.entries, [&](const engine::ProviderEntry& entry) {
    return entry.net.is_negative() &&
           (names(entry.description, name.ace()) || names(entry.description, name.unicode()));
  });
}

Result<engine::ProviderBalance> HttpProvider::balance() {
  const Reply reply = client_.call({"StatusAccount"}, Kind::read);
  if (!reply.ok()) return failure(client_.environment(), "StatusAccount", reply);
  const Response& account = *reply.response;
  std::vector<Money> amounts;
  const std::string_view deposit = client_.environment().dialect->deposit_property;
  for (const std::string_view property : {std::string_view("AMOUNT"), deposit, std::string_view("CREDIT")}) {
    const Result<Money> amount = money_of(property.empty() ? "0" : account.value(property), account.value("CURRENCY"));
    if (!amount)
      return garbled(client_.environment(), "StatusAccount", std::string(property) + ": " + amount.error().detail);
    amounts.push_back(amount.value());
  }
  return engine::ProviderBalance{.amount = amounts[0], .deposit = amounts[1], .credit = amounts[2]};
}

Result<std::vector<engine::ProviderDeposit>> HttpProvider::deposits() {
  if (!client_.environment().dialect->lists_deposits) return std::vector<engine::ProviderDeposit>{};
  DepositCollector collector;
  const engine::Status read = ListReader(client_, {"QueryDepositList"}, kPage, "DEPOSITID").read(collector);
  if (!read) return read.error();
  return std::move(collector.deposits);
}

Result<engine::ProviderAccounting> HttpProvider::accounting(UtcTime from, UtcTime to) {
  const Dialect& dialect = *client_.environment().dialect;
  EntryCollector collector(dialect);
  const engine::Status read =
      ListReader(client_, accounting_between(from, to), kPage, dialect.entry_date).read(collector);
  if (!read) return read.error();
  std::ranges::stable_sort(collector.entries, {}, &engine::ProviderEntry::at);
  std::optional<Currency> currency;
  if (!collector.entries.empty()) {
    currency = collector.entries.front().net.currency();
  } else {  // an empty list does not say whose money it counts
    const Result<engine::ProviderBalance> ours = balance();
    if (!ours) return ours.error();
    currency = ours.value().amount.currency();
  }
  const Result<Money> opening = money_of(collector.opening, currency->code()),
                      sum = money_of(collector.sum, currency->code());
  if (!opening)
    return garbled(client_.environment(), "QueryAccountingList", "OPENINGBALANCE: " + opening.error().detail);
  if (!sum) return garbled(client_.environment(), "QueryAccountingList", "SUM: " + sum.error().detail);
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
  const engine::Status read = ListReader(client_, std::move(command), kPendingPage, "DOMAIN").read(collector);
  if (!read) return read.error();
  unreadable = collector.unreadable;
  std::ranges::stable_sort(collector.rows, [](const PendingDelete& a, const PendingDelete& b) {
    return std::tie(a.name, a.finalization_at) < std::tie(b.name, b.finalization_at);
  });
  // the earlier date stays
  const auto doubled = std::ranges::unique(collector.rows, {}, &PendingDelete::name);
  collector.rows.erase(doubled.begin(), doubled.end());
  return std::move(collector.rows);
}

}  // namespace api_client
