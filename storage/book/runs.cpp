// Runs of what works unattended, and the health checks that the operator was told of.
#include "storage/book/book.hpp"

namespace storage {

using namespace engine;  // NOLINT: every type here is the engine's

std::vector<Run> SqliteBook::runs(const RunQuery& query) {
  Statement row = db_->statement(
      "SELECT id, kind, subject, started_at, ended_at, times, complete, counts, errors, actor FROM run"
      " WHERE (?1 IS NULL OR kind = ?1) AND (?2 IS NULL OR complete = ?2)"
      " AND (?3 IS NULL OR subject = ?3) ORDER BY id DESC LIMIT ?4");
  std::optional<std::string_view> kind;
  if (query.kind) kind = to_word(*query.kind);
  row.bind(kind, query.complete, query.subject, query.limit > 0 ? query.limit : -1);
  std::vector<Run> runs;
  while (row.step()) {
    const std::optional<RunKind> known = parse_run_kind(row.text(1));
    if (!known) db_->fail_corrupt("run " + std::to_string(row.integer(0)) + " has an unknown kind");
    Run& run = runs.emplace_back();
    run.id = row.integer(0);
    run.kind = *known;
    run.subject = row.string(2);
    run.started_at = row.time(3);
    run.ended_at = row.time(4);
    run.times = row.integer(5);
    run.complete = row.flag(6);
    run.counts = row.string(7);
    run.errors = row.string(8);
    run.actor = row.string(9);
  }
  return runs;
}

std::vector<HealthAlert> SqliteBook::health_alerts() {
  std::vector<HealthAlert> alerts;
  Statement row = db_->statement("SELECT name, since, figure FROM health_alert ORDER BY name");
  while (row.step()) {
    const std::optional<HealthCheck> check = parse_health_check(row.text(0));
    if (!check) db_->fail_corrupt("health_alert '" + row.string(0) + "' is no check");
    alerts.push_back({*check, row.time(1), row.string(2)});
  }
  return alerts;
}

std::vector<UtcTime> SqliteBook::list_times(SourceId source, std::int64_t most) {
  std::vector<UtcTime> times;
  Statement row = db_->statement("SELECT imported_at FROM list WHERE source_id = ? ORDER BY id DESC LIMIT ?");
  row.bind(source, most);
  while (row.step()) times.push_back(row.time(0));
  return times;
}

void SqliteBook::write_runs(const Changes& changes, std::string_view actor) {
  for (const NewRun& run : changes.runs) {
    ENSURE(run.started_at <= run.ended_at, "a run begins before it ends");
    const bool quiet = run.counts.empty() && run.errors.empty() && run.complete;
    if (quiet) {
      db_->statement(
             "UPDATE run SET ended_at = ?3, times = times + 1 WHERE id = (SELECT max(id) FROM run WHERE kind = ?1)"
             " AND subject = ?2 AND complete = 1 AND counts = '' AND errors = '' AND actor = ?4 AND ended_at <= ?3")
          .bind(to_word(run.kind), run.subject, run.ended_at, actor)
          .run();
      if (db_->changed_rows() > 0) continue;
    }
    db_->statement(
           "INSERT INTO run (id, kind, subject, started_at, ended_at, times, complete, counts, errors, actor)"
           " VALUES ((SELECT ifnull(max(id), 0) + 1 FROM run), ?, ?, ?, ?, 1, ?, ?, ?, ?)")
        .bind(to_word(run.kind), run.subject, run.started_at, run.ended_at, run.complete, run.counts, run.errors, actor)
        .run();
    db_->statement("DELETE FROM run WHERE ended_at < ?").bind(run.ended_at - kRunsKept).run();
  }
  if (!changes.health_alerts) return;
  db_->statement("DELETE FROM health_alert").run();
  for (const HealthAlert& alert : *changes.health_alerts) {
    db_->statement("INSERT INTO health_alert (name, since, figure) VALUES (?, ?, ?)")
        .bind(to_word(alert.check), alert.since, alert.figure)
        .run();
  }
}

}  // namespace storage
