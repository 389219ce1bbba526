// Notices on their way out, through the program and real HTTP on this machine.
#include "tools/operations/notices.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "tests/support/receiver.hpp"
#include "tests/support/run_program.hpp"
#include "tests/support/ten_days.hpp"
#include "tools/delivery/webhook.hpp"

using namespace operations;
using engine::to_string;
using nlohmann::json;
using tests::hours;

namespace {

std::string text_of(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}
std::vector<json> lines_of(const std::string& file) {
  std::vector<json> rows;
  std::istringstream in(text_of(file));
  for (std::string line; std::getline(in, line);) rows.push_back(json::parse(line));
  return rows;
}

struct Office : tests::TenDays {
  Office() { now = store->book().last_recorded.value(); }  // what the program takes for the time
  support::ProgramResult run(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"--db", path()});
    return support::run_program(arguments);
  }
  support::ProgramResult done(std::vector<std::string> arguments) {
    support::ProgramResult result = run(std::move(arguments));
    CAPTURE(result.error);
    REQUIRE(result.status == 0);
    return result;
  }
  engine::NoticeChannel channel(const std::string& name) { return channel_named(*store, name).value(); }
  void add(engine::NoticeChannel channel) {
    channel.target = channel.target.empty() ? "/nowhere" : channel.target;
    REQUIRE(bool(add_channel(context(), {}, channel, 1)));
  }
  // Every event that is a notice.
  std::vector<std::int64_t> all() {
    std::vector<std::int64_t> ids;
    store->each_event({}, [&](const engine::LoggedEvent& event) {
      if (engine::notice_of(event)) ids.push_back(event.id);
    });
    return ids;
  }
  std::string secret(const std::string& text = "0123456789abcdef0123456789abcdef") {
    const std::string file = folder.file("secret");
    std::ofstream(file) << text << "\n";
    std::filesystem::permissions(file, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
    return file;
  }
};

engine::NoticeChannel file_channel(const std::string& name) {
  return {.name = name, .method = engine::ChannelMethod::file, .made_at = {}};
}

}  // namespace

TEST_CASE("notices: each cause is delivered once to a file, in the order of the log, and not again") {
  Office office;
  const std::string file = office.folder.file("out.jsonl");
  office.done({"notices", "add", "all", "--file", file, "--from-event", "1"});
  office.done({"notices", "send"});
  const auto rows = lines_of(file);
  std::vector<std::int64_t> ids;
  std::map<std::string, int> kinds;
  for (const json& row : rows) {
    ids.push_back(std::stoll(std::string(row["id"])));
    ++kinds[row["kind"]];
  }
  CHECK(ids == office.all());
  CHECK(kinds["reserved"] == 12);
  CHECK(kinds["submitted"] == 12);
  CHECK(kinds["void"] == 1);
  CHECK(kinds["shortfall"] == 1);
  CHECK(kinds["captured"] + kinds["refunded"] == 12);
  office.done({"notices", "send"});
  CHECK(lines_of(file).size() == rows.size());
}

TEST_CASE("notices: amounts are those of the event's own transfers, dates come in UTC and the zone's time") {
  Office office;
  const std::string file = office.folder.file("out.jsonl");
  office.done(
      {"notices", "add", "all", "--file", file, "--from-event", "1", "--kinds", "void,reserved,captured,refunded"});
  office.done({"notices", "send"});
  for (const json& row : lines_of(file)) {
    const std::string account = row["account"], amount = row["amount"];
    CAPTURE(row.dump());
    CHECK(amount == (row["kind"] == "void" ? "0.00 EUR"
                     : account == "yen"    ? "5999 JPY"
                     : account == "fils"   ? "5.999 KWD"
                                           : "59.99 EUR"));
    CHECK(row["drop_at"] == "2026-08-05T04:00:00Z");
    CHECK(std::string(row["text"]).find(std::string(row["domain"])) != std::string::npos);
    if (row["kind"] == "void") {
      CHECK(row["reason"] == "insufficient_available");
      CHECK(std::string(row["text"]).find("could not spend enough") != std::string::npos);
    }
  }
}

