#include "tools/operations/notices.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <sstream>
#include <unordered_map>

#include "engine/explanation.hpp"

namespace operations {
namespace {

using engine::Error;
using engine::ErrorCode;
using engine::LoggedEvent;
using engine::Money;
using engine::Notice;
using engine::NoticeChannel;
using engine::NoticeDelivery;
using engine::NoticeKind;
using engine::to_string;
using engine::TransferKind;

std::vector<std::string> words_of(const std::string& list) {
  std::vector<std::string> words;
  std::istringstream parts(list);
  for (std::string word; std::getline(parts, word, ',');) words.push_back(word);
  return words;
}

// The money that the event itself moved: transfers of one commit share its instant.
Money amount_of(engine::LedgerReader& store, const LoggedEvent& event, NoticeKind kind) {
  const engine::Customer customer = store.customer(*event.customer).value();
  engine::TransferQuery query;
  query.backorder = event.backorder;
  query.kinds = kind == NoticeKind::reserved   ? std::vector{TransferKind::reserve}
                : kind == NoticeKind::captured ? std::vector{TransferKind::capture, TransferKind::capture_tax}
                                               : std::vector{TransferKind::refund};
  Money amount = Money::zero(customer.currency);
  int attempt = 0;
  store.each_transfer(query, [&](const engine::Transfer& transfer) {
    if (transfer.recorded_at != event.at) return;
    if (transfer.attempt != attempt) amount = Money::zero(customer.currency);
    attempt = transfer.attempt;
    amount += transfer.amount;
  });
  return amount;
}

std::string time_or_nothing(const std::optional<engine::Drop>& drop, engine::UtcTime engine::Drop::*which) {
  return drop ? to_string((*drop).*which) : "";
}
std::string local_or_nothing(const std::optional<engine::Drop>& drop, engine::UtcTime engine::Drop::*which,
                             const std::string& zone) {
  return drop ? engine::to_local_string(zone, (*drop).*which) : "";
}

}  // namespace

NoticeTexts::NoticeTexts() {
  for (const engine::NoticeForm& form : engine::notice_forms()) {
    auto parsed = engine::NoticeTemplate::parse(form.text, form, "built-in " + std::string(to_word(form.kind)));
    ENSURE(bool(parsed), parsed ? "" : parsed.error().detail);
    templates_.emplace(form.kind, std::move(parsed).value());
  }
}

engine::Result<NoticeTexts> NoticeTexts::with(
    const std::function<std::optional<std::string>(const std::string& file)>& read, const std::string& folder) {
  NoticeTexts texts;
  for (const engine::NoticeForm& form : engine::notice_forms()) {
    const std::string file = folder + "/" + std::string(to_word(form.kind)) + ".txt";
    const std::optional<std::string> text = read(file);
    if (!text) continue;
    auto parsed = engine::NoticeTemplate::parse(*text, form, file);
    if (!parsed) return parsed.error();
    texts.templates_.insert_or_assign(form.kind, std::move(parsed).value());
  }
  return texts;
}

engine::Result<NoticeChannel> channel_named(engine::LedgerReader& store, const std::string& name) {
  for (NoticeChannel& channel : store.notice_channels()) {
    if (channel.name == name) return std::move(channel);
  }
  return Error{ErrorCode::channel_not_found, "there is no channel '" + name + "'; see 'notices channels'"};
}

engine::Result<Reply> add_channel(const Context& context, const RequestKey& request, NoticeChannel channel,
                                  std::optional<std::int64_t> from_event) {
  const Facts content{{"request", "add-notice-channel"},
                      {"channel", channel.name},
                      {"method", std::string(to_word(channel.method))},
                      {"target", channel.target},
                      {"secret_file", channel.secret_file},
                      {"audience", channel.audience},
                      {"kinds", channel.kinds},
                      {"account", channel.account},
                      {"templates", channel.templates},
                      {"from_event", from_event ? std::to_string(*from_event) : ""}};
  return run_request(context, request, content, [&](engine::Changes&) -> engine::Result<Facts> {
    const bool named =
        !channel.name.empty() && channel.name.size() <= 64 && std::ranges::all_of(channel.name, [](unsigned char c) {
          return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
                 c == '.';
        });
    if (!named)
      return Error{ErrorCode::invalid_argument,
                   "channel '" + channel.name + "': letters, digits, '.', '-', '_', at most 64"};
    if (channel_named(context.store, channel.name)) {
      return Error{ErrorCode::invalid_argument, "channel '" + channel.name + "' exists; 'notices remove " +
                                                    channel.name + "' comes before a change"};
    }
    for (const std::string& kind : words_of(channel.kinds)) {
      if (engine::parse_notice_kind(kind)) continue;
      std::string known;
      for (const engine::NoticeForm& form : engine::notice_forms())
        known += (known.empty() ? "" : ", ") + std::string(to_word(form.kind));
      return Error{ErrorCode::invalid_argument, "'" + kind + "' is no kind of notice: " + known};
    }
    if (!channel.account.empty()) {
      if (const auto found = customer_named(context.store, channel.account); !found) return found.error();
    }
    const std::int64_t last = context.store.last_event();
    channel.cursor = from_event ? std::clamp<std::int64_t>(*from_event - 1, 0, last) : last;
    channel.made_at = context.now;
    channel.made_by = context.actor;
    context.store.add_notice_channel(channel);
    return Facts{{"channel", channel.name},
                 {"method", std::string(to_word(channel.method))},
                 {"target", channel.target},
                 {"after_event", std::to_string(channel.cursor)}};
  });
}

engine::Result<Reply> remove_channel(const Context& context, const RequestKey& request, const std::string& name) {
  return run_request(context, request, {{"request", "remove-notice-channel"}, {"channel", name}},
                     [&](engine::Changes&) -> engine::Result<Facts> {
                       if (const auto found = channel_named(context.store, name); !found) return found.error();
                       context.store.remove_notice_channel(name);
                       return Facts{{"channel", name}};
                     });
}

bool is_for(const NoticeChannel& channel, const LoggedEvent& event, NoticeKind kind, const std::string& account) {
  const engine::Audience audience = engine::form_of(kind).audience;
  if (!channel.audience.empty() && channel.audience != to_word(audience)) return false;
  if (!channel.account.empty() &&
      (audience != engine::Audience::customer || !event.customer || account != channel.account))
    return false;
  if (channel.kinds.empty()) return true;
  const std::vector<std::string> kinds = words_of(channel.kinds);
  return std::ranges::find(kinds, to_word(kind)) != kinds.end();
}

Notice compose(engine::LedgerReader& store, const LoggedEvent& event, NoticeKind kind, const std::string& account,
               const NoticeTexts& texts) {
  const engine::NoticeForm& form = engine::form_of(kind);
  Notice notice{event.id, kind, event.at, {}, {}, {}};
  engine::Variables& variables = notice.variables;
  variables["notice"] = std::to_string(event.id);
  variables["kind"] = to_word(kind);
  variables["at"] = to_string(event.at);
  variables["account"] = account;
  variables["actor"] = event.actor;
  variables["detail"] = event.detail;
  variables["reason"] = event.reason ? to_word(*event.reason) : "";
  variables["reason_text"] = event.reason ? engine::sentence(*event.reason) : "";
  if (form.of_backorder) {
    ENSURE(event.backorder, "an event of this kind concerns a backorder");
    const engine::Backorder backorder = store.backorder(*event.backorder).value();
    const std::string zone = store.schedules().of(backorder.name.ace()).time_zone;
    variables["backorder"] = std::to_string(backorder.id.value());
    variables["domain"] = backorder.name.unicode();
    variables["domain_ace"] = backorder.name.ace();
    variables["zone"] = backorder.zone;
    variables["state"] = to_word(event.to.value_or(backorder.state));
    variables["deposit_due"] = time_or_nothing(backorder.drop, &engine::Drop::deposit_due);
    variables["deadline"] = time_or_nothing(backorder.drop, &engine::Drop::deadline);
    variables["deadline_local"] = local_or_nothing(backorder.drop, &engine::Drop::deadline, zone);
    variables["drop_at"] = time_or_nothing(backorder.drop, &engine::Drop::drop_at);
    variables["drop_at_local"] = local_or_nothing(backorder.drop, &engine::Drop::drop_at, zone);
  }
  if (form.of_money) variables["amount"] = to_string_with_code(amount_of(store, event, kind));
  notice.subject = texts.of(kind).subject(variables);
  notice.body = texts.of(kind).body(variables);
  return notice;
}

std::string to_json(const Notice& notice) {
  nlohmann::ordered_json json{{"schema", "dropledger.notice/1"},
                              {"id", std::to_string(notice.id)},
                              {"kind", to_word(notice.kind)},
                              {"at", to_string(notice.at)},
                              {"audience", to_word(engine::form_of(notice.kind).audience)},
                              {"subject", notice.subject},
                              {"text", notice.body}};
  for (const auto& [variable, value] : notice.variables) {
    if (variable != "notice" && variable != "kind" && variable != "at") json[variable] = value;
  }
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

SendReport send_notices(const Context& context, const NoticeChannel& channel, const NoticeTexts& texts,
                        const SendOptions& options,
                        const std::function<std::optional<std::string>(const Notice&)>& deliver) {
  SendReport report;
  engine::LedgerStore& store = context.store;
  std::unordered_map<std::int64_t, std::string> names;
  int failures = 0;
  std::size_t tried = 0;
  const auto may_go_on = [&] {
    report.given_up = failures >= options.failures_in_a_row;
    return !report.given_up && (options.limit == 0 || tried < options.limit);
  };
  const auto account_of = [&](const LoggedEvent& event) -> std::string {
    if (!event.customer) return {};
    const auto [found, is_new] = names.try_emplace(event.customer->value());
    if (is_new) found->second = store.customer(*event.customer).value().name;
    return found->second;
  };
  const auto attempt = [&](const LoggedEvent& event, NoticeKind kind, std::optional<NoticeDelivery> before) {
    const std::optional<std::string> trouble = deliver(compose(store, event, kind, account_of(event), texts));
    NoticeDelivery delivery =
        before.value_or(NoticeDelivery{channel.name, event.id, 0, context.now, context.now, {}, {}});
    delivery.attempts += 1;
    delivery.last_at = context.now;
    delivery.next_at = trouble ? std::optional(context.now + engine::pause_after(delivery.attempts)) : std::nullopt;
    delivery.trouble = trouble.value_or("");
    UnitOfWork work(context);
    store.put_notice_delivery(delivery);
    store.advance_notice_cursor(channel.name, event.id);
    work.keep();
    ++tried;
    failures = trouble ? failures + 1 : 0;
    (trouble ? report.failed : report.delivered) += 1;
    if (trouble) report.trouble = *trouble;
  };

  for (const NoticeDelivery& waiting :
       store.notice_deliveries({.channel = channel.name, .event = {}, .waiting_only = true, .due_by = context.now})) {
    if (!may_go_on()) return report;
    engine::EventQuery one;
    one.after_id = waiting.event - 1;
    one.limit = 1;
    std::optional<LoggedEvent> event;
    store.each_event(one, [&](const LoggedEvent& found) { event = found; });
    ENSURE(event && event->id == waiting.event, "the log keeps every event");
    const auto kind = engine::notice_of(*event);
    ENSURE(kind, "what waits was a notice");
    attempt(*event, *kind, waiting);
  }

  constexpr std::int64_t kEventsAtOnce = 500;
  std::int64_t cursor = channel.cursor;
  for (;;) {
    std::vector<LoggedEvent> events;
    engine::EventQuery next;
    next.after_id = cursor;
    next.limit = kEventsAtOnce;
    store.each_event(next, [&](const LoggedEvent& event) { events.push_back(event); });
    if (events.empty()) return report;
    for (const LoggedEvent& event : events) {
      const auto kind = engine::notice_of(event);
      if (kind && is_for(channel, event, *kind, account_of(event))) {
        if (!may_go_on()) return report;
        attempt(event, *kind, {});
      }
    }
    cursor = events.back().id;
    UnitOfWork work(context);
    store.advance_notice_cursor(channel.name, cursor);  // past what was for nobody here
    work.keep();
  }
}

bool announce(const Context& context, const engine::Verification& result) {
  if (result.findings.empty()) return false;
  const std::string detail = result.findings.front().check + ": " + result.findings.front().what;
  UnitOfWork work(context);
  std::string last;
  engine::EventQuery query;
  query.kinds = {engine::EventKind::verify_failed};
  context.store.each_event(query, [&](const LoggedEvent& event) { last = event.detail; });
  if (last == detail) return false;
  engine::Changes changes;
  changes.events.push_back({engine::EventKind::verify_failed, {}, {}, {}, {}, {}, detail});
  const engine::Status written = context.store.apply(changes, context.stamp());
  ENSURE(bool(written), "an event can be logged");
  work.keep();
  return true;
}

}  // namespace operations
