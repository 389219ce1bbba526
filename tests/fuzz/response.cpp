// Any bytes as an answer of the provider: what is read lies inside the body, is counted right, and is read again when
// formatted.
#include "api_client/response.hpp"

#include <algorithm>
#include <cstdint>
#include <string>

#include "api_client/command.hpp"
#include "tests/fuzz/check.hpp"

using api_client::Answer;
using api_client::Response;

namespace {

bool inside(std::string_view body, std::string_view view) {
  return view.empty() || (view.data() >= body.data() && view.data() + view.size() <= body.data() + body.size());
}

// Formatting replaces these on purpose.
bool is_clean(std::string_view text) {
  return text.find_first_of(std::string_view("\r\n\0{}", 5)) == std::string_view::npos;
}

#ifdef DROPLEDGER_PLANTED_BUG
// Expects one row of an answer that is still pending. Only complete answers reach it.
void planted(const Response& response) {
  if (!response.complete() || !response.pending()) return;
  std::string_view rows[1];
  for (const Response::Property& property : response.properties()) {
    for (std::size_t i = 0; i < property.values.size(); ++i) rows[i] = property.values[i];
  }
  MUST(inside(response.body(), rows[0]));
}
#endif

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Response response = Response::parse(std::string(reinterpret_cast<const char*>(data), size));
  const std::string_view body = response.body();
  MUST(body.size() == size);
  MUST(inside(body, response.description()));
  bool clean = is_clean(response.description());
  std::size_t cells = 0;
  Answer answer{.code = response.code(),
                .detail = {},
                .description = std::string(response.description()),
                .properties = {},
                .pending = response.pending()};
  for (const Response::Property& property : response.properties()) {
    MUST(!property.name.empty());
    MUST(property.name.find_first_of(" \t]=\n") == std::string_view::npos);
    MUST(std::ranges::none_of(property.name, [](char c) { return c >= 'a' && c <= 'z'; }));
    MUST(!property.values.empty());
    MUST(response.values(property.name).data() == property.values.data());
    clean = clean && is_clean(property.name);
    auto& [name, values] = answer.properties.emplace_back(property.name, std::vector<std::string>{});
    for (const std::string_view value : property.values) {
      MUST(inside(body, value));
      MUST(value.find('\n') == std::string_view::npos);
      MUST(value.empty() ||
           (value.front() != ' ' && value.back() != ' ' && value.front() != '\t' && value.back() != '\t'));
      clean = clean && is_clean(value);
      values.emplace_back(value);
    }
    cells += property.values.size();
  }
  MUST(cells <= static_cast<std::size_t>(std::ranges::count(body, '\n')) + 1);

  if (response.complete()) {
    MUST(response.code() > 0);
    MUST(!response.description().empty());
    if (response.paging().count) {
      MUST(*response.paging().count >= 0);
      for (const std::string_view column : {"DOMAIN", "APPLICATION"}) {
        const std::size_t rows = response.values(column).size();
        MUST(rows <= 1 || rows == static_cast<std::size_t>(*response.paging().count));
      }
    }
    const std::size_t end = body.find_last_not_of(" \t\r\n");  // the F of EOF
    MUST(end != std::string_view::npos);
    MUST(!Response::parse(std::string(body.substr(0, end))).complete());
  }

  // Formatted and read again it is the same, and complete unless its columns tear it.
  const Response again = Response::parse(api_client::format(answer));
  MUST(again.code() == response.code());
  MUST(again.pending() == response.pending());
  if (response.complete() && clean) MUST(again.complete());
  if (clean) {
    if (!response.description().empty()) MUST(again.description() == response.description());
    MUST(std::ranges::equal(again.properties(), response.properties(),
                            [](const auto& a, const auto& b) { return a.name == b.name && a.values == b.values; }));
    MUST(again.paging().count == response.paging().count);
    MUST(again.paging().total == response.paging().total);
  }

  const Response hidden = Response::parse(api_client::without_secrets(body));
  for (const Response::Property& property : hidden.properties()) {
    if (api_client::is_secret(property.name) && is_usual(property.name))
      MUST(std::ranges::all_of(property.values, is_hidden));
  }
#ifdef DROPLEDGER_PLANTED_BUG
  planted(response);
#endif
  return 0;
}
