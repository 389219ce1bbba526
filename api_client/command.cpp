#include "api_client/command.hpp"

#include <unistr.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <tuple>
#include <utility>

#include "api_client/ascii.hpp"

namespace api_client {
namespace {

using engine::Error;
using engine::ErrorCode;
using engine::Result;

constexpr std::string_view kCommand = "COMMAND", kBlock = "S_COMMAND";

Error invalid(std::string why) { return {ErrorCode::invalid_command, "this is no command: " + std::move(why)}; }
Error not_sendable(std::string why) {
  return {ErrorCode::invalid_argument, "this command cannot be sent: " + std::move(why)};
}

bool is_utf8(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; }) ||
         u8_check(reinterpret_cast<const std::uint8_t*>(text.data()), text.size()) == nullptr;
}

// What is wrong with a value, on either side of the wire; empty: nothing.
std::string_view fault_of_value(std::string_view value) {
  for (const char c : value) {
    if (c == '\r' || c == '\n') return "holds a line break";
    if (c == '\0') return "holds NUL";
  }
  return is_utf8(value) ? "" : "is not UTF-8";
}

// The same for an upper-case name: what would open another parameter, or be read as something else.
std::string_view fault_of_name(std::string_view name) {
  if (name.empty()) return "has no name";
  if (name.find('=') != std::string_view::npos) return "has a name that holds '='";
  if (trimmed(name).size() != name.size()) return "has a name with blanks around it";
  return fault_of_value(name);
}

bool is_connection_name(std::string_view name) { return name.starts_with("S_"); }

// ---- writing ----

void append_encoded(std::string& out, std::string_view text) {
  constexpr char kDigits[] = "0123456789ABCDEF";
  for (const char c : text) {
    if ((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
        c == '.' || c == '~') {
      out += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out += '%';
      out += kDigits[byte >> 4U];
      out += kDigits[byte & 15U];
    }
  }
}

void append_pair(std::string& out, std::string_view name, std::string_view value) {
  if (!out.empty()) out += '&';
  append_encoded(out, name);
  out += '=';
  append_encoded(out, value);
}

// In the order in which the vendor's clients write them, see protocol.md.
constexpr std::pair<std::string_view, std::string Connection::*> kConnection[] = {
    {"s_entity", &Connection::entity},
    {"s_login", &Connection::login},
    {"s_otp", &Connection::otp},
    {"s_pw", &Connection::password},
    {"s_remoteaddr", &Connection::remote_address},
    {"s_session", &Connection::session},
    {"s_user", &Connection::user},
};

engine::Status check_sendable(const Command& command) {
  if (trimmed(command.name).empty()) return not_sendable("it has no name");
  if (const std::string_view fault = fault_of_value(command.name); !fault.empty())
    return not_sendable("its name " + std::string(fault));
  if (command.parameters.size() >= kMaxParameters)
    return not_sendable("more than " + std::to_string(kMaxParameters - 1) + " parameters");
  for (std::size_t i = 0; i < command.parameters.size(); ++i) {
    const Parameter& parameter = command.parameters[i];
    std::string_view fault = fault_of_name(parameter.name);
    if (same_letters(parameter.name, kCommand)) fault = "is called COMMAND, which is the command's name";
    if (is_connection_name(to_upper(parameter.name.substr(0, 2))))
      fault = "begins with s_, which is for the connection";
    if (fault.empty()) fault = fault_of_value(parameter.value);
    if (!fault.empty()) return not_sendable("parameter " + std::to_string(i + 1) + " " + std::string(fault));
  }
  return engine::Unit{};
}

// ---- reading ----

// The value of a hexadecimal digit; 16 for anything else.
constexpr unsigned hex_value(char c) {
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
  if (c >= 'A' && c <= 'F') return static_cast<unsigned>(c - 'A' + 10);
  if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a' + 10);
  return 16;
}

// Appends text without its percent encoding, a plus as a blank. False: a % without two hexadecimal digits (which stays
// as it is).
bool append_decoded(std::string& out, std::string_view text) {
  bool sound = true;
  while (true) {
    const auto plain = static_cast<std::size_t>(
        std::ranges::find_if(text, [](char c) { return c == '%' || c == '+'; }) - text.begin());
    out.append(text.substr(0, plain));
    text.remove_prefix(plain);
    if (text.empty()) return sound;
    if (text.front() == '+') {
      out += ' ';
    } else if (text.size() > 2 && hex_value(text[1]) < 16 && hex_value(text[2]) < 16) {
      out += static_cast<char>(hex_value(text[1]) * 16 + hex_value(text[2]));
      text.remove_prefix(2);
    } else {
      out += '%';
      sound = false;
    }
    text.remove_prefix(1);
  }
}

// Collects a command's parameters from wherever they come.
class CommandReader {
 public:
  // The name in upper case without blanks around it, the value as it came: a CR around it would be lost in trimming.
  // `what` names the place in a refusal: "line 3".
  engine::Status add(std::string_view name, std::string_view value, const std::string& what) {
    std::string_view fault = fault_of_name(name);
    if (fault.empty()) fault = fault_of_value(value);
    if (!fault.empty()) return invalid(what + " " + std::string(fault));
    value = trimmed(value);
    if (++count_ > kMaxParameters) return invalid("more than " + std::to_string(kMaxParameters) + " parameters");
    if (name != kCommand) {
      command_.parameters.push_back({std::string(name), std::string(value)});
    } else if (command_.name.empty()) {
      command_.name = value;
    } else if (!value.empty() && !same_letters(command_.name, value)) {
      return invalid("COMMAND is given twice, and not the same");
    }
    return engine::Unit{};
  }

  engine::Status add_block(std::string_view text) {
    enum class At : std::uint8_t { start, inside, end } at = At::start;
    for (std::size_t number = 1; !text.empty(); ++number) {
      const std::size_t length = std::min(text.find('\n'), text.size());
      const std::string_view line = trimmed(text.substr(0, length));
      text.remove_prefix(std::min(length + 1, text.size()));
      if (line.empty()) continue;
      if (at == At::start && same_letters(line, "[COMMAND]")) {
        at = At::inside;
        continue;
      }
      const std::string what = "line " + std::to_string(number);
      if (at == At::end) return invalid(what + " stands behind EOF");
      at = At::inside;
      if (same_letters(line, "EOF")) {
        at = At::end;
        continue;
      }
      const std::size_t separator = line.find('=');
      if (separator == std::string_view::npos) return invalid(what + " has no '='");
      const std::string name = to_upper(trimmed(line.substr(0, separator)));
      if (is_connection_name(name))
        return invalid(what + " begins with s_, which is for the connection and does not belong in a command block");
      if (auto added = add(name, trimmed(line.substr(separator + 1)), what); !added) return added;
    }
    return engine::Unit{};
  }

  Result<Command> finish() && {
    if (command_.name.empty()) return invalid("there is no COMMAND");
    return std::move(command_);
  }

 private:
  Command command_;
  std::size_t count_ = 0;
};

}  // namespace

