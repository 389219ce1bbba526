#include "tools/operations/context.hpp"

#include <sodium.h>

#include <algorithm>
#include <nlohmann/json.hpp>

namespace operations {
namespace {

using Json = nlohmann::ordered_json;
using engine::Error;
using engine::ErrorCode;

std::string make_key() {
  unsigned char bytes[12];
  randombytes_buf(bytes, sizeof bytes);
  char text[2 * sizeof bytes + 1];
  sodium_bin2hex(text, sizeof text, bytes, sizeof bytes);
  return text;
}

// As JSON writes a text; most need no escape.
void append_quoted(std::string& out, std::string_view text) {
  const bool plain = std::ranges::all_of(text, [](char c) { return c >= ' ' && c < 127 && c != '"' && c != '\\'; });
  if (!plain) {
    out += Json(text).dump(-1, ' ', false, Json::error_handler_t::replace);
    return;
  }
  out += '"';
  out += text;
  out += '"';
}

std::string canonical(const Facts& content) {
  std::string text;
  text.reserve(256);
  for (const auto& [field, value] : content) {
    text += field;
    text += '=';
    append_quoted(text, value);
    text += '\n';
  }
  return text;
}

std::string first_difference(std::string_view before, std::string_view now) {
  const auto line = [](std::string_view& text) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view first = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    return first;
  };
  while (!before.empty() || !now.empty()) {
    const std::string_view a = line(before), b = line(now);
    if (a != b)
      return "it said " + std::string(a.empty() ? "nothing" : a) + ", now " + std::string(b.empty() ? "nothing" : b);
  }
  return "no difference";
}

// Refusals that depend on the state of the book are the request's answer for ever; a mistyped request may be sent
// again, corrected.
bool is_of_state(ErrorCode code) {
  const int number = static_cast<int>(code);
  return number >= 200 && number < 400 && code != ErrorCode::request_id_reused;
}

std::string encode(const Facts& facts) {
  std::string text;
  text.reserve(512);
  text += "{\"facts\":[";
  for (const auto& [field, value] : facts) {
    text += text.ends_with('[') ? "[" : ",[";
    append_quoted(text, field);
    text += ',';
    append_quoted(text, value);
    text += ']';
  }
  return text + "]}";
}
std::string encode(const Error& error) {
  return Json{{"refused", static_cast<int>(error.code)}, {"detail", error.detail}}.dump(-1, ' ', false,
                                                                                        Json::error_handler_t::replace);
}

engine::Result<Reply> replay(const engine::StoredRequest& stored, const std::string& content) {
  if (stored.content != content) {
    return Error{ErrorCode::request_id_reused,
                 "request '" + stored.key + "' of " + stored.sender +
                     " was made before with other content: " + first_difference(stored.content, content)};
  }
  const Json answer = Json::parse(stored.answer);
  if (answer.contains("refused")) {
    return Error{static_cast<ErrorCode>(answer["refused"].get<int>()),
                 answer["detail"].get<std::string>() + " (first answer, of " + engine::to_string(stored.recorded_at) +
                     ", given again)"};
  }
  Reply reply{stored.key, true};
  for (const Json& row : answer["facts"])
    reply.facts.emplace_back(row[0].get<std::string>(), row[1].get<std::string>());
  return reply;
}

}  // namespace

std::string_view Reply::fact(std::string_view field) const {
  const auto found = std::ranges::find(facts, field, &std::pair<std::string, std::string>::first);
  return found == facts.end() ? std::string_view{} : std::string_view(found->second);
}

engine::Result<Reply> answer_request(const Context& context, const RequestKey& request, const Facts& content,
                                     const std::function<engine::Result<Facts>(engine::Changes&)>& decide,
                                     engine::Changes* later) {
  const auto write = [&](engine::Changes& changes) -> engine::Status {
    if (later == nullptr || !changes.transfers.empty()) return context.store.apply(changes, context.stamp());
    later->append(std::move(changes));
    return engine::Unit{};
  };
  const std::string key = request.key.empty() ? make_key() : request.key;
  const std::string text = canonical(content);
  if (!request.key.empty() && !request.is_known_new) {
    if (const auto stored = context.store.request(request.sender, key)) return replay(*stored, text);
  }
  engine::Changes changes;
  engine::Result<Facts> decided = decide(changes);
  if (decided) {
    changes.requests = {{request.sender, key, text, encode(decided.value()), true}};
    const engine::Status applied = write(changes);
    if (applied) return Reply{key, false, std::move(decided).value()};
    decided = applied.error();
  }
  if (is_of_state(decided.error().code) && !request.key.empty() && request.keep_refusals) {
    engine::Changes refusal;
    refusal.requests = {{request.sender, key, text, encode(decided.error()), true}};
    const engine::Status noted = write(refusal);
    ENSURE(bool(noted), "a refusal can be noted");
  }
  return decided.error();
}

engine::Result<Reply> run_request(const Context& context, const RequestKey& request, const Facts& content,
                                  const std::function<engine::Result<Facts>(engine::Changes&)>& decide) {
  UnitOfWork work(context);
  engine::Result<Reply> reply = answer_request(context, request, content, decide);
  work.keep();  // an accepted request, or the note that it was refused
  return reply;
}

engine::Result<engine::Customer> customer_named(engine::LedgerReader& store, std::string_view name) {
  if (auto found = store.customer(name)) return *std::move(found);
  return Error{ErrorCode::account_not_found, "there is no account '" + std::string(name) + "'; see 'account list'"};
}

const std::string& AccountNames::of(engine::CustomerId id) {
  const auto [found, is_new] = names_.try_emplace(id);
  if (const auto account = is_new ? store_.customer(id) : std::nullopt) found->second = account->name;
  return found->second;
}

engine::Result<engine::Backorder> backorder_numbered(engine::LedgerReader& store, std::int64_t id) {
  if (auto found = store.backorder(engine::BackorderId(id))) return *std::move(found);
  return Error{ErrorCode::backorder_not_found,
               "there is no backorder " + std::to_string(id) + "; see 'backorder list'"};
}

}  // namespace operations
