// The provider's environment: an address and the system entity that belongs to it. A wrong pair would order for real
// money what was meant as a test, so mixed pairs are refused.
#pragma once

#include <string>
#include <string_view>

#include "engine/result.hpp"

namespace api_client {

struct Environment {
  std::string name{};  // "ote", "live", or the address
  std::string url{};   // whole: https://api.ispapi.net/api/call.cgi
  std::string entity{};
  bool live = true;       // orders cost real money: every entity but the test system's 1234
  bool loopback = false;  // on this machine
  // "ote 1234", as shown wherever a job is submitted
  std::string label() const { return name + " " + entity; }
};

// "ote", "live", or an address of one's own with its entity. `entity` is empty, or what the user named; for the first
// two it must be theirs. Plain http only to a loopback address. An address without a path gets /api/call.cgi.
// invalid_argument says what to write instead.
engine::Result<Environment> resolve_environment(std::string_view provider, std::string_view entity);

}  // namespace api_client
