// The provider's answers: a list of 1,000 rows, parsed with every check. The baseline looks at the same bytes once, for
// the ends of lines.
#include <cstring>

#include "api_client/response.hpp"
#include "tools/bench/families.hpp"
#include "tools/bench/sample.hpp"

namespace bench {
namespace {

constexpr int kRows = 1'000;

// As QueryDomainApplicationList answers, row by row.
std::string list_answer(const Ground& ground) {
  api_client::Answer answer;
  answer.add("COUNT", std::to_string(kRows));
  answer.add("FIRST", "0");
  answer.add("LAST", std::to_string(kRows - 1));
  answer.add("LIMIT", std::to_string(kRows));
  answer.add("TOTAL", std::to_string(kRows));
  for (int row = 0; row < kRows; ++row) {
    const auto place = static_cast<std::uint64_t>(row);
    answer.add("APPLICATION", std::to_string(40'000'000 + row));
    answer.add("CLASS", "COM_BACKORDER");
    answer.add("DOMAIN", domain_of(ground, row));
    answer.add("STATUS", draw(ground, place) % 3 == 0 ? "PROCESSING" : "SUCCESSFUL");
    answer.add("CREATEDDATE", "2026-08-01 12:00:" + std::to_string(10 + row % 50));
    answer.add("UPDATEDDATE", "2026-08-04 18:02:" + std::to_string(10 + row % 50));
    answer.add("FINALIZATIONDATE", "2026-08-05 18:00:" + std::to_string(10 + row % 50));
  }
  return format(answer);
}

void prepare(const Ground& ground) { write_whole(ground.file("answer.txt"), list_answer(ground)); }

Took parse_answers(const Ground& ground) {
  const std::string answer = read_whole(ground.file("answer.txt"));
  Took took{};
  for (std::int64_t i = 0; i < ground.size; ++i) {
    std::string body = answer;  // as the transport hands it over
    took.seconds += seconds_of([&] {
      const api_client::Response response = api_client::Response::parse(std::move(body));
      if (!response.complete() || response.values("DOMAIN").size() != kRows)
        throw std::runtime_error("the answer is torn: " + std::string(response.torn()));
    });
  }
  took.units = ground.size * static_cast<std::int64_t>(answer.size());
  return took;
}

Took baseline_scan(const Ground& ground) {
  const std::string answer = read_whole(ground.file("answer.txt"));
  Took took{};
  std::int64_t lines = 0;
  for (std::int64_t i = 0; i < ground.size; ++i) {
    const std::string body = answer;
    took.seconds += seconds_of([&] {
      for (const char *at = body.data(), *const end = at + body.size(); at < end; ++at, ++lines) {
        const void* found = std::memchr(at, '\n', static_cast<std::size_t>(end - at));
        if (found == nullptr) break;
        at = static_cast<const char*>(found);
      }
    });
  }
  // so that nobody optimises the scan away
  if (lines < ground.size * kRows) throw std::runtime_error("the lines are counted");
  took.units = ground.size * static_cast<std::int64_t>(answer.size());
  return took;
}

}  // namespace

void add_parsing(std::vector<Measurement>& all) {
  all.push_back({"parse", "answers of 1,000 rows parsed with every check", "bytes", 1'000, 0, 400'000'000, false,
                 prepare, parse_answers, baseline_scan});
}

}  // namespace bench
