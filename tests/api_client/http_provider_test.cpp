// The client against a scripted server over real HTTP: sessions, what is repeated and what never, lists that move,
// secrets. The client's time is ours: its pauses are counted, not slept.
#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <set>

#include "api_client/provider.hpp"
#include "tests/support/books.hpp"
#include "tests/support/loopback_server.hpp"

namespace {

using namespace std::chrono_literals;
using api_client::Answer;
using api_client::HttpProvider;
using api_client::Milliseconds;
using api_client::Request;
using api_client::SessionOptions;
using engine::AddJob;
using engine::Delivery;
using engine::ErrorCode;
using engine::ProviderAnswer;
using engine::ProviderJob;
using support::at;
using support::domain;
using support::Heard;
using support::LoopbackServer;
using support::Said;

const engine::UtcTime kNow = at("2026-08-02T18:00:00Z");
constexpr const char* kLogin = "north.user!submitter";
constexpr const char* kPassword = "Tide&42 t0psecret";

Said said(const Answer& answer) { return {.body = format(answer)}; }
Answer refused(int code, std::string detail = {}) { return {.code = code, .detail = std::move(detail)}; }

Answer job_answer(const std::string& application, const std::string& name, const std::string& status = "REQUESTED") {
  Answer answer;
  answer.add("APPLICATION", application);
  answer.add("AUTH", "fk8,3*HHtRb2");
  answer.add("CREATEDDATE", "2026-08-02 18:00:01");
  answer.add("DOMAIN", name);
  answer.add("STATUS", status);
  return answer;
}

// Logs in and out, counts sessions, and leaves the rest to the test.
class Provider {
 public:
  using Script = std::function<Said(const Request&, const Heard&)>;
  explicit Provider(Script script, bool greets = true)
      : script_(std::move(script)), server_([this, greets](const Heard& heard) {
          return greets ? answer(heard) : script_(request_of(heard), heard);
        }) {}

  static Request request_of(const Heard& heard) { return api_client::decode_form("", heard.body).value(); }

  const LoopbackServer& server() const { return server_; }
  std::vector<Request> asked(const std::string& command) const {
    std::vector<Request> found;
    for (const Heard& heard : server_.heard()) {
      Request request = request_of(heard);
      if (request.command.is(command)) found.push_back(std::move(request));
    }
    return found;
  }
  void lose_sessions() { lost_before_ = logins_ + 1; }
  int logins() const { return logins_; }

 private:
  std::string session() const { return "Q7fe01-secret-session-" + std::to_string(logins_); }
  Said answer(const Heard& heard) {
    const Request request = request_of(heard);
    if (request.command.is("StartSession")) {
      if (request.connection.login != kLogin || request.connection.password != kPassword) return said(refused(530));
      ++logins_;
      Answer answer;
      answer.add("SESSION", session());
      return said(answer);
    }
    if (request.connection.session != session() || logins_ < lost_before_)
      return said(refused(530, "SESSION NOT FOUND"));
    if (request.command.is("EndSession")) return said({});
    return script_(request, heard);
  }

  Script script_;
  std::atomic<int> logins_ = 0, lost_before_ = 0;
  LoopbackServer server_;
};

struct Client {
  SessionOptions options;
  engine::UtcTime now = kNow;
  Milliseconds elapsed{0};
  std::vector<Milliseconds> pauses{};