// ---- commands ----

bool Command::is(std::string_view command) const { return same_letters(name, command); }

std::optional<std::string_view> Command::find(std::string_view parameter) const {
  const auto last = std::find_if(parameters.rbegin(), parameters.rend(),
                                 [&](const Parameter& each) { return same_letters(each.name, parameter); });
  if (last == parameters.rend()) return std::nullopt;
  return last->value;
}

std::vector<std::string_view> Command::indexed(std::string_view parameter) const {
  std::vector<std::pair<std::int64_t, std::string_view>> found;  // -1: the bare name
  for (const Parameter& each : parameters) {
    if (each.name.size() < parameter.size() ||
        !same_letters(std::string_view(each.name).substr(0, parameter.size()), parameter))
      continue;
    const std::string_view digits = std::string_view(each.name).substr(parameter.size());
    std::int64_t number = -1;
    if (!digits.empty()) {
      const auto [end, failed] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
      // DOMAIN00 is another name than DOMAIN0
      const bool canonical = digits.front() != '-' && (digits.front() != '0' || digits.size() == 1);
      if (failed != std::errc() || end != digits.data() + digits.size() || !canonical) continue;
    }
    found.emplace_back(number, each.value);
  }
  std::ranges::stable_sort(found, {}, &std::pair<std::int64_t, std::string_view>::first);
  std::vector<std::string_view> values;
  for (std::size_t i = 0; i < found.size(); ++i) {
    // given twice: the last
    if (i + 1 == found.size() || found[i + 1].first != found[i].first) values.push_back(found[i].second);
  }
  return values;
}

