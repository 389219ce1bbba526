// The faces of health over HTTP, and the dashboard and alert rules that are shipped with them.
#include "tools/gateway/metrics.hpp"

#include <doctest/doctest.h>
#include <httplib.h>

#include <fstream>
#include <iterator>
#include <regex>
#include <set>

#include "tests/gateway/served_book.hpp"
#include "tests/support/run_program.hpp"

using namespace engine;
using support::at;
using support::eur;

namespace {

const UtcTime kNow = at("2026-08-10T12:00:00Z");

// Everything that a metric can speak of has something to say.
HealthFacts full() {
  HealthFacts facts;
  facts.now = kNow;
  facts.made_at = kNow - std::chrono::hours(48);
  facts.backlog = {{"submit", 2, kNow - std::chrono::hours(1)}};
  facts.last_complete_sweep = kNow - std::chrono::minutes(2);
  facts.without_job = 2;
  facts.next_deadline = kNow + std::chrono::hours(1);
  facts.provider_short = {eur(12'345)};
  facts.stopped_zones = {"com"};
  facts.unanswered_calls = 1;
  facts.oldest_call = kNow;
  facts.lists = {{"registry", kNow - std::chrono::hours(3), std::chrono::hours(24)}};
  facts.open_cases = 1;
  facts.cases_by_kind = {{"overdue", 1}};
  facts.oldest_case = kNow;
  facts.channels = {{"ops", 3, kNow, "refused"}};
  facts.last_backup = facts.last_verification = facts.last_reconciliation = facts.last_notices =
      kNow - std::chrono::hours(1);
  facts.provider_skew = std::chrono::seconds(2);
  facts.book_bytes = 1000;
  facts.log_bytes = 500;
  facts.free_bytes = 1LL << 40;
  return facts;
}

std::string text_of(const HealthFacts& facts) {
  gateway::Metrics metrics;
  metrics.count_request(200);
  metrics.count_request(200);
  metrics.count_sweep(true);
  return metrics.text(facts, assess_health(facts));
}

std::set<std::string> names_in(const std::string& text) {
  static const std::regex kName("dropledger_[a-z_]+");
  std::set<std::string> names;
  for (auto found = std::sregex_iterator(text.begin(), text.end(), kName); found != std::sregex_iterator(); ++found)
    names.insert(found->str());
  return names;
}

std::string file_text(const char* name) {
  std::ifstream file(support::source_folder() / name);
  REQUIRE_MESSAGE(file.is_open(), name);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

TEST_CASE("metrics: figures as Prometheus reads them") {
  const std::string text = text_of(full());
  for (const char* line :
       {"dropledger_requests_total{code=\"200\"} 2", "dropledger_sweeps_total{result=\"sound\"} 1",
        "dropledger_due_not_done{stage=\"submit\"} 2", "dropledger_due_not_done{stage=\"reserve\"} 0",
        "dropledger_provider_balance_short_minor{currency=\"EUR\"} 12345",
        "dropledger_list_age_seconds{source=\"registry\"} 10800", "dropledger_open_cases{kind=\"overdue\"} 1",
        "dropledger_health{check=\"deadlines\"} 2", "dropledger_health{check=\"backup\"} 0",
        "dropledger_ledger_verify_ok 1", "dropledger_wal_bytes 500", "# TYPE dropledger_requests_total counter",
        "# TYPE dropledger_health gauge"}) {
    CAPTURE(line);
    CHECK(text.find(std::string(line) + "\n") != std::string::npos);
  }
}

TEST_CASE("metrics: dashboard and alert rules use exactly the metrics there are") {
  const std::set<std::string> metrics = names_in(text_of(full()));
  const std::set<std::string> alerts = names_in(file_text("tools/operate/alerts.yml"));
  std::set<std::string> used = names_in(file_text("tools/operate/dashboard.json"));
  CHECK(alerts.size() > 10);
  used.insert(alerts.begin(), alerts.end());
  for (const std::string& name : used) CHECK_MESSAGE(metrics.contains(name), name, " is no metric of ours");
  for (const std::string& name : metrics) CHECK_MESSAGE(used.contains(name), name, " is shown nowhere");
}

TEST_CASE("monitoring: alive, ready, and figures without names") {
  support::ServedBook book;
  const int port = book.served->start().value();
  httplib::Client client("127.0.0.1", port);
  const auto get = [&](const char* path) {
    const httplib::Result result = client.Get(path);
    REQUIRE_MESSAGE(bool(result), path);
    return std::pair(result->status, result->body);
  };
  CHECK(get("/healthz") == std::pair(200, std::string("ok\n")));
  CHECK(get("/readyz") == std::pair(200, std::string("ready\n")));
  const auto [status, body] = get("/metrics");
  CHECK(status == 200);
  CHECK(body.find("dropledger_health{check=\"deadlines\"} 0") != std::string::npos);
  CHECK(body.find("john.com") == std::string::npos);
  CHECK(body.find("test.user") == std::string::npos);
  CHECK(get("/elsewhere").first == 404);
}
