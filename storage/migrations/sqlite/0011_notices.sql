-- Notices: where they go, and what became of each. Operational, so rows may change; what is told is the log, which may not.

-- The kinds of events as rows, so that a later one is a row and not another table.
CREATE TABLE event_kind (word TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
INSERT INTO event_kind (word) VALUES
  ('stepped'), ('placed'), ('moved'), ('date-conflict'), ('missing'), ('late'), ('cancel-requested'), ('marked'), ('price-notice'), ('shortfall'),
  ('shortfall-over'), ('account-opened'), ('account-changed'), ('case-opened'), ('case-closed'), ('list-imported'), ('job-refused'), ('job-unknown'),
  ('submitting-stopped'), ('submitting-resumed'), ('purse-empty'), ('status-unknown'), ('period-closed'), ('period-reopened'), ('setting-changed'),
  ('money-moved'), ('verify-failed');

CREATE TABLE event_with_kinds (
  id           INTEGER PRIMARY KEY CHECK (id > 0),
  recorded_at  INTEGER NOT NULL,
  kind         TEXT NOT NULL REFERENCES event_kind (word),
  customer_id  INTEGER REFERENCES customer (id),
  backorder_id INTEGER REFERENCES backorder (id),
  from_state   TEXT,
  to_state     TEXT,
  reason       TEXT,
  actor        TEXT NOT NULL,
  detail       TEXT NOT NULL,
  FOREIGN KEY (from_state, to_state) REFERENCES allowed_step (from_state, to_state),
  CHECK (backorder_id IS NULL OR customer_id IS NOT NULL),
  CHECK ((from_state IS NULL) = (to_state IS NULL)),
  CHECK ((kind = 'stepped') = (from_state IS NOT NULL)),
  CHECK (from_state IS NULL OR backorder_id IS NOT NULL)
) STRICT;
INSERT INTO event_with_kinds SELECT id, recorded_at, kind, customer_id, backorder_id, from_state, to_state, reason, actor, detail FROM event ORDER BY id;
DROP TABLE event;
ALTER TABLE event_with_kinds RENAME TO event;
CREATE INDEX event_of ON event (customer_id, backorder_id) WHERE customer_id IS NOT NULL;
CREATE TRIGGER event_comes_after BEFORE INSERT ON event
BEGIN
  SELECT RAISE(ABORT, 'event ids ascend without gaps') WHERE NEW.id <> ifnull((SELECT max(id) FROM event), 0) + 1;
  SELECT RAISE(ABORT, 'recorded time never decreases') WHERE NEW.recorded_at < (SELECT recorded_at FROM event WHERE id = NEW.id - 1);
END;
CREATE TRIGGER event_never_changes BEFORE UPDATE ON event BEGIN SELECT RAISE(ABORT, 'events are append only'); END;
CREATE TRIGGER event_stays BEFORE DELETE ON event BEGIN SELECT RAISE(ABORT, 'events are append only'); END;

CREATE TABLE notice_channel (
  name        TEXT PRIMARY KEY CHECK (name <> ''),
  method      TEXT NOT NULL CHECK (method IN ('webhook', 'command', 'file')),
  target      TEXT NOT NULL CHECK (target <> ''),
  secret_file TEXT NOT NULL,
  audience    TEXT NOT NULL CHECK (audience IN ('', 'customer', 'operator')),
  kinds       TEXT NOT NULL,
  account     TEXT NOT NULL,
  templates   TEXT NOT NULL,
  cursor      INTEGER NOT NULL CHECK (cursor >= 0),
  made_at     INTEGER NOT NULL,
  made_by     TEXT NOT NULL
) STRICT;

-- next_at: of the next try; NULL: delivered.
CREATE TABLE notice_delivery (
  channel  TEXT NOT NULL REFERENCES notice_channel (name),
  event_id INTEGER NOT NULL REFERENCES event (id),
  attempts INTEGER NOT NULL CHECK (attempts > 0),
  first_at INTEGER NOT NULL,
  last_at  INTEGER NOT NULL,
  next_at  INTEGER,
  trouble  TEXT NOT NULL,
  PRIMARY KEY (channel, event_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX notice_waiting ON notice_delivery (channel, next_at) WHERE next_at IS NOT NULL;
