// A live instance, by the machine's clock, as reseller in front of another instance, over real HTTP on both sides: a
// customer's software places, asks, deletes.
#include <doctest/doctest.h>
#include <httplib.h>
#include <signal.h>
#include <sys/stat.h>

#include <fstream>
#include <iterator>

#include "api_client/response.hpp"
#include "engine/time.hpp"
#include "tests/support/run_program.hpp"
#include "tests/support/running_program.hpp"
#include "tests/support/temporary_directory.hpp"

using namespace support;

namespace {

struct Gateway {
  Gateway(std::vector<std::string> arguments, const std::string& log) {
    arguments.insert(arguments.end(), {"--listen", "127.0.0.1:0", "--sweep-every", "1s"});
    program = std::make_unique<RunningProgram>(arguments, log);
    const std::string line = program->read_line(), begin = "listening on http://127.0.0.1:";
    REQUIRE_MESSAGE(line.starts_with(begin), line);
    port = std::stoi(line.substr(begin.size()));
  }
  api_client::Response call(const std::string& body) const {
    httplib::Client client("127.0.0.1", port);
    client.set_read_timeout(60);
    const auto answered = client.Post("/api/call.cgi?" + credentials, body, "application/x-www-form-urlencoded");
    REQUIRE(answered);
    return api_client::Response::parse(answered->body);
  }
  // Until the application has that status: sweeps come every second.
  bool reaches(const std::string& application, const std::string& status) const {
    for (const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(60);
         std::chrono::steady_clock::now() < end;) {
      if (call("command=StatusDomainApplication&application=" + application).value("STATUS") == status) return true;
    }
    return false;
  }
  std::string credentials = "s_login=test.user&s_pw=test.passw0rd";
  std::unique_ptr<RunningProgram> program;
  int port = 0;
};

}  // namespace

TEST_CASE("chain: a customer of a live reseller places, gets one name and cancels another, and both books agree") {
  TemporaryDirectory directory;
  const std::string theirs = directory.file("provider.db"), ours = directory.file("reseller.db");
  Gateway provider({"--db", theirs, "serve", "--rehearsal"}, directory.file("provider.log"));
  const auto reseller_does = [&](std::vector<std::string> arguments, const std::string& input = "") {
    arguments.insert(arguments.begin(), {"--db", ours});
    const ProgramResult result = run_program(arguments, {.input = input});
    REQUIRE_MESSAGE(result.status == 0, result.error);
    return result.output;
  };
  reseller_does({"init"});
  reseller_does({"price", "set", "com", "80.00", "EUR"});
  reseller_does({"account", "open", "alice", "--currency", "EUR"});
  reseller_does({"fund", "alice", "200.00"});
  reseller_does({"user", "add", "alice.api", "--account", "alice"}, "Tide&42-long\n");
  // Within the window already: deposits are reserved when placed, and jobs created by the next sweep.
  const auto drop = engine::to_string(std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()) +
                                      std::chrono::hours(60));
  reseller_does({"droplist", "import", "-", "--source", "registry", "--date-is", "drop"},
                "john.com;" + drop + "\ntern-court.com;" + drop + "\n");
  const std::string credentials = directory.file("credentials");
  std::ofstream(credentials) << "login = test.user\npassword = test.passw0rd\n";
  ::chmod(credentials.c_str(), 0600);
  Gateway reseller(
      {"--db", ours, "serve", "--as-entity", "any", "--provider", "http://127.0.0.1:" + std::to_string(provider.port),
       "--entity", "1234", "--credentials", credentials, "--log", directory.file("exchanges")},
      directory.file("reseller.log"));
  reseller.credentials = "s_login=alice.api&s_pw=Tide%2642-long";

  const auto placed = reseller.call("command=AddDomainApplication&class=BACKORDER&domain=john.com");
  CHECK(placed.code() == 200);
  CHECK(placed.value("X-DEPOSIT") == "80.00");
  CHECK(reseller.reaches("1", "PROCESSING"));  // first, so that it is the provider's number 1 as well
  CHECK(reseller.call("command=AddDomainApplication&class=BACKORDER&domain=tern-court.com").value("APPLICATION") ==
        "2");
  CHECK(reseller.reaches("2", "PROCESSING"));
  CHECK(provider.call("command=QueryDomainApplicationList").paging().total == 2);

  CHECK(reseller.call("command=DeleteDomainApplication&application=2").code() == 200);
  CHECK(reseller.call("command=StatusDomainApplication&application=2").value("STATUS") == "CANCELLED");
  CHECK(reseller.call("command=StatusAccount").value("DEPOSIT") == "80.00");
  CHECK(provider.call("command=QueryDomainApplicationList").paging().total == 1);

  // The provider's clock passes its deposit, its job and its drop; ours is still to come, and the outcome counts all
  // the same.
  for (const char* span : {"25h", "45h", "46h"}) {
    REQUIRE(run_program({"--db", theirs, "clock", "advance", span}).status == 0);
    // what fell due is done before anybody is answered
    CHECK(provider.call("command=StatusAccount").code() == 200);
  }
  CHECK(provider.reaches("1", "SUCCESSFUL"));
  CHECK(reseller.reaches("1", "SUCCESSFUL"));
  const auto account = reseller.call("command=StatusAccount");
  CHECK(account.value("AMOUNT") == "120.00");
  CHECK(account.value("DEPOSIT") == "0.00");
  for (const Gateway* one : {&reseller, &provider}) {
    one->program->signal(SIGTERM);
    CHECK(one->program->wait() == 0);
  }
  for (const std::string& book : {ours, theirs}) CHECK(run_program({"--db", book, "verify"}).status == 0);
  for (const char* file : {"provider.log", "reseller.log", "exchanges"}) {
    std::ifstream stream(directory.file(file));
    const std::string text{std::istreambuf_iterator<char>(stream), {}};
    CAPTURE(file);
    CHECK(text.size() > 100);
    CHECK(text.find("passw0rd") == std::string::npos);
    CHECK(text.find("42-long") == std::string::npos);
  }
}