TEST_CASE("notices: a webhook gets signed JSON, and whoever has the secret can prove it") {
  Office office;
  support::Receiver receiver;
  const std::string secret = "0123456789abcdef0123456789abcdef";
  office.done({"notices", "add", "crm", "--url", receiver.url(), "--secret-file", office.secret(secret), "--kinds",
               "void", "--from-event", "1"});
  office.done({"notices", "send"});
  const auto posts = receiver.posts();
  REQUIRE(posts.size() == 1);
  const support::Heard& post = posts.front();
  CHECK(post.target == "/api/call.cgi");
  CHECK(post.headers.at("content-type") == "application/json");
  const json body = json::parse(post.body);
  CHECK(body["schema"] == "dropledger.notice/1");
  CHECK(body["id"] == post.headers.at("dropledger-notice"));
  CHECK(body["account"] == "poor");
  const std::int64_t timestamp = std::stoll(post.headers.at("dropledger-timestamp"));
  CHECK(post.headers.at("dropledger-signature") ==
        "v1=" + delivery::webhook_signature(secret, timestamp, post.headers.at("dropledger-notice"), post.body));
  const auto output =
      office.done({"notices", "channels"}).output + office.done({"notices", "list", "--channel", "crm"}).output;
  CHECK(output.find(secret) == std::string::npos);
  CHECK(output.find("delivered") != std::string::npos);
}

TEST_CASE("notices: what fails waits with growing pauses, holds up no other, and is delivered under the same id") {
  Office office;
  support::Receiver receiver;
  office.done({"notices", "add", "crm", "--url", receiver.url(), "--kinds", "reserved", "--from-event", "1"});
  receiver.answer_next({500, 0});  // the first is refused, the second is cut off, the others are taken
  const support::ProgramResult first = office.run({"notices", "send", "--exit-code", "--json"});
  CHECK(first.status == 1);
  CHECK(json::parse(first.output)["rows"][0]["delivered"] == 10);
  CHECK(json::parse(first.output)["rows"][0]["failed"] == 2);
  const std::size_t after_first = receiver.posts().size();
  CHECK(after_first == 12);
  auto waiting = office.store->notice_deliveries({.channel = "crm", .event = {}, .waiting_only = true, .due_by = {}});
  REQUIRE(waiting.size() == 2);
  CHECK(waiting[0].attempts == 1);
  CHECK(waiting[0].trouble.find("500") != std::string::npos);
  CHECK(waiting[0].next_at == office.now + std::chrono::minutes(1));
  const std::string failed = receiver.posts().front().headers.at("dropledger-notice");
  CHECK(failed == std::to_string(waiting[0].event));
  office.done({"notices", "send"});  // not due yet
  CHECK(receiver.posts().size() == after_first);
  receiver.answer_next({503});
  CHECK(
      office.run({"notices", "send", "--exit-code", "--now", to_string(office.now + std::chrono::minutes(1))}).status ==
      1);
  waiting = office.store->notice_deliveries({.channel = "crm", .event = {}, .waiting_only = true, .due_by = {}});
  REQUIRE(waiting.size() == 1);
  CHECK(waiting[0].attempts == 2);
  CHECK(waiting[0].next_at == office.now + std::chrono::minutes(3));
  office.done({"notices", "send", "--exit-code", "--now", to_string(office.now + std::chrono::minutes(3))});
  CHECK(receiver.posts().back().headers.at("dropledger-notice") == failed);
  CHECK(office.store->notice_deliveries({.channel = "crm", .event = {}, .waiting_only = true, .due_by = {}}).empty());
  std::set<std::string> delivered;
  for (const auto& post : receiver.posts()) delivered.insert(post.headers.at("dropledger-notice"));
  CHECK(delivered.size() == 12);
}

TEST_CASE("notices: a channel that is down is left alone after three failures; nothing is lost") {
  Office office;
  support::Receiver receiver;
  office.done({"notices", "add", "crm", "--url", receiver.url(), "--from-event", "1"});
  receiver.answer_next({500, 500, 500});
  const json report = json::parse(office.run({"notices", "send", "--json"}).output)["rows"][0];
  CHECK(report["given_up"] == true);
  CHECK(receiver.posts().size() == 3);
  office.done({"notices", "send", "--now", to_string(office.now + std::chrono::minutes(2))});
  std::multiset<std::string> ids;
  for (const auto& post : receiver.posts()) ids.insert(post.headers.at("dropledger-notice"));
  for (const std::int64_t id : office.all()) CHECK(ids.count(std::to_string(id)) == (id <= office.all()[2] ? 2 : 1));
}

