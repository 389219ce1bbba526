// Notices: what customers and operators must hear, where it goes, and what became of it.
#include "tools/operations/notices.hpp"

#include <algorithm>
#include <chrono>
#include <deque>
#include <fstream>
#include <future>
#include <iterator>
#include <memory>
#include <sstream>

#include "storage/store.hpp"
#include "tools/cli/commands/commands.hpp"
#include "tools/delivery/channel_lock.hpp"
#include "tools/delivery/notice_delivery.hpp"
#include "tools/delivery/webhook.hpp"

namespace cli {
namespace {

using engine::ChannelMethod;
using engine::Error;
using engine::ErrorCode;
using engine::NoticeChannel;
using engine::to_string;

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

operations::NoticeTexts texts_of(const std::string& folder) {
  if (folder.empty()) return {};
  const auto read = [](const std::string& file) -> std::optional<std::string> {
    std::ifstream in(file, std::ios::binary);
    if (!in) return std::nullopt;
    return std::string(std::istreambuf_iterator<char>(in), {});
  };
  return value_or_throw(operations::NoticeTexts::with(read, folder));
}

struct Add {
  std::string name, url, secret_file, command, file, audience, kinds, account, templates;
  std::int64_t from_event = 0;
  void bind(CLI::App& app) {
    app.add_option("name", name, "The channel's name")->type_name("NAME")->required();
    CLI::Option_group* where = app.add_option_group("Where notices go (one of these)");
    where->add_option("--url", url, "POST each as JSON: https://…, or http:// to this machine")->type_name("URL");
    where
        ->add_option("--command", command,
                     "Run a program with the text on its standard input; no shell: words divided by blanks, quoted "
                     "where they hold some")
        ->type_name("COMMAND");
    where->add_option("--file", file, "Append each as a line of JSON")->type_name("FILE");
    where->require_option(1);
    app.add_option("--secret-file", secret_file, "Sign posts with what this file holds; only its owner may read it")
        ->type_name("FILE");
    app.add_option("--audience", audience, "Only what customers, or the operator, must hear")
        ->check(CLI::IsMember({"customer", "operator"}));
    app.add_option("--kinds", kinds, "Only these, comma separated, e.g. void,shortfall (see 'notices templates')")
        ->type_name("KINDS");
    app.add_option("--account", account, "Only this account")->type_name("NAME");
    app.add_option("--templates", templates, "A folder with KIND.txt files that replace the built-in words")
        ->type_name("FOLDER");
    app.add_option("--from-event", from_event, "Begin with this event of the log (default: with the next one)")
        ->check(CLI::PositiveNumber);
  }
  int run(Session& session) const {
    NoticeChannel channel{.name = name,
                          .method = ChannelMethod::file,
                          .target = file,
                          .secret_file = secret_file,
                          .audience = audience,
                          .kinds = kinds,
                          .account = account,
                          .templates = templates,
                          .made_at = {}};
    if (!url.empty()) {
      if (const engine::Status allowed = delivery::check_webhook_url(url); !allowed)
        throw CommandError{allowed.error()};
      channel.method = ChannelMethod::webhook;
      channel.target = url;
      if (!secret_file.empty()) value_or_throw(delivery::read_secret(secret_file));
    } else if (!secret_file.empty()) {
      throw CommandError{Error{ErrorCode::invalid_argument, "--secret-file signs posts; there are none without --url"}};
    }
    if (!command.empty()) {
      channel.method = ChannelMethod::command;
      channel.target.clear();
      for (const std::string& word : CLI::detail::split_up(command)) channel.target += word + "\n";
      if (channel.target.empty() || command.find('\n') != std::string::npos) {
        throw CommandError{Error{ErrorCode::invalid_argument, "--command names a program and its words, on one line"}};
      }
    }
    texts_of(templates);  // refused now rather than when something must be told
    const operations::Context context = session.context();
    const operations::Reply reply = value_or_throw(operations::add_channel(
        context, session.request(), channel, from_event > 0 ? std::optional(from_event) : std::nullopt));
    session.answer(reply, "dropledger.notice-channel/1",
                   "channel " + name + " (" + std::string(engine::to_word(channel.method)) + ") begins after event " +
                       std::string(reply.fact("after_event")));
    return 0;
  }
};

struct Remove {
  std::string name;
  void bind(CLI::App& app) { app.add_option("name", name, "The channel's name")->type_name("NAME")->required(); }
  int run(Session& session) const {
    const operations::Context context = session.context();
    const operations::Reply reply = value_or_throw(operations::remove_channel(context, session.request(), name));
    session.answer(reply, "dropledger.notice-channel-removed/1",
                   "channel " + name + " is removed, with what it knew of deliveries; the log stays");
    return 0;
  }
};

struct Channels {
  void bind(CLI::App&) {}
  int run(Session& session) const {
    engine::LedgerReader& store = session.book_snapshot();
    const std::int64_t last = store.last_event();
    render::Table table;
    table.schema = "dropledger.notice-channels/1";
    table.columns = {{"channel"},
                     {"method"},
                     {"target"},
                     {"signed"},
                     {"audience"},
                     {"kinds"},
                     {"account"},
                     {"templates"},
                     {"after_event", "", render::Kind::number},
                     {"events_ahead", "", render::Kind::number},
                     {"waiting", "", render::Kind::number}};
    table.when_empty = "No channel: nobody is told anything. See 'notices add --help'.";
    for (const NoticeChannel& channel : store.notice_channels()) {
      std::string target = channel.target;
      if (channel.method == ChannelMethod::command) {
        target.clear();
        for (const std::string& word : lines_of(channel.target)) target += (target.empty() ? "" : " ") + word;
      }
      const auto waiting =
          store.notice_deliveries({.channel = channel.name, .event = {}, .waiting_only = true, .due_by = {}});
      table.add(channel.name, to_word(channel.method), target, !channel.secret_file.empty(), channel.audience,
                channel.kinds, channel.account, channel.templates, channel.cursor, last - channel.cursor,
                waiting.size());
    }
    session.print(table);
    return 0;
  }
};

struct List {
  std::string channel, account;
  std::int64_t after = 0, limit = 100;
  bool waiting = false, oldest_first = false;
  void bind(CLI::App& app) {
    app.add_option("--channel", channel, "As this channel sees them, with what became of each")->type_name("NAME");
    app.add_option("--account", account, "Only this account")->type_name("NAME");
    app.add_option("--after", after, "Only higher numbers, oldest first")->check(CLI::NonNegativeNumber);
    app.add_flag("--oldest-first", oldest_first, "List the oldest notices first instead of the newest");
    app.add_option("--limit,--last", limit, "Largest number of rows; 0 is all")
        ->check(CLI::NonNegativeNumber)
        ->capture_default_str();
    app.add_flag("--waiting", waiting, "Only what failed and waits for another try");
  }
  int run(Session& session) const {
    engine::LedgerReader& store = session.book_snapshot();
    std::optional<NoticeChannel> seen_by;
    if (!channel.empty()) seen_by = value_or_throw(operations::channel_named(store, channel));
    std::map<std::pair<std::int64_t, std::string>, engine::NoticeDelivery> deliveries;
    for (engine::NoticeDelivery& row :
         store.notice_deliveries({.channel = channel, .event = {}, .waiting_only = waiting, .due_by = {}})) {
      deliveries.emplace(std::pair(row.event, row.channel), std::move(row));
    }
    const operations::NoticeTexts texts = texts_of(seen_by ? seen_by->templates : "");
    operations::AccountNames accounts(store);
    engine::EventQuery query;
    query.after_id = after;
    if (!account.empty()) query.customer = session.account(account).id;
    render::Table table;
    table.schema = "dropledger.notices/1";
    table.columns = {{"notice", "", render::Kind::number},
                     {"at", "", render::Kind::time},
                     {"kind"},
                     {"audience"},
                     {"account"},
                     {"backorder", "", render::Kind::number},
                     {"delivery", "", render::Kind::text, true},
                     {"subject", "", render::Kind::text, true}};
    table.when_empty = "No notice matches.";
    struct Shown {
      engine::LoggedEvent event;
      engine::NoticeKind kind;
      std::string account, delivery;
    };
    std::deque<Shown> shown;
    const bool newest = !oldest_first && after == 0;
    store.each_event(query, [&](const engine::LoggedEvent& event) {
      const auto kind = engine::notice_of(event);
      if (!kind || (table.truncated && !newest)) return;
      const std::string of = event.customer ? accounts.of(*event.customer) : "";
      if (seen_by && !operations::is_for(*seen_by, event, *kind, of)) return;
      std::string delivery;
      for (auto row = deliveries.lower_bound({event.id, ""}); row != deliveries.end() && row->first.first == event.id;
           ++row) {
        const engine::NoticeDelivery& known = row->second;
        delivery += (delivery.empty() ? "" : "; ") + known.channel + ": " +
                    (known.next_at ? "try " + std::to_string(known.attempts + 1) + " at " + to_string(*known.next_at) +
                                         ", " + known.trouble
                                   : "delivered " + to_string(known.last_at));
      }
      if (waiting && delivery.empty()) return;
      if (limit != 0 && shown.size() == static_cast<std::size_t>(limit)) {
        table.truncated = true;
        if (!newest) return;
        shown.pop_front();
      }
      shown.push_back({event, *kind, of, delivery});
    });
    if (newest) std::ranges::reverse(shown);
    for (const Shown& one : shown) {
      table.add(one.event.id, one.event.at, to_word(one.kind), to_word(engine::form_of(one.kind).audience), one.account,
                one.event.backorder, one.delivery,
                operations::compose(store, one.event, one.kind, one.account, texts).subject);
    }
    session.print(table);
    return 0;
  }
};

struct Show {
  std::string id, channel;
  void bind(CLI::App& app) {
    app.add_option("notice", id, "Number or domain name of a backorder")->type_name("ID")->required();
    app.add_option("--channel", channel, "In this channel's words")->type_name("NAME");
  }
  int run(Session& session) const {
    engine::LedgerReader& store = session.book_snapshot();
    engine::EventQuery query;
    query.after_id = session.number(id, "notice") - 1;
    query.limit = 1;
    std::optional<engine::LoggedEvent> event;
    store.each_event(query, [&](const engine::LoggedEvent& found) { event = found; });
    const auto kind = event && event->id == query.after_id + 1 ? engine::notice_of(*event) : std::nullopt;
    if (!kind)
      throw CommandError{Error{ErrorCode::invalid_argument, "event " + id + " is no notice; see 'notices list'"}};
    const std::string folder =
        channel.empty() ? "" : value_or_throw(operations::channel_named(store, channel)).templates;
    const std::string account = event->customer ? store.customer(*event->customer).value().name : "";
    const engine::Notice notice = operations::compose(store, *event, *kind, account, texts_of(folder));
    render::Table record;
    record.schema = "dropledger.notice/1";
    record.add_fact("id", id);
    record.add_fact("kind", to_word(*kind));
    record.add_fact("at", notice.at);
    record.add_fact("audience", to_word(engine::form_of(*kind).audience));
    for (const auto& [variable, value] : notice.variables) {
      if (variable != "notice" && variable != "kind" && variable != "at") record.add_fact(variable, value);
    }
    for (const engine::NoticeDelivery& row :
         store.notice_deliveries({.channel = {}, .event = notice.id, .due_by = {}})) {
      record.add_fact(
          "channel_" + row.channel,
          row.next_at ? std::to_string(row.attempts) + " tries, next at " + to_string(*row.next_at) + ": " + row.trouble
                      : "delivered " + to_string(row.last_at) + ", try " + std::to_string(row.attempts));
    }
    record.add_fact("subject", notice.subject);
    record.add_fact("text", notice.body);
    session.print(record);
    return 0;
  }
};

struct Templates {
  std::string kind;
  void bind(CLI::App& app) {
    app.add_option("kind", kind, "Only this one, as a file KIND.txt would hold it")->type_name("KIND");
  }
  int run(Session& session) const {
    if (!kind.empty()) {
      const auto wanted = engine::parse_notice_kind(kind);
      if (!wanted)
        throw CommandError{
            Error{ErrorCode::invalid_argument, "'" + kind + "' is no kind of notice; see 'notices templates'"}};
      session.say(std::string(engine::form_of(*wanted).text.substr(0, engine::form_of(*wanted).text.size() - 1)));
      if (session.globals().format == "table") return 0;
    }
    render::Table table;
    table.schema = "dropledger.notice-templates/1";
    table.columns = {{"kind"}, {"audience"}, {"variables"}, {"text", "", render::Kind::text, true}};
    for (const engine::NoticeForm& form : engine::notice_forms()) {
      if (!kind.empty() && to_word(form.kind) != kind) continue;
      std::string variables;
      for (const std::string_view variable : variables_of(form))
        variables += (variables.empty() ? "" : " ") + std::string(variable);
      table.add(to_word(form.kind), to_word(form.audience), variables, form.text);
    }
    session.print(table);
    return 0;
  }
};

struct Send {
  std::string channel, timeout = "10s";
  std::size_t limit = 0;
  bool exit_code = false;
  void bind(CLI::App& app) {
    app.add_option("--channel", channel, "Only this one")->type_name("NAME");
    app.add_option("--limit", limit, "At most so many per channel; 0 is all");
    app.add_option("--timeout", timeout, "For one post or program")->type_name("SPAN")->capture_default_str();
    app.add_flag("--exit-code", exit_code, "End with 1 when a delivery failed");
  }
  int run(Session& session) const {
    const engine::Milliseconds patience = value_or_throw(engine::parse_span(timeout));
    if (session.globals().dry_run) {
      throw CommandError{
          Error{ErrorCode::invalid_argument,
                "what is sent cannot be taken back: 'notices list --channel NAME' shows what would go out"}};
    }
    const operations::Context context = session.context();
    // Sweeps that went silent cannot say so themselves: whoever sends notices looks too.
    if (!context.dry_run) operations::watch_health(context, session.machine_facts());
    std::vector<NoticeChannel> channels;
    if (channel.empty()) {
      channels = context.store.notice_channels();
    } else {
      channels.push_back(value_or_throw(operations::channel_named(context.store, channel)));
    }
    std::vector<operations::NoticeTexts> texts;  // all of them are read before anything is sent
    for (const NoticeChannel& one : channels) texts.push_back(texts_of(one.templates));
    render::Table table;
    table.schema = "dropledger.notices-sent/1";
    table.columns = {{"channel"},
                     {"delivered", "", render::Kind::number},
                     {"failed", "", render::Kind::number},
                     {"given_up"},
                     {"trouble", "", render::Kind::text, true}};
    table.when_empty = "No channel: nobody is told anything. See 'notices add --help'.";
    // Each channel on a thread and a connection of its own: a target that hangs delays its own notices alone.
    std::vector<std::future<operations::SendReport>> sending;
    std::int64_t delivered = 0, failed = 0;
    for (std::size_t i = 0; i < channels.size(); ++i) {
      const auto deliver = deliverer(channels[i], patience);
      sending.push_back(std::async(std::launch::async, [&, deliver, i] {
        return send(session.globals().book, context, channels[i].name, texts[i], deliver);
      }));
    }
    bool sound = true;
    for (std::size_t i = 0; i < channels.size(); ++i) {
      const operations::SendReport report = sending[i].get();
      table.add(channels[i].name, report.delivered, report.failed, report.given_up, report.trouble);
      delivered += report.delivered;
      failed += report.failed;
      sound = sound && report.failed == 0;
    }
    session.print(table);
    session.record_run(engine::RunKind::notices, channel, delivered > 0 ? "delivered " + std::to_string(delivered) : "",
                       failed > 0 ? "failed " + std::to_string(failed) : "");
    return !sound && exit_code ? 1 : 0;
  }

