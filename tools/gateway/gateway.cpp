#include "tools/gateway/gateway.hpp"

#include <atomic>
#include <condition_variable>
#include <nlohmann/json.hpp>
#include <thread>

#include "storage/storage_error.hpp"
#include "tools/gateway/commands.hpp"
#include "tools/gateway/drop_catalogue.hpp"

namespace gateway {
namespace {

using Json = nlohmann::ordered_json;
using engine::ErrorCode;

constexpr const char* kPath = "/api/call.cgi";
// how soon a rehearsal book's clock is seen to have moved while nobody asks
constexpr auto kClockLook = std::chrono::milliseconds(200);

engine::UtcTime system_clock() { return std::chrono::floor<engine::Milliseconds>(std::chrono::system_clock::now()); }

// What a request may be made of. Whatever is beyond is refused before any of it is looked at or kept.
constexpr std::size_t kMostParameters = 1'000, kLongestName = 64, kLongestValue = 256 * 1024;
constexpr std::size_t kLongestOfConnection = 256;  // s_user, s_session …; s_login and s_pw have limits of their own

std::optional<Answer> beyond_limits(const api_client::Request& request) {
  if (request.command.parameters.size() > kMostParameters)
    return refuse(505, "more than " + std::to_string(kMostParameters) + " parameters");
  for (const api_client::Parameter& parameter : request.command.parameters) {
    if (parameter.name.size() > kLongestName)
      return refuse(505, "a parameter's name is longer than " + std::to_string(kLongestName) + " bytes");
    if (parameter.value.size() > kLongestValue)
      return refuse(505, parameter.name + " is longer than " + std::to_string(kLongestValue) + " bytes");
  }
  const api_client::Connection& connection = request.connection;
  for (const auto& [name, value] : {std::pair{"s_entity", &connection.entity},
                                    {"s_session", &connection.session},
                                    {"s_otp", &connection.otp},
                                    {"s_user", &connection.user},
                                    {"s_remoteaddr", &connection.remote_address}}) {
    if (value->size() > kLongestOfConnection)
      return refuse(505, std::string(name) + " is longer than " + std::to_string(kLongestOfConnection) + " bytes");
  }
  return std::nullopt;
}

// Those that read as much as the account has.
bool is_list(const Command& command) { return matches("Query*", command.name); }

}  // namespace

// What is known of a request when it has been answered, for the log.
struct Asked {
  std::string command{}, login{};
  int code = 0;
};

struct Gateway::Parts {
  explicit Parts(GatewayOptions given)
      : options(std::move(given)),
        rehearsal(is_rehearsal()),
        readers(options.book),
        writer(options.book),
        back_office(options.book, options.provider, [this](engine::LedgerReader& store) { return now(store); }),
        authentication(options.monotonic),
        quotas(options.quota),
        http(
            kPath, options.limits,
            [this](const HttpCall& call) { return answer(call.query, call.body, call.address, call.delivery); },
            api_client::format(refuse(420, "too many connections"))) {}
  ~Parts() { stop(); }

  bool is_rehearsal() const { return storage::open_reader(options.book)->book().rehearsal; }

  engine::UtcTime now(engine::LedgerReader& store) {
    if (options.clock) return options.clock();
    if (!rehearsal) return system_clock();
    const engine::BookInfo info = store.book();
    return info.last_recorded.value_or(info.made_at);
  }

  void log(const Json& line) {
    if (!options.log) return;
    const std::lock_guard lock(log_mutex);
    options.log(line.dump(-1, ' ', false, Json::error_handler_t::replace));
  }
  void log_sweep(const operations::SweepReport& report) {
    if (report.counts.empty() && report.troubles.empty()) return;
    Json line{{"ts", engine::to_string(system_clock())}, {"event", "sweep"}};
    for (const operations::StageCount& row : report.counts)
      line["done"][std::string(to_word(row.stage))][row.what] = row.count;
    for (const engine::Error& trouble : report.troubles)
      line["troubles"].push_back(std::string(to_word(trouble.code)) + ": " + trouble.detail);
    log(line);
  }

  Answer reply(std::string_view query, std::string_view body, const std::string& address,
               const std::shared_ptr<const Delivery>& delivery, Asked& asked) {
    const engine::Result<api_client::Request> request = api_client::decode_form(query, body);
    if (!request) return refuse(507, request.error().detail);
    const api_client::Connection& connection = request.value().connection;
    asked.command = request.value().command.name.substr(0, 64);
    if (!options.entity.empty() && !connection.entity.empty() && connection.entity != options.entity)
      return refuse(502, "s_entity");
    if (std::optional<Answer> refused = beyond_limits(request.value())) return *std::move(refused);
    std::optional<Reading> reading(std::in_place, readers);
    // a password takes its time, and a clock that was moved changes the book
    const bool looks_first = connection.session.empty() || moves_by_hand();
    if (!looks_first) reading->begin();
    const auto caller = authentication.caller(connection, address, reading->store());
    if (const Refusal* refusal = std::get_if<Refusal>(&caller)) return refuse(*refusal);
    const Caller& known = std::get<Caller>(caller);
    asked.login = known.user.login;
    if (!connection.user.empty() && connection.user != known.account && connection.user != known.user.login)
      return refuse(531, "s_user");
    if (looks_first) {
      follow_clock(reading->store());
      reading->begin();
    }
    std::optional<ListTurns::Turn> turn;
    if (is_list(request.value().command)) {
      const engine::CustomerId account = known.user.customer;
      if (!list_turns.try_take(account)) {
        reading.reset();  // the others need it while this one waits
        if (!list_turns.take(account)) return refuse(421, "too many lists of this account are asked for at once");
      }
      turn.emplace(list_turns, account);
      if (!reading) reading.emplace(readers).begin();
    }
    Services desk{writer, back_office, authentication, catalogue, further, quotas, options.monotonic};
    return answer_command(desk, {request.value().command, connection, known, address, reading->store(),
                                 now(reading->store()), *reading, delivery});
  }

