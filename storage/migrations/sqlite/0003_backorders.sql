-- Backorders, the steps they may take, and what was said to and by the provider about them.

-- Mirror of engine::transitions(); a test compares the two.
CREATE TABLE allowed_step (
  from_state TEXT NOT NULL,
  to_state   TEXT NOT NULL,
  PRIMARY KEY (from_state, to_state)
) STRICT, WITHOUT ROWID;
INSERT INTO allowed_step (from_state, to_state) VALUES
  ('REQUESTED', 'ACTIVE'), ('REQUESTED', 'VOID'), ('REQUESTED', 'CANCELLED'),
  ('ACTIVE', 'PROCESSING'), ('ACTIVE', 'VOID'), ('ACTIVE', 'REQUESTED'), ('ACTIVE', 'CANCELLED'),
  ('PROCESSING', 'SUCCESSFUL'), ('PROCESSING', 'FAILED'), ('PROCESSING', 'AUCTION-PENDING'), ('PROCESSING', 'CANCELLED'),
  ('PROCESSING', 'ACTIVE'),
  ('AUCTION-PENDING', 'AUCTION-WON'), ('AUCTION-PENDING', 'AUCTION-LOST'), ('AUCTION-PENDING', 'SUCCESSFUL'),
  ('AUCTION-PENDING', 'FAILED'), ('AUCTION-PENDING', 'CANCELLED');
CREATE TRIGGER allowed_step_is_closed BEFORE INSERT ON allowed_step BEGIN SELECT RAISE(ABORT, 'the steps are fixed'); END;
CREATE TRIGGER allowed_step_never_changes BEFORE UPDATE ON allowed_step BEGIN SELECT RAISE(ABORT, 'the steps are fixed'); END;
CREATE TRIGGER allowed_step_stays BEFORE DELETE ON allowed_step BEGIN SELECT RAISE(ABORT, 'the steps are fixed'); END;

-- open_copy is copy while the backorder is open and NULL afterwards. It says what is open without naming states, so that the
-- indexes over what is open are written when a backorder ends and not at every step.
-- CASE and not IN in the CHECKs of what sweeps write: SQLite builds a table for every IN list of more than two, per statement.
CREATE TABLE backorder (
  id                 INTEGER PRIMARY KEY CHECK (id > 0),
  customer_id        INTEGER NOT NULL,
  name               TEXT NOT NULL CHECK (name <> ''),  -- ACE
  copy               INTEGER NOT NULL CHECK (copy >= 1),
  open_copy          INTEGER CHECK (open_copy = copy),
  zone               TEXT NOT NULL CHECK (zone <> ''),
  currency           TEXT NOT NULL,
  state              TEXT NOT NULL,
  reason             TEXT,
  placed_at          INTEGER NOT NULL,
  priority           INTEGER NOT NULL,
  quoted_minor       INTEGER NOT NULL CHECK (quoted_minor > 0),
  max_price_minor    INTEGER NOT NULL CHECK (max_price_minor > 0),
  drop_at            INTEGER,
  finalization_at    INTEGER,
  deadline_at        INTEGER,
  deposit_due_at     INTEGER,
  drop_source_id     INTEGER REFERENCES source (id),
  deposit_minor      INTEGER CHECK (deposit_minor > 0),
  attempt            INTEGER NOT NULL CHECK (attempt >= 0),
  underfunded        INTEGER NOT NULL CHECK (underfunded = 0 OR underfunded = 1),
  cancelling         INTEGER NOT NULL CHECK (cancelling = 0 OR cancelling = 1),
  purse_empty        INTEGER NOT NULL CHECK (purse_empty = 0 OR purse_empty = 1),
  refusals           INTEGER NOT NULL CHECK (refusals >= 0),
  open_call_id       INTEGER REFERENCES provider_call (id) DEFERRABLE INITIALLY DEFERRED,
  application        TEXT CHECK (application <> ''),
  provider_status    TEXT NOT NULL,
  provider_status_at INTEGER,
  gone_since         INTEGER,
  reserved_at        INTEGER,
  submitted_at       INTEGER,
  ended_at           INTEGER,
  auction_ends_at    INTEGER,
  auction_price      TEXT NOT NULL,
  FOREIGN KEY (customer_id, currency) REFERENCES customer (id, currency),
  CHECK ((open_copy IS NULL) = CASE state
    WHEN 'REQUESTED' THEN 0 WHEN 'ACTIVE' THEN 0 WHEN 'PROCESSING' THEN 0 WHEN 'AUCTION-PENDING' THEN 0
    WHEN 'SUCCESSFUL' THEN 1 WHEN 'AUCTION-WON' THEN 1 WHEN 'FAILED' THEN 1 WHEN 'AUCTION-LOST' THEN 1 WHEN 'CANCELLED' THEN 1
    WHEN 'VOID' THEN 1 ELSE 2 END),
  CHECK (CASE WHEN reason IS NULL THEN 1 ELSE reason IN (
    'insufficient_available', 'no_price', 'price_above_cap', 'deadline_missed', 'provider_refused', 'operator_float', 'provider_deleted',
    'account_frozen', 'chargeback', 'account_closed', 'rescheduled', 'by_customer', 'by_operator', 'not_registered', 'auction_lost') END),
  CHECK ((drop_at IS NULL) = (deadline_at IS NULL) AND (drop_at IS NULL) = (deposit_due_at IS NULL)
    AND (drop_at IS NULL) = (drop_source_id IS NULL) AND (finalization_at IS NULL OR drop_at IS NOT NULL)),
  CONSTRAINT held_deposit_has_an_amount CHECK (CASE state
    WHEN 'ACTIVE' THEN deposit_minor IS NOT NULL AND attempt > 0 WHEN 'PROCESSING' THEN deposit_minor IS NOT NULL AND attempt > 0
    WHEN 'AUCTION-PENDING' THEN deposit_minor IS NOT NULL AND attempt > 0 ELSE 1 END)
) STRICT;
CREATE UNIQUE INDEX backorder_open ON backorder (customer_id, name, open_copy) WHERE open_copy IS NOT NULL;
CREATE INDEX backorder_of_customer ON backorder (customer_id);
CREATE INDEX backorder_on_name ON backorder (name);
CREATE INDEX backorder_due ON backorder (deposit_due_at) WHERE state = 'REQUESTED';
CREATE TRIGGER backorder_is_not_replaced BEFORE INSERT ON backorder
WHEN EXISTS (SELECT 1 FROM backorder WHERE id = NEW.id)
  OR EXISTS (SELECT 1 FROM backorder WHERE customer_id = NEW.customer_id AND name = NEW.name AND open_copy = NEW.open_copy)
