// Schedules: when registries delete, and how long before that money and jobs must be ready.
#include <cstdio>
#include <set>

#include "tools/cli/commands/commands.hpp"
#include "tools/cli/commands/validity.hpp"
#include "tools/operations/accounts.hpp"

namespace cli {
namespace {

using engine::Error;
using engine::ErrorCode;
using engine::Result;

constexpr const char* kEveryZone = "*";  // the row for every zone without one of its own

std::string schedule_zone(const std::string& text) {
  return text == kEveryZone ? "" : value_or_throw(engine::parse_zone(text));
}

engine::ZoneSchedule in_force(engine::LedgerReader& store, const std::string& zone) {
  return store.schedules().of(zone.empty() ? std::string() : "name." + zone);
}

std::string time_of_day(std::chrono::seconds since_midnight) {
  const std::int64_t seconds = since_midnight.count();
  char text[16];
  std::snprintf(text, sizeof text, seconds % 60 == 0 ? "%02d:%02d" : "%02d:%02d:%02d",
                static_cast<int>(seconds / 3600 % 100), static_cast<int>(seconds / 60 % 60),
                static_cast<int>(seconds % 60));
  return text;
}

Result<std::chrono::seconds> parse_time_of_day(const std::string& text) {
  const auto digits = [&text](std::size_t at) -> int {
    if (at + 1 >= text.size() || text[at] < '0' || text[at] > '9' || text[at + 1] < '0' || text[at + 1] > '9')
      return -1;
    return (text[at] - '0') * 10 + text[at + 1] - '0';
  };
  const bool shaped = (text.size() == 5 || text.size() == 8) && text[2] == ':' && (text.size() == 5 || text[5] == ':');
  const int hours = digits(0), minutes = digits(3), seconds = text.size() == 8 ? digits(6) : 0;
  if (!shaped || hours < 0 || hours > 23 || minutes < 0 || minutes > 59 || seconds < 0 || seconds > 59) {
    return Error{ErrorCode::invalid_time, "'" + text + "' is no time of day; write HH:MM, such as 14:30"};
  }
  return std::chrono::seconds(hours * 3600 + minutes * 60 + seconds);
}

void add_schedule(render::Table& table, const std::string& zone, const engine::ZoneSchedule& row) {
  std::string times;
  for (const std::chrono::seconds time : row.batch_times) times += (times.empty() ? "" : " ") + time_of_day(time);
  table.add(zone, to_word(row.kind), row.time_zone, times.empty() ? render::Cell() : render::cell(times),
            engine::to_string(row.job_lead), engine::to_string(row.deposit_lead), engine::to_string(row.deposit_gap),
            engine::to_string(row.finalization_lead), row.submit_lead ? engine::to_string(*row.submit_lead) : "at once",
            row.confidence, row.source);
}

struct ScheduleList {
  std::string zone;
  void bind(CLI::App& app) {
    app.add_option("zone", zone, "Zone, to list only the schedule in force for it")->type_name("ZONE");
  }
  int run(Session& session) const {
    engine::LedgerReader& store = session.book_snapshot();
    render::Table table;
    table.schema = "dropledger.schedules/1";
    table.columns = {{"zone"},
                     {"kind"},
                     {"time_zone"},
                     {"batches"},
                     {"job_lead"},
                     {"deposit_lead"},
                     {"deposit_gap"},
                     {"finalization_lead"},
                     {"submit_lead"},
                     {"confidence"},
                     {"source", "", render::Kind::text, true}};
    if (zone.empty()) {
      for (const engine::ZoneSchedule& row : store.schedules().rows())
        add_schedule(table, row.zone.empty() ? kEveryZone : row.zone, row);
    } else {
      const engine::ZoneSchedule row = in_force(store, schedule_zone(zone));
      add_schedule(table, row.zone.empty() ? kEveryZone : row.zone, row);
    }
    session.print(table);
    return 0;
  }
};

struct ScheduleSet {
  std::string zone, time_zone, kind, job_lead, deposit_lead, deposit_gap, finalization_lead, submit_lead, sharp_s,
      source = "operator";
  std::vector<std::string> times;
  void bind(CLI::App& app) {
    app.add_option("zone", zone, "Zone; '*' is every zone without a schedule of its own")
        ->type_name("ZONE")
        ->required();
    app.add_option("--kind", kind, "Way in which names drop")
        ->check(CLI::IsMember({"instant", "batch", "window", "random", "unknown"}));
    app.add_option("--time-zone", time_zone, "Time zone of --at, e.g. Europe/Warsaw")->type_name("ZONE");
    app.add_option("--at", times, "Local start of a batch, once per batch; none: not known")->type_name("HH:MM");
    app.add_option("--job-lead", job_lead, "Time before the drop by which the job must exist, e.g. 3h")
        ->type_name("SPAN");
    app.add_option("--deposit-lead", deposit_lead, "Time before the drop at which the deposit is attempted, e.g. 72h")
        ->type_name("SPAN");
    app.add_option("--deposit-gap", deposit_gap, "Least time from the deposit to the deadline, e.g. 24h")
        ->type_name("SPAN");
    app.add_option("--finalization-lead", finalization_lead,
                   "Time from finalization to drop, for lists that give only the finalization date")
        ->type_name("SPAN");
    app.add_option("--submit-lead", submit_lead,
                   "Time before the deadline until which a funded job is held back; none: submit at once")
        ->type_name("SPAN");
    app.add_option("--source", source, "Origin of this knowledge")->type_name("TEXT")->capture_default_str();
    app.add_option("--sharp-s", sharp_s, "What the registry makes of ß in a name: its own letter, or ss")
        ->check(CLI::IsMember({"keep", "ss"}));
  }
  int run(Session& session) const {
    const operations::Context context = session.context();
    const std::string ace = schedule_zone(zone);
    engine::ZoneSchedule row = in_force(context.store, ace);
    row.zone = ace;
    row.source = source;
    row.confidence = "operator";
    if (!kind.empty()) row.kind = value_or_throw(engine::parse_drop_kind(kind));
    if (!time_zone.empty()) row.time_zone = time_zone;
    if (!times.empty()) {
      std::set<std::chrono::seconds> starts;
      for (const std::string& text : times) {
        if (text != "none") starts.insert(value_or_throw(parse_time_of_day(text)));
      }
      row.batch_times.assign(starts.begin(), starts.end());
    }
    const auto take = [](const std::string& text, engine::Milliseconds& into) {
      if (!text.empty()) into = value_or_throw(engine::parse_span(text));
    };
    take(job_lead, row.job_lead);
    take(deposit_lead, row.deposit_lead);
    take(deposit_gap, row.deposit_gap);
    take(finalization_lead, row.finalization_lead);
    if (submit_lead == "none") {
      row.submit_lead.reset();
    } else if (!submit_lead.empty()) {
      row.submit_lead = value_or_throw(engine::parse_span(submit_lead));
    }
    if (!sharp_s.empty()) row.sharp_s = value_or_throw(engine::parse_sharp_s(sharp_s));
    session.answer(value_or_throw(operations::set_schedule(context, session.request(), row)), kTermsSchema,
                   "schedule of " + (ace.empty() ? std::string("every other zone") : "." + ace) + ": jobs " +
                       engine::to_string(row.job_lead) + ", deposits " + engine::to_string(row.deposit_lead) +
                       " before the drop; open backorders of the zone are dated by it");
    return 0;
  }
};

}  // namespace

void add_schedule_commands(CommandLine& line) {
  CLI::App* schedule =
      add_group(line.app, "schedule",
                "Schedules of registries: when names drop, and how long before that deposits and jobs are due");
  add_command<ScheduleList>(line, *schedule, "list", "Lists all schedules, or the one in force for a zone",
                            "  dropledger schedule list com.pl");
  add_command<ScheduleSet>(line, *schedule, "set", "Sets the schedule of a zone, starting from the one in force",
                           "  dropledger schedule set it --kind batch --time-zone Europe/Rome --at 09:00 --at 16:00\n"
                           "  dropledger schedule set com --submit-lead 12h");
}

}  // namespace cli
