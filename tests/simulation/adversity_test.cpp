// A smaller season against the adversary than dropledger-adversity plays: the same rules.
#include "tools/drill/adversity.hpp"

#include <doctest/doctest.h>

#include "tests/support/temporary_directory.hpp"

TEST_CASE("adversity: no deposit goes back while its job lives, no capture without its own evidence, every case ends") {
  for (const std::uint64_t seed : {1, 2}) {
    CAPTURE(seed);
    const support::TemporaryDirectory folder;
    const drill::AdversityReport report = drill::play_adversity(
        {.folder = folder.path().string(), .seed = seed, .backorders = 240, .percent = 12, .restores = 4});
    for (const std::string& line : report.figures) INFO(line);
    for (const std::string& line : report.violations) CHECK_MESSAGE(false, line);
    CHECK(report.every_trick_was_played);
  }
}
