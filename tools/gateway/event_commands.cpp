// The poll queue: what happened to the caller's account and backorders, until the caller has dealt with it. Deleting an
// event takes it out of this user's queue; the log keeps it.
#include <algorithm>
#include <charconv>

#include "tools/gateway/commands.hpp"

namespace gateway {
namespace {

using engine::EventKind;
using engine::EventQuery;
using engine::LoggedEvent;

EventQuery queue_of(const Call& call) {
  EventQuery query;
  query.customer = call.caller.user.customer;
  query.queue_of = call.caller.user.id;
  return query;
}

// "DOMAIN_APPLICATION" and "STEPPED"; an account's own events are of class "ACCOUNT".
std::string class_of(const LoggedEvent& event) { return event.backorder ? "DOMAIN_APPLICATION" : "ACCOUNT"; }
std::string subclass_of(const LoggedEvent& event) {
  std::string word(to_word(event.kind));
  for (char& c : word) c = c == '-' ? '_' : static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
  return word;
}

// Lines `key:value`. What the operator and the provider said to each other stays between them: of a step, states and
// reason are told.
std::vector<std::string> data_of(engine::LedgerReader& store, const LoggedEvent& event) {
  std::vector<std::string> lines;
  if (event.backorder) {
    const std::optional<engine::Backorder> backorder = store.backorder(*event.backorder);
    lines.push_back("domain:" + (backorder ? backorder->name.ace() : ""));
    lines.push_back("application:" + std::to_string(event.backorder->value()));
  }
  if (event.to) lines.push_back("status:" + std::string(status_word(*event.to)));
  if (event.reason) lines.push_back("reason:" + std::string(to_word(*event.reason)));
  if (event.kind != EventKind::stepped && event.kind != EventKind::placed &&
      event.kind != EventKind::cancel_requested && !event.detail.empty()) {
    lines.push_back("text:" + event.detail);
  }
  return lines;
}

std::optional<LoggedEvent> event_of(const Call& call, std::int64_t id) {
  EventQuery query = queue_of(call);
  query.after_id = id - 1;
  query.limit = 1;
  std::optional<LoggedEvent> found;
  call.store.each_event(query, [&](const LoggedEvent& event) {
    if (event.id == id) found = event;
  });
  return found;
}

// The event that EVENT names, while it is in the caller's queue; else 504, 505 or `missing`.
std::variant<LoggedEvent, Answer> named_event(const Call& call, int missing) {
  const auto text = call.command.find("EVENT");
  if (!text || text->empty()) return refuse(504, "EVENT");
  std::int64_t id = 0;
  const auto [stop, error] = std::from_chars(text->data(), text->data() + text->size(), id);
  if (error != std::errc{} || stop != text->data() + text->size() || id <= 0) return refuse(505, "EVENT");
  std::optional<LoggedEvent> found = event_of(call, id);
  if (!found) return refuse(missing, "EVENT");
  return *std::move(found);
}

}  // namespace

Answer query_events(Services&, const Call& call) {
  const Command& command = call.command;
  const auto limit = command.find("LIMIT");
  const bool only_last = limit && matches("ONLYLAST", *limit);
  std::optional<Window> window = only_last ? std::optional(Window{.limit = 1}) : window_of(command, 1'000);
  if (!window) return refuse(505, "FIRST, LIMIT");
  EventQuery query = queue_of(call);
  for (const auto& [parameter, bound] : {std::pair{"MINDATE", &query.from}, {"MAXDATE", &query.to}}) {
    const auto text = command.find(parameter);
    if (!text || text->empty()) continue;
    const engine::Result<engine::UtcTime> time = engine::parse_time(*text);
    if (!time) return refuse(505, parameter);
    *bound = time.value();
    if (bound == &query.to)
      *bound = time.value() + (engine::parse_day(*text) ? engine::Milliseconds(std::chrono::hours(24))
                                                        : engine::Milliseconds(std::chrono::seconds(1)));
  }
  const auto [order, descending] = order_of(command);
  if (!order.empty() && order != "EVENTDATE" && order != "EVENT") return refuse(541, "ORDERBY");
  const std::string_view class_pattern = command.find("CLASS").value_or("");
  const std::string_view subclass_pattern = command.find("SUBCLASS").value_or("");
  std::vector<LoggedEvent> rows;
  std::int64_t total = 0;
  if (class_pattern.empty() && subclass_pattern.empty()) {
    total = call.store.count_events(query);
    // The manual's sample: without FIRST, the last window is answered. Newest first, the window lies at the other end.
    if (!window->first_given) window->first = descending ? 0 : std::max<std::int64_t>(0, total - window->limit);
    query.limit = window->limit;
    query.offset = descending ? std::max<std::int64_t>(0, total - window->first - window->limit) : window->first;
    if (descending) query.limit = std::max<std::int64_t>(0, std::min(window->limit, total - window->first));
    if (query.limit > 0) call.store.each_event(query, [&](const LoggedEvent& event) { rows.push_back(event); });
  } else {
    std::vector<LoggedEvent> all;
    call.store.each_event(query, [&](const LoggedEvent& event) {
      if ((class_pattern.empty() || matches(class_pattern, class_of(event))) &&
          (subclass_pattern.empty() || matches(subclass_pattern, subclass_of(event))))
        all.push_back(event);
    });
    total = static_cast<std::int64_t>(all.size());
    if (!window->first_given) window->first = descending ? 0 : std::max<std::int64_t>(0, total - window->limit);
    const std::int64_t count = std::clamp<std::int64_t>(total - window->first, 0, window->limit);
    const std::int64_t from = descending ? total - window->first - count : window->first;
    for (std::int64_t i = 0; i < count; ++i) rows.push_back(all[static_cast<std::size_t>(from + i)]);
  }
  if (descending) std::ranges::reverse(rows);
  Answer answer;
  add_window(answer, *window, static_cast<std::int64_t>(rows.size()), total);
  const bool wide = is_set(command, "WIDE");
  for (const LoggedEvent& event : rows) {
    answer.add("EVENT", std::to_string(event.id));
    if (!wide) continue;
    answer.add("EVENTCLASS", class_of(event));
    answer.add("EVENTSUBCLASS", subclass_of(event));
    answer.add("EVENTDATE", engine::to_wire_string(event.at));
    std::vector<std::string> data = data_of(call.store, event);
    data.resize(4);
    for (std::size_t i = 0; i < data.size(); ++i) answer.add("EVENTDATA" + std::to_string(i), data[i]);
  }
  return answer;
}

Answer status_event(Services&, const Call& call) {
  const auto named = named_event(call, 545);
  if (const Answer* refused = std::get_if<Answer>(&named)) return *refused;
  const LoggedEvent& event = std::get<LoggedEvent>(named);
  Answer answer;
  answer.add("EVENT", std::to_string(event.id));
  answer.add("CLASS", class_of(event));
  answer.add("SUBCLASS", subclass_of(event));
  answer.add("DATE", engine::to_wire_string(event.at));
  for (const std::string& line : data_of(call.store, event)) answer.add("DATA", line);
  return answer;
}

Answer delete_event(Services& desk, const Call& call) {
  const auto named = named_event(call, 541);
  if (const Answer* refused = std::get_if<Answer>(&named)) return *refused;
  call.reading.end();
  desk.writer.in_batch([&](engine::LedgerStore& store) {
    engine::Changes changes;
    changes.events_done.push_back({call.caller.user.id, std::get<LoggedEvent>(named).id});
    const engine::Status done = store.apply(changes, {call.now, call.caller.user.login});
    ENSURE(bool(done), "a mark is never refused");
  });
  return {};
}

}  // namespace gateway
