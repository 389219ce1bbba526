// The tests' own tool: what it says about a program must be true, or the tests of the command line prove nothing.
#include "tests/support/run_program.hpp"

#include <doctest/doctest.h>

#include <csignal>
#include <system_error>

#include "tests/support/temporary_directory.hpp"

using support::ProgramResult;
using support::run;

namespace {
ProgramResult shell(const std::string& script, const support::ProgramOptions& options = {}) {
  return run("/bin/sh", {"-c", script}, options);
}
}  // namespace

TEST_CASE("run_program: both outputs and the exit status come back apart") {
  const ProgramResult result = shell("echo out; echo err >&2; exit 3");
  CHECK(result.output == "out\n");
  CHECK(result.error == "err\n");
  CHECK(result.status == 3);
  CHECK(result.signal == 0);
  CHECK_FALSE(result.timed_out);
}

TEST_CASE("run_program: input larger than any pipe goes in while output comes out") {
  const std::string text(3'000'000, 'x');
  const ProgramResult result = shell("cat", {.input = text});
  CHECK(result.status == 0);
  CHECK(result.output == text);
}

TEST_CASE("run_program: a program that does not read its input does not end the test") {
  CHECK(shell("exit 0", {.input = std::string(3'000'000, 'x')}).status == 0);
}

TEST_CASE("run_program: without input the program meets end of file") { CHECK(shell("cat").status == 0); }

TEST_CASE("run_program: the environment is what the test says, and little else") {
  CHECK(shell("echo \"$GIVEN/$DROPLEDGER_DB/$TZ\"", {.environment = {{"GIVEN", "here"}}}).output == "here//\n");
}

TEST_CASE("run_program: a program that hangs is killed with all it started") {
  const ProgramResult result = shell("sleep 1000 & sleep 1000", {.timeout = std::chrono::milliseconds(100)});
  CHECK(result.timed_out);
  CHECK(result.signal == SIGKILL);
  CHECK_FALSE(result.status.has_value());
}

TEST_CASE("run_program: a program that closes its outputs and stays is killed too") {
  CHECK(shell("exec >&- 2>&-; sleep 1000", {.timeout = std::chrono::milliseconds(100)}).timed_out);
}

TEST_CASE("run_program: a death by signal has no status") {
  const ProgramResult result = shell("kill -TERM $$");
  CHECK_FALSE(result.status.has_value());
  CHECK(result.signal == SIGTERM);
}

TEST_CASE("run_program: a program that is not there is an exception, not an empty answer") {
  CHECK_THROWS_AS(run("/nowhere/at/all", {}), std::system_error);
}

TEST_CASE("run_program: runs where it is told, and a temporary directory is gone afterwards") {
  std::filesystem::path path;
  {
    const support::TemporaryDirectory directory;
    path = directory.path();
    CHECK(shell("pwd -P; echo text > file", {.directory = path.string()}).output ==
          std::filesystem::canonical(path).string() + "\n");
    CHECK(std::filesystem::exists(directory.file("file")));
  }
  CHECK_FALSE(std::filesystem::exists(path));
}