 private:
  operations::SendReport send(const std::string& book, const operations::Context& context, const std::string& name,
                              const operations::NoticeTexts& texts,
                              const std::function<std::optional<std::string>(const engine::Notice&)>& deliver) const {
    operations::SendReport report;
    const delivery::ChannelLock lock(book, name);
    if (!lock.is_ours()) {
      report.trouble = "another program is delivering this channel's notices";
      return report;
    }
    const std::unique_ptr<engine::LedgerStore> store = storage::open_book(book, {});
    // as it is now: another may have delivered meanwhile
    const engine::Result<NoticeChannel> now = operations::channel_named(*store, name);
    if (!now) return report;  // removed meanwhile
    operations::SendOptions options;
    options.limit = limit;
    return operations::send_notices({*store, context.now, context.actor}, now.value(), texts, options, deliver);
  }

  static std::function<std::optional<std::string>(const engine::Notice&)> deliverer(const NoticeChannel& channel,
                                                                                    engine::Milliseconds patience) {
    switch (channel.method) {
      case ChannelMethod::webhook: {
        const auto webhook = std::make_shared<delivery::Webhook>(patience);
        const std::string secret =
            channel.secret_file.empty() ? "" : value_or_throw(delivery::read_secret(channel.secret_file));
        return [webhook, secret, url = channel.target](const engine::Notice& notice) {
          const std::int64_t timestamp =
              std::chrono::floor<std::chrono::seconds>(system_now()).time_since_epoch().count();
          return webhook->post({url, std::to_string(notice.id), operations::to_json(notice), timestamp, secret});
        };
      }
      case ChannelMethod::command:
        return [words = lines_of(channel.target), patience](const engine::Notice& notice) {
          const std::vector<std::string> environment{"DROPLEDGER_NOTICE=" + std::to_string(notice.id),
                                                     "DROPLEDGER_NOTICE_KIND=" + std::string(to_word(notice.kind)),
                                                     "DROPLEDGER_NOTICE_ACCOUNT=" + notice.variables.at("account"),
                                                     "DROPLEDGER_NOTICE_SUBJECT=" + notice.subject};
          return delivery::run_with_input(words, environment, "Subject: " + notice.subject + "\n\n" + notice.body,
                                          patience);
        };
      case ChannelMethod::file:
        return [path = channel.target](const engine::Notice& notice) {
          return delivery::append_line(path, operations::to_json(notice));
        };
    }
    engine::invariant_failed("the method is known", __FILE__, __LINE__, "channel method");
  }
};

}  // namespace

void add_notice_commands(CommandLine& line) {
  CLI::App* group =
      add_group(line.app, "notices",
                "Notifications to customers and operators by webhook, program or file (at-least-once delivery)");
  add_command<Send>(line, *group, "send", "Delivers what is new, and what failed before and is due again",
                    "  dropledger notices send\n  dropledger notices send --channel ops --exit-code");
  add_command<List>(line, *group, "list", "Notices, and what became of each",
                    "  dropledger notices list --account alice\n  dropledger notices list --waiting");
  add_command<Show>(line, *group, "show", "One notice in full", "  dropledger notices show 17");
  add_command<Channels>(line, *group, "channels", "Where notices go", "  dropledger notices channels");
  add_command<Add>(
      line, *group, "add", "A channel: a webhook, a program or a file",
      "  dropledger notices add crm --url https://crm.example/hook --secret-file /etc/dropledger/hook.secret "
      "--audience customer\n"
      "  dropledger notices add ops --audience operator --command '/usr/bin/mail -s backorders ops@example.net'\n"
      "  dropledger notices add all --file /var/log/dropledger-notices.jsonl --from-event 1");
  add_command<Remove>(line, *group, "remove", "Takes a channel away", "  dropledger notices remove crm");
  add_command<Templates>(line, *group, "templates", "The built-in words and what {variables} each kind has",
                         "  dropledger notices templates\n  dropledger notices templates void > templates/void.txt");
}

}  // namespace cli
