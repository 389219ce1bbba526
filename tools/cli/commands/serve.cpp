// The gateway as a program: listens, sweeps, logs, and ends cleanly when told to.
#include <signal.h>

#include <cerrno>
#include <charconv>
#include <chrono>
#include <filesystem>
#include <iostream>
#include <nlohmann/json.hpp>
#include <optional>

#include "storage/store.hpp"
#include "tools/cli/commands/commands.hpp"
#include "tools/cli/interruption.hpp"
#include "tools/cli/provider_access.hpp"
#include "tools/cli/service_notice.hpp"
#include "tools/gateway/gateway.hpp"
#include "tools/gateway/request_log.hpp"
#include "tools/gateway/sample_world.hpp"
#include "tools/simulated_registry/simulated_registry.hpp"

namespace cli {
namespace {

using engine::Error;
using engine::ErrorCode;

[[noreturn]] void refuse(std::string detail) {
  throw CommandError{Error{ErrorCode::invalid_argument, std::move(detail)}};
}

// "127.0.0.1:8080", "[::1]:8080", ":8080" and "8080" for the loopback address.
gateway::HttpListen parse_listen(const std::string& text) {
  gateway::HttpListen listen;
  const std::size_t colon = text.rfind(':');
  std::string port = colon == std::string::npos ? text : text.substr(colon + 1);
  std::string host = colon == std::string::npos ? "" : text.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  if (!host.empty()) listen.host = host;
  const auto [stop, error] = std::from_chars(port.data(), port.data() + port.size(), listen.port);
  if (error != std::errc{} || stop != port.data() + port.size() || listen.port < 0 || listen.port > 65'535) {
    refuse("--listen '" + text + "' is no address: write 127.0.0.1:8080; port 0 is any free one");
  }
  return listen;
}

struct Serve {
  std::string listen = "127.0.0.1:8080", certificate, key, entity, log_file, sweep_every, request_time = "30s",
              idle_time = "15s";
  bool rehearsal = false, beyond_loopback = false;
  std::size_t threads = gateway::HttpLimits{}.threads, queue = gateway::HttpLimits{}.waiting, body_kib = 4096,
              connections = gateway::HttpLimits{}.connections,
              per_address = gateway::HttpLimits{}.connections_per_address;
  std::int64_t most_open = gateway::QuotaLimits{}.open_backorders,
               per_minute = gateway::QuotaLimits{}.placements_per_minute, kept_mib = 64;

