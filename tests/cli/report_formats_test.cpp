// Reports as printed: sums that are the sums of what is printed, and each format as it was agreed on (tests/cli/golden;
// after a change that is meant, run this test once with DROPLEDGER_RENEW_GOLDEN=1 in the environment and read the
// difference before committing it).
#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>

#include "tests/support/report_book.hpp"
#include "tests/support/run_program.hpp"

namespace {

using nlohmann::json;

std::string output_of(const std::string& directory, std::vector<std::string> arguments) {
  const support::ProgramResult result = support::run_program(arguments, {.directory = directory});
  CAPTURE(arguments.front());
  CAPTURE(result.error);
  CHECK(result.status == 0);
  return result.output;
}

// Every money column of the rows, by key and currency, as their printed text says, in minor units.
std::map<std::pair<std::string, std::string>, std::int64_t> sums(const json& rows) {
  std::map<std::pair<std::string, std::string>, std::int64_t> all;
  for (const json& row : rows) {
    for (const auto& [key, value] : row.items()) {
      if (!value.is_object() || !value.contains("currency")) continue;
      const engine::Currency currency = support::currency(value["currency"].get<std::string>().c_str());
      all[{key, value["currency"]}] +=
          engine::parse_money(value["amount"].get<std::string>(), currency).value().minor();
    }
  }
  return all;
}

// Each printed total is the sum of its column; totals that are no sums (closing balances) are named.
int check_totals(const json& list, const std::vector<std::string>& no_sums) {
  int checked = 0;
  const auto columns = sums(list.at("rows"));
  for (const json& total : list.at("totals")) {
    for (const auto& [key, value] : total.items()) {
      if (!value.is_object() || std::ranges::find(no_sums, key) != no_sums.end()) continue;
      CAPTURE(key);
      const auto found = columns.find({key, value["currency"]});
      CHECK(value["minor"] == (found == columns.end() ? 0 : found->second));
      CHECK(engine::parse_money(value["amount"].get<std::string>(),
                                support::currency(value["currency"].get<std::string>().c_str()))
                .value()
                .minor() == value["minor"]);
      ++checked;
    }
  }
  return checked;
}

// "" where they are the same; otherwise the first line that differs, as it was agreed on and as it is.
std::string first_difference(const std::string& agreed, const std::string& text) {
  std::istringstream left(agreed), right(text);
  for (int number = 1; left || right; ++number) {
    std::string was, is;
    std::getline(left, was);
    std::getline(right, is);
    if (was != is)
      return "line " + std::to_string(number) + "\n  agreed: " + was.substr(0, 300) +
             "\n  is:     " + is.substr(0, 300);
  }
  return agreed == text ? "" : "the last line's end";
}

// Without what every page has alike: the style sheet's common part, and its hash.
std::string without_style(std::string text) {
  const auto cut = [&text](std::string_view after, std::string_view before) {
    const std::size_t from = text.find(after);
    const std::size_t to = text.find(before, from);
    if (from != std::string::npos && to != std::string::npos)
      text.replace(from + after.size(), to - from - after.size(), "…");
  };
  cut("'sha256-", "'; base-uri");
  cut("<style>", "\n#t0");
  return text;
}

}  // namespace

