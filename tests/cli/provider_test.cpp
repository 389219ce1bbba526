// The program against a provider over HTTP, as an operator runs it: credentials, environments, the log, and that no
// secret is anywhere.
#include <doctest/doctest.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <mutex>

#include "api_client/command.hpp"
#include "api_client/response.hpp"
#include "tests/support/loopback_server.hpp"
#include "tests/support/run_program.hpp"
#include "tests/support/temporary_directory.hpp"

namespace {

namespace fs = std::filesystem;
using api_client::Answer;
using support::Heard;
using support::LoopbackServer;
using support::ProgramResult;
using support::Said;

constexpr const char* kPassword = "Tide&42 t0psecret";
constexpr const char* kSession = "Q7fe01-secret-session";

std::string text_of(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

// A test system that tells our secrets back wherever it can.
class TestSystem {
 public:
  std::function<void(const api_client::Request&)> watch{};  // before each answer, one after the other
  std::vector<std::string> headers{};                       // of each answer
  TestSystem()
      : server_([this](const Heard& heard) {
          Said said = answer(heard);
          said.headers = headers;
          return said;
        }) {}
  std::string url() const { return server_.url(); }
  std::vector<std::string> commands() const {
    std::vector<std::string> names;
    for (const Heard& heard : server_.heard())
      names.push_back(api_client::decode_form("", heard.body).value().command.name);
    return names;
  }

 private:
  Said answer(const Heard& heard) {
    const api_client::Request request = api_client::decode_form("", heard.body).value();
    {
      const std::lock_guard lock(mutex_);
      if (watch) watch(request);
    }
    Answer answer;
    const auto refuse = [&](int code) {
      answer.code = code;
      answer.detail = "you said " + request.connection.password + request.connection.session;
      return Said{.body = format(answer)};
    };
    if (request.command.is("StartSession")) {
      if (request.connection.password != kPassword || request.connection.entity != "1234") return refuse(530);
      answer.add("SESSION", kSession);
      return {.body = format(answer)};
    }
    if (request.connection.session != kSession) return refuse(530);
    const std::lock_guard lock(mutex_);
    if (request.command.is("AddDomainApplication")) {
      names_.emplace_back(request.command.find("DOMAIN").value());
      add_row(answer, names_.size() - 1);
      answer.add("AUTH", "fk8,3*HHtRb2");
      answer.add("COMMENT", std::string(kPassword) + " " + kSession);
    } else if (request.command.is("QueryDomainApplicationList")) {
      answer.add("COUNT", std::to_string(names_.size()));
      answer.add("TOTAL", std::to_string(names_.size()));
      for (std::size_t i = 0; i < names_.size(); ++i) {
        add_row(answer, i);
        answer.add("COMMENT", std::string(kPassword) + " " + kSession);
      }
    } else if (request.command.is("QueryDomainPendingDeleteList")) {
      answer.add("COUNT", "2");
      answer.add("TOTAL", "2");
      for (const char* name : {"dune-market.com", "tern-court.com"}) {
        answer.add("DOMAIN", name);
        answer.add("FINALIZATIONDATE", "2026-08-05 17:00:00");
      }
    } else if (request.command.is("StatusAccount")) {
      for (const auto& [property, value] :
           {std::pair{"AMOUNT", "2417.35"}, {"CREDIT", "0.00"}, {"CURRENCY", "EUR"}, {"DEPOSIT", "138.00"}})
        answer.add(property, value);
    } else if (!request.command.is("EndSession")) {
      return refuse(500);
    }
    return {.body = format(answer)};
  }
  void add_row(Answer& answer, std::size_t i) const {
    answer.add("APPLICATION", std::to_string(40'001 + i));
    answer.add("CREATEDDATE", "2026-08-02 18:00:00");
    answer.add("DOMAIN", names_[i]);
    answer.add("STATUS", i == 0 ? "SUCCESSFUL" : "FAILED");
  }

  std::mutex mutex_;
  std::vector<std::string> names_;
  LoopbackServer server_;
};

// A rehearsal book with two funded backorders, and credentials for the test system.
struct TestLedger {
  support::TemporaryDirectory folder{};
  TestSystem system{};
  std::string book = folder.file("book.db"), credentials = folder.file("credentials"), log = folder.file("log.jsonl");

  TestLedger() {
    write_credentials(kPassword);
    ok({"init", "--rehearsal", "--now", "2026-08-01"});
    ok({"price", "set", "com", "59.00", "EUR"});
    ok({"account", "open", "alice", "--currency", "EUR"});
    ok({"fund", "alice", "200.00"});
  }
  void write_credentials(const std::string& password) const {
    std::ofstream(credentials) << "login = north.user!submitter\npassword = " << password << "\n";
    chmod(credentials.c_str(), 0600);
  }
  ProgramResult run(std::vector<std::string> arguments,
                    const std::map<std::string, std::string>& environment = {}) const {
    arguments.insert(arguments.end(), {"--db", book});
    return support::run_program(arguments, {.environment = environment, .directory = folder.path().string()});
  }
  ProgramResult ok(std::vector<std::string> arguments) const {
    ProgramResult result = run(std::move(arguments));
    CAPTURE(result.error);
    CHECK(result.status == 0);
    return result;
  }
  std::vector<std::string> with_provider(std::vector<std::string> arguments) const {
    arguments.insert(arguments.end(),
                     {"--provider", system.url(), "--entity", "1234", "--credentials", credentials, "--log", log});
    return arguments;
  }
  void place_two() const {
    ok(with_provider({"droplist", "fetch", "--source", "provider"}));
    ok({"backorder", "place", "alice", "dune-market.com", "tern-court.com"});
  }
};

}  // namespace

TEST_CASE(
    "program: a list fetched, jobs created and settled over HTTP; the environment is shown, sessions end, exchanges "
    "are logged") {
  TestLedger desk;
  const ProgramResult fetched =
      desk.ok(desk.with_provider({"droplist", "fetch", "--source", "provider", "--zone", "com", "--format", "csv"}));
  CHECK(fetched.output.find("provider") != std::string::npos);
  desk.ok({"backorder", "place", "alice", "dune-market.com", "tern-court.com"});
  const ProgramResult swept = desk.ok(desk.with_provider({"sweep", "--now", "2026-08-02T17:00:00Z"}));
  CHECK(swept.output.find(desk.system.url() + " 1234") != std::string::npos);
  CHECK(swept.output.find("submitted") != std::string::npos);
  const ProgramResult status = desk.ok(desk.with_provider({"provider", "status", "--format", "json"}));
  CHECK(status.output.find("\"2279.35\"") != std::string::npos);
  CHECK(desk.ok({"verify"}).output.find("Everything agrees") != std::string::npos);
  const std::vector<std::string> commands = desk.system.commands();
  CHECK(std::ranges::count(commands, "AddDomainApplication") == 2);
  CHECK(std::ranges::count(commands, "StartSession") == std::ranges::count(commands, "EndSession"));
  std::size_t lines = 0;
  std::ifstream log(desk.log);
  for (std::string line; std::getline(log, line);) {
    CHECK(line.starts_with("{\"at\":\""));
    CHECK(line.ends_with("}"));
    ++lines;
  }
  CHECK(lines == commands.size());
  struct stat about {};
  REQUIRE(stat(desk.log.c_str(), &about) == 0);
  CHECK((about.st_mode & 0777) == 0600);
}

TEST_CASE("program: no secret in book, journal, log, output, errors or list of processes") {
  TestLedger desk;
  desk.place_two();
  std::string processes, files;
  desk.system.watch = [&](const api_client::Request& request) {  // the sweep is in the middle of it
    if (!request.command.is("AddDomainApplication") || !files.empty()) return;
    for (const char* suffix : {"", "-wal", "-shm"}) files += text_of(desk.book + suffix);
    for (const fs::directory_entry& process : fs::directory_iterator("/proc")) {
      const std::string line = text_of(process.path() / "cmdline");
      if (line.find(desk.book) != std::string::npos) processes += line;
    }
  };
  const ProgramResult swept =
      desk.ok(desk.with_provider({"sweep", "--now", "2026-08-02T17:00:00Z", "--format", "json"}));
  CHECK(files.find("dune-market.com") != std::string::npos);
  CHECK(processes.find("--credentials") != std::string::npos);
  const ProgramResult explained = desk.ok({"backorder", "explain", "1"});
  desk.write_credentials("another t0psecret password");
  const ProgramResult refused = desk.run(desk.with_provider({"provider", "status"}));
  CHECK(refused.error.find("530") != std::string::npos);
  std::string everything = files + processes + swept.output + swept.error + explained.output + refused.output +
                           refused.error + text_of(desk.log);
  for (const fs::directory_entry& file : fs::directory_iterator(desk.folder.path())) {
    if (file.path() != desk.credentials) everything += text_of(file.path());
  }
  for (const char* secret : {"t0psecret", "Tide", "Q7fe01", "fk8,3*HHtRb2"}) {
    CAPTURE(secret);
    CHECK(everything.find(secret) == std::string::npos);
  }
}

TEST_CASE("program: credentials that others can read, or none at all, are refused before anything is sent or written") {
  TestLedger desk;
  desk.place_two();
  const std::string before = text_of(desk.book);
  const std::size_t asked = desk.system.commands().size();
  chmod(desk.credentials.c_str(), 0644);
  ProgramResult result = desk.run(desk.with_provider({"sweep", "--now", "2026-08-02T17:00:00Z"}));
  CHECK(result.status == 3);
  CHECK(result.error.find("credentials_unusable (114)") != std::string::npos);
  CHECK(result.error.find("chmod 600") != std::string::npos);
  result = desk.run({"sweep", "--provider", desk.system.url(), "--entity", "1234", "--now", "2026-08-02T17:00:00Z"});
  CHECK(result.status == 3);
  CHECK(result.error.find("DROPLEDGER_LOGIN") != std::string::npos);
  CHECK(desk.system.commands().size() == asked);
  CHECK(text_of(desk.book) == before);
}

TEST_CASE("program: provider and credentials may come from the environment; an option comes first") {
  TestLedger desk;
  const std::map<std::string, std::string> environment{{"DROPLEDGER_PROVIDER", desk.system.url()},
                                                       {"DROPLEDGER_ENTITY", "1234"},
                                                       {"DROPLEDGER_LOGIN", "north.user"},
                                                       {"DROPLEDGER_PASSWORD", kPassword}};
  ProgramResult result = desk.run({"provider", "status"}, environment);
  CHECK(result.status == 0);
  CHECK(result.output.find("2279.35 EUR") != std::string::npos);
  result = desk.run({"provider", "status", "--registry", "nothing.db"}, environment);
  CHECK(result.error.find("nothing.db") != std::string::npos);
  std::map<std::string, std::string> both = environment;
  both["DROPLEDGER_REGISTRY"] = "nothing.db";
  CHECK(desk.run({"provider", "status"}, both).status == 2);
  CHECK(desk.run({"provider", "status", "--registry", "nothing.db", "--provider", "cnr-ote"}).status == 2);
}

TEST_CASE(
    "program: a rehearsal book and a live provider are never together, nor a moved clock and a live one; nobody is "
    "asked") {
  TestLedger desk;
  for (const std::vector<std::string>& live : {std::vector<std::string>{"--provider", "cnr"},
                                               {"--provider", desk.system.url(), "--entity", "54cd"},
                                               {"--provider", desk.system.url(), "--entity", "other"}}) {
    std::vector<std::string> arguments{"sweep", "--credentials", desk.credentials};
    arguments.insert(arguments.end(), live.begin(), live.end());
    const ProgramResult result = desk.run(arguments);
    CHECK(result.status == 5);
    CHECK(result.error.find("clock_not_movable (608)") != std::string::npos);
  }
  const std::string book = desk.folder.file("live.db");
  REQUIRE(support::run_program({"init", "--db", book}).status == 0);
  const ProgramResult moved = support::run_program(
      {"preview", "--now", "2026-08-02", "--db", book, "--provider", "cnr", "--credentials", desk.credentials});
  CHECK(moved.error.find("clock_not_movable (608)") != std::string::npos);
  CHECK(desk.system.commands().empty());
}

TEST_CASE(
    "program: an order goes out by the book's clock as it is when the order is sent, also where another program moves "
    "it meanwhile") {
  TestLedger desk;
  desk.place_two();
  bool moved = false;
  // the sweep has its intents on file and sends the first order
  desk.system.watch = [&](const api_client::Request& request) {
    if (!request.command.is("AddDomainApplication") || std::exchange(moved, true)) return;
    desk.ok({"clock", "set", "2026-08-05T18:00:00Z"});
  };
  desk.ok({"clock", "set", "2026-08-02T17:00:00Z"});
  const ProgramResult late = desk.run(desk.with_provider({"sweep", "--connections", "1"}));
  CHECK(moved);
  CHECK(late.error.find("its time was over before it could be sent") != std::string::npos);
  CHECK(std::ranges::count(desk.system.commands(), "AddDomainApplication") == 1);
  desk.ok(desk.with_provider({"sweep"}));
  CHECK(desk.ok({"backorder", "list", "--csv"}).output.find("deadline_missed") != std::string::npos);
}

TEST_CASE(
    "program: a live book's user is told once that the provider's clock and the machine's differ; a rehearsal's is "
    "not") {
  TestLedger desk;
  desk.system.headers = {"Date: Sun, 06 Nov 1994 08:49:37 GMT"};
  const std::string live = desk.folder.file("live.db");
  REQUIRE(support::run_program({"init", "--db", live}).status == 0);
  const auto told = [&](const std::string& book) {
    const ProgramResult result = support::run_program(desk.with_provider({"provider", "status", "--db", book}));
    CAPTURE(result.error);
    CHECK(result.status == 0);
    const std::string words = " says 1994-11-06T08:49:37Z, this machine's is ";
    const std::size_t at = result.error.find(words);
    return (at == std::string::npos ? 0 : 1) +
           (at == std::string::npos || result.error.find(words, at + 1) == std::string::npos ? 0 : 1);
  };
  CHECK(told(live) == 1);
  CHECK(told(desk.book) == 0);
}

TEST_CASE("program: mixed environments and plain http to elsewhere are usage errors") {
  TestLedger desk;
  for (const std::vector<std::string>& wrong : {std::vector<std::string>{"--provider", "cnr-ote", "--entity", "54cd"},
                                                {"--provider", "ote"},
                                                {"--provider", "http://192.0.2.1", "--entity", "1234"},
                                                {"--provider", desk.system.url()},
                                                {"--provider", "production"}}) {
    std::vector<std::string> arguments{"provider", "status", "--credentials", desk.credentials};
    arguments.insert(arguments.end(), wrong.begin(), wrong.end());
    const ProgramResult result = desk.run(arguments);
    CHECK(result.status == 2);
    CHECK(result.error.find("invalid_argument (101)") != std::string::npos);
  }
  const ProgramResult no_http = desk.run({"droplist", "fetch", "--source", "provider"});
  CHECK(no_http.status == 2);
  CHECK(no_http.error.find("--provider") != std::string::npos);
}

TEST_CASE("program: a provider that is not there is a trouble of the sweep; what else was due is done") {
  TestLedger desk;
  desk.place_two();
  const ProgramResult result = desk.run({"sweep", "--now", "2026-08-02T17:00:00Z", "--provider",
                                         "http://127.0.0.1:" + std::to_string(support::closed_port()), "--entity",
                                         "1234", "--credentials", desk.credentials, "--patience", "0s"});
  CHECK(result.status == 7);
  CHECK(result.output.find("reserved") != std::string::npos);
  CHECK(result.error.find("provider_unreachable") != std::string::npos);
}

TEST_CASE("program: provider resume: refused credentials stop submitting until a person resumes it") {
  TestLedger desk;
  desk.place_two();
  const ProgramResult needless = desk.run({"provider", "resume"});
  CHECK(needless.status == 2);
  CHECK(needless.error.find("submitting is not stopped for the environment") != std::string::npos);
  desk.write_credentials("another t0psecret password");
  const std::vector<std::string> sweep = desk.with_provider({"sweep", "--now", "2026-08-02T17:00:00Z"});
  const ProgramResult refused = desk.run(sweep);
  CAPTURE(refused.error);
  CHECK(refused.status == 5);
  desk.write_credentials(kPassword);
  CHECK(desk.run(sweep).error.find("provider_stopped") != std::string::npos);
  CHECK(std::ranges::count(desk.system.commands(), "AddDomainApplication") == 0);
  CHECK(desk.run({"provider", "resume", "net"}).error.find("submitting is not stopped for zone .net") !=
        std::string::npos);
  CHECK(desk.ok({"provider", "resume"}).output.starts_with("submitting goes on: environment"));
  desk.ok(sweep);
  CHECK(std::ranges::count(desk.system.commands(), "AddDomainApplication") == 2);
  CHECK(desk.run({"provider", "resume"}).status == 2);
}
