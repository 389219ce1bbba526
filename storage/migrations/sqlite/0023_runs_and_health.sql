-- What works unattended leaves a row each time, so that its silence can be seen. Operational: under no seal, kept for 400 days.
-- Runs of one kind and subject that did nothing and met no error, one after the other, are one row; `times` counts them.

CREATE TABLE run (
  id         INTEGER PRIMARY KEY,
  kind       TEXT NOT NULL CHECK (kind <> ''),
  subject    TEXT NOT NULL,
  started_at INTEGER NOT NULL,
  ended_at   INTEGER NOT NULL CHECK (ended_at >= started_at),
  times      INTEGER NOT NULL CHECK (times > 0),
  complete   INTEGER NOT NULL CHECK (complete IN (0, 1)),
  counts     TEXT NOT NULL,
  errors     TEXT NOT NULL,
  actor      TEXT NOT NULL
) STRICT;
CREATE INDEX run_of_kind ON run (kind, complete, id);
CREATE INDEX run_by_end ON run (ended_at);

-- The checks that fail and that the operator was told of: each is told once when it begins to fail, and once when it is well again.

CREATE TABLE health_alert (
  name   TEXT NOT NULL PRIMARY KEY CHECK (name <> ''),
  since  INTEGER NOT NULL,
  figure TEXT NOT NULL
) STRICT, WITHOUT ROWID;

INSERT INTO event_kind (word) VALUES ('health-failed'), ('health-recovered');