TEST_CASE(
    "notices: killed between delivery and its record, the same notice comes again under the same id; none is left "
    "out") {
  Office office;
  office.add(file_channel("all"));
  std::vector<std::int64_t> delivered;
  struct Killed {};
  for (std::size_t stop : {1U, 3U, 4U, 9U}) {
    std::size_t count = 0;
    try {
      send_notices(office.context(), office.channel("all"), {}, {},
                   [&](const engine::Notice& notice) -> std::optional<std::string> {
                     delivered.push_back(notice.id);
                     if (++count == stop) throw Killed{};
                     return std::nullopt;
                   });
    } catch (const Killed&) {
    }
  }
  send_notices(office.context(), office.channel("all"), {}, {}, [&](const engine::Notice& notice) {
    delivered.push_back(notice.id);
    return std::optional<std::string>();
  });
  CHECK(std::ranges::is_sorted(delivered));
  const auto doubles = std::unique(delivered.begin(), delivered.end());
  CHECK(delivered.end() - doubles == 4);
  delivered.erase(doubles, delivered.end());
  CHECK(delivered == office.all());
}

TEST_CASE("notices: a new channel begins with what is logged from now on; filters narrow it") {
  Office office;
  const auto told = [&](engine::NoticeChannel channel) {
    std::vector<engine::Notice> notices;
    send_notices(office.context(), channel, {}, {}, [&](const engine::Notice& notice) {
      notices.push_back(notice);
      return std::optional<std::string>();
    });
    return notices;
  };
  engine::NoticeChannel fresh = file_channel("fresh");
  fresh.target = "/nowhere";
  REQUIRE(bool(add_channel(office.context(), {}, fresh, {})));
  CHECK(told(office.channel("fresh")).empty());
  REQUIRE(bool(freeze_account(office.context(), {}, "alice", "asked")));
  const auto after = told(office.channel("fresh"));
  REQUIRE(after.size() == 1);
  CHECK(after.front().subject == "Account alice was changed");

  engine::NoticeChannel customers = file_channel("customers"), alice = file_channel("alice"),
                        operators = file_channel("operators");
  customers.audience = "customer";
  operators.audience = "operator";
  alice.account = "alice";
  for (const engine::NoticeChannel& channel : {customers, alice, operators}) office.add(channel);
  const auto to_customers = told(office.channel("customers")), to_operator = told(office.channel("operators"));
  CHECK(to_customers.size() + to_operator.size() == office.all().size());
  const auto to_alice = told(office.channel("alice"));
  CHECK_FALSE(to_alice.empty());
  for (const engine::Notice& notice : to_alice) CHECK(notice.variables.at("account") == "alice");
}

TEST_CASE("notices: a command gets the text on its standard input, without a shell") {
  Office office;
  const std::string file = office.folder.file("mail; touch gone");
  office.done(
      {"notices", "add", "mail", "--kinds", "void", "--from-event", "1", "--command", "/usr/bin/tee '" + file + "'"});
  office.done({"notices", "send"});
  const std::string mail = text_of(file);
  CHECK(mail.starts_with("Subject: "));
  CHECK(mail.find("backorder void\n\nBackorder 13 for ") != std::string::npos);
  office.done({"notices", "add", "bad", "--kinds", "void", "--from-event", "1", "--command", "/bin/false"});
  CHECK(json::parse(office.run({"notices", "send", "--channel", "bad", "--json"}).output)["rows"][0]["trouble"] ==
        "'/bin/false' ended with 1");
  office.done({"notices", "add", "none", "--kinds", "void", "--from-event", "1", "--command", "/no/such/program"});
  CHECK(office.run({"notices", "send", "--channel", "none"}).output.find("cannot be run") != std::string::npos);
  office.done({"notices", "add", "slow", "--kinds", "void", "--from-event", "1", "--command", "/bin/sleep 60"});
  CHECK(office.run({"notices", "send", "--channel", "slow", "--timeout", "0s"}).output.find("did not end within") !=
        std::string::npos);
}

TEST_CASE(
    "notices: templates of the operator's replace the built-in ones; a bad one is refused before anything is sent") {
  Office office;
  const std::string folder = office.folder.file("templates");
  std::filesystem::create_directory(folder);
  const auto write = [&](const std::string& text) { std::ofstream(folder + "/void.txt") << text; };
  write("Subject: Schade um {domain}\n\n{account}: {reason}\n");
  const std::string file = office.folder.file("out.jsonl");
  office.done({"notices", "add", "de", "--file", file, "--kinds", "void", "--from-event", "1", "--templates", folder});
  CHECK(office.done({"notices", "list", "--channel", "de"}).output.find("Schade um") != std::string::npos);
  write("Subject: x\n\n{nonsense}\n");
  const support::ProgramResult refused = office.run({"notices", "send"});
  CHECK(refused.status == 3);
  CHECK(refused.error.find("invalid_template") != std::string::npos);
  CHECK(refused.error.find("void.txt, line 3") != std::string::npos);
  CHECK_FALSE(std::filesystem::exists(file));
  CHECK(office.run({"notices", "add", "other", "--file", file, "--templates", folder}).error.find("invalid_template") !=
        std::string::npos);
  write("Subject: Schade um {domain}\n\n{account}: {reason}\n");
  office.done({"notices", "send"});
  CHECK(lines_of(file).front()["text"] == "poor: insufficient_available\n");
}

