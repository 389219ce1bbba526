#include "tools/delivery/notice_delivery.hpp"

#include <doctest/doctest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>

#include "tests/support/temporary_directory.hpp"
#include "tools/delivery/channel_lock.hpp"

namespace {

std::string read_file(const std::string& path) {
  std::ifstream stream(path);
  return {std::istreambuf_iterator<char>(stream), {}};
}

}  // namespace

TEST_CASE("notices to a file: a line that was cut off does not swallow the next") {
  support::TemporaryDirectory directory;
  const std::string path = directory.file("outbox.jsonl");
  CHECK_FALSE(delivery::append_line(path, "{\"id\":1}"));
  std::ofstream(path, std::ios::app) << "{\"id\":2,\"te";
  CHECK_FALSE(delivery::append_line(path, "{\"id\":2}"));
  CHECK_FALSE(delivery::append_line(path, "{\"id\":3}"));
  CHECK(read_file(path) == "{\"id\":1}\n{\"id\":2,\"te\n{\"id\":2}\n{\"id\":3}\n");
  CHECK(delivery::append_line("/dev/full", "nobody reads this"));
}

TEST_CASE("notices to a program: it gets what tells of the notice, and nothing that lets us in at the provider") {
  support::TemporaryDirectory directory;
  const std::string path = directory.file("environment");
  ::setenv("DROPLEDGER_PASSWORD", "north.secret", 1);
  ::setenv("DROPLEDGER_DB", "ledger.db", 1);
  ::setenv("MAILER_TOKEN", "the mailer's own", 1);
  CHECK_FALSE(delivery::run_with_input({"/bin/sh", "-c", "env > '" + path + "'"}, {"DROPLEDGER_NOTICE=17"}, "text",
                                       std::chrono::seconds(60)));
  for (const char* name : {"DROPLEDGER_PASSWORD", "DROPLEDGER_DB", "MAILER_TOKEN"}) ::unsetenv(name);
  const std::string seen = read_file(path);
  CHECK(seen.find("north.secret") == std::string::npos);
  CHECK(seen.find("DROPLEDGER_NOTICE=17") != std::string::npos);
  CHECK(seen.find("DROPLEDGER_DB=ledger.db") != std::string::npos);
  CHECK(seen.find("MAILER_TOKEN=the mailer's own") != std::string::npos);
}

TEST_CASE("notices: a channel is delivered by one program at a time, and others are not kept waiting") {
  support::TemporaryDirectory directory;
  const std::string book = directory.file("book.db");
  {
    const delivery::ChannelLock first(book, "crm");
    CHECK(first.is_ours());
    CHECK_FALSE(delivery::ChannelLock(book, "crm").is_ours());
    CHECK(delivery::ChannelLock(book, "ops").is_ours());
  }
  CHECK(delivery::ChannelLock(book, "crm").is_ours());
  CHECK(delivery::ChannelLock(directory.file("no folder/book.db"), "crm").is_ours());
}