  bool moves_by_hand() const { return rehearsal && !options.clock; }

  // A rehearsal's clock that was moved: what became due is done before anybody is answered.
  void follow_clock(engine::LedgerReader& store) {
    if (!moves_by_hand()) return;
    if (const auto report = back_office.follow(now(store))) log_sweep(*report);
  }

  std::string answer(std::string_view query, std::string_view body, const std::string& address,
                     const std::shared_ptr<const Delivery>& delivery) {
    const Instant begun = std::chrono::steady_clock::now();
    Asked asked;
    Answer reply_or_refusal;
    std::string trouble;
    try {
      reply_or_refusal = reply(query, body, address, delivery, asked);
    } catch (const storage::StorageError& failed) {
      reply_or_refusal = refuse(421);
      trouble = std::string(to_word(failed.error().code)) + ": " + failed.error().detail;
      // a broken invariant: this request fails, nothing of it is kept, the others go on
    } catch (const std::exception& failed) {
      reply_or_refusal = refuse(421);
      trouble = failed.what();
    }
    const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begun);
    Json line{{"ts", engine::to_string(system_clock())},
              {"event", "request"},
              {"from", address},
              {"user", asked.login},
              {"command", asked.command},
              {"code", reply_or_refusal.code},
              {"duration_ms", took.count()}};
    if (!trouble.empty()) line["trouble"] = trouble;
    log(line);
    return api_client::format(reply_or_refusal);
  }

  operations::SweepReport sweep() {
    const engine::UtcTime at = now(*readers.lend());
    operations::SweepReport report = back_office.sweep(at);
    log_sweep(report);
    return report;
  }

  void work_unattended() {
    Instant next = std::chrono::steady_clock::now();
    std::unique_lock lock(mutex);
    while (!ending) {
      lock.unlock();
      try {
        if (options.sweep_every > engine::Milliseconds{0} && std::chrono::steady_clock::now() >= next) {
          sweep();
          next = std::chrono::steady_clock::now() + options.sweep_every;
        } else {
          follow_clock(*readers.lend());
        }
      } catch (const std::exception& failed) {
        log({{"ts", engine::to_string(system_clock())}, {"event", "sweep"}, {"trouble", failed.what()}});
      }
      lock.lock();
      const engine::Milliseconds pause =
          moves_by_hand() ? kClockLook : std::max<engine::Milliseconds>(options.sweep_every, kClockLook);
      woken.wait_for(lock, pause, [this] { return ending; });
    }
  }

  engine::Result<int> start() {
    const engine::Result<int> bound = http.start(options.listen);
    if (!bound) return bound;
    port = bound.value();
    if (options.sweep_every > engine::Milliseconds{0} || moves_by_hand())
      worker = std::thread([this] { work_unattended(); });
    return bound;
  }

  void stop() {
    back_office.end();
    http.stop();
    {
      const std::lock_guard lock(mutex);
      ending = true;
    }
    woken.notify_all();
    if (worker.joinable()) worker.join();
  }

  const GatewayOptions options;
  const bool rehearsal;
  Readers readers;
  Writer writer;
  BackOffice back_office;
  Authentication authentication;
  DropCatalogue catalogue;
  FurtherApplications further;
  Quotas quotas;
  ListTurns list_turns;
  std::mutex log_mutex;
  std::mutex mutex;
  std::condition_variable woken;
  bool ending = false;
  std::thread worker;
  std::atomic<int> port{0};
  HttpServer http;  // last: it calls the others
};

Gateway::Gateway(GatewayOptions options) : parts_(std::make_unique<Parts>(std::move(options))) {}
Gateway::~Gateway() = default;
engine::Result<int> Gateway::start() { return parts_->start(); }
void Gateway::stop() { parts_->stop(); }
int Gateway::port() const { return parts_->port; }
engine::Status Gateway::reload_certificate() { return parts_->http.reload_certificate(); }
std::string Gateway::answer(std::string_view query, std::string_view body, const std::string& address) {
  return parts_->answer(query, body, address, nullptr);
}
operations::SweepReport Gateway::sweep() { return parts_->sweep(); }

}  // namespace gateway
