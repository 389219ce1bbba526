-- What belongs to one account lies together: its backorders one beside the other, and in the index of deposits its transfers. A sweep goes from account to account, so
-- each of its commits writes the pages of its own accounts and no others; by id, each commit wrote nearly every page of the table anew. So the key is the account and
-- then the id, in one number: 2^31 accounts and 2^32 backorders fit in it. The indexes that led from an account to its backorders are no longer needed. An id leads to the
-- key, and to the name, which is all that journals ask of a backorder.

-- Who names a backorder has it looked up by a trigger, as the log and transfers have: references would need an index of ids alone.
PRAGMA writable_schema = ON;
UPDATE sqlite_schema SET sql = replace(sql, ' REFERENCES backorder (id)', '') WHERE type = 'table' AND name IN ('provider_call', 'evidence', 'case_file');
PRAGMA writable_schema = RESET;
DROP TRIGGER provider_call_is_not_replaced;
DROP TRIGGER evidence_is_not_replaced;
DROP TRIGGER case_is_not_replaced;
DROP TRIGGER event_comes_after;
DROP TRIGGER transfer_comes_after;
CREATE TABLE backorder_by_customer (
  by_customer        INTEGER PRIMARY KEY CHECK (by_customer = customer_id * 4294967296 + id),
  id                 INTEGER NOT NULL CHECK (id > 0 AND id < 4294967296),
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
  drop_source_id     INTEGER REFERENCES source (id) DEFERRABLE INITIALLY DEFERRED,
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
  FOREIGN KEY (customer_id, currency) REFERENCES customer (id, currency) DEFERRABLE INITIALLY DEFERRED,
  CHECK ((open_copy IS NULL) = CASE state
    WHEN 'REQUESTED' THEN 0 WHEN 'ACTIVE' THEN 0 WHEN 'PROCESSING' THEN 0 WHEN 'AUCTION-PENDING' THEN 0
    WHEN 'SUCCESSFUL' THEN 1 WHEN 'AUCTION-WON' THEN 1 WHEN 'FAILED' THEN 1 WHEN 'AUCTION-LOST' THEN 1 WHEN 'CANCELLED' THEN 1
    WHEN 'VOID' THEN 1 ELSE 2 END),
  CHECK (CASE reason
    WHEN 'insufficient_available' THEN 1 WHEN 'not_registered' THEN 1 WHEN 'auction_lost' THEN 1 WHEN 'by_customer' THEN 1 WHEN 'by_operator' THEN 1
    WHEN 'no_price' THEN 1 WHEN 'price_above_cap' THEN 1 WHEN 'deadline_missed' THEN 1 WHEN 'provider_refused' THEN 1 WHEN 'operator_float' THEN 1
    WHEN 'provider_deleted' THEN 1 WHEN 'account_frozen' THEN 1 WHEN 'chargeback' THEN 1 WHEN 'account_closed' THEN 1 WHEN 'rescheduled' THEN 1
    ELSE reason IS NULL END),
  CHECK ((drop_at IS NULL) = (deadline_at IS NULL) AND (drop_at IS NULL) = (deposit_due_at IS NULL)
    AND (drop_at IS NULL) = (drop_source_id IS NULL) AND (finalization_at IS NULL OR drop_at IS NOT NULL)),
  CONSTRAINT held_deposit_has_an_amount CHECK (CASE state
    WHEN 'ACTIVE' THEN deposit_minor IS NOT NULL AND attempt > 0 WHEN 'PROCESSING' THEN deposit_minor IS NOT NULL AND attempt > 0
    WHEN 'AUCTION-PENDING' THEN deposit_minor IS NOT NULL AND attempt > 0 ELSE 1 END)
) STRICT;
INSERT INTO backorder_by_customer
SELECT customer_id * 4294967296 + id,
  id, customer_id, name, copy, open_copy, zone, currency, state, reason, placed_at, priority, quoted_minor, max_price_minor, drop_at, finalization_at,
  deadline_at, deposit_due_at, drop_source_id, deposit_minor, attempt, underfunded, cancelling, purse_empty, refusals, open_call_id, application,
  provider_status, provider_status_at, gone_since, reserved_at, submitted_at, ended_at, auction_ends_at, auction_price
FROM backorder ORDER BY 1;
DROP TABLE backorder;
ALTER TABLE backorder_by_customer RENAME TO backorder;
CREATE INDEX backorder_by_id ON backorder (id, name);
CREATE UNIQUE INDEX backorder_open ON backorder (customer_id, name, open_copy) WHERE open_copy IS NOT NULL;
CREATE INDEX backorder_on_name ON backorder (name);
CREATE INDEX backorder_of_application ON backorder (application) WHERE application IS NOT NULL;
CREATE INDEX backorder_due ON backorder (customer_id, deposit_due_at, state) WHERE state = 'REQUESTED';
CREATE INDEX backorder_held ON backorder (customer_id) WHERE open_copy IS NOT NULL AND deposit_minor IS NOT NULL;

