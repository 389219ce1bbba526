// The log's one descriptor: rotated under load, without its folder, and on a disk that takes half a line.
#include "tools/gateway/request_log.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>
#include <vector>

#include "tests/support/temporary_directory.hpp"

namespace {

std::string read_file(const std::string& path) {
  std::ifstream stream(path);
  return {std::istreambuf_iterator<char>(stream), {}};
}

}  // namespace

TEST_CASE("request log: opened anew under load, no line lands in another file, and none is lost") {
  constexpr int kLines = 20'000;
  support::TemporaryDirectory directory;
  const std::string file = directory.file("log");
  const auto log = gateway::RequestLog::open(file).value();
  std::atomic<bool> done{false};
  std::vector<std::thread> threads;
  // descriptors come and go, as those of customers' connections and of the book do
  std::vector<std::string> others;
  for (int i = 0; i < 2; ++i) others.push_back(directory.file("other" + std::to_string(i)));
  for (const std::string& other : others) {
    threads.emplace_back([&done, &other] {
      while (!done) {
        const int opened = ::open(other.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        std::this_thread::yield();
        ::close(opened);
      }
    });
  }
  std::thread rotating([&] {
    for (int turn = 0; !done; ++turn) {
      std::filesystem::rename(file, directory.file("log." + std::to_string(turn)));
      CHECK(bool(log->reopen()));
    }
  });
  std::vector<std::thread> writing;
  for (int i = 0; i < 2; ++i) {
    writing.emplace_back([&log] {
      for (int line = 0; line < kLines; ++line) log->write("a line of the log");
    });
  }
  for (std::thread& thread : writing) thread.join();
  done = true;
  rotating.join();
  for (std::thread& thread : threads) thread.join();
  std::size_t lines = 0;
  for (const auto& entry : std::filesystem::directory_iterator(std::filesystem::path(file).parent_path())) {
    const std::string text = read_file(entry.path().string());
    if (entry.path().filename().string().starts_with("other")) {
      CHECK(text.empty());
      continue;
    }
    for (std::size_t at = 0; at < text.size(); ++lines) {
      const std::size_t end = text.find('\n', at);
      REQUIRE(end != std::string::npos);
      REQUIRE(text.substr(at, end - at) == "a line of the log");
      at = end + 1;
    }
  }
  CHECK(lines == 2 * kLines);
}

TEST_CASE("request log: with its folder away the lines go on to the old file, and the next time to the new one") {
  support::TemporaryDirectory directory;
  const std::string folder = directory.file("logs"), moved = directory.file("moved");
  std::filesystem::create_directory(folder);
  const auto log = gateway::RequestLog::open(folder + "/log").value();
  log->write("first");
  std::filesystem::rename(folder, moved);
  const engine::Status refused = log->reopen();
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == engine::ErrorCode::file_not_found);
  log->write("second");
  std::filesystem::create_directory(folder);
  CHECK(bool(log->reopen()));
  log->write("third");
  CHECK(read_file(moved + "/log") == "first\nsecond\n");
  CHECK(read_file(folder + "/log") == "third\n");
  CHECK_FALSE(gateway::RequestLog::open(directory.file("nowhere") + "/log"));
}

TEST_CASE("request log: what the disk does not take is left out, and the next line begins on its own") {
  support::TemporaryDirectory directory;
  const auto log = gateway::RequestLog::open("/dev/full").value();
  for (int i = 0; i < 3; ++i) log->write("nobody reads this");
  CHECK(bool(log->reopen()));
}