void Command::set(std::string_view parameter, std::string value) {
  std::erase_if(parameters, [&, kept = false](const Parameter& each) mutable {
    // one of the name stays, in the place of the first
    return same_letters(each.name, parameter) && std::exchange(kept, true);
  });
  const auto there =
      std::ranges::find_if(parameters, [&](const Parameter& each) { return same_letters(each.name, parameter); });
  if (there != parameters.end()) {
    there->value = std::move(value);
  } else {
    parameters.push_back({to_upper(parameter), std::move(value)});
  }
}

Result<std::string> encode_block(const Command& command) {
  if (const auto sendable = check_sendable(command); !sendable) return sendable.error();
  std::string block = "COMMAND=" + command.name;
  for (const Parameter& parameter : command.parameters) {
    block += '\n';
    block += to_upper(parameter.name);
    block += '=';
    block += parameter.value;
  }
  return block;
}

Result<std::string> encode_form(const Request& request, Encoding encoding) {
  std::string form;
  for (const auto& [name, member] : kConnection) {
    const std::string& value = request.connection.*member;
    if (const std::string_view fault = fault_of_value(value); !fault.empty())
      return not_sendable(std::string(name) + " " + std::string(fault));
    if (!value.empty()) append_pair(form, name, value);
  }
  if (encoding == Encoding::block) {
    const auto block = encode_block(request.command);
    if (!block) return block.error();
    append_pair(form, "s_command", block.value());
  } else {
    if (const auto sendable = check_sendable(request.command); !sendable) return sendable.error();
    append_pair(form, "command", request.command.name);
    for (const Parameter& parameter : request.command.parameters)
      append_pair(form, to_upper(parameter.name), parameter.value);
  }
  return form;
}

Result<Command> decode_block(std::string_view text) {
  if (text.size() > kMaxForm) return invalid("more than " + std::to_string(kMaxForm) + " bytes");
  CommandReader reader;
  if (const auto added = reader.add_block(text); !added) return added.error();
  return std::move(reader).finish();
}

Result<Request> decode_form(std::string_view query, std::string_view body) {
  if (query.size() + body.size() > kMaxForm) return invalid("more than " + std::to_string(kMaxForm) + " bytes");
  // a file's last line end, sent along
  while (body.ends_with('\n') || body.ends_with('\r')) body.remove_suffix(1);
  Request request;
  CommandReader reader;
  std::vector<std::string> blocks;
  std::size_t number = 0;
  std::string name, value;
  for (std::string_view form : {query, body}) {
    while (!form.empty()) {
      const std::size_t length = std::min(form.find('&'), form.size());
      const std::string_view pair = form.substr(0, length);
      form.remove_prefix(std::min(length + 1, form.size()));
      if (pair.empty()) continue;
      const std::string what = "parameter " + std::to_string(++number);
      if (number > kMaxParameters) return invalid("more than " + std::to_string(kMaxParameters) + " parameters");
      const std::size_t separator = std::min(pair.find('='), pair.size());
      name.clear();
      value.clear();
      if (!append_decoded(name, pair.substr(0, separator)) ||
          !append_decoded(value, pair.substr(std::min(separator + 1, pair.size())))) {
        return invalid(what + " has a % without two hexadecimal digits behind it");
      }
      for (char& c : name) c = upper(c);
      const std::string_view plain_name = trimmed(name);
      if (plain_name == kBlock) {
        blocks.push_back(value);
      } else if (is_connection_name(plain_name)) {
        const std::string_view meant = plain_name == "S_PASSWORD" ? "S_PW" : plain_name;
        const auto known =
            std::ranges::find_if(kConnection, [&](const auto& each) { return same_letters(each.first, meant); });
        if (const std::string_view fault = fault_of_value(value); !fault.empty())
          return invalid(what + " " + std::string(fault));
        if (known == std::end(kConnection) || value.empty()) continue;
        std::string& member = request.connection.*known->second;
        if (!member.empty() && member != value)
          return invalid(std::string(known->first) + " is given twice, and not the same");
        member = value;
      } else if (const auto added = reader.add(plain_name, value, what); !added) {
        return added.error();
      }
    }
  }
  for (const std::string& block : blocks) {
    if (const auto added = reader.add_block(block); !added) return invalid("s_command: " + added.error().detail);
  }
  auto command = std::move(reader).finish();
  if (!command) return command.error();
  request.command = std::move(command).value();
  return request;
}

// ---- secrets ----