  explicit Client(const LoopbackServer& server) : Client(server.url()) {}
  explicit Client(const std::string& url)
      : options{.environment = api_client::resolve_environment(url, "1234").value(),
                .credentials = {.login = kLogin, .password = kPassword},
                .per_second = 0} {
    options.timing = {.elapsed = [this] { return elapsed; },
                      .pause =
                          [this](Milliseconds pause) {
                            pauses.push_back(pause);
                            elapsed += pause;
                          },
                      .jitter = [] { return 0.5; }};
  }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  HttpProvider provider() {
    return HttpProvider(options, [this] { return now; });
  }
};

std::vector<ProviderAnswer> add(HttpProvider& provider, const std::vector<AddJob>& orders) {
  std::vector<ProviderAnswer> answers(orders.size());
  std::vector<int> times(orders.size());
  provider.add(orders, [&](std::size_t index, const ProviderAnswer& answer) {
    answers.at(index) = answer;
    ++times.at(index);
  });
  CHECK(std::ranges::count(times, 1) == static_cast<std::ptrdiff_t>(orders.size()));
  return answers;
}
std::vector<AddJob> orders(int count) {
  std::vector<AddJob> made;
  for (int i = 0; i < count; ++i) made.push_back({domain("name" + std::to_string(i) + ".com")});
  return made;
}

Said accept_order(const Request& request, const Heard& heard) {
  return said(job_answer(std::to_string(40'000 + heard.number),
                         std::string(request.command.find("DOMAIN").value_or("dune-market.com"))));
}

// A provider's list of applications, paged as asked.
struct Row {
  std::string application, name, status = "REQUESTED";
};
Answer page(const std::vector<Row>& rows, const Request& request, std::size_t cap = 1000) {
  const std::size_t first = std::stoul(std::string(request.command.find("FIRST").value()));
  const std::size_t limit = std::min(cap, std::size_t{std::stoul(std::string(request.command.find("LIMIT").value()))});
  const std::size_t end = std::min(rows.size(), first + limit);
  const std::size_t count = end > first ? end - first : 0;
  Answer answer;
  answer.add("FIRST", std::to_string(first));
  answer.add("LAST", std::to_string(count == 0 ? first : end - 1));
  answer.add("COUNT", std::to_string(count));
  answer.add("TOTAL", std::to_string(rows.size()));
  answer.add("LIMIT", std::to_string(limit));
  for (std::size_t i = first; i < end; ++i) {
    answer.add("APPLICATION", rows[i].application);
    answer.add("CREATEDDATE", "2026-08-01 10:00:00");
    answer.add("DOMAIN", rows[i].name);
    answer.add("STATUS", rows[i].status);
  }
  return answer;
}
std::vector<Row> many_rows(int count) {
  std::vector<Row> rows;
  for (int i = 0; i < count; ++i) rows.push_back({std::to_string(40'001 + i), "name" + std::to_string(i) + ".com"});
  return rows;
}

}  // namespace

// ---- sessions ----

TEST_CASE("client: logs in once with login and password, sends the session afterwards, and ends it") {
  Provider provider(accept_order);
  {
    Client client(provider.server());
    client.options.credentials.otp = "123456";
    client.options.credentials.user = "sub.user";
    HttpProvider http = client.provider();
    for (const ProviderAnswer& answer : add(http, orders(20))) CHECK(answer.code == 200);
    CHECK(http.status("40001").delivery == Delivery::answered);
  }
  const auto starts = provider.asked("StartSession");
  REQUIRE(starts.size() == 1);
  CHECK(starts[0].connection ==
        api_client::Connection{.entity = "1234", .login = kLogin, .password = kPassword, .otp = "123456"});
  CHECK(starts[0].command.find("TIMEOUT") == "600");
  for (const Request& request : provider.asked("AddDomainApplication")) {
    CHECK(request.connection ==
          api_client::Connection{.entity = "1234", .session = "Q7fe01-secret-session-1", .user = "sub.user"});
  }
  CHECK(provider.asked("EndSession").size() == 1);
}

TEST_CASE("client: without a command nobody logs in") {
  Provider provider(accept_order);
  {
    Client client(provider.server());
    const HttpProvider http = client.provider();
    CHECK(http.environment() == provider.server().url() + " 1234");
    CHECK_FALSE(http.is_live());
  }
  CHECK(provider.server().heard().empty());
}

TEST_CASE("client: a lost session is renewed once, and what it refused is sent again, orders too") {
  Provider provider(accept_order);
  Client client(provider.server());
  client.options.connections = 1;
  HttpProvider http = client.provider();
  CHECK(add(http, orders(2)).back().code == 200);
  provider.lose_sessions();
  for (const ProviderAnswer& answer : add(http, orders(3))) CHECK(answer.code == 200);
  CHECK(provider.logins() == 2);
  CHECK(client.pauses.empty());
}

TEST_CASE("client: 530 after a fresh login is the answer") {
  Provider provider([](const Request&, const Heard&) { return said(refused(530, "Operation forbidden by ACL")); });
  Client client(provider.server());
  client.options.connections = 1;
  HttpProvider http = client.provider();
  const auto answers = add(http, orders(3));
  CHECK(answers[0].delivery == Delivery::answered);
  CHECK(answers[0].code == 530);
  CHECK(provider.logins() == 2);
  CHECK(provider.asked("AddDomainApplication").size() <= 4);
  // The others were refused with it, or not sent any more; nobody else is tried with what is refused.
  for (const ProviderAnswer& answer : answers) CHECK((answer.code == 530 || answer.delivery == Delivery::not_sent));
}

TEST_CASE("client: a refused login refuses every order behind it, and none was sent") {
  Provider provider(accept_order);
  Client client(provider.server());
  client.options.credentials.password = "another password";
  HttpProvider http = client.provider();
  for (const ProviderAnswer& answer : add(http, orders(5))) {
    CHECK(answer.delivery == Delivery::answered);
    CHECK(answer.code == 530);
    CHECK(engine::meaning_of_order(answer) == engine::Meaning::stop);
  }
  CHECK(provider.asked("AddDomainApplication").empty());
  CHECK(provider.asked("StartSession").size() == 1);
}

TEST_CASE("client: a login that fails for another reason says nothing about the orders: they were not sent") {
  for (const int code : {421, 521, 541, 545, 546, 549, 552}) {
    CAPTURE(code);
    Provider provider([code](const Request&, const Heard&) { return said(refused(code)); }, false);
    Client client(provider.server());
    HttpProvider http = client.provider();
    for (const ProviderAnswer& answer : add(http, orders(2))) CHECK(answer.delivery == Delivery::not_sent);
    CHECK(provider.asked("AddDomainApplication").empty());
  }
}

// ---- orders ----

TEST_CASE(
    "client: a provider's clock more than half a minute from ours is told of once, whichever is ahead; a slow answer "
    "is no difference") {
  struct Row {
    const char* date;  // of every answer
    std::chrono::seconds ours_is_ahead;
    std::size_t told;
  };
  const engine::UtcTime theirs = at("2026-08-02T18:00:00Z");
  for (const Row& row :
       {Row{"Date: Sun, 02 Aug 2026 18:00:00 GMT", 0s, 0}, Row{"Date: Sun, 02 Aug 2026 18:00:00 GMT", 30s, 0},
        Row{"Date: Sun, 02 Aug 2026 18:00:00 GMT", -30s, 0}, Row{"Date: Sun, 02 Aug 2026 18:00:00 GMT", 45s, 1},
        Row{"Date: Sun, 02 Aug 2026 18:00:00 GMT", -31s, 1}, Row{"Date: nonsense", 1h, 0},
        Row{"X-Date: none", 1h, 0}}) {
    CAPTURE(row.date);
    CAPTURE(row.ours_is_ahead.count());
    LoopbackServer server([&](const Heard& heard) {
      const Request request = Provider::request_of(heard);
      Answer answer = job_answer("1", "dune-market.com");
      if (request.command.is("StartSession")) answer.add("SESSION", "Q7fe01");
      Said reply = said(answer);
      reply.headers = {row.date};
      return reply;
    });
    Client client(server);
    std::vector<std::string> told;
    client.options.clock = [&] { return theirs + row.ours_is_ahead; };
    client.options.warn = [&](const std::string& line) { told.push_back(line); };
    HttpProvider provider = client.provider();
    for (int i = 0; i < 3; ++i) CHECK(provider.status("1").job);
    REQUIRE(told.size() == row.told);
    if (told.empty()) continue;
    CHECK(told.front().find(row.ours_is_ahead > 0s ? " ahead (" : "31s behind (") != std::string::npos);
    CHECK(told.front().find("30s are tolerated") != std::string::npos);
  }
}

TEST_CASE("client: an order names its class and domain, and NEW=1 only where it is asked for") {
  Provider provider(accept_order);
  Client client(provider.server());
  client.options.connections = 1;
  HttpProvider http = client.provider();
  const auto answers = add(http, {{domain("dune-market.com")}, {domain("käse-rad.com"), true}});
  const auto asked = provider.asked("AddDomainApplication");
  REQUIRE(asked.size() == 2);
  CHECK(asked[0].command.find("CLASS") == "BACKORDER");
  CHECK(asked[0].command.find("DOMAIN") == "dune-market.com");
  CHECK_FALSE(asked[0].command.find("NEW"));
  CHECK(asked[1].command.find("DOMAIN") == "xn--kse-rad-5wa.com");
  CHECK(asked[1].command.find("NEW") == "1");
  REQUIRE(answers[0].job);
  CHECK(answers[0].job->name == domain("dune-market.com"));
  CHECK(answers[0].job->status == "REQUESTED");
  CHECK(answers[0].job->created_at == at("2026-08-02T18:00:01Z"));
}

TEST_CASE("client: whatever the answer to an order, it is sent once") {
  struct Row {
    const char* what;
    Said answer;
    Delivery delivery;
    engine::Meaning meaning;
  };
  using engine::Meaning;
  const std::string whole = format(job_answer("40001", "name0.com"));
  const Row rows[] = {
      {"server error", said(refused(421)), Delivery::answered, Meaning::unknown},
      {"too many sessions", said(refused(521)), Delivery::answered, Meaning::unknown},
      {"refused", said(refused(541)), Delivery::answered, Meaning::refused},
      {"our balance there", said(refused(546)), Delivery::answered, Meaning::provider_balance},
      {"exists", said(refused(540)), Delivery::answered, Meaning::look_up},
      {"closed without answer", {.close_before = true}, Delivery::unknown, Meaning::unknown},
      {"torn", {.body = whole.substr(0, whole.size() - 5)}, Delivery::unknown, Meaning::unknown},
      {"torn on the wire", {.body = whole, .cut_at = 40}, Delivery::unknown, Meaning::unknown},
      {"an HTML page", {.body = "<html><h1>Service Unavailable</h1></html>"}, Delivery::unknown, Meaning::unknown},
      {"HTTP 503", {.body = whole, .status = 503}, Delivery::unknown, Meaning::unknown},
      {"redirect", {.status = 307, .headers = {"Location: /api/call.cgi"}}, Delivery::unknown, Meaning::unknown},
      {"empty", {.body = ""}, Delivery::unknown, Meaning::unknown},
  };
  for (const Row& row : rows) {
    CAPTURE(row.what);
    Provider provider([&](const Request&, const Heard&) { return row.answer; });
    Client client(provider.server());
    HttpProvider http = client.provider();
    const ProviderAnswer answer = add(http, orders(1)).front();
    CHECK(answer.delivery == row.delivery);
    CHECK(to_word(engine::meaning_of_order(answer)) == to_word(row.meaning));
    CHECK(provider.asked("AddDomainApplication").size() == 1);
    CHECK(client.pauses.empty());
  }
}

TEST_CASE("client: an order without an answer in time is unknown, and sent once") {
  Provider provider([](const Request&, const Heard&) { return Said{.hold = true}; });
  Client client(provider.server());
  client.options.order_limit = 150ms;
  HttpProvider http = client.provider();
  CHECK(add(http, orders(1)).front().delivery == Delivery::unknown);
  CHECK(provider.asked("AddDomainApplication").size() == 1);
}

TEST_CASE(
    "client: where nobody listens orders are tried with growing pauses for as long as patience lasts, then given back "
    "unsent") {
  Client client("http://127.0.0.1:" + std::to_string(support::closed_port()) + "/");
  HttpProvider http = client.provider();
  for (const ProviderAnswer& answer : add(http, orders(100))) CHECK(answer.delivery == Delivery::not_sent);
  REQUIRE(client.pauses.size() >= 3);
  for (std::size_t i = 1; i < client.pauses.size(); ++i) CHECK(client.pauses[i] >= client.pauses[i - 1]);
  CHECK(client.elapsed <= client.options.patience);
  // The next ones do not wait again for the same trouble.
  const Milliseconds before = client.elapsed;
  for (const ProviderAnswer& answer : add(http, orders(100))) CHECK(answer.delivery == Delivery::not_sent);
  CHECK(client.elapsed == before);
}

TEST_CASE("client: an order whose time is over is not sent, also within one long run") {
  std::atomic<int> answered = 0;
  Provider provider([&](const Request& request, const Heard& heard) {
    ++answered;
    return accept_order(request, heard);
  });
  Client client(provider.server());
  client.options.connections = 1;
  // each order takes a second
  HttpProvider http(client.options, [&] { return kNow + std::chrono::seconds(answered); });
  std::vector<AddJob> some = orders(6);
  for (AddJob& order : some) order.not_after = kNow + 3s;
  const auto answers = add(http, some);
  for (int i = 0; i < 6; ++i)
    CHECK(answers[static_cast<std::size_t>(i)].delivery == (i <= 3 ? Delivery::answered : Delivery::not_sent));
  CHECK(provider.asked("AddDomainApplication").size() == 4);
}

TEST_CASE("client: after a refusal of us as a whole no further order goes out; after a refusal of the zone they do") {
  for (const auto& [code, sent] :
       {std::pair{531, 1}, std::pair{544, 1}, std::pair{503, 1}, std::pair{510, 5}, std::pair{549, 5}}) {
    CAPTURE(code);
    Provider provider([code = code](const Request&, const Heard&) { return said(refused(code)); });
    Client client(provider.server());
    client.options.connections = 1;
    HttpProvider http = client.provider();
    const auto answers = add(http, orders(5));
    CHECK(answers.front().code == code);
    CHECK(provider.asked("AddDomainApplication").size() == static_cast<std::size_t>(sent));
    CHECK(std::ranges::count(answers, Delivery::not_sent, &ProviderAnswer::delivery) == 5 - sent);
  }
}

TEST_CASE("client: a deletion is an order too") {
  Provider provider([](const Request&, const Heard& heard) {
    return heard.number == 2 ? said(refused(421)) : said(job_answer("", "dune-market.com"));
  });
  Client client(provider.server());
  HttpProvider http = client.provider();
  CHECK(http.remove("40219").code == 421);
  CHECK(http.remove("40219").code == 200);
  CHECK(provider.asked("DeleteDomainApplication").size() == 2);
  CHECK(provider.asked("DeleteDomainApplication")[0].command.find("APPLICATION") == "40219");
}

TEST_CASE("client: interrupted, the rest is not sent and nothing is waited for") {
  std::atomic<bool> stop = false;
  Provider provider([&](const Request& request, const Heard& heard) {
    stop = true;
    return accept_order(request, heard);
  });
  Client client(provider.server());
  client.options.connections = 1;
  client.options.interrupted = [&] { return stop.load(); };
  HttpProvider http = client.provider();
  const auto answers = add(http, orders(10));
  const auto sent = static_cast<std::ptrdiff_t>(provider.asked("AddDomainApplication").size());
  CHECK(sent < 10);
  CHECK(std::ranges::count(answers, Delivery::answered, &ProviderAnswer::delivery) == sent);
  CHECK(std::ranges::count(answers, Delivery::not_sent, &ProviderAnswer::delivery) == 10 - sent);
  CHECK(client.pauses.empty());
}

// ---- readings ----

TEST_CASE("client: a reading is repeated through temporary trouble of every kind") {
  const std::string whole = format(job_answer("40219", "dune-market.com", "ACTIVE"));
  std::atomic<int> count = 0;
  Provider provider([&](const Request&, const Heard&) -> Said {
    switch (count++) {
      case 0:
        return said(refused(420));
      case 1:
        return said(refused(421));
      case 2:
        return said(refused(425));
      case 3:
        return said(refused(520));
      case 4:
        return {.close_before = true};
      case 5:
        return {.body = whole.substr(0, 60)};
      case 6:
        return {.body = "<html>"};
      default:
        return {.body = whole};
    }
  });
  Client client(provider.server());
  client.options.patience = 10min;
  HttpProvider http = client.provider();
  const ProviderAnswer answer = http.status("40219");
  REQUIRE(answer.job);
  CHECK(answer.job->status == "ACTIVE");
  REQUIRE(client.pauses.size() == 7);
  CHECK(client.pauses.front() == 375ms);
  for (std::size_t i = 1; i < 6; ++i) CHECK(client.pauses[i] == client.pauses[i - 1] * 2);
}

TEST_CASE("client: a reading is not repeated where the answer is definite") {
  for (const int code : {531, 541, 545, 549, 552}) {
    CAPTURE(code);
    Provider provider([code](const Request&, const Heard&) { return said(refused(code)); });
    Client client(provider.server());
    HttpProvider http = client.provider();
    const ProviderAnswer answer = http.status("40219");
    CHECK(answer.code == code);
    CHECK_FALSE(answer.job);
    CHECK(provider.asked("StatusDomainApplication").size() == 1);
  }
}

TEST_CASE("client: patience ends") {
  Provider provider([](const Request&, const Heard&) { return said(refused(421)); });
  Client client(provider.server());
  HttpProvider http = client.provider();
  CHECK(http.status("40219").code == 421);
  CHECK(client.elapsed <= 30s);
  CHECK(client.elapsed > 10s);
  CHECK(http.jobs({}).error().code == ErrorCode::provider_unreachable);
}

TEST_CASE("client: several applications are read at once, each answered by its index") {
  Provider provider([](const Request& request, const Heard&) {
    const std::string application(request.command.find("APPLICATION").value());
    return application == "7" ? said(refused(545))
                              : said(job_answer(application, "name" + application + ".com", "AUCTION-PENDING"));
  });
  Client client(provider.server());
  HttpProvider http = client.provider();
  std::vector<std::string> applications;
  for (int i = 0; i < 40; ++i) applications.push_back(std::to_string(i));
  std::vector<ProviderAnswer> answers(40);
  http.statuses(applications, [&](std::size_t index, const ProviderAnswer& answer) { answers.at(index) = answer; });
  for (std::size_t i = 0; i < 40; ++i) {
    if (i == 7) {
      CHECK(answers[i].code == 545);
    } else {
      REQUIRE(answers[i].job);
      CHECK(answers[i].job->application == applications[i]);
    }
  }
  CHECK(provider.server().connections() <= 8);
}

TEST_CASE("client: an auction's end and price are read where they are given") {
  Provider provider([](const Request&, const Heard&) {
    Answer answer = job_answer("40219", "dune-market.com", "AUCTION-WON");
    answer.add("AUCTION-ENDDATE", "2026-08-09 20:02:00");
    answer.add("AUCTION-CURRENCY", "USD");
    answer.add("AUCTION-PRICE", "120.00");
    return said(answer);
  });
  Client client(provider.server());
  HttpProvider http = client.provider();
  const ProviderAnswer answer = http.status("40219");
  REQUIRE(answer.job);
  CHECK(answer.job->auction_ends_at == at("2026-08-09T20:02:00Z"));
  CHECK(answer.job->auction_price == "120.00 USD");
  CHECK(answer.raw.find("AUCTION-PRICE") != std::string::npos);
}

TEST_CASE("client: the list of jobs is read page by page, in a stable order, each application once") {
  const std::vector<Row> rows = many_rows(2'345);
  Provider provider([&](const Request& request, const Heard&) { return said(page(rows, request)); });
  Client client(provider.server());
  HttpProvider http = client.provider();
  const auto jobs = http.jobs({});
  REQUIRE(jobs);
  CHECK(jobs.value().jobs.size() == rows.size());
  const auto asked = provider.asked("QueryDomainApplicationList");
  REQUIRE(asked.size() == 3);
  for (const Request& request : asked) {
    CHECK(request.command.find("CLASS") == "*_BACKORDER");
    CHECK(request.command.find("ORDERBY") == "CREATEDDATE");
    CHECK(request.command.find("WIDE") == "1");
    CHECK(request.command.find("LIMIT") == "1000");
  }
}

TEST_CASE("client: pages are as long as the provider makes them") {
  const std::vector<Row> rows = many_rows(250);
  Provider provider([&](const Request& request, const Heard&) { return said(page(rows, request, 100)); });
  Client client(provider.server());
  HttpProvider http = client.provider();
  CHECK(http.jobs({}).value().jobs.size() == 250);
  CHECK(provider.asked("QueryDomainApplicationList").size() == 3);
}

TEST_CASE("client: an empty list is a list; a list without TOTAL is read until a page is short") {
  Provider empty([](const Request& request, const Heard&) { return said(page({}, request)); });
  Client client(empty.server());
  HttpProvider http = client.provider();
  CHECK(http.jobs({}).value().jobs.empty());

  const std::vector<Row> rows = many_rows(1'000);
  Provider untold([&](const Request& request, const Heard&) {
    Answer answer = page(rows, request);
    std::erase_if(answer.properties, [](const auto& property) { return property.first == "TOTAL"; });
    return said(answer);
  });
  Client other(untold.server());
  HttpProvider reader = other.provider();
  CHECK(reader.jobs({}).value().jobs.size() == 1'000);
  CHECK(untold.asked("QueryDomainApplicationList").size() == 2);
}

TEST_CASE("client: a TOTAL that is no number of rows refuses the list") {
  for (const std::string total : {"-1", "9000000000000000000", "100000001"}) {
    Provider provider([&](const Request& request, const Heard&) {
      Answer answer = page(many_rows(2), request);
      std::ranges::find(answer.properties, "TOTAL", &std::pair<std::string, std::vector<std::string>>::first)
          ->second = {total};
      return said(answer);
    });
    Client client(provider.server());
    HttpProvider http = client.provider();
    const auto jobs = http.jobs({});
    REQUIRE_FALSE(jobs);
    CHECK(jobs.error().code == ErrorCode::provider_unreachable);
    CHECK(jobs.error().detail.find("TOTAL is " + total + ": ") != std::string::npos);
    CHECK(provider.asked("QueryDomainApplicationList").size() == 1);
  }
}

TEST_CASE("client: a list that changed while it was read is read again, and never trusted half") {
  std::vector<Row> rows = many_rows(2'500);
  std::mutex mutex;
  int changes = 1;
  Provider provider([&](const Request& request, const Heard&) {
    const std::lock_guard lock(mutex);
    const Said answer = said(page(rows, request));
    if (changes > 0 && request.command.find("FIRST") == "0") {
      --changes;
      rows.insert(rows.begin(), {"50000", "new.com"});  // everything moves by one
    }
    return answer;
  });
  Client client(provider.server());
  HttpProvider http = client.provider();
  const auto jobs = http.jobs({});
  REQUIRE(jobs);
  CHECK(jobs.value().jobs.size() == 2'501);
  CHECK(provider.asked("QueryDomainApplicationList").size() >= 5);

  changes = 1'000;
  const auto refused = http.jobs({});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ErrorCode::provider_unreachable);
  CHECK(refused.error().detail.find("kept changing") != std::string::npos);
}

TEST_CASE("client: one leaves and one comes, TOTAL stays: the row that slipped between two pages is noticed") {
  std::vector<Row> rows = many_rows(2'000);
  std::mutex mutex;
  bool change = true;
  Provider provider([&](const Request& request, const Heard&) {
    const std::lock_guard lock(mutex);
    const Said answer = said(page(rows, request));
    if (std::exchange(change, false)) {
      rows.erase(rows.end() - 1);
      rows.insert(rows.begin(), {"50000", "new.com"});  // the last of page one is the first of page two now
    }
    return answer;
  });
  Client client(provider.server());
  HttpProvider http = client.provider();
  std::set<std::string> seen;
  const std::vector<ProviderJob> listed = http.jobs({}).value().jobs;
  for (const ProviderJob& job : listed) seen.insert(job.application);
  CHECK(seen.size() == 2'000);
  CHECK(seen.contains("50000"));
}

TEST_CASE("client: a row without a readable date is read without it, and one whose name is none is passed over") {
  Provider undated([](const Request& request, const Heard&) {
    Answer answer = page(many_rows(3), request);
    for (auto& [property, values] : answer.properties) {
      if (property == "CREATEDDATE") values[1] = "0000-00-00 00:00:00";
    }
    return said(answer);
  });
  Client client(undated.server());
  HttpProvider http = client.provider();
  const engine::JobList read = http.jobs({}).value();
  REQUIRE(read.jobs.size() == 3);
  CHECK(read.jobs[0].created_at.has_value());
  CHECK_FALSE(read.jobs[1].created_at.has_value());

  Provider odd([](const Request& request, const Heard&) {
    return said(page({{"1", "a.com"}, {"2", "not a name"}, {"3", "c.com"}}, request));
  });
  Client other(odd.server());
  HttpProvider reader = other.provider();
  CHECK(reader.jobs({}).value().jobs.size() == 2);
}

TEST_CASE("client: jobs of given names are asked for by name") {
  Provider provider([](const Request& request, const Heard&) {
    std::vector<Row> rows;
    for (const std::string_view name : request.command.indexed("DOMAIN"))
      rows.push_back({std::string(name), std::string(name)});
    return said(page(rows, request));
  });
  Client client(provider.server());
  HttpProvider http = client.provider();
  std::vector<engine::DomainName> names;
  for (int i = 0; i < 450; ++i) names.push_back(domain("name" + std::to_string(i) + ".com"));
  CHECK(http.jobs(names).value().jobs.size() == 450);
  CHECK(provider.asked("QueryDomainApplicationList").size() == 3);
}

TEST_CASE("client: evidence is kept of outcomes and of words nobody knows, row by row, without transfer codes") {
  Provider provider([](const Request& request, const Heard&) {
    Answer answer = page({{"1", "a.com", "ACTIVE"}, {"2", "b.com", "SUCCESSFUL"}, {"3", "c.com", "NOVELTY"}}, request);
    for (int i = 0; i < 3; ++i) answer.add("AUTH", "auth-code-" + std::to_string(i));
    return said(answer);
  });
  Client client(provider.server());
  HttpProvider http = client.provider();
  const std::vector<ProviderJob> jobs = http.jobs({}).value().jobs;
  REQUIRE(jobs.size() == 3);
  CHECK(jobs[0].raw.empty());
  CHECK(jobs[1].raw.find("PROPERTY[APPLICATION][1]=2") != std::string::npos);
  CHECK(jobs[1].raw.find("SUCCESSFUL") != std::string::npos);
  CHECK(jobs[1].raw.find("a.com") == std::string::npos);
  CHECK(jobs[2].raw.find("NOVELTY") != std::string::npos);
  for (const ProviderJob& job : jobs) CHECK(job.raw.find("auth-code") == std::string::npos);
}

TEST_CASE("client: rows that cannot be read are told apart and passed over; a job without a readable date is a job") {
  Provider provider([](const Request& request, const Heard&) {
    Answer answer = page({{"1", "a.com", "ACTIVE"}, {"2", "-.com", "FAILED"}, {"", "b.com", "FAILED"}}, request);
    for (auto& [name, values] : answer.properties) {
      if (name == "CREATEDDATE") values[0] = "0000-00-00 00:00:00";
    }
    return said(answer);
  });
  Client client(provider.server());
  HttpProvider http = client.provider();
  const engine::JobList list = http.jobs({}).value();
  REQUIRE(list.jobs.size() == 1);
  CHECK_FALSE(list.jobs[0].created_at.has_value());
  REQUIRE(list.unread.size() == 2);
  CHECK(list.unread[0].application == "2");
  CHECK(list.unread[0].may_be(support::domain("anything.com")));
  CHECK(list.unread[1].may_be(support::domain("b.com")));
  CHECK_FALSE(list.unread[1].may_be(support::domain("a.com")));
}

TEST_CASE(
    "client: a list is judged by what it claims before memory is taken for it, and ends where it repeats itself") {
  struct Shape {
    const char* what;
    bool tells_total, repeats;
  };
  for (const Shape& shape :
       {Shape{"but the first page has 1 row", true, false}, Shape{"repeats itself", false, true}}) {
    CAPTURE(shape.what);
    const std::vector<Row> rows = many_rows(1'000);
    Provider provider([&](const Request& request, const Heard&) {
      Answer answer = page(shape.repeats ? rows : std::vector<Row>{{"1", "a.com", "ACTIVE"}}, request);
      if (shape.repeats) {
        Request first = request;
        first.command.set("FIRST", "0");
        answer = page(rows, first);
      }
      for (auto& [name, values] : answer.properties) {
        if (name == "TOTAL") values = {"100000000"};
        if (name == "LIMIT") values = {"1000"};
      }
      if (!shape.tells_total) std::erase_if(answer.properties, [](const auto& one) { return one.first == "TOTAL"; });
      return said(answer);
    });
    Client client(provider.server());
    HttpProvider http = client.provider();
    const auto jobs = http.jobs({});
    REQUIRE_FALSE(jobs);
    CHECK(jobs.error().detail.find(shape.what) != std::string::npos);
    CHECK(provider.asked("QueryDomainApplicationList").size() <= 2);
  }
}

// ---- money ----

TEST_CASE("client: our balance there is the balance, not reduced by what is set aside") {
  Provider provider([](const Request&, const Heard&) {
    Answer answer;
    for (const auto& [property, value] : {std::pair{"AMOUNT", "2417.3500"},
                                          {"CREDIT", "0.00"},
                                          {"CURRENCY", "EUR"},
                                          {"DEPOSIT", "138.00"},
                                          {"VAT", "19.00"}}) {
      answer.add(property, value);
    }
    return said(answer);
  });
  Client client(provider.server());
  HttpProvider http = client.provider();
  const engine::ProviderBalance provider_balance = http.balance().value();
  CHECK(to_string_with_code(provider_balance.amount) == "2417.35 EUR");
  CHECK(to_string_with_code(provider_balance.deposit) == "138.00 EUR");
  CHECK(to_string_with_code(provider_balance.spendable()) == "2279.35 EUR");
}

TEST_CASE("client: a provider balance that cannot be read is no balance") {
  Provider provider([](const Request&, const Heard&) { return said({}); });
  Client client(provider.server());
  HttpProvider http = client.provider();
  CHECK(http.balance().error().code == ErrorCode::provider_unreachable);
}

TEST_CASE("client: deposits keep the provider's sign, and expire when it says") {
  Provider provider([](const Request&, const Heard&) {
    Answer answer;
    for (const auto& [property, value] :
         {std::pair{"FIRST", "0"}, {"LAST", "1"}, {"COUNT", "2"}, {"TOTAL", "2"}, {"LIMIT", "1000"}})
      answer.add(property, value);
    for (const auto& [id, amount, name] :
         {std::tuple{"7731", "69.00", "tern-court.com"}, {"7732", "-5.00", "dune-market.com"}}) {
      answer.add("DEPOSITID", id);
      answer.add("DEPOSIT", amount);
      answer.add("CURRENCY", "usd");
      answer.add("DESCRIPTION", name);
      answer.add("ACCOUNTINGTYPE", "COM_BACKORDER");
      answer.add("CREATEDDATE", "2026-08-02 17:00:00");
      answer.add("EXPIRATIONDATE", "2026-08-02 20:00:00");
    }
    return said(answer);
  });
  Client client(provider.server());
  HttpProvider http = client.provider();
  const auto deposits = http.deposits().value();
  REQUIRE(deposits.size() == 2);
  CHECK(deposits[0].id == "7731");
  CHECK(to_string_with_code(deposits[0].amount) == "69.00 USD");
  CHECK(to_string_with_code(deposits[1].amount) == "-5.00 USD");
  CHECK(deposits[1].description == "dune-market.com");
  CHECK(deposits[1].expires_at == at("2026-08-02T20:00:00Z"));
}

namespace {

Answer bookings(const std::string& sum) {
  Answer answer;
  for (const auto& [property, value] : {std::pair{"FIRST", "0"},
                                        {"LAST", "1"},
                                        {"COUNT", "2"},
                                        {"TOTAL", "2"},
                                        {"LIMIT", "1000"},
                                        {"OPENINGBALANCE", "0.00"}}) {
    answer.add(property, value);
  }
  answer.add("SUM", sum);
  for (const auto& [date, type, text, net, tax] :
       {std::tuple{"2026-08-05 18:31:00", "COM_BACKORDER", "backorder dune-market.com", "-60.00", "-11.40"},
        {"2026-08-01 09:00:00", "PAYMENT", "wire", "500.00", "0.00"}}) {
    answer.add("ACCOUNTINGDATE", date);
    answer.add("ACCOUNTINGTYPE", type);
    answer.add("ACCOUNTINGDESCRIPTION", text);
    answer.add("ACCOUNTINGPRICE", net);
    answer.add("ACCOUNTINGVATPRICE", tax);
    answer.add("ACCOUNTINGCURRENCY", "eur");
    answer.add("ACCOUNTINGREFERENCE", "");
  }
  return answer;
}

}  // namespace

TEST_CASE("client: bookings are read with both bounds, by instant, and must add up") {
  std::string sum = "428.60";
  Provider provider([&](const Request&, const Heard&) { return said(bookings(sum)); });
  Client client(provider.server());
  HttpProvider http = client.provider();
  const auto accounting = http.accounting(at("2026-08-01T00:00:00.500Z"), at("2026-09-01")).value();
  CHECK(to_string_with_code(accounting.sum) == "428.60 EUR");
  REQUIRE(accounting.entries.size() == 2);
  CHECK(accounting.entries[0].type == "PAYMENT");
  CHECK(to_string_with_code(accounting.entries[1].gross()) == "-71.40 EUR");
  CHECK_FALSE(accounting.entries[1].id.empty());
  const auto asked = provider.asked("QueryAccountingList");
  CHECK(asked.at(0).command.find("MINDATE") == "2026-08-01 00:00:01");
  CHECK(asked.at(0).command.find("MAXDATE") == "2026-08-31 23:59:59");

  sum = "428.61";
  CHECK(http.accounting(at("2026-08-01"), at("2026-09-01")).error().code == ErrorCode::books_differ);
}

TEST_CASE("client: a charge for a name is one that names it, whole, and takes money") {
  Provider provider([](const Request&, const Heard&) { return said(bookings("428.60")); });
  Client client(provider.server());
  HttpProvider http = client.provider();
  CHECK(http.charged(domain("dune-market.com"), at("2026-08-01")).value());
  CHECK_FALSE(http.charged(domain("market.com"), at("2026-08-01")).value());
  CHECK_FALSE(http.charged(domain("dune-market.co"), at("2026-08-01")).value());
}

TEST_CASE("client: names about to be released are read page by page, sorted, one row a name, the earlier date") {
  constexpr int kNames = 12'000;
  Provider provider([](const Request& request, const Heard&) {
    const int first = std::stoi(std::string(request.command.find("FIRST").value())),
              limit = std::stoi(std::string(request.command.find("LIMIT").value()));
    const int count = std::clamp(kNames - first, 0, limit);
    Answer answer;
    answer.add("COUNT", std::to_string(count));
    answer.add("TOTAL", std::to_string(kNames));
    for (int i = first; i < first + count; ++i) {
      answer.add("DOMAIN", i == 11'999 ? "name0.com" : i == 5 ? "no name" : "name" + std::to_string(i) + ".com");
      answer.add("FINALIZATIONDATE", i == 0 ? "2026-08-06 17:00:00" : "2026-08-05 17:00:00");
    }
    return said(answer);
  });
  Client client(provider.server());
  HttpProvider http = client.provider();
  std::int64_t unreadable = 0, read = 0;
  const auto names =
      http.pending_deletes({.zones = {"com", "xn--p1ai"}, .from = kNow, .to = at("2026-08-10")}, unreadable,
                           [&](std::int64_t done, std::int64_t) { read = std::max(read, done); });
  REQUIRE(names);
  CHECK(names.value().size() == kNames - 2);
  CHECK(unreadable == 1);
  CHECK(read == kNames);
  CHECK(std::ranges::is_sorted(names.value(), {}, &api_client::PendingDelete::name));
  CHECK(names.value().front().name == domain("name0.com"));
  CHECK(names.value().front().finalization_at == at("2026-08-05T17:00:00Z"));
  const Request asked = provider.asked("QueryDomainPendingDeleteList").at(0);
  CHECK(asked.command.find("ZONE0") == "COM");
  CHECK(asked.command.find("ZONE1") == "XN--P1AI");
  CHECK(asked.command.find("MINFINALIZATIONDATE") == "2026-08-02 18:00:00");
}

// ---- secrets ----

namespace {

struct Lines final : api_client::ExchangeLog {
  std::vector<api_client::LoggedExchange> lines{};
  void note(const api_client::LoggedExchange& exchange) override { lines.push_back(exchange); }
};

}  // namespace

TEST_CASE("client: every exchange is logged, and no secret is in a log line, an answer or an error") {
  // A provider that repeats what it was sent, wherever it can.
  Provider provider([](const Request& request, const Heard& heard) {
    Answer answer = request.command.is("StatusAccount")
                        ? refused(541, "no account for " + std::string(kPassword) + " in " + request.connection.session)
                        : job_answer("40219", "dune-market.com", "SUCCESSFUL");
    answer.add("COMMENT", request.connection.session + " " + kPassword + " " + heard.body);
    answer.add("SESSION", request.connection.session);
    return said(answer);
  });
  Lines log;
  std::string everything;
  {
    Client client(provider.server());
    client.options.log = &log;
    client.options.credentials.otp = "135791";
    HttpProvider http = client.provider();
    const ProviderAnswer order = add(http, orders(1)).front(), status = http.status("40219");
    everything += order.text + order.raw + order.job.value().raw + status.text + status.raw;
    everything += http.balance().error().detail;
  }
  REQUIRE(log.lines.size() == 5);  // StartSession, the three, EndSession
  std::vector<std::string> commands;
  for (const auto& line : log.lines) {
    CHECK(line.environment == provider.server().url() + " 1234");
    CHECK(line.delivery == Delivery::answered);
    commands.push_back(line.command);
    everything += line.request + line.text + line.answer;
  }
  CHECK(commands == std::vector<std::string>{"StartSession", "AddDomainApplication", "StatusDomainApplication",
                                             "StatusAccount", "EndSession"});
  CHECK(log.lines[1].request.find("DOMAIN=name0.com") != std::string::npos);
  CHECK(log.lines[1].answer.find("STATUS[0]=SUCCESSFUL") != std::string::npos);
  for (const char* secret : {"t0psecret", "Q7fe01", "135791", "fk8,3*HHtRb2"}) {
    CAPTURE(secret);
    CHECK(everything.find(secret) == std::string::npos);
  }
}
