// A command of the provider's protocol on the wire, both ways: what a client sends and what a server of the same
// protocol reads. Pure text: no sockets, no clock. Two encodings of one form (HEXONET/1API API documentation and the
// 2011 backorder quick start, see protocol.md):
//   flat   each parameter of the command is a form parameter of its own:
//   command=AddDomainApplication&class=BACKORDER&domain=john.com block  one form parameter s_command holds lines
//   NAME=VALUE:            s_command=COMMAND%3DAddDomainApplication%0ACLASS%3DBACKORDER
// Connection parameters begin with s_ and may stand in the query string, in the body, or in both.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/result.hpp"

namespace api_client {

struct Parameter {
  std::string name;   // upper case: DOMAIN, NAMESERVER0, OWNERCONTACT0FIRSTNAME
  std::string value;  // no CR, no LF, no blanks or tabs around it: the wire does not carry them
  friend bool operator==(const Parameter&, const Parameter&) = default;
};

struct Command {
  std::string name;                     // as written: AddDomainApplication
  std::vector<Parameter> parameters{};  // without COMMAND, in the order written
  friend bool operator==(const Command&, const Command&) = default;

  bool is(std::string_view command) const;  // in any case
  // The last one of that name (in any case): a name given twice counts as given last. Nothing where it was not given;
  // empty text where it was given empty.
  std::optional<std::string_view> find(std::string_view parameter) const;
  // DOMAIN, DOMAIN0, DOMAIN1 … in the order of their numbers, the bare name first; gaps are passed over.
  std::vector<std::string_view> indexed(std::string_view parameter) const;
  void set(std::string_view parameter, std::string value);  // replaces or appends
};

// The s_* parameters. Empty: not given.
struct Connection {
  std::string entity{}, login{}, password{}, otp{}, session{}, remote_address{}, user{};
  std::string session_id{};  // what other providers of this protocol call their session
  friend bool operator==(const Connection&, const Connection&) = default;
};

struct Request {
  Connection connection{};
  Command command;
  friend bool operator==(const Request&, const Request&) = default;
};

enum class Encoding : std::uint8_t { flat, block };

// The body of a POST as application/x-www-form-urlencoded: connection first, empty connection parameters left out, then
// the command. Blanks are %20, as the vendor's clients write them. invalid_argument for what decode_form would refuse:
// a name or a value with CR, LF or NUL (a line break in a value would open a new parameter) or no UTF-8; a name that is
// empty, is COMMAND, holds `=`, or begins with s_; no command.
engine::Result<std::string> encode_form(const Request& request, Encoding encoding);

// A request as it arrives: the query string and the body, each a form whatever the content type claims. Names in any
// case; both percent styles (%20 and +); s_pw and s_password; flat and block mixed (the block's lines come last). A
// block may have CRLF, blanks around `=`, a [COMMAND] … EOF frame and blank lines. Line ends after the body are passed
// over; s_ parameters that we do not know are left out. invalid_command: no COMMAND, two that differ, a connection
// parameter given twice with different values, bad percent encoding, text that is no UTF-8, NUL, CR or LF inside a flat
// value, a line without `=`, more than kMaxParameters, more than kMaxForm bytes. The detail names no value.
engine::Result<Request> decode_form(std::string_view query, std::string_view body);

// The lines of a command block alone, as in s_command or in a support ticket. invalid_command as above.
engine::Result<Command> decode_block(std::string_view text);
// The lines COMMAND=…, NAME=VALUE joined by LF, without an LF at the end; secrets as they are. invalid_argument as
// encode_form.
engine::Result<std::string> encode_block(const Command& command);

// True if the value of this parameter, connection parameter or property must not be shown: S_PW, PASSWORD,
// OWNERCONTACT0PASSWORD, AUTH, SESSION … in any case.
bool is_secret(std::string_view name);
// The same text with the values of secret names replaced by ***: for logs. Works on forms, URLs, HTTP requests, command
// blocks and answers, well-formed or not. In doubt it hides more: a secret at the beginning of a line hides the rest of
// the line, unless its name begins with s_.
std::string without_secrets(std::string_view text);

inline constexpr std::size_t kMaxParameters = 10'000;
inline constexpr std::size_t kMaxForm = 4 * 1024 * 1024;

}  // namespace api_client