// By the end of the name, so that nested and numbered ones count too: OWNERCONTACT0PASSWORD, AUTH0,
// PROPERTY[SESSION][0].
bool is_secret(std::string_view name) {
  static constexpr std::string_view kEndings[] = {
      "PASSWORD", "PASSWD",    "S_PW",   "OTP",   "AUTH",       "AUTHCODE", "AUTHINFO",
      "SESSION",  "SESSIONID", "SECRET", "TOKEN", "PASSPHRASE", "KEY"};  // CLAIMKEY, APIKEY: KEYWORD0 is none
  // The last letters before row numbers, blanks passed over; as many as the longest ending has. Every line of an answer
  // that becomes evidence is asked about.
  std::array<char, 10> letters;
  std::size_t begin = letters.size();
  for (std::size_t at = name.size(); at > 0 && begin > 0; --at) {
    const char c = name[at - 1];
    if (c == ' ' || c == '\t' || c == '\r') continue;
    if (begin == letters.size() && (c == '[' || c == ']' || (c >= '0' && c <= '9'))) continue;
    letters[--begin] = upper(c);
  }
  const std::string_view word(letters.data() + begin, letters.size() - begin);
  static_assert(std::ranges::all_of(
      kEndings, [](std::string_view ending) { return ending.size() <= std::tuple_size_v<decltype(letters)>; }));
  return !word.empty() && std::ranges::any_of(kEndings, [word](std::string_view ending) {
    return word.back() == ending.back() && word.ends_with(ending);
  });
}

namespace {

// The next letter that parts names from values, or the text's end.
std::size_t next_mark(std::string_view text, std::size_t at) {
  static constexpr std::array kIsMark = [] {
    std::array<bool, 256> marks{};
    for (const char mark : {'\n', '&', '=', '%'}) marks[static_cast<unsigned char>(mark)] = true;
    return marks;
  }();
  while (at < text.size() && !kIsMark[static_cast<unsigned char>(text[at])]) ++at;
  return at;
}

}  // namespace

std::string without_secrets(std::string_view text) {
  constexpr std::string_view kShown = "***";
  std::string out;
  out.reserve(text.size());
  std::size_t copied = 0, name_at = 0;  // what is in `out`; where the name begins that may be a secret's
  // nothing but a name since the beginning of the line: a command block's line, or a form
  bool line_begins = true;
  bool in_block = false;  // inside an encoded block: its lines end in %0A
  std::string decoded;
  for (std::size_t at = 0; (at = next_mark(text, at)) < text.size();) {
    if (text[at] == '\n' || text[at] == '&') {
      line_begins = text[at] == '\n';
      in_block = false;
      name_at = ++at;
      continue;
    }
    std::size_t value_at = at + 1;
    if (text[at] == '%') {
      const std::string_view encoded = text.substr(at, 3);
      value_at = at + encoded.size();
      if (same_letters(encoded, "%0A") || same_letters(encoded, "%0D")) {
        in_block = true;
        line_begins = false;
        name_at = at = value_at;
        continue;
      }
      if (!same_letters(encoded, "%3D")) {  // some other letter of a name or a value
        ++at;
        continue;
      }
    }
    const std::string_view name = text.substr(name_at, at - name_at);
    std::string_view meant = name;
    if (name.find('%') != std::string_view::npos || name.find('+') != std::string_view::npos) {
      decoded.clear();
      append_decoded(decoded, name);
      meant = decoded;
    }
    // the name, behind a ? in an URL
    const std::string_view last_word = trimmed(meant.substr(meant.find_last_of('?') + 1));
    if (is_secret(name) || (meant != name && is_secret(meant))) {
      // A block's values may hold &. Only forms have names with s_.
      const bool whole_line = line_begins && !same_letters(last_word.substr(0, 2), "s_");
      std::size_t end = std::min(text.find_first_of(whole_line ? "\n" : "\n&", value_at), text.size());
      if (in_block) {
        const std::string_view lines = text.substr(value_at, end - value_at);
        end = value_at + std::min({lines.find("%0A"), lines.find("%0a"), lines.size()});
      }
      if (end > value_at && text[end - 1] == '\r') --end;
      out += text.substr(copied, value_at - copied);
      if (end > value_at) out += kShown;
      name_at = at = copied = end;
    } else {
      if (same_letters(last_word, kBlock)) in_block = true;
      name_at = at = value_at;
    }
    line_begins = false;
  }
  out += text.substr(copied);
  return out;
}

}  // namespace api_client