BEGIN SELECT RAISE(ABORT, 'an open backorder for this account, name and copy exists'); END;
CREATE TRIGGER backorder_keeps_identity BEFORE UPDATE OF id, customer_id, name, copy, zone, currency, placed_at ON backorder
BEGIN SELECT RAISE(ABORT, 'a backorder keeps id, account, name, copy, zone and placing'); END;
-- Several steps may share one commit, so this refuses what no sequence of steps leads to; the steps themselves stand in the log, each
-- bound to allowed_step.
CREATE TRIGGER backorder_steps BEFORE UPDATE OF state ON backorder
WHEN OLD.state <> NEW.state AND (OLD.open_copy IS NULL OR (OLD.state = 'AUCTION-PENDING' AND NEW.open_copy IS NOT NULL))
BEGIN SELECT RAISE(ABORT, 'no step leads there'); END;
CREATE TRIGGER backorder_stays_ended BEFORE UPDATE OF open_copy, deposit_minor, attempt ON backorder
WHEN OLD.open_copy IS NULL
  AND (NEW.open_copy IS NOT NULL OR NEW.deposit_minor IS NOT OLD.deposit_minor OR NEW.attempt <> OLD.attempt)
BEGIN SELECT RAISE(ABORT, 'an ended backorder keeps its deposit'); END;
CREATE TRIGGER backorder_stays BEFORE DELETE ON backorder
BEGIN SELECT RAISE(ABORT, 'backorders are never deleted'); END;

-- Written before it is sent, completed after.
CREATE TABLE provider_call (
  id           INTEGER PRIMARY KEY CHECK (id > 0),
  backorder_id INTEGER NOT NULL REFERENCES backorder (id),
  command      TEXT NOT NULL CHECK (command IN ('AddDomainApplication', 'DeleteDomainApplication')),
  attempt      INTEGER NOT NULL CHECK (attempt > 0),
  state        TEXT NOT NULL CHECK (state IN ('intent', 'not-sent', 'answered', 'unknown', 'resolved')),
  intent_at    INTEGER NOT NULL,
  answered_at  INTEGER,
  code         INTEGER NOT NULL,
  text         TEXT NOT NULL,
  application  TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX provider_call_of_backorder ON provider_call (backorder_id, command, attempt);
CREATE INDEX provider_call_open ON provider_call (id) WHERE state = 'intent' OR state = 'unknown';
CREATE TRIGGER provider_call_is_not_replaced BEFORE INSERT ON provider_call
WHEN EXISTS (SELECT 1 FROM provider_call WHERE id = NEW.id
             OR (backorder_id = NEW.backorder_id AND command = NEW.command AND attempt = NEW.attempt))
BEGIN SELECT RAISE(ABORT, 'the call was recorded before'); END;
CREATE TRIGGER provider_call_keeps_identity BEFORE UPDATE OF id, backorder_id, command, attempt, intent_at ON provider_call
BEGIN SELECT RAISE(ABORT, 'a call keeps what was intended'); END;
CREATE TRIGGER provider_call_stays BEFORE DELETE ON provider_call
BEGIN SELECT RAISE(ABORT, 'calls are never deleted'); END;

CREATE TABLE evidence (
  id           INTEGER PRIMARY KEY CHECK (id > 0),
  backorder_id INTEGER NOT NULL REFERENCES backorder (id),
  recorded_at  INTEGER NOT NULL,
  status       TEXT NOT NULL,
  raw          TEXT NOT NULL
) STRICT;
CREATE INDEX evidence_of_backorder ON evidence (backorder_id);
CREATE TRIGGER evidence_is_not_replaced BEFORE INSERT ON evidence WHEN EXISTS (SELECT 1 FROM evidence WHERE id = NEW.id)
BEGIN SELECT RAISE(ABORT, 'evidence is append only'); END;
CREATE TRIGGER evidence_never_changes BEFORE UPDATE ON evidence BEGIN SELECT RAISE(ABORT, 'evidence is append only'); END;
CREATE TRIGGER evidence_stays BEFORE DELETE ON evidence BEGIN SELECT RAISE(ABORT, 'evidence is append only'); END;

CREATE TABLE stopped_zone (
  zone       TEXT NOT NULL PRIMARY KEY,  -- '' is the whole environment
  stopped_at INTEGER NOT NULL,
  actor      TEXT NOT NULL
) STRICT, WITHOUT ROWID;
