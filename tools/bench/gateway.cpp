// Customers' software at the gateway: 64 clients with kept connections, logged in once each, in a process of their own;
// the gateway is the one that `serve` runs. The floor is the barest server, which answers the same bytes without a
// question, and writes placements by plain statements, what has arrived in one commit.
#include "tools/gateway/gateway.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>

#include "api_client/command.hpp"
#include "api_client/response.hpp"
#include "storage/store.hpp"
#include "tools/bench/bare_http.hpp"
#include "tools/bench/families.hpp"
#include "tools/bench/placements.hpp"
#include "tools/bench/raw.hpp"
#include "tools/bench/sample.hpp"
#include "tools/operations/users.hpp"

namespace bench {
namespace {

constexpr std::int64_t kClients = 64;
constexpr std::int64_t kUsers = 8;  // of as many accounts; several clients of one log in each for itself
constexpr const char* kPassword = "test.passw0rd";

enum class Asks : std::uint8_t { place, status };

std::int64_t users(const Ground& ground) { return std::min(kUsers, ground.accounts()); }
std::int64_t requests(const Ground& ground) { return std::max<std::int64_t>(ground.size / kClients, 1) * kClients; }

void prepare(const Ground& ground) {
  const auto store = make_accounts(ground, ground.file("prepared.db"), true);
  for (std::int64_t user = 1; user <= users(ground); ++user) {
    (void)value_of(
        operations::add_user({*store, kNow, "bench"}, {}, account_name(user), account_name(user), kPassword));
  }
}

std::string form(const api_client::Connection& connection, const api_client::Command& command) {
  return value_of(api_client::encode_form({connection, command}, api_client::Encoding::block));
}

// The clients' process: hears the port, logs in, says so, hears that it may begin, says how late the latest answers
// were.
void be_clients(const Ground& ground, Asks asks, Line& line) {
  BareClients clients(std::stoi(line.hear()), kClients);
  std::vector<std::string> heads;  // of each client's requests: up to the name to be placed, or whole
  for (std::int64_t client = 0; client < kClients; ++client) {
    const std::string login = account_name(client % users(ground) + 1);
    const std::string answer =
        clients.exchange(static_cast<std::size_t>(client),
                         form({.entity = "1234", .login = login, .password = kPassword}, {"StartSession"}));
    const api_client::Response response = api_client::Response::parse(answer);
    if (response.code() != 200) throw std::runtime_error("no session: " + answer);
    const api_client::Connection session{.entity = "1234", .session = std::string(response.value("SESSION"))};
    heads.push_back(asks == Asks::status
                        ? form(session, {"StatusAccount"})
                        : form(session, {"AddDomainApplication", {{"CLASS", "BACKORDER"}, {"DOMAIN", ""}}}));
  }
  line.say("ready");
  line.hear();
  std::int64_t next = 0;
  const std::int64_t all = requests(ground);
  const double p99_ms = clients.run([&](std::size_t client) {
    const std::int64_t i = next++;
    return i >= all ? std::string() : asks == Asks::status ? heads[client] : heads[client] + domain_of(ground, i);
  });
  line.say(std::to_string(p99_ms));
}

// As `serve` writes it.
class RequestLog {
 public:
  explicit RequestLog(const std::string& file)
      : descriptor_(::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640)) {}
  ~RequestLog() { ::close(descriptor_); }
  RequestLog(const RequestLog&) = delete;
  RequestLog& operator=(const RequestLog&) = delete;
  void write(const std::string& line) const {
    const std::string text = line + "\n";
    if (::write(descriptor_, text.data(), text.size()) < 0) throw std::runtime_error("the log cannot be written");
  }

