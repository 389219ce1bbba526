#include "tools/render/error.hpp"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <sstream>

namespace {

std::string printed(const engine::Error& error, render::Format format, bool color = false) {
  std::ostringstream err;
  render::write_error(err, error, format, color);
  return err.str();
}

const engine::Error kShort{engine::ErrorCode::insufficient_available, "acme is short of \"12.30 EUR\""};

}  // namespace

TEST_CASE("render error: one line for people, one object for programs") {
  for (const render::Format format : {render::Format::table, render::Format::csv}) {
    CHECK(printed(kShort, format) == "error: insufficient_available (201): acme is short of \"12.30 EUR\"\n");
  }
  for (const render::Format format : {render::Format::json, render::Format::jsonl}) {
    CHECK(printed(kShort, format) ==
          R"({"error":{"code":"insufficient_available","number":201,"message":"acme is short )"
          R"(of \"12.30 EUR\"","retryable":true,"exit_status":5}})"
          "\n");
  }
  CHECK(printed(kShort, render::Format::table, true).rfind("\x1b[1;31merror:\x1b[0m insufficient_available", 0) == 0);
}

TEST_CASE("render error: a provider's message cannot drive the terminal") {
  const engine::Error error{engine::ErrorCode::provider_refused, "\x1b]0;title\a\nsecond line"};
  CHECK(printed(error, render::Format::table) == "error: provider_refused (501): \\x1b]0;title\\x07\\nsecond line\n");
  const std::string json = printed(error, render::Format::json);
  CHECK(json.find('\x1b') == std::string::npos);
  CHECK(nlohmann::json::parse(json).at("error").at("message") == error.detail);
}

TEST_CASE("render error: what no code names ends with 70") {
  std::ostringstream text, json;
  render::write_internal_error(text, "transfers balance", render::Format::table);
  CHECK(text.str() == "error: internal_error: transfers balance\n");
  render::write_internal_error(json, "transfers balance", render::Format::json);
  CHECK(json.str() ==
        "{\"error\":{\"code\":\"internal_error\",\"number\":0,\"message\":\"transfers "
        "balance\",\"retryable\":false,\"exit_status\":70}}\n");
}

TEST_CASE("render error: exit statuses are those of the classes") {
  using engine::ErrorCode;
  CHECK(render::exit_status(ErrorCode::invalid_argument) == 2);
  CHECK(render::exit_status(ErrorCode::insufficient_available) == 5);
  CHECK(render::exit_status(ErrorCode::account_not_found) == 4);
  CHECK(render::exit_status(ErrorCode::invalid_amount) == 3);
  CHECK(render::exit_status(ErrorCode::outcome_unknown) == 7);
  CHECK(render::exit_status(ErrorCode::request_id_reused) == 6);
}
