// Where jobs go: an address, its dialect, and the system entity that belongs to it, never one without the other, and
// never mixed: the wrong pair orders for real money what was meant as a test, or tests what was meant.
#pragma once

#include <string>
#include <string_view>

#include "api_client/dialect.hpp"
#include "engine/result.hpp"

namespace api_client {

struct Environment {
  std::string name{};  // "cnr-ote", or the address
  std::string url{};   // whole: https://api.ispapi.net/api/call.cgi
  std::string entity{};
  bool live = true;       // orders cost real money: every entity but the test system's 1234
  bool loopback = false;  // on this machine
  const Dialect* dialect = &dialect_1api();
  // "ote 1234", as shown wherever a job is submitted
  std::string label() const { return entity.empty() ? name : name + " " + entity; }
};

// A name of dialects()' hosts ("cnr", "cnr-ote", "1api", "1api-ote"), or an address of one's own. `entity` is empty, or
// what the user named; for a name it must be its own. `dialect` is empty, or says which dialect an address speaks (1api
// where nothing is said and no known host says it). Plain http only to a loopback address. An address without a path
// gets /api/call.cgi. invalid_argument says what to write instead; also for systems that were shut down.
engine::Result<Environment> resolve_environment(std::string_view provider, std::string_view entity,
                                                std::string_view dialect = {});

}  // namespace api_client
