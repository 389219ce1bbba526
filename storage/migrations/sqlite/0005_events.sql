-- The log, and what waits for a person.

CREATE TABLE event (
  id           INTEGER PRIMARY KEY CHECK (id > 0),
  recorded_at  INTEGER NOT NULL,
  kind         TEXT NOT NULL CHECK (CASE kind
    WHEN 'stepped' THEN 1 WHEN 'placed' THEN 1 WHEN 'moved' THEN 1 WHEN 'date-conflict' THEN 1 WHEN 'missing' THEN 1 WHEN 'late' THEN 1
    WHEN 'cancel-requested' THEN 1 WHEN 'marked' THEN 1 WHEN 'price-notice' THEN 1 WHEN 'shortfall' THEN 1 WHEN 'shortfall-over' THEN 1
    WHEN 'account-opened' THEN 1 WHEN 'account-changed' THEN 1 WHEN 'case-opened' THEN 1 WHEN 'case-closed' THEN 1
    WHEN 'list-imported' THEN 1 WHEN 'job-refused' THEN 1 WHEN 'job-unknown' THEN 1 WHEN 'submitting-stopped' THEN 1
    WHEN 'submitting-resumed' THEN 1 WHEN 'purse-empty' THEN 1 WHEN 'status-unknown' THEN 1 WHEN 'period-closed' THEN 1
    WHEN 'period-reopened' THEN 1 WHEN 'setting-changed' THEN 1 WHEN 'money-moved' THEN 1 ELSE 0 END),
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
-- A backorder's events are found through its customer: one index instead of two on the table that grows fastest.
CREATE INDEX event_of ON event (customer_id, backorder_id) WHERE customer_id IS NOT NULL;
CREATE TRIGGER event_comes_after BEFORE INSERT ON event
BEGIN
  SELECT RAISE(ABORT, 'event ids ascend without gaps') WHERE NEW.id <> ifnull((SELECT max(id) FROM event), 0) + 1;
  SELECT RAISE(ABORT, 'recorded time never decreases') WHERE NEW.recorded_at < (SELECT recorded_at FROM event WHERE id = NEW.id - 1);
END;
CREATE TRIGGER event_never_changes BEFORE UPDATE ON event BEGIN SELECT RAISE(ABORT, 'events are append only'); END;
CREATE TRIGGER event_stays BEFORE DELETE ON event BEGIN SELECT RAISE(ABORT, 'events are append only'); END;

CREATE TABLE case_file (
  id           INTEGER PRIMARY KEY CHECK (id > 0),
  kind         TEXT NOT NULL CHECK (kind IN (
    'overdue', 'gone', 'late_success', 'late_failure', 'surplus_job', 'missing_from_list', 'unknown_status',
    'auction_price_other_currency', 'auction_price_short', 'unidentified_payment', 'submitting_stopped')),
  customer_id  INTEGER REFERENCES customer (id),
  backorder_id INTEGER REFERENCES backorder (id),
  subject      TEXT NOT NULL,
  detail       TEXT NOT NULL,
  opened_at    INTEGER NOT NULL,
  closed_at    INTEGER,
  closed_by    TEXT NOT NULL,
  resolution   TEXT NOT NULL,
  CHECK (closed_at IS NOT NULL OR (closed_by = '' AND resolution = ''))
) STRICT;
-- At most one open case per kind and backorder, or per kind and subject without one.
CREATE UNIQUE INDEX case_open_of_backorder ON case_file (backorder_id, kind) WHERE closed_at IS NULL AND backorder_id IS NOT NULL;
CREATE UNIQUE INDEX case_open_of_subject ON case_file (kind, subject) WHERE closed_at IS NULL AND backorder_id IS NULL;
CREATE TRIGGER case_is_not_replaced BEFORE INSERT ON case_file WHEN EXISTS (SELECT 1 FROM case_file WHERE id = NEW.id)
BEGIN SELECT RAISE(ABORT, 'the case exists'); END;
CREATE TRIGGER case_keeps_facts BEFORE UPDATE OF id, kind, customer_id, backorder_id, subject, detail, opened_at ON case_file
BEGIN SELECT RAISE(ABORT, 'a case keeps what was seen'); END;
CREATE TRIGGER case_stays_closed BEFORE UPDATE ON case_file WHEN OLD.closed_at IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'a closed case stays closed'); END;
CREATE TRIGGER case_stays BEFORE DELETE ON case_file
BEGIN SELECT RAISE(ABORT, 'cases are never deleted'); END;