CREATE TRIGGER backorder_is_not_replaced BEFORE INSERT ON backorder
WHEN NEW.id <= (SELECT max(id) FROM backorder)
  OR EXISTS (SELECT 1 FROM backorder WHERE customer_id = NEW.customer_id AND name = NEW.name AND open_copy = NEW.open_copy)
BEGIN SELECT RAISE(ROLLBACK, 'an open backorder for this account, name and copy exists'); END;
CREATE TRIGGER backorder_keeps_identity BEFORE UPDATE OF by_customer, id, customer_id, name, copy, zone, currency, placed_at ON backorder
BEGIN SELECT RAISE(ABORT, 'a backorder keeps id, account, name, copy, zone and placing'); END;
CREATE TRIGGER backorder_stays BEFORE DELETE ON backorder
BEGIN SELECT RAISE(ABORT, 'backorders are never deleted'); END;
CREATE TRIGGER backorder_steps AFTER UPDATE OF state, open_copy, deposit_minor, attempt ON backorder
BEGIN
  SELECT RAISE(ROLLBACK, 'no step leads there')
  WHERE OLD.state <> NEW.state AND (OLD.open_copy IS NULL OR (OLD.state = 'AUCTION-PENDING' AND NEW.open_copy IS NOT NULL));
  SELECT RAISE(ROLLBACK, 'an ended backorder keeps its deposit')
  WHERE OLD.open_copy IS NULL AND (NEW.open_copy IS NOT NULL OR NEW.deposit_minor IS NOT OLD.deposit_minor OR NEW.attempt <> OLD.attempt);
END;

DROP INDEX transfer_of_backorder;
CREATE UNIQUE INDEX transfer_of_backorder ON transfer (customer_id, backorder_id, attempt, kind) WHERE backorder_id IS NOT NULL;

-- As before, each look by the keys above. A transfer that names a backorder names its customer.
CREATE TRIGGER event_comes_after BEFORE INSERT ON event
BEGIN
  SELECT CASE
    WHEN NEW.id <> ifnull(max(id), 0) + 1 THEN RAISE(ROLLBACK, 'event ids ascend without gaps')
    WHEN NEW.recorded_at < recorded_at THEN RAISE(ROLLBACK, 'recorded time never decreases')
    WHEN NEW.kind <> 'stepped' AND NOT EXISTS (SELECT 1 FROM event_kind WHERE word = NEW.kind) THEN RAISE(ROLLBACK, 'no such kind of event')
    WHEN NEW.from_state IS NOT NULL AND NOT EXISTS (SELECT 1 FROM allowed_step WHERE from_state = NEW.from_state AND to_state = NEW.to_state)
      THEN RAISE(ROLLBACK, 'no step leads there')
    WHEN NEW.backorder_id IS NOT NULL AND NOT EXISTS (
      SELECT 1 FROM backorder WHERE by_customer = NEW.customer_id * 4294967296 + NEW.backorder_id AND id = NEW.backorder_id)
      THEN RAISE(ROLLBACK, 'the customer has no such backorder')
    WHEN NEW.backorder_id IS NULL AND NEW.customer_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM customer WHERE id = NEW.customer_id)
      THEN RAISE(ROLLBACK, 'no such customer') END
  FROM event;