TEST_CASE(
    "reports: the sum of every amount column as printed is its printed total, in every report and section, with 0, 2 "
    "and 3 decimals") {
  ReportBook book(31, 12, 80);
  book.play(support::at("2026-08-06"));
  book.store.reset();
  int checked = 0;
  for (const std::vector<std::string>& report :
       std::vector<std::vector<std::string>>{{"preview", "--days", "9"},
                                             {"refunds"},
                                             {"refunds", "--captured"},
                                             {"refunds", "--from", "2026-08-05"},
                                             {"deposits"},
                                             {"trial-balance"},
                                             {"statement", "account0"},
                                             {"statement", "account2", "--from", "2026-08-04"},
                                             {"statement", "account3"}}) {
    CAPTURE(report.front());
    std::vector<std::string> arguments = report;
    arguments.insert(arguments.end(), {"--db", "book.db", "--json"});
    const json read = json::parse(output_of(book.folder.path().string(), arguments));
    checked +=
        check_totals(read, report.front() == "statement" ? std::vector<std::string>{"available_after", "reserved_after"}
                                                         : std::vector<std::string>{});
    if (!read.contains("sections")) continue;
    for (const auto& [name, section] : read.at("sections").items()) {
      CAPTURE(name);
      checked += check_totals(section, {});
      // And the CSV of the section is those rows.
      std::vector<std::string> csv = report;
      csv.insert(csv.end(), {"--db", "book.db", "--csv", "--section", name});
      const std::string text = output_of(book.folder.path().string(), csv);
      if (text.find('"') == std::string::npos)
        CHECK(static_cast<std::size_t>(std::ranges::count(text, '\n')) == section.at("rows").size() + 1);
    }
  }
  CHECK(checked > 60);
}

TEST_CASE("reports: an empty book, a period without rows and one account are printed in every format") {
  const support::TemporaryDirectory folder;
  const std::string directory = folder.path().string();
  output_of(directory, {"init", "--rehearsal", "--now", "2026-08-01"});
  for (const char* format : {"table", "csv", "json", "jsonl", "html"}) {
    CAPTURE(format);
    for (const char* report : {"preview", "refunds", "deposits", "trial-balance"}) {
      CAPTURE(report);
      const std::string text = output_of(directory, {report, "--format", format});
      CHECK((text.empty() == (std::string(format) == "jsonl")));
    }
  }
  CHECK(output_of(directory, {"refunds"}).find("No deposit was refunded in this period.") != std::string::npos);
  output_of(directory, {"account", "open", "alice", "--currency", "KWD"});
  CHECK(output_of(directory, {"statement", "alice", "--format", "html"}).find("No transfer in this period.") !=
        std::string::npos);
}

TEST_CASE("reports: every format is as agreed on") {
  const std::filesystem::path golden = support::source_folder() / "tests/cli/golden";
  const bool renew = std::getenv("DROPLEDGER_RENEW_GOLDEN") != nullptr;  // NOLINT(concurrency-mt-unsafe)
  ReportBook book(50, 4, 14);
  const auto compare = [&](const std::vector<std::string>& report) {
    book.store.reset();
    for (const char* format : {"table", "csv", "json", "jsonl", "html"}) {
      std::vector<std::string> arguments = report;
      arguments.insert(arguments.end(), {"--db", "book.db", "--registry", "registry.db", "--format", format});
      const std::string text = without_style(output_of(book.folder.path().string(), arguments));
      const std::filesystem::path file = golden / (report.front() + "." + format);
      if (renew) {
        std::filesystem::create_directories(golden);
        std::ofstream(file, std::ios::binary) << text;
      }
      std::ifstream stored(file, std::ios::binary);
      const std::string agreed(std::istreambuf_iterator<char>(stored), {});
      CAPTURE(file.string());
      CHECK(first_difference(agreed, text) == "");
    }
    book.store = storage::open_book(book.folder.file("book.db"), {});
  };
  output_of(book.folder.path().string(), {"config", "set", "cost.com", "7.85 USD", "--db", "book.db"});
  compare({"preview", "--days", "9"});
  book.play(support::at("2026-08-06"));
  std::ofstream(book.folder.file("bank.toml"))
      << "currency = \"EUR\"\n[columns]\nbooked = \"day\"\namount = \"amount\"\nreference = \"text\"\n";
  std::ofstream(book.folder.file("august.csv"))
      << "day,amount,text\n2026-08-01,77.77,\"wire, \"\"no\"\" 0\"\n2026-08-04,12.30,who is it?\n";
  output_of(book.folder.path().string(),
            {"bank", "import", "august.csv", "--source", "bank", "--mapping", "bank.toml", "--db", "book.db"});
  for (const std::vector<std::string>& report : std::vector<std::vector<std::string>>{
           {"refunds"}, {"statement", "account0"}, {"deposits"}, {"trial-balance"}, {"reconcile"}}) {
    compare(report);
  }
}
