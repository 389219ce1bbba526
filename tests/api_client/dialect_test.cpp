// One client, a table per provider. The server here takes what its documentation lists and refuses everything else with
// 503, as CentralNic Reseller does; its shapes are as documented, its values are invented.
#include "api_client/dialect.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <set>

#include "api_client/provider.hpp"
#include "tests/support/books.hpp"
#include "tests/support/loopback_server.hpp"

namespace {

using api_client::Answer;
using api_client::Dialect;
using api_client::HttpProvider;
using api_client::Parameter;
using api_client::Request;
using engine::AddJob;
using engine::ProviderAnswer;
using support::at;
using support::domain;
using support::Heard;
using support::Said;

const engine::UtcTime kNow = at("2026-08-02T18:00:00Z");

Said said(const Answer& answer) { return {.body = format(answer)}; }
Answer refused(int code, std::string detail = {}) { return {.code = code, .detail = std::move(detail)}; }

// What a server takes, per command, beside FIRST and LIMIT of lists.
using Documented = std::map<std::string, std::set<std::string>, std::less<>>;

// A server of a dialect: it keeps applications, and refuses what is not documented.
class Server {
 public:
  Server(const Dialect& dialect, Documented documented)
      : dialect_(dialect),
        documented_(std::move(documented)),
        http_([this](const Heard& heard) { return answer(heard); }) {}

  std::string url() const { return http_.url(); }
  void lose_session() { ++logins_; }
  int logins() const { return logins_; }
  void tell(const std::string& application, const std::string& status) {
    const std::lock_guard lock(mutex_);
    applications_.at(application).status = status;
  }
  std::vector<std::string> refusals() const {
    const std::lock_guard lock(mutex_);
    return refusals_;
  }

 private:
  struct Application {
    std::string name, status;
  };
  std::string session() const { return "session-number-" + std::to_string(logins_); }