 private:
  int descriptor_;
};

Took through_the_gateway(const Ground& ground, Asks asks) {
  const std::string file = copy_of_prepared(ground, "ledger.db");
  Took took{.seconds = 0, .units = requests(ground)};
  Beside clients([&](Line& line) { be_clients(ground, asks, line); });
  {
    const RequestLog log(ground.file("requests.log"));
    gateway::GatewayOptions options;
    options.quota = {0, 0, 0};  // what is measured is how fast it can be done
    options.book = file;
    options.entity = "1234";
    options.clock = [] { return kNow; };
    options.log = [&](const std::string& line) { log.write(line); };
    gateway::Gateway running(std::move(options));
    clients.say(std::to_string(value_of(running.start())));
    clients.hear();
    took.seconds = seconds_of([&] {
      clients.say("begin");
      took.p99_ms = std::stod(clients.hear());
    });
  }
  if (asks == Asks::place) took.left = left_in(file);
  return took;
}

// What the gateway answers, less the name and the number of an application.
std::string status_answer() {
  api_client::Answer answer;
  answer.add("AMOUNT", "110.01");
  answer.add("CREDIT", "0.00");
  answer.add("CURRENCY", "EUR");
  answer.add("DEPOSIT", "0.00");
  answer.add("VAT", "19.00");
  return format(answer);
}
std::string placed_answer() {
  api_client::Answer answer;
  for (const auto& [name, value] :
       std::initializer_list<std::pair<const char*, const char*>>{{"CLASS", "COM_BACKORDER"},
                                                                  {"CREATEDBY", "account1"},
                                                                  {"CREATEDDATE", "2026-08-01 12:00:00"},
                                                                  {"DOMAINUMLAUT", "e6w3l9ab-12345.com"},
                                                                  {"FINALIZATIONDATE", ""},
                                                                  {"PEERUSER", ""},
                                                                  {"PERIOD", "1"},
                                                                  {"STATUS", "REQUESTED"},
                                                                  {"SUBCLASS", "COM_BACKORDER"},
                                                                  {"UPDATEDBY", "SYSTEM"},
                                                                  {"UPDATEDDATE", "2026-08-01 12:00:00"},
                                                                  {"USER", "account1"},
                                                                  {"X-CURRENCY", "EUR"},
                                                                  {"X-DEPOSIT", "0.00"},
                                                                  {"X-DROPDATE", ""},
                                                                  {"X-PRICE", "10.00"},
                                                                  {"X-REASON", ""}}) {
    answer.add(name, value);
  }
  return format(answer).substr(std::string_view("[RESPONSE]\n").size());
}

Took without_a_gateway(const Ground& ground, Asks asks) {
  const std::string file = copy_of_prepared(ground, "floor.db");
  Took took{.seconds = 0, .units = requests(ground)};
  Beside clients([&](Line& line) { be_clients(ground, asks, line); });
  {
    PlainPlacements placements(file);
    BareServer server;
    const std::string status = status_answer(), placed = placed_answer();
    std::vector<std::pair<std::string, std::string>> together;
    std::int64_t last = 0;
    const auto answer = [&](std::span<Asked> asked) {
      together.clear();
      for (Asked& one : asked) {
        const std::string_view command = block_value(one.body, "COMMAND");
        if (command == "StartSession") {  // the login is the session
          const std::size_t at = one.body.find("s_login=") + 8;
          one.room.assign("[RESPONSE]\nPROPERTY[SESSION][0]=").append(one.body.substr(at, one.body.find('&', at) - at));
          one.room.append("\nDESCRIPTION=Command completed successfully\nCODE=200\nEOF\n");
          one.answer = one.room;
        } else if (command == "StatusAccount") {
          one.answer = status;
        } else {
          const std::size_t at = one.body.find("s_session=") + 10;
          const std::string_view domain = block_value(one.body, "DOMAIN");
          together.emplace_back(one.body.substr(at, one.body.find('&', at) - at), domain);
          one.room.assign("[RESPONSE]\nPROPERTY[APPLICATION][0]=")
              .append(std::to_string(++last))
              .append("\nPROPERTY[DOMAIN][0]=")
              .append(domain);
          one.room.append("\n").append(placed);
          one.answer = one.room;
        }
      }
      if (!together.empty()) placements.commit(together);
    };
    clients.say(std::to_string(server.port()));
    server.serve(clients.socket(), answer);
    clients.hear();
    took.seconds = seconds_of([&] {
      clients.say("begin");
      server.serve(clients.socket(), answer);
      took.p99_ms = std::stod(clients.hear());
    });
  }
  if (asks == Asks::place) took.left = left_in(file);
  return took;
}

}  // namespace

void add_gateway(std::vector<Measurement>& all) {
  const auto add = [&](const char* name, const char* what, Asks asks, std::int64_t size, std::int64_t rate) {
    all.push_back({name, what, "requests", size, 0, rate, false, prepare,
                   [asks](const Ground& ground) { return through_the_gateway(ground, asks); },
                   [asks](const Ground& ground) { return without_a_gateway(ground, asks); }, 0, 100});
  };
  add("gateway-place", "durable AddDomainApplication of 64 clients by session, over HTTP", Asks::place, 40'000, 4'000);
  add("gateway-status", "StatusAccount of 64 clients by session, over HTTP", Asks::status, 100'000, 15'000);
}

}  // namespace bench