  void bind(CLI::App& app) {
    app.add_option("--listen", listen, "Where to listen; port 0 is any free one, and is printed")
        ->type_name("HOST:PORT")
        ->capture_default_str();
    app.add_option("--certificate", certificate, "TLS: the certificate with its chain, PEM")->type_name("FILE");
    app.add_option("--key", key, "TLS: its private key, PEM")->type_name("FILE");
    app.add_flag("--without-tls", beyond_loopback,
                 "Listen beyond this machine although passwords would travel in the clear");
    app.add_option("--as-entity", entity,
                   "What customers' s_entity must be (default: 1234 for a rehearsal book, 54cd for a live one; 'any')")
        ->type_name("ENTITY");
    app.add_option("--sweep-every", sweep_every,
                   "Does what is due on its own, this often; 0s: never (default: 60s; 5s in a rehearsal)")
        ->type_name("SPAN");
    app.add_option("--request-log", log_file,
                   "One JSON object per request, appended here (default: stderr); SIGHUP opens it anew and reloads the "
                   "certificate")
        ->type_name("FILE");
    app.add_flag("--rehearsal", rehearsal,
                 "Makes a sample book and a simulated registry where they are missing, and serves them; 'clock "
                 "advance' moves the time");
    app.add_option("--threads", threads, "Requests answered at once")
        ->check(CLI::Range(1, 1024))
        ->capture_default_str();
    app.add_option("--connections", connections, "Connections open at once; then the one idle longest gives way")
        ->check(CLI::Range(16, 1'000'000))
        ->capture_default_str();
    app.add_option("--connections-per-address", per_address,
                   "Connections of one address, loopback excepted; those beyond are answered 420; 0: no limit")
        ->check(CLI::Range(0, 1'000'000))
        ->capture_default_str();
    app.add_option("--most-open", most_open, "Open backorders of one account; 0: no limit")
        ->check(CLI::Range(std::int64_t{0}, std::int64_t{1'000'000'000}))
        ->capture_default_str();
    app.add_option("--placements-per-minute", per_minute, "Placements of one account a minute; 0: no limit")
        ->check(CLI::Range(std::int64_t{0}, std::int64_t{1'000'000'000}))
        ->capture_default_str();
    app.add_option("--kept-per-day", kept_mib, "What one account's placements may keep in the book a day; 0: no limit")
        ->type_name("MIB")
        ->check(CLI::Range(std::int64_t{0}, std::int64_t{1'000'000}))
        ->capture_default_str();
    app.add_option("--queue", queue, "Whole requests that may wait for a thread; those beyond are answered 420")
        ->check(CLI::Range(0, 65'536))
        ->capture_default_str();
    app.add_option("--max-body", body_kib, "Largest body of a request")
        ->type_name("KIB")
        ->check(CLI::Range(1, 4096))
        ->capture_default_str();
    app.add_option("--request-time", request_time, "For a request to arrive whole, and for its answer to be taken")
        ->type_name("SPAN")
        ->capture_default_str();
    app.add_option("--idle-time", idle_time, "Between two requests of one connection")
        ->type_name("SPAN")
        ->capture_default_str();
  }

  int run(Session& session) const {
    // A log may be rotated at any moment, also before there is one, and who reads our notes may go: neither ends the
    // program. Threads inherit this.
    sigset_t harmless;
    sigemptyset(&harmless);
    for (const int signal : {SIGHUP, SIGPIPE}) sigaddset(&harmless, signal);
    pthread_sigmask(SIG_BLOCK, &harmless, nullptr);
    const Globals& globals = session.globals();
    if (globals.dry_run) refuse("a gateway cannot be tried with --dry-run: try it with --rehearsal");
    gateway::GatewayOptions options;
    options.listen = parse_listen(listen);
    if (certificate.empty() != key.empty()) refuse("--certificate and --key are given together");
    options.listen.certificate = certificate;
    options.listen.key = key;
    if (certificate.empty() && !beyond_loopback && !gateway::is_loopback(options.listen.host)) {
      refuse("listening at " + options.listen.host +
             " lets passwords travel in the clear: give --certificate and --key, put a TLS proxy in front of a "
             "loopback address, or say --without-tls");
    }
    options.limits.threads = threads;
    options.limits.waiting = queue;
    options.quota = {most_open, per_minute, kept_mib * 1024 * 1024};
    options.limits.connections = connections;
    options.limits.connections_per_address = per_address;
    options.limits.body_bytes = body_kib * 1024;
    options.limits.request_time = value_or_throw(engine::parse_span(request_time));
    options.limits.idle_time = value_or_throw(engine::parse_span(idle_time));
    options.book = globals.book;

    std::string registry = globals.registry;
    if (rehearsal) {
      if (registry.empty() && globals.provider.empty())
        registry = std::filesystem::path(globals.book).replace_extension(".registry.db").string();
      std::error_code failed;
      if (std::filesystem::exists(globals.book, failed)) {
        if (!globals.now.empty()) refuse_clock();
        session.book();  // an older schema is brought forward, and the user told
      }
      value_or_throw(gateway::make_rehearsal(globals.book, registry,
                                             globals.now.empty() ? system_now() : session.instant(globals.now)));
    } else if (!globals.now.empty()) {
      refuse_clock();
    }
    const bool own_clock = session.book().book().rehearsal;
    const std::unique_ptr<engine::BackorderProvider> simulated =
        registry.empty() ? nullptr : open_registry(globals.book, registry, own_clock);
    ProviderConnection connection(session);
    options.provider = simulated ? simulated.get() : connection.get();
    options.entity = !entity.empty() ? entity : own_clock ? "1234" : "54cd";
    if (entity == "any") options.entity.clear();
    options.sweep_every = value_or_throw(engine::parse_span(!sweep_every.empty() ? sweep_every
                                                            : own_clock          ? "5s"
                                                                                 : "60s"));
    const std::unique_ptr<gateway::RequestLog> log = value_or_throw(gateway::RequestLog::open(log_file));
    options.log = [&log](const std::string& line) { log->write(line); };
    return serve(session, std::move(options), *log);
  }

 private:
  [[noreturn]] static void refuse_clock() {
    throw CommandError{Error{ErrorCode::clock_not_movable,
                             "a gateway's clock is not moved by --now: a rehearsal book's moves with 'clock advance', "
                             "a live one's by itself"}};
  }

  // The registry lives in the book's time.
  static std::unique_ptr<engine::BackorderProvider> open_registry(const std::string& book, const std::string& registry,
                                                                  bool own_clock) {
    if (!own_clock) return value_or_throw(simulated_registry::SimulatedRegistry::open(registry, system_now));
    const std::shared_ptr<engine::LedgerReader> store = storage::open_reader(book);
    return value_or_throw(simulated_registry::SimulatedRegistry::open(registry, [store] {
      const engine::BookInfo info = store->book();
      return info.last_recorded.value_or(info.made_at);
    }));
  }

  static int serve(Session& session, gateway::GatewayOptions options, gateway::RequestLog& log) {
    // Threads inherit the mask: signals are taken here, by waiting, and nowhere else.
    sigset_t ending;
    sigemptyset(&ending);
    for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&ending, signal);
    sigset_t before;
    pthread_sigmask(SIG_BLOCK, &ending, &before);
    const std::string scheme = options.listen.certificate.empty() ? "http" : "https";
    const std::string host =
        options.listen.host.find(':') == std::string::npos ? options.listen.host : "[" + options.listen.host + "]";
    const std::string entity = options.entity;
    const std::string environment = options.provider == nullptr ? "none" : options.provider->environment();
    gateway::Gateway running(std::move(options));
    const int port = value_or_throw(running.start());
    const std::string address = scheme + "://" + host + ":" + std::to_string(port) + "/api/call.cgi";
    if (session.globals().format == "table") {
      session.say("listening on " + address + " (entity " + (entity.empty() ? "any" : entity) + ", provider " +
                  environment + ")");
    } else {
      render::Table record;
      record.schema = "dropledger.serve/1";
      record.add_fact("address", address);
      record.add_fact("port", port);
      record.add_fact("entity", entity);
      record.add_fact("provider", environment);
      session.print(record);
    }
    std::cout.flush();
    const std::string status = "answers at " + address;
    notify_ready(status);
    int signal = 0;
    while ((signal = next_signal(ending)) == SIGHUP) {
      notify_reloading();
      reopen(session, running, log);
      notify_ready(status);
    }
    notify_stopping();
    // What waits for a provider in trouble is woken; a second signal ends the program at once.
    stop_on_signals();
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    ::raise(signal);
    running.stop();
    session.note("ended: requests in flight were answered");
    return 0;
  }

  // Waits for one of these signals; tells the watchdog meanwhile that this thread is alive.
  static int next_signal(const sigset_t& signals) {
    const std::optional<std::chrono::nanoseconds> interval = watchdog_interval();
    while (true) {
      int signal = 0;
      if (interval) {
        const auto seconds = std::chrono::floor<std::chrono::seconds>(*interval);
        const timespec limit{seconds.count(), (*interval - seconds).count()};
        signal = sigtimedwait(&signals, nullptr, &limit);
      } else {
        signal = sigwaitinfo(&signals, nullptr);
      }
      if (signal > 0) return signal;
      if (errno == EAGAIN) notify_alive();  // else a handler of another signal ran: go on waiting
    }
  }

  // What others replace while the gateway runs. What cannot be opened stays as it was, and the gateway goes on.
  static void reopen(Session& session, gateway::Gateway& running, gateway::RequestLog& log) {
    const engine::Status logs = log.reopen();
    if (!logs) session.note(logs.error().detail + "; it goes on where it was: send SIGHUP again when it can be opened");
    const engine::Status certificate = running.reload_certificate();
    if (!certificate) session.note(certificate.error().detail + "; the certificate from before stays in use");
    log.write(nlohmann::ordered_json{{"ts", engine::to_string(system_now())},
                                     {"event", "reopened"},
                                     {"log", logs ? "ok" : logs.error().detail},
                                     {"certificate", certificate ? "ok" : certificate.error().detail}}
                  .dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
  }
};

}  // namespace

void add_serve_commands(CommandLine& line) {
  add_command<Serve>(
      line, line.app, "serve", "Answers the provider's protocol to customers' software, and does what falls due",
      "  dropledger serve --rehearsal --db demo.db --listen 127.0.0.1:8080\n"
      "  curl -d 'command=AddDomainApplication&class=BACKORDER&domain=john.com' \\\n"
      "    'http://127.0.0.1:8080/api/call.cgi?s_entity=1234&s_login=test.user&s_pw=test.passw0rd'\n"
      "  dropledger --db demo.db clock advance 1d\n"
      "  dropledger serve --listen 0.0.0.0:443 --certificate chain.pem --key key.pem --request-log requests.jsonl");
}

}  // namespace cli