  Said answer(const Heard& heard) {
    const Request request = api_client::decode_form("", heard.body).value();
    const std::lock_guard lock(mutex_);
    const auto command =
        std::ranges::find_if(documented_, [&](const auto& row) { return request.command.is(row.first); });
    if (command == documented_.end()) return refuse(500, request.command.name);
    for (const Parameter& parameter : request.command.parameters) {
      if (!command->second.contains(parameter.name)) return refuse(503, parameter.name);
    }
    if (!dialect_.has_entity && !request.connection.entity.empty()) return refuse(503, "s_entity");
    if (request.command.is("StartSession")) {
      if (request.connection.login != "acme:drops" || request.connection.password != "s3cret-of-acme")
        return refuse(530, "");
      ++logins_;
      Answer granted;
      granted.add(std::string(dialect_.session_property), session());
      return said(granted);
    }
    if (request.connection.*dialect_.session_parameter != session()) return refuse(530, "session");
    if (request.command.is(dialect_.end_command)) return said({});
    return carry_out(request.command);
  }
  Said refuse(int code, const std::string& what) {
    refusals_.push_back(std::to_string(code) + " " + what);
    return said(refused(code, what));
  }
  void describe(Answer& answer, const std::string& id, const Application& one) const {
    answer.add(std::string(dialect_.application), id);
    answer.add(std::string(dialect_.domain), one.name);
    answer.add(std::string(dialect_.status), one.status);
    answer.add(std::string(dialect_.created), "2026-08-02 18:00:00");
  }
  Said carry_out(const api_client::Command& command) {
    if (command.is("AddDomainApplication")) {
      for (const std::string_view required : dialect_.required_details) {
        if (!command.find(required)) return refuse(504, std::string(required));
      }
      const std::string id = std::to_string(7000 + applications_.size());
      const std::string status = dialect_.statuses.empty() ? "REQUESTED" : std::string(dialect_.statuses.front().first);
      applications_[id] = {std::string(command.find("DOMAIN").value()), status};
      Answer done;
      done.add(std::string(dialect_.application), id);
      if (dialect_.order_answer_names_domain) done.add(std::string(dialect_.domain), applications_[id].name);
      done.add(std::string(dialect_.status), status);
      return said(done);
    }
    if (command.is("StatusDomainApplication") || command.is("DeleteDomainApplication")) {
      const auto found = applications_.find(std::string(command.find("APPLICATION").value_or("")));
      if (found == applications_.end()) return said(refused(545));
      Answer told;
      describe(told, found->first, found->second);
      if (command.is("DeleteDomainApplication")) applications_.erase(found);
      return said(told);
    }
    if (command.is("QueryDomainApplicationList")) {
      Answer list;
      std::int64_t count = 0;
      for (const auto& [id, one] : applications_) {
        if (const auto only = command.find("DOMAIN"); only && *only != one.name) continue;
        describe(list, id, one);
        ++count;
      }
      for (const auto& [name, value] : {std::pair("FIRST", std::int64_t{0}), std::pair("LAST", count - 1),
                                        std::pair("COUNT", count), std::pair("TOTAL", count)})
        list.add(name, std::to_string(value));
      return said(list);
    }
    if (command.is("StatusAccount")) {
      Answer account;
      account.add("AMOUNT", "812.40");
      account.add("CREDIT", "100.00");
      account.add("CREDITTHRESHOLD", "0.00");
      account.add("CURRENCY", "EUR");
      account.add("VAT", "19.00");
      return said(account);
    }
    Answer booked;  // QueryAccountingList
    booked.add(std::string(dialect_.entry_date), "2026-08-01 10:00:00");
    booked.add(std::string(dialect_.entry_type), "BACKORDER");
    booked.add(std::string(dialect_.entry_description), "dune-market.com");
    booked.add(std::string(dialect_.entry_reference), "7000");
    booked.add(std::string(dialect_.entry_currency), "EUR");
    booked.add(std::string(dialect_.entry_price), "-20.00");
    booked.add(std::string(dialect_.entry_vat), "-3.80");
    booked.add("opening balance", "836.20");
    booked.add("sum", "812.40");
    for (const auto& [name, value] :
         {std::pair("FIRST", "0"), std::pair("LAST", "0"), std::pair("COUNT", "1"), std::pair("TOTAL", "1")})
      booked.add(name, value);
    return said(booked);
  }

