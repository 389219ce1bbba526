// The provider's protocol by hand: recorded answers and requests read from standard input, printed as JSON as the codec
// understands them. Opens no book.
#include <algorithm>
#include <iostream>
#include <nlohmann/json.hpp>
#include <optional>

#include "api_client/ascii.hpp"
#include "api_client/command.hpp"
#include "api_client/response.hpp"
#include "tools/cli/commands/commands.hpp"

namespace cli {
namespace {

using Json = nlohmann::ordered_json;

// People get lines, scripts one line. Bytes that are no UTF-8 become U+FFFD, or the whole would be no JSON.
void print_json(const Session& session, const Json& json) {
  const std::string& format = session.globals().format;
  if (format == "csv" || format == "html")
    throw CommandError{engine::Error{engine::ErrorCode::invalid_argument,
                                     "what the wire carries is no table: --format json or jsonl"}};
  std::cout << json.dump(format == "table" ? 2 : -1, ' ', false, Json::error_handler_t::replace) << '\n';
}

Json or_null(std::optional<std::int64_t> number) { return number ? Json(*number) : Json(); }

struct WireResponse {
  bool exit_code = false;
  void bind(CLI::App& app) {
    app.add_flag("--exit-code", exit_code, "Exit with status 1 where the answer is incomplete");
  }
  int run(Session& session) const {
    const api_client::Response response =
        api_client::Response::parse(api_client::without_secrets(session.read_input("-")));
    Json::object_t properties;  // names are unique: appended without looking each one up
    for (const api_client::Response::Property& property : response.properties())
      properties.emplace_back(std::string(property.name), property.values);
    const api_client::Paging& paging = response.paging();
    print_json(session, {
                            {"schema", "dropledger.wire-response/1"},
                            {"code", response.code() == 0 ? Json() : Json(response.code())},
                            {"description", response.description()},
                            {"class", to_word(response.response_class())},
                            {"pending", response.pending()},
                            {"complete", response.complete()},
                            {"torn", response.complete() ? Json() : Json(response.torn())},
                            {"properties", properties},
                            {"paging",
                             {{"first", or_null(paging.first)},
                              {"last", or_null(paging.last)},
                              {"count", or_null(paging.count)},
                              {"total", or_null(paging.total)},
                              {"limit", or_null(paging.limit)}}},
                        });
    if (!response.complete()) session.note("torn: " + std::string(response.torn()));
    return exit_code && !response.complete() ? 1 : 0;
  }
};

// ---- requests ----

std::string_view take_line(std::string_view& text) {
  const std::size_t length = std::min(text.find('\n'), text.size());
  const std::string_view line = api_client::trimmed(text.substr(0, length));
  text.remove_prefix(std::min(length + 1, text.size()));
  return line;
}

std::string_view query_of(std::string_view url) {
  const std::size_t mark = std::min(url.find('?'), url.size());
  url.remove_prefix(std::min(mark + 1, url.size()));
  return url.substr(0, std::min(url.find('#'), url.size()));
}

// "Content-Type: text/plain", but not "note=a: b".
bool is_header(std::string_view line) {
  const std::size_t colon = line.find(':');
  return colon != std::string_view::npos && colon > 0 &&
         line.substr(0, colon).find_first_of(" =&%") == std::string_view::npos;
}

// Accepts what a person may have at hand: an HTTP request, an URL, a query string above a body, a form, or the lines of
// a command block.
engine::Result<api_client::Request> read_request(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(" \t\r\n"), text.size()));
  std::string_view rest = text;
  const std::string_view first = take_line(rest);
  const std::string_view word = first.substr(0, std::min(first.find(' '), first.size()));
  if (word == "POST" || word == "GET") {
    std::string_view target = api_client::trimmed(first.substr(word.size()));
    target = target.substr(0, std::min(target.find(' '), target.size()));
    // headers up to a blank line; a note may have left them out
    for (std::string_view body = rest; !body.empty();) {
      const std::string_view line = take_line(body);
      if (!line.empty() && !is_header(line)) break;
      rest = body;
      if (line.empty()) break;
    }
    return api_client::decode_form(query_of(target), rest);
  }
  if (first.starts_with("http://") || first.starts_with("https://") || first.starts_with('/'))
    return api_client::decode_form(query_of(first), rest);
  if (rest.find_first_not_of(" \t\r\n") == std::string_view::npos) {
    if (!api_client::same_letters(first, "[COMMAND]"))
      return api_client::decode_form("", first.substr(first.starts_with('?') ? 1 : 0));
  } else if (const std::string_view query = first.substr(first.starts_with('?') ? 1 : 0);
             api_client::same_letters(query.substr(0, 2), "s_")) {
    return api_client::decode_form(query, rest.substr(rest.find_first_not_of(" \t\r\n")));
  }
  auto command = api_client::decode_block(text);
  if (!command) return command.error();
  return api_client::Request{{}, std::move(command).value()};
}

std::string shown(std::string_view name, const std::string& value) {
  return value.empty() || !api_client::is_secret(name) ? value : "***";
}

struct WireCommand {
  void bind(CLI::App&) {}
  int run(Session& session) const {
    const api_client::Request request = value_or_throw(read_request(session.read_input("-")));
    const api_client::Connection& from = request.connection;
    Json connection = Json::object(), parameters = Json::object(), repeated = Json::object();
    for (const auto& [name, value] : {std::pair<const char*, const std::string&>{"s_entity", from.entity},
                                      {"s_login", from.login},
                                      {"s_pw", from.password},
                                      {"s_otp", from.otp},
                                      {"s_session", from.session},
                                      {"s_remoteaddr", from.remote_address},
                                      {"s_user", from.user}}) {
      if (!value.empty()) connection[name] = shown(name, value);
    }
    for (const api_client::Parameter& parameter : request.command.parameters) {
      const std::string value = shown(parameter.name, parameter.value);
      if (parameters.contains(parameter.name)) {
        if (!repeated.contains(parameter.name)) repeated[parameter.name] = Json::array({parameters[parameter.name]});
        repeated[parameter.name].push_back(value);
      }
      parameters[parameter.name] = value;  // given twice: the last counts
    }
    Json json{{"schema", "dropledger.wire-command/1"},
              {"command", request.command.name},
              {"parameters", parameters},
              {"connection", connection}};
    if (!repeated.empty()) json["repeated"] = repeated;
    print_json(session, json);
    return 0;
  }
};

}  // namespace

void add_wire_commands(CommandLine& line) {
  CLI::App* wire = add_group(line.app, "wire", "Decoder for recorded answers and requests of the provider's protocol");
  add_command<WireResponse>(
      line, *wire, "response", "Reads an answer from standard input and prints it as JSON",
      "  dropledger wire response < answer.txt\n"
      "  dropledger wire response --exit-code < answer.txt >/dev/null || echo 'not to be trusted'\n"
      "An answer is torn, and its class unknown, where it must not be trusted:\n"
      "no EOF, columns that disagree with COUNT, no CODE …");
  add_command<WireCommand>(
      line, *wire, "command", "Reads a request from standard input and prints it as JSON, without its secrets",
      "  echo 's_login=test.user&command=StatusAccount' | dropledger wire command\n"
      "  printf 'COMMAND = AddDomainApplication\\nCLASS = BACKORDER\\nDOMAIN = john.com\\n' | dropledger wire command\n"
      "  dropledger wire command < request.http\n"
      "Takes an HTTP request, an URL, a form (a line that begins with s_ above it\n"
      "is its query string), or a command block.");
}

}  // namespace cli
