// The relay that spoils a share of what passes between two instances, from the command line: for demonstrations and
// integrators' tests.
#include <csignal>
#include <filesystem>
#include <iostream>

#include "tools/cli/commands/commands.hpp"
#include "tools/faults/relay.hpp"

namespace cli {
namespace {

using engine::Error;
using engine::ErrorCode;
using faults::Kind;

// Dead within [from, to).
struct Outage {
  engine::UtcTime from, to;
};
// "2026-08-03T01:00:00Z/10m"
Outage parse_outage(const std::string& text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string::npos) {
    throw CommandError{
        Error{ErrorCode::invalid_argument,
              "--outage '" + text +
                  "' is no window: write when it begins and how long it is, such as 2026-08-03T01:00:00Z/10m"}};
  }
  const engine::UtcTime from = value_or_throw(engine::parse_time(text.substr(0, slash)));
  return {from, from + value_or_throw(engine::parse_span(text.substr(slash + 1)))};
}

render::Table table_of(const faults::Tally& tally, const faults::Options& options, const faults::Address& listens_at) {
  render::Table table;
  table.schema = "dropledger.faults/1";
  table.columns = {{"fault"}, {"count", "", render::Kind::number}};
  table.add_fact("listen", to_string(listens_at));
  table.add_fact("to", to_string(options.to));
  table.add_fact("percent", options.percent);
  // 64 bits without a sign: text, or a reader rounds it
  table.add_fact("seed", std::to_string(options.seed));
  table.add_fact("connections", tally.connections);
  table.add_fact("exchanges", tally.exchanges);
  table.add_fact("passed", tally.passed);
  table.add_fact("spoiled", tally.faults());
  table.add_fact("unreachable", tally.unreachable);
  table.add_fact("outages", tally.outages);
  for (const Kind kind : faults::kKinds) table.add(to_word(kind), tally.of(kind));
  return table;
}

struct Faults {
  std::string listen = "127.0.0.1:0", to, late_by = "60s";
  int percent = 33;
  std::uint64_t seed = 1;
  std::vector<std::string> kinds, outages;
  void bind(CLI::App& app) {
    app.add_option("--listen", listen, "Address for clients; port 0 is any free one")
        ->type_name("ADDRESS:PORT")
        ->capture_default_str();
    app.add_option("--to", to, "Address of the server behind the proxy")->type_name("ADDRESS:PORT")->required();
    app.add_option("--percent", percent, "Percentage of exchanges that are spoiled")
        ->type_name("PERCENT")
        ->check(CLI::Range(0, 100))
        ->capture_default_str();
    app.add_option("--seed", seed, "Seed; the same seed spoils the same exchanges in the same way")
        ->capture_default_str();
    std::string known;
    for (const Kind kind : faults::kKinds) known += (known.empty() ? "" : ", ") + std::string(to_word(kind));
    app.add_option("--kinds", kinds, "Only these, separated by commas (default: all): " + known)
        ->type_name("KIND,…")
        ->delimiter(',');
    app.add_option("--late-by", late_by, "Delay of a late answer, longer than the client waits")
        ->type_name("SPAN")
        ->capture_default_str();
    app.add_option("--outage", outages,
                   "Outage from an instant for a span, by the clock of the rehearsal book --db, else of the machine; "
                   "may be repeated")
        ->type_name("TIME/SPAN");
  }
  int run(Session& session) const {
    faults::Options options{.listen = value_or_throw(faults::parse_address(listen)),
                            .to = value_or_throw(faults::parse_address(to)),
                            .percent = percent,
                            .seed = seed,
                            .late_by = value_or_throw(engine::parse_span(late_by))};
    if (!kinds.empty()) options.kinds.clear();
    for (const std::string& word : kinds) {
      const auto kind = faults::parse_kind(word);
      if (!kind)
        throw CommandError{Error{ErrorCode::invalid_argument,
                                 "'" + word + "' is no kind of fault; they are listed in 'dropledger faults --help'"}};
      options.kinds.push_back(*kind);
    }
    std::vector<Outage> windows;
    for (const std::string& text : outages) windows.push_back(parse_outage(text));
    sigset_t awaited;  // before the relay's thread starts, which inherits the mask
    sigemptyset(&awaited);
    for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2}) sigaddset(&awaited, signal);
    sigprocmask(SIG_BLOCK, &awaited, nullptr);
    const std::unique_ptr<faults::Relay> relay = value_or_throw(faults::Relay::open(options));
    session.note("faults: listening on " + to_string(relay->address()) + ", in front of " + to_string(options.to) +
                 "; SIGUSR1 prints the counts, SIGUSR2 turns dead and back");
    const auto print = [&] {
      session.print(table_of(relay->tally(), options, relay->address()));
      std::cout.flush();
    };
    bool dead_by_hand = false;
    for (;;) {
      bool dead = dead_by_hand;
      if (!windows.empty()) {
        const engine::UtcTime now = clock(session);
        for (const Outage& window : windows) dead = dead || (window.from <= now && now < window.to);
      }
      relay->set_dead(dead);
      const timespec look{.tv_sec = 0, .tv_nsec = 50'000'000};
      switch (sigtimedwait(&awaited, nullptr, &look)) {
        case SIGUSR1:
          print();
          break;
        case SIGUSR2:
          dead_by_hand = !dead_by_hand;
          break;
        case SIGTERM:
        case SIGINT:
        case SIGHUP:
          print();
          return 0;
        default:
          break;
      }
    }
  }

 private:
  // A rehearsal book's clock moves while we run.
  static engine::UtcTime clock(Session& session) {
    std::error_code failed;
    if (!std::filesystem::exists(session.globals().book, failed)) return system_now();
    const engine::BookInfo book = session.book_read_only().book();
    return book.rehearsal ? book.last_recorded.value_or(book.made_at) : system_now();
  }
};

}  // namespace

void add_faults_commands(CommandLine& line) {
  add_command<Faults>(line, line.app, "faults", "Runs a fault-injecting proxy for the provider's protocol",
                      "  dropledger faults --to 127.0.0.1:8080 --percent 33 --seed 7\n"
                      "  dropledger faults --to 127.0.0.1:8080 --kinds lost-answer,torn --late-by 5s\n"
                      "  dropledger --db provider.db faults --to 127.0.0.1:8080 --outage 2026-08-03T01:00:00Z/10m");
}

}  // namespace cli