TEST_CASE("notices: what cannot be a channel is refused") {
  Office office;
  const auto refused = [&](std::vector<std::string> more) {
    std::vector<std::string> arguments{"notices", "add", "x"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const support::ProgramResult result = office.run(arguments);
    CHECK(result.status != 0);
    CHECK(office.store->notice_channels().empty());
    return result.error;
  };
  for (const char* url : {"http://example.com/hook", "ftp://127.0.0.1/x", "http://127.0.0.1.example.com/", "nonsense",
                          "file:///etc/passwd"}) {
    CAPTURE(url);
    CHECK(refused({"--url", url}).find("invalid_argument") != std::string::npos);
  }
  CHECK(refused({"--url", "https://user:pw@example.com/"}).find("pw") == std::string::npos);
  CHECK(refused({"--file", "a", "--url", "https://example.com/"}).find("invalid_argument") != std::string::npos);
  CHECK(refused({"--file", "a", "--kinds", "voids"}).find("'voids' is no kind of notice") != std::string::npos);
  CHECK(refused({"--file", "a", "--account", "nobody"}).find("account_not_found") != std::string::npos);
  const std::string secret = office.secret();
  std::filesystem::permissions(secret, std::filesystem::perms::group_read, std::filesystem::perm_options::add);
  CHECK(refused({"--url", "https://example.com/", "--secret-file", secret}).find("chmod 600") != std::string::npos);
  CHECK(refused({"--url", "https://example.com/", "--secret-file", office.secret("short")}).find("16 to 4096") !=
        std::string::npos);
  CHECK(office.run({"notices", "remove", "nobody"}).error.find("channel_not_found") != std::string::npos);
  CHECK(office.run({"notices", "send", "--channel", "nobody"}).status == 4);
  CHECK(office.run({"notices", "send", "--dry-run"}).status == 2);
  CHECK(office.run({"notices", "show", "1"}).error.find("is no notice") != std::string::npos);
}

TEST_CASE("notices: books that do not prove are told once per finding") {
  Office office;
  engine::Verification result;
  CHECK_FALSE(announce(office.context(), result));
  result.findings = {{"balances", "account 4 is off by 1"}};
  CHECK(announce(office.context(), result));
  CHECK_FALSE(announce(office.context(), result));
  result.findings = {{"seals", "seal 3"}};
  CHECK(announce(office.context(), result));
  CHECK(office.done({"notices", "list"}).output.find("The books do not prove") != std::string::npos);
  CHECK(office.done({"verify", "--announce"}).status == 0);  // nothing found, nothing told
}

TEST_CASE("explain: one page about a backorder and about an account, in the formats of every command") {
  Office office;
  const json page = json::parse(office.done({"backorder", "explain", "13", "--json"}).output);
  CHECK(page["state"] == "VOID");
  CHECK(page["because"] == "The account could not spend enough when the deposit was due.");
  CHECK(std::string(page["next"]).starts_with("Ended"));
  CHECK(std::string(page["would_change_1"]).find("place it again") == 0);
  CHECK(page["rows"].size() >= 2);
  const json won = json::parse(office.done({"backorder", "explain", "1", "--json"}).output);
  std::set<std::string> what;
  for (const json& row : won["rows"]) what.insert(row["what"]);
  CHECK(what.contains("transfer reserve"));
  CHECK(what.contains("AddDomainApplication 1"));
  CHECK(what.contains("ACTIVE -> PROCESSING"));
  const json account = json::parse(office.done({"account", "explain", "alice", "--limit", "3", "--json"}).output);
  CHECK(account["meaning"] == "Open: everything is possible.");
  CHECK(account["rows"].size() == 3);
  CHECK(account["truncated"] == true);
  CHECK(office.run({"account", "explain", "nobody"}).status == 4);
  CHECK(office.run({"backorder", "explain", "99"}).status == 4);
}