END;
CREATE TRIGGER transfer_comes_after BEFORE INSERT ON transfer
BEGIN
  SELECT CASE WHEN NEW.id <> ifnull(max(id), 0) + 1 THEN RAISE(ROLLBACK, 'transfer ids ascend without gaps')
              WHEN NEW.recorded_at < recorded_at THEN RAISE(ROLLBACK, 'recorded time never decreases')
              WHEN NEW.effective_at < (SELECT closed_until FROM book) THEN RAISE(ROLLBACK, 'the period is closed') END
  FROM transfer;
  -- One currency, one customer, and the reserved account moves by deposits only. A refund's accounts are those of what it gives back.
  SELECT RAISE(ROLLBACK, 'the accounts do not fit the transfer') WHERE NEW.kind <> 'refund' AND NOT EXISTS (
    SELECT 1 FROM ledger_account AS d, ledger_account AS c
    WHERE d.id = NEW.debit_id AND c.id = NEW.credit_id AND d.currency = c.currency
      AND ifnull(d.customer_id, c.customer_id) IS NEW.customer_id
      AND (d.customer_id IS NULL OR c.customer_id IS NULL OR d.customer_id = c.customer_id)
      AND CASE NEW.kind
        WHEN 'reserve' THEN d.kind = 2000 AND c.kind = 2010
        WHEN 'capture' THEN d.kind = 2010 AND c.kind = 4000 WHEN 'capture-tax' THEN d.kind = 2010 AND c.kind = 2100
        ELSE d.kind <> 2010 AND c.kind <> 2010 END);
  -- What settles a deposit needs it, and with it its backorder; of the others none comes twice.
  SELECT RAISE(ROLLBACK, 'no deposit is left for it')
  WHERE (NEW.kind = 'refund' OR NEW.kind = 'capture' OR NEW.kind = 'capture-tax') AND NEW.amount_minor > ifnull((
    SELECT sum(CASE kind
      WHEN 'reserve' THEN CASE WHEN NEW.kind <> 'refund' OR (debit_id = NEW.credit_id AND credit_id = NEW.debit_id AND amount_minor = NEW.amount_minor)
        THEN amount_minor END
      WHEN 'capture' THEN CASE NEW.kind WHEN 'capture-tax' THEN -amount_minor ELSE -1000000000000000 END
      WHEN 'capture-tax' THEN -1000000000000000
      WHEN 'refund' THEN -1000000000000000 END)
    FROM transfer WHERE customer_id = NEW.customer_id AND backorder_id = NEW.backorder_id AND attempt = NEW.attempt), 0);
  SELECT CASE
    WHEN NOT EXISTS (
      SELECT 1 FROM backorder WHERE by_customer = NEW.customer_id * 4294967296 + NEW.backorder_id AND id = NEW.backorder_id)
      THEN RAISE(ROLLBACK, 'the customer has no such backorder')
    WHEN NEW.attempt IS NOT NULL AND EXISTS (SELECT 1 FROM transfer
      WHERE customer_id = NEW.customer_id AND backorder_id = NEW.backorder_id AND attempt = NEW.attempt AND kind = NEW.kind)
      THEN RAISE(ROLLBACK, 'posted before') END
  WHERE NEW.backorder_id IS NOT NULL AND NEW.kind <> 'refund' AND NEW.kind <> 'capture' AND NEW.kind <> 'capture-tax';
  -- Ids ascend without gaps, so what it undoes is there: its id is below this one.
  SELECT CASE WHEN NEW.reverses_id < 1 THEN RAISE(ROLLBACK, 'no such transfer')
              WHEN EXISTS (SELECT 1 FROM transfer WHERE reverses_id = NEW.reverses_id AND kind = NEW.kind) THEN RAISE(ROLLBACK, 'reversed before') END
  WHERE NEW.reverses_id IS NOT NULL;
END;

CREATE TRIGGER provider_call_is_not_replaced BEFORE INSERT ON provider_call
BEGIN
  SELECT RAISE(ABORT, 'the call was recorded before') WHERE EXISTS (
    SELECT 1 FROM provider_call WHERE id = NEW.id OR (backorder_id = NEW.backorder_id AND command = NEW.command AND attempt = NEW.attempt));
  SELECT RAISE(ABORT, 'no such backorder') WHERE NOT EXISTS (SELECT 1 FROM backorder WHERE id = NEW.backorder_id);
END;
CREATE TRIGGER evidence_is_not_replaced BEFORE INSERT ON evidence
BEGIN
  SELECT RAISE(ABORT, 'evidence is append only') WHERE EXISTS (SELECT 1 FROM evidence WHERE id = NEW.id);
  SELECT RAISE(ABORT, 'no such backorder') WHERE NOT EXISTS (SELECT 1 FROM backorder WHERE id = NEW.backorder_id);
END;
CREATE TRIGGER case_is_not_replaced BEFORE INSERT ON case_file
BEGIN
  SELECT RAISE(ABORT, 'the case exists') WHERE EXISTS (SELECT 1 FROM case_file WHERE id = NEW.id)
    OR (NEW.closed_at IS NULL AND EXISTS (SELECT 1 FROM case_file WHERE closed_at IS NULL AND backorder_id = NEW.backorder_id AND kind = NEW.kind))
    OR (NEW.closed_at IS NULL AND NEW.backorder_id IS NULL
        AND EXISTS (SELECT 1 FROM case_file WHERE closed_at IS NULL AND backorder_id IS NULL AND kind = NEW.kind AND subject = NEW.subject));
  SELECT RAISE(ABORT, 'no such backorder') WHERE NEW.backorder_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM backorder WHERE id = NEW.backorder_id);
END;
