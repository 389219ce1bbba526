// `dropledger serve` as its users have it: the program, real HTTP, and the clock moved from beside it.
#include <doctest/doctest.h>
#include <httplib.h>
#include <signal.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>

#include "api_client/response.hpp"
#include "tests/support/run_program.hpp"
#include "tests/support/running_program.hpp"
#include "tests/support/temporary_directory.hpp"

using namespace support;

namespace {

const std::string kCredentials = "s_entity=1234&s_login=test.user&s_pw=test.passw0rd";

struct Rehearsal {
  explicit Rehearsal(std::vector<std::string> more = {}) : book(directory.file("demo.db")) {
    std::vector<std::string> arguments{"serve",    "--rehearsal", "--db",  book,
                                       "--listen", "127.0.0.1:0", "--now", "2026-08-01T12:00:00Z"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    server = std::make_unique<RunningProgram>(arguments, directory.file("log"));
    const std::string line = server->read_line();
    REQUIRE_MESSAGE(line.starts_with("listening on http://127.0.0.1:"), line << log());
    port = std::stoi(line.substr(std::string("listening on http://127.0.0.1:").size()));
  }
  httplib::Client client() const {
    httplib::Client made("127.0.0.1", port);
    made.set_read_timeout(60);
    return made;
  }
  // As curl -d sends it: the command in the body, credentials in the query string.
  api_client::Response call(const std::string& body,
                            const std::string& content_type = "application/x-www-form-urlencoded") const {
    httplib::Client to = client();
    const auto answered = to.Post("/api/call.cgi?" + kCredentials, body, content_type);
    REQUIRE(answered);
    CHECK(answered->status == 200);
    CHECK(answered->get_header_value("Content-Type").starts_with("text/plain"));
    return api_client::Response::parse(answered->body);
  }
  void advance(const std::string& span) const {
    REQUIRE(run_program({"--db", book, "clock", "advance", span}).status == 0);
  }
  std::string log() const {
    std::ifstream stream(directory.file("log"));
    return {std::istreambuf_iterator<char>(stream), {}};
  }

  TemporaryDirectory directory;
  std::string book;
  std::unique_ptr<RunningProgram> server;
  int port = 0;
};

}  // namespace

TEST_CASE("serve: the quick start's call works, and the deposit's life follows the clock") {
  Rehearsal rehearsal;
  CHECK(rehearsal.call("command=AddDomainApplication&class=BACKORDER&domain=john.com").value("APPLICATION") == "1");
  struct Row {
    const char* advance;
    const char* status;
    const char* amount;
    const char* deposit;
  };
  for (const Row& row : {Row{"0s", "REQUESTED", "500.00", "0.00"}, Row{"23h", "REQUESTED", "500.00", "0.00"},
                         Row{"2h", "ACTIVE", "500.00", "59.00"}, Row{"45h", "PROCESSING", "500.00", "59.00"},
                         Row{"20h", "PROCESSING", "500.00", "59.00"}, Row{"26h", "SUCCESSFUL", "441.00", "0.00"}}) {
    CAPTURE(row.status);
    rehearsal.advance(row.advance);
    CHECK(rehearsal.call("command=StatusDomainApplication&application=1").value("STATUS") == row.status);
    const auto account = rehearsal.call("command=StatusAccount");
    CHECK(account.value("AMOUNT") == row.amount);
    CHECK(account.value("DEPOSIT") == row.deposit);
  }
  rehearsal.server->signal(SIGTERM);
  CHECK(rehearsal.server->wait() == 0);
  CHECK(run_program({"--db", rehearsal.book, "verify"}).status == 0);
  CHECK(rehearsal.log().find("test.passw0rd") == std::string::npos);
}

TEST_CASE("serve: GET with everything in the query string, and a body whatever its content type says") {
  Rehearsal rehearsal;
  httplib::Client client = rehearsal.client();
  const auto got = client.Get("/api/call.cgi?" + kCredentials + "&command=statusaccount");
  REQUIRE(got);
  CHECK(api_client::Response::parse(got->body).value("AMOUNT") == "500.00");
  for (const char* type : {"text/plain;charset=UTF-8", "application/x-www-form-urlencoded",
                           "multipart/form-data; boundary=x", "application/json"}) {
    CAPTURE(type);
    CHECK(rehearsal.call("s_command=COMMAND%3DStatusAccount", type).code() == 200);
  }
  const std::string long_value(200'000, 'x');  // beyond the library's own limit for forms, 8 KiB
  CHECK(rehearsal.call("command=StatusAccount&x-comment=" + long_value).code() == 200);
  CHECK(client.Get("/")->status == 404);
  CHECK(client.Get("/api/call.cgi")->status == 200);
}

TEST_CASE("serve: told to end, it answers what is on its way, then ends with status 0") {
  Rehearsal rehearsal;
  std::vector<std::thread> clients;
  std::atomic<int> answered{0}, begun{0}, ended{0};
  for (int i = 0; i < 8; ++i) {
    clients.emplace_back([&, i] {
      httplib::Client client = rehearsal.client();
      client.set_keep_alive(true);
      for (int n = 0;; ++n) {
        const auto answer = client.Post("/api/call.cgi?" + kCredentials,
                                        "command=AddDomainApplication&class=BACKORDER&domain=n" + std::to_string(i) +
                                            "-" + std::to_string(n) + ".com",
                                        "text/plain");
        if (!answer) break;  // the listener is gone
        if (api_client::Response::parse(answer->body).code() == 200) ++answered;
        ++begun;
      }
      ++ended;
    });
  }
  while (begun < 40 && ended < 8) std::this_thread::yield();
  rehearsal.server->signal(SIGINT);
  CHECK(rehearsal.server->wait() == 0);
  for (std::thread& client : clients) client.join();
  CHECK(answered >= 40);
  // Every placement that was answered is in the book; one per client at most is there without its answer having been
  // read.
  const ProgramResult listed =
      run_program({"--db", rehearsal.book, "--format", "csv", "--no-header", "backorder", "list"});
  REQUIRE(listed.status == 0);
  const auto rows = std::ranges::count(listed.output, '\n');
  CHECK(rows >= answered);
  CHECK(rows <= answered + 8);
}

TEST_CASE("serve: SIGHUP opens the log anew, also without its folder, and never ends the gateway") {
  TemporaryDirectory logs;
  const std::string folder = logs.file("logs"), moved = logs.file("moved");
  std::filesystem::create_directory(folder);
  Rehearsal rehearsal({"--request-log", folder + "/requests.jsonl"});
  const auto await_log = [](const std::string& file, std::string_view what) {
    const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    for (std::string text; std::chrono::steady_clock::now() < give_up; std::this_thread::yield()) {
      std::ifstream stream(file);
      text.assign(std::istreambuf_iterator<char>(stream), {});
      if (text.find(what) != std::string::npos) return true;
    }
    return false;
  };
  CHECK(rehearsal.call("command=StatusAccount").code() == 200);
  std::filesystem::rename(folder, moved);
  rehearsal.server->signal(SIGHUP);
  CHECK(await_log(moved + "/requests.jsonl", "No such file or directory"));
  CHECK(rehearsal.call("command=StatusAccount").code() == 200);
  std::filesystem::create_directory(folder);
  rehearsal.server->signal(SIGHUP);
  CHECK(await_log(folder + "/requests.jsonl", R"("log":"ok")"));
  CHECK(rehearsal.call("command=StatusUser").code() == 200);
  CHECK(await_log(folder + "/requests.jsonl", "StatusUser"));
  rehearsal.server->signal(SIGTERM);
  CHECK(rehearsal.server->wait() == 0);
}

TEST_CASE("serve: it does not listen beyond this machine without TLS, nor serve a live book as a rehearsal") {
  TemporaryDirectory directory;
  const std::string book = directory.file("live.db");
  REQUIRE(run_program({"--db", book, "init"}).status == 0);
  struct Row {
    std::vector<std::string> arguments;
    const char* says;
  };
  for (const Row& row :
       {Row{{"--db", book, "serve", "--listen", "0.0.0.0:0"}, "in the clear"},
        Row{{"--db", book, "serve", "--listen", "127.0.0.1:99999"}, "is no address"},
        Row{{"--db", book, "serve", "--rehearsal"}, "is a live book"},
        Row{{"--db", book, "--now", "2026-08-01", "serve"}, "not moved by --now"},
        Row{{"--db", book, "serve", "--certificate", "x.pem"}, "together"},
        Row{{"--db", book, "--dry-run", "serve"}, "--dry-run"},
        Row{{"--db", book, "serve", "--listen", "127.0.0.1:0", "--certificate", "x.pem", "--key", "y.pem"},
            "cannot be used"},
        Row{{"--db", book, "clock", "advance", "1d"}, "this book is live"}}) {
    const ProgramResult result = run_program(row.arguments);
    CAPTURE(result.error);
    CHECK(result.status != 0);
    CHECK(result.error.find(row.says) != std::string::npos);
  }
}

TEST_CASE(
    "user: made, listed, shut out, given another password and removed; passwords only from stdin or a closed file") {
  TemporaryDirectory directory;
  const std::string book = directory.file("book.db");
  const auto run_with = [&](std::vector<std::string> arguments, const std::string& input) {
    arguments.insert(arguments.begin(), {"--db", book});
    return run_program(arguments, {.input = input});
  };
  REQUIRE(run_with({"init"}, "").status == 0);
  REQUIRE(run_with({"account", "open", "alice", "--currency", "EUR"}, "").status == 0);
  CHECK(run_with({"user", "add", "north.user", "--account", "alice"}, "Tide&42-long\n").status == 0);
  CHECK(run_with({"user", "add", "north.user!billing", "--account", "alice"}, "Tide&43-long").status == 0);
  CHECK(run_with({"user", "add", "north.user", "--account", "alice"}, "Tide&42-long\n").error.find("user_exists") !=
        std::string::npos);
  CHECK(run_with({"user", "add", "two words", "--account", "alice"}, "Tide&42-long\n").status == 2);
  CHECK(run_with({"user", "add", "short", "--account", "alice"}, "1234567\n").status == 2);
  CHECK(run_with({"user", "add", "nobody", "--account", "bob"}, "Tide&42-long\n").status == 4);
  CHECK(run_with({"user", "passwd", "nobody"}, "Tide&42-long\n").error.find("user_not_found") != std::string::npos);
  const std::string file = directory.file("secret");
  std::ofstream(file) << "Tide&44-long\n";
  ::chmod(file.c_str(), 0644);
  CHECK(run_with({"user", "passwd", "north.user", "--password-file", file}, "").error.find("chmod 600") !=
        std::string::npos);
  ::chmod(file.c_str(), 0600);
  CHECK(run_with({"user", "passwd", "north.user", "--password-file", file}, "").status == 0);
  CHECK(run_with({"user", "disable", "north.user"}, "").status == 0);
  CHECK(run_with({"user", "list", "--csv"}, "").output.find("north.user,alice,no") != std::string::npos);
  CHECK(run_with({"user", "enable", "north.user"}, "").status == 0);
  CHECK(run_with({"user", "list", "--csv"}, "").output.find("north.user,alice,yes") != std::string::npos);
  CHECK(run_with({"user", "remove", "north.user"}, "").status == 0);
  CHECK(run_with({"user", "list", "--csv", "--no-header"}, "").output.starts_with("north.user!billing,alice,yes"));
  CHECK(run_with({"verify"}, "").status == 0);
}
