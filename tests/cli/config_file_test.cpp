// The configuration file: where it is looked for, what comes first, what is refused.
#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/support/run_program.hpp"
#include "tests/support/temporary_directory.hpp"

namespace {

using Words = std::vector<std::string>;
using nlohmann::json;

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

class Configured {
 public:
  Configured() { std::filesystem::create_directories(folder_.file("xdg/dropledger")); }
  std::string user_file() const { return folder_.file("xdg/dropledger/config.toml"); }
  std::string file(const std::string& name, const std::string& text) const {
    std::ofstream(folder_.file(name)) << text;
    return folder_.file(name);
  }
  support::ProgramResult run(const Words& words, std::map<std::string, std::string> environment = {}) const {
    environment.insert({"XDG_CONFIG_HOME", folder_.file("xdg")});
    environment.insert({"DROPLEDGER_CONFIG", ""});
    return support::run_program(words, {.environment = environment});
  }
  // key to "value @ origin"
  std::map<std::string, std::string> shown(Words words,
                                           const std::map<std::string, std::string>& environment = {}) const {
    words.insert(words.begin(), {"config", "show", "--origin", "--format", "json"});
    const support::ProgramResult result = run(words, environment);
    CAPTURE(result.error);
    REQUIRE(result.status == 0);
    std::map<std::string, std::string> values;
    const json shown = json::parse(result.output);
    for (const json& row : shown["rows"]) {
      const std::string value = row["value"].is_null() ? "" : row["value"].get<std::string>();
      values[row["key"]] = value + " @ " + row["origin"].get<std::string>();
    }
    return values;
  }

 private:
  support::TemporaryDirectory folder_;
};

}  // namespace

TEST_CASE("configuration: an option comes before the environment, that before the file, that before the default") {
  const Configured at;
  std::ofstream(at.user_file()) << "db = \"of-file.db\"\nwait = \"3s\"\nconnections = 4\nascii = true\n";
  auto values = at.shown({});
  CHECK(values["db"] == "of-file.db @ " + at.user_file() + ":1");
  CHECK(values["connections"] == "4 @ " + at.user_file() + ":3");
  CHECK(values["ascii"] == "true @ " + at.user_file() + ":4");
  CHECK(values["patience"] == "30s @ default");
  values = at.shown({}, {{"DROPLEDGER_DB", "of-environment.db"}, {"DROPLEDGER_COLOR", "never"}});
  CHECK(values["db"] == "of-environment.db @ environment DROPLEDGER_DB");
  CHECK(values["color"] == "never @ environment DROPLEDGER_COLOR");
  CHECK(values["wait"] == "3s @ " + at.user_file() + ":2");
  values = at.shown({"--db", "of-option.db"}, {{"DROPLEDGER_DB", "of-environment.db"}});
  CHECK(values["db"] == "of-option.db @ option");
}

TEST_CASE("configuration: what the file says is what commands use") {
  const Configured at;
  const std::string book = at.file("of-file.db.txt", "") + ".db";
  std::ofstream(at.user_file()) << "db = \"" << book << "\"\nactor = \"timer\"\n[events]\nlimit = 1\n";
  REQUIRE(at.run({"init", "--rehearsal", "--now", "2026-07-01"}).status == 0);
  CHECK(std::filesystem::exists(book));
  REQUIRE(at.run({"account", "open", "alice", "--currency", "EUR"}).status == 0);
  REQUIRE(at.run({"account", "open", "bob", "--currency", "EUR"}).status == 0);
  const json events = json::parse(at.run({"events", "--json"}).output);
  CHECK(events["count"] == 1);
  CHECK(events["rows"][0]["actor"] == "timer");
  CHECK(json::parse(at.run({"events", "--json", "--limit", "0"}).output)["count"] >= 2);
}

TEST_CASE("configuration: --config and DROPLEDGER_CONFIG read one file alone, none reads no file") {
  const Configured at;
  std::ofstream(at.user_file()) << "db = \"user.db\"\n";
  const std::string other = at.file("other.toml", "wait = \"7s\"\n");
  auto values = at.shown({"--config", other});
  CHECK(values["wait"] == "7s @ " + other + ":1");
  CHECK(values["db"] == "dropledger.db @ default");
  values = at.shown({}, {{"DROPLEDGER_CONFIG", other}});
  CHECK(values["wait"] == "7s @ " + other + ":1");
  CHECK(at.shown({"--config=none"})["db"] == "dropledger.db @ default");
  const support::ProgramResult missing = at.run({"--config", "/nonexistent/config.toml", "doctor"});
  CHECK(missing.status == 4);
  CHECK(has(missing.error, "/nonexistent/config.toml"));
}

TEST_CASE("configuration: a provider and a registry take each other's place across its layers, never within one") {
  const Configured at;
  std::ofstream(at.user_file()) << "provider = \"ote\"\n";
  const auto values = at.shown({}, {{"DROPLEDGER_REGISTRY", "world.db"}});
  CHECK(values.at("provider") == " @ default");
  CHECK(values.at("registry") == "world.db @ environment DROPLEDGER_REGISTRY");
  CHECK(at.shown({"--registry", "other.db"}).at("provider") == " @ default");
  const std::string both = at.file("both.toml", "provider = \"ote\"\nregistry = \"world.db\"\n");
  const support::ProgramResult result = at.run({"--config", both, "config", "show"});
  CHECK(result.status == 2);
  CHECK(has(result.error, "exclude each other"));
}

TEST_CASE("configuration: what does not belong there is refused with file and line, and help works all the same") {
  const Configured at;
  struct Row {
    const char* text;
    const char* line;
    const char* why;
  };
  for (const Row& row :
       {Row{"\ndatabse = \"x\"\n", ":2: ", "unknown key 'databse'"},
        Row{"db = \"x\"\nrequest = \"one\"\n", ":2: ", "belongs to a single call"},
        Row{"dry-run = true\n", ":1: ", "belongs to a single call"},
        Row{"wiat = \"3s\"\n", ":1: ", "did you mean 'wait'"}, Row{"connections = 900\n", ":1: ", "connections"},
        Row{"connections = 1.5\n", ":1: ", "whole number"}, Row{"color = \"pink\"\n", ":1: ", "color"},
        Row{"[srve]\nlisten = \"x\"\n", ":1: ", "no command 'srve'"},
        Row{"[serve]\nlisen = \"x\"\n", ":2: ", "unknown key 'serve.lisen'"},
        Row{"[notices.sned]\n", ":1: ", "no command 'notices.sned'"}, Row{"db = \n", ":1: ", ""}}) {
    CAPTURE(row.text);
    const std::string path = at.file("bad.toml", row.text);
    const support::ProgramResult result = at.run({"--config", path, "config", "show"});
    CAPTURE(result.error);
    CHECK(result.status == 2);
    CHECK(has(result.error, path + row.line));
    CHECK(has(result.error, row.why));
    CHECK(at.run({"--config", path, "help", "fund"}).status == 0);
    CHECK(at.run({"--config", path, "fund", "--help"}).status == 0);
  }
  const support::ProgramResult wrong = at.run({"config", "show"}, {{"DROPLEDGER_CONNECTIONS", "many"}});
  CHECK(wrong.status == 2);
  CHECK(has(wrong.error, "DROPLEDGER_CONNECTIONS"));
}