  const Dialect& dialect_;
  Documented documented_;
  mutable std::mutex mutex_;
  std::map<std::string, Application> applications_;
  std::vector<std::string> refusals_;
  std::atomic<int> logins_ = 0;
  support::LoopbackServer http_;
};

const Documented& documented_by_cnr() {
  static const Documented kDocumented = {
      {"StartSession", {"PERSISTENT"}},
      {"StopSession", {}},
      {"AddDomainApplication",
       {"CLASS", "DOMAIN", "PERIOD", "OWNERCONTACT0", "ADMINCONTACT0", "TECHCONTACT0", "BILLINGCONTACT0"}},
      {"StatusDomainApplication", {"APPLICATION"}},
      {"DeleteDomainApplication", {"APPLICATION", "DOMAIN", "CLASS"}},
      {"QueryDomainApplicationList", {"DOMAIN", "CLASS", "ORDERBY", "WIDE", "FIRST", "LIMIT"}},
      {"StatusAccount", {}},
      {"QueryAccountingList", {"MINDATE", "MAXDATE", "ORDERBY", "FIRST", "LIMIT"}}};
  return kDocumented;
}

std::vector<Parameter> contacts() {
  return {{"OWNERCONTACT0", "P-ACM1"},
          {"ADMINCONTACT0", "P-ACM1"},
          {"TECHCONTACT0", "P-ACM2"},
          {"BILLINGCONTACT0", "P-ACM3"},
          {"PERIOD", "1"}};
}

api_client::SessionOptions options_for(const Server& server, const Dialect& dialect) {
  api_client::SessionOptions options{
      .environment = {.name = "test", .url = server.url(), .live = false, .loopback = true, .dialect = &dialect},
      .credentials = {.login = "acme:drops", .password = "s3cret-of-acme"},
      .per_second = 0};
  if (dialect.has_entity) options.environment.entity = "1234";
  return options;
}

ProviderAnswer order(HttpProvider& provider, const std::string& name) {
  std::optional<ProviderAnswer> answer;
  const AddJob one[] = {{domain(name)}};
  provider.add(one, [&](std::size_t, const ProviderAnswer& got) { answer = got; });
  REQUIRE(answer);
  return *answer;
}

// An order, every status, a lost session, a look-up by name, deletion, money: against a server of this dialect.
void play_season(const Dialect& dialect, const Documented& documented, const std::vector<Parameter>& details) {
  Server server(dialect, documented);
  {
    HttpProvider provider(
        options_for(server, dialect), [] { return kNow; }, details);
    const ProviderAnswer ordered = order(provider, "dune-market.com");
    REQUIRE_MESSAGE(ordered.job, ordered.code << " " << ordered.text);
    CHECK(ordered.job->name == domain("dune-market.com"));
    const std::string id = ordered.job->application;
    CHECK(about_another(ordered, "", domain("dune-market.com")).empty());
    CHECK(engine::meaning_of_status(ordered.job->status).known);
    CHECK(engine::meaning_of_status(ordered.job->status).lives);

    for (const auto& [theirs, ours] : dialect.statuses) {
      CAPTURE(theirs);
      server.tell(id, std::string(theirs));
      const ProviderAnswer told = provider.status(id);
      REQUIRE(told.job);
      CHECK(told.job->status == ours);
      CHECK(engine::meaning_of_status(told.job->status).known);
      CHECK(told.raw.find(theirs) != std::string::npos);  // their word stays in the evidence
    }
    server.tell(id, "NEVER-HEARD-OF");
    CHECK(provider.status(id).job->status == "NEVER-HEARD-OF");

    server.lose_session();
    server.tell(id, "SUCCESSFUL");
    const ProviderAnswer won = provider.status(id);
    REQUIRE(won.job);
    CHECK(engine::meaning_of_status(won.job->status).outcome == engine::State::successful);
    CHECK(server.logins() == 3);  // one session, one that was lost, one renewed

    const std::string other = order(provider, "tern-court.com").job->application;
    CHECK(provider.jobs({}).value().jobs.size() == 2);
    const engine::DomainName wanted[] = {domain("tern-court.com"), domain("red-kite.com")};
    const engine::JobList found = provider.jobs(wanted).value();
    REQUIRE(found.jobs.size() == (dialect.list_takes_names ? 2 : 1));
    CHECK(std::ranges::count(found.jobs, other, &engine::ProviderJob::application) == 1);
    CHECK(provider.remove(other).code == 200);
    CHECK(provider.status(other).code == 545);

    const engine::ProviderBalance ours = provider.balance().value();
    CHECK(ours.amount == support::eur(81'240));
    CHECK(ours.spendable() == support::eur(91'240));
    const engine::ProviderAccounting books = provider.accounting(kNow - std::chrono::hours(48), kNow).value();
    REQUIRE(books.entries.size() == 1);
    CHECK(books.entries.front().gross() == support::eur(-2'380));
    CHECK(provider.charged(domain("dune-market.com"), kNow - std::chrono::hours(48)).value());
  }
  std::vector<std::string> unexpected = server.refusals();
  std::erase(unexpected, "530 session");
  CHECK(unexpected.empty());
}

}  // namespace

TEST_CASE("dialect: CentralNic Reseller takes everything that the client sends, and the client reads all it answers") {
  const Dialect& cnr = *api_client::find_dialect("cnr");
  REQUIRE(api_client::check_details(cnr, contacts()));
  play_season(cnr, documented_by_cnr(), contacts());
}

TEST_CASE("dialect: a table is enough for a provider that nobody has thought of") {
  Dialect invented;
  invented.name = "kestrel";
  invented.title = "Kestrel Drops";
  invented.has_entity = false;
  invented.role_separator = '/';
  invented.start_parameters = {{"KEEP", "yes"}};
  invented.session_property = "TICKETTOKEN";
  invented.end_command = "CloseTicket";
  invented.order_class = "CATCH";
  invented.order_takes_new = false;
  invented.order_takes_details = true;
  invented.required_details = {"HOLDER"};
  invented.list_parameters = {{"KIND", "CATCH"}};
  invented.list_takes_names = false;
  invented.application = "ORDERNO";
  invented.domain = "NAME";
  invented.status = "STAGE";
  invented.created = "ORDEREDAT";
  invented.statuses = {{"QUEUED", "REQUESTED"}, {"ARMED", "ACTIVE"}, {"LOST", "FAILED"}};
  invented.deposit_property = "";
  invented.lists_deposits = false;
  invented.entry_date = "BOOKEDAT";
  invented.entry_type = "KIND";
  invented.entry_description = "TEXT";
  invented.entry_reference = "ORDERNO";
  invented.entry_currency = "UNIT";
  invented.entry_price = "NET";
  invented.entry_vat = "TAX";
  const Documented documented = {{"StartSession", {"KEEP"}},
                                 {"CloseTicket", {}},
                                 {"AddDomainApplication", {"CLASS", "DOMAIN", "HOLDER"}},
                                 {"StatusDomainApplication", {"APPLICATION"}},
                                 {"DeleteDomainApplication", {"APPLICATION"}},
                                 {"QueryDomainApplicationList", {"DOMAIN", "KIND", "FIRST", "LIMIT"}},
                                 {"StatusAccount", {}},
                                 {"QueryAccountingList", {"MINDATE", "MAXDATE", "ORDERBY", "FIRST", "LIMIT"}}};
  play_season(invented, documented, {{"HOLDER", "H-1"}});
}

TEST_CASE("dialect: an order without its contacts is refused before it is sent, and details where none are taken") {
  const Dialect& cnr = *api_client::find_dialect("cnr");
  const engine::Status bare = check_details(cnr, {});
  REQUIRE_FALSE(bare);
  CHECK(bare.error().code == engine::ErrorCode::invalid_argument);
  CHECK(bare.error().detail.find("order.owner-contact") != std::string::npos);
  const std::vector<Parameter> ours = contacts();
  CHECK_FALSE(check_details(api_client::dialect_1api(), ours));
  CHECK(check_details(api_client::dialect_1api(), {}));

  Server server(cnr, documented_by_cnr());
  HttpProvider provider(options_for(server, cnr), [] { return kNow; });
  const ProviderAnswer unsent = order(provider, "dune-market.com");
  CHECK(unsent.delivery == engine::Delivery::not_sent);
  CHECK(unsent.text.find("OWNERCONTACT0") != std::string::npos);
  CHECK(provider.jobs({}).value().jobs.empty());
}

TEST_CASE("dialect: every word of ours in a table is one that the rules know, and hosts have one meaning") {
  std::set<std::string_view> names;
  for (const Dialect& dialect : api_client::dialects()) {
    CAPTURE(dialect.name);
    for (const auto& [theirs, ours] : dialect.statuses) CHECK(engine::meaning_of_status(ours).known);
    CHECK(dialect.our_status(" hold ") == (dialect.name == "cnr" ? "REQUESTED" : " hold "));
    CHECK(dialect.our_status("INVALID") == "INVALID");
    for (const api_client::DialectHost& host : dialect.hosts) {
      CHECK(names.insert(host.name).second);
      CHECK(dialect.has_entity == !host.entity.empty());
    }
  }
}
