-- Money moved, for ever, and the seals over it.

-- customer_id is the customer of the two accounts (at most one), kept here for the customer's register.
CREATE TABLE transfer (
  id           INTEGER PRIMARY KEY CHECK (id > 0),
  kind         TEXT NOT NULL,
  debit_id     INTEGER NOT NULL REFERENCES ledger_account (id),
  credit_id    INTEGER NOT NULL REFERENCES ledger_account (id),
  amount_minor INTEGER NOT NULL CHECK (amount_minor > 0 AND amount_minor <= 1000000000000000),
  recorded_at  INTEGER NOT NULL,
  effective_at INTEGER NOT NULL,
  customer_id  INTEGER REFERENCES customer (id),
  backorder_id INTEGER REFERENCES backorder (id),
  attempt      INTEGER CHECK (attempt > 0),
  reverses_id  INTEGER REFERENCES transfer (id),
  request_id   INTEGER REFERENCES request (id),
  actor        TEXT NOT NULL,
  memo         TEXT NOT NULL,
  CHECK (debit_id <> credit_id),
  CHECK (attempt IS NULL OR backorder_id IS NOT NULL),
  CONSTRAINT transfer_has_a_cause CHECK (request_id IS NOT NULL OR attempt IS NOT NULL),
  CHECK (kind <> 'reversal' OR reverses_id IS NOT NULL),
  CHECK (reverses_id < id),
  CHECK (CASE kind
    WHEN 'reserve' THEN attempt IS NOT NULL WHEN 'refund' THEN attempt IS NOT NULL
    WHEN 'capture' THEN attempt IS NOT NULL WHEN 'capture-tax' THEN attempt IS NOT NULL
    WHEN 'pay-in' THEN 1 WHEN 'pay-in-receivable' THEN 1 WHEN 'pay-out' THEN 1 WHEN 'adjustment' THEN 1 WHEN 'goodwill' THEN 1
    WHEN 'chargeback' THEN 1 WHEN 'chargeback-receivable' THEN 1 WHEN 'auction-price' THEN 1 WHEN 'auction-receivable' THEN 1
    WHEN 'late-charge' THEN 1 WHEN 'late-charge-tax' THEN 1 WHEN 'late-receivable' THEN 1 WHEN 'suspense-in' THEN 1
    WHEN 'suspense-out' THEN 1 WHEN 'provider-pay-in' THEN 1 WHEN 'provider-cost' THEN 1 WHEN 'reversal' THEN 1 ELSE 0 END)
) STRICT;
CREATE UNIQUE INDEX transfer_of_backorder ON transfer (backorder_id, kind, attempt) WHERE backorder_id IS NOT NULL;
CREATE UNIQUE INDEX transfer_reversing ON transfer (reverses_id, kind) WHERE reverses_id IS NOT NULL;
CREATE INDEX transfer_of_customer ON transfer (customer_id) WHERE customer_id IS NOT NULL;
CREATE INDEX transfer_of_request ON transfer (request_id) WHERE request_id IS NOT NULL;

CREATE TRIGGER transfer_comes_after BEFORE INSERT ON transfer
BEGIN
  SELECT RAISE(ABORT, 'transfer ids ascend without gaps') WHERE NEW.id <> ifnull((SELECT max(id) FROM transfer), 0) + 1;
  SELECT RAISE(ABORT, 'recorded time never decreases') WHERE NEW.recorded_at < (SELECT recorded_at FROM transfer WHERE id = NEW.id - 1);
  SELECT RAISE(ABORT, 'the period is closed') WHERE NEW.effective_at < (SELECT closed_until FROM book);
  -- One currency, one customer, and the reserved account moves by deposits only.
  SELECT RAISE(ABORT, 'the accounts do not fit the transfer') WHERE NOT EXISTS (
    SELECT 1 FROM ledger_account AS d, ledger_account AS c
    WHERE d.id = NEW.debit_id AND c.id = NEW.credit_id AND d.currency = c.currency
      AND ifnull(d.customer_id, c.customer_id) IS NEW.customer_id
      AND (d.customer_id IS NULL OR c.customer_id IS NULL OR d.customer_id = c.customer_id)
      AND CASE NEW.kind
        WHEN 'reserve' THEN d.kind = 2000 AND c.kind = 2010 WHEN 'refund' THEN d.kind = 2010 AND c.kind = 2000
        WHEN 'capture' THEN d.kind = 2010 AND c.kind = 4000 WHEN 'capture-tax' THEN d.kind = 2010 AND c.kind = 2100
        ELSE d.kind <> 2010 AND c.kind <> 2010 END);
  SELECT RAISE(ABORT, 'posted before') WHERE NEW.attempt IS NOT NULL
    AND EXISTS (SELECT 1 FROM transfer WHERE backorder_id = NEW.backorder_id AND kind = NEW.kind AND attempt = NEW.attempt);
  SELECT RAISE(ABORT, 'reversed before') WHERE NEW.reverses_id IS NOT NULL
    AND EXISTS (SELECT 1 FROM transfer WHERE reverses_id = NEW.reverses_id AND kind = NEW.kind);
END;
-- A deposit ends once: refunded whole, or captured in at most two parts, never both, never more than was reserved.
CREATE TRIGGER transfer_settles_once BEFORE INSERT ON transfer WHEN NEW.kind = 'refund' OR NEW.kind = 'capture' OR NEW.kind = 'capture-tax'
BEGIN
  SELECT RAISE(ABORT, 'no such deposit') WHERE NOT EXISTS (
    SELECT 1 FROM transfer AS r WHERE r.backorder_id = NEW.backorder_id AND r.kind = 'reserve' AND r.attempt = NEW.attempt
      AND r.customer_id = NEW.customer_id
      AND CASE NEW.kind WHEN 'refund' THEN NEW.amount_minor = r.amount_minor ELSE NEW.amount_minor + ifnull((
        SELECT sum(amount_minor) FROM transfer AS t
        WHERE t.backorder_id = NEW.backorder_id AND t.attempt = NEW.attempt AND t.kind IN ('capture', 'capture-tax')), 0) <= r.amount_minor END);
  SELECT RAISE(ABORT, 'the deposit is settled') WHERE EXISTS (
    SELECT 1 FROM transfer AS t WHERE t.backorder_id = NEW.backorder_id AND t.attempt = NEW.attempt
      AND (t.kind = 'refund' OR (NEW.kind = 'refund' AND t.kind IN ('capture', 'capture-tax'))));
END;
CREATE TRIGGER transfer_never_changes BEFORE UPDATE ON transfer BEGIN SELECT RAISE(ABORT, 'transfers are append only'); END;
CREATE TRIGGER transfer_stays BEFORE DELETE ON transfer BEGIN SELECT RAISE(ABORT, 'transfers are append only'); END;

-- One seal per commit that moved money or answered a request: schema.md, "Seals". last = first - 1 where there was none of a kind.
CREATE TABLE seal (
  id                INTEGER PRIMARY KEY CHECK (id > 0),
  sealed_at         INTEGER NOT NULL,
  first_request_id  INTEGER NOT NULL,
  last_request_id   INTEGER NOT NULL CHECK (last_request_id >= first_request_id - 1),
  first_transfer_id INTEGER NOT NULL,
  last_transfer_id  INTEGER NOT NULL CHECK (last_transfer_id >= first_transfer_id - 1),
  previous_hash     BLOB NOT NULL CHECK (length(previous_hash) = 32),
  hash              BLOB NOT NULL CHECK (length(hash) = 32),
  CHECK (last_request_id >= first_request_id OR last_transfer_id >= first_transfer_id)
) STRICT;
CREATE TRIGGER seal_follows BEFORE INSERT ON seal
BEGIN
  SELECT RAISE(ABORT, 'seal ids ascend without gaps') WHERE NEW.id <> ifnull((SELECT max(id) FROM seal), 0) + 1;
  SELECT RAISE(ABORT, 'a seal follows the one before') WHERE EXISTS (
    SELECT 1 FROM seal WHERE id = NEW.id - 1 AND (hash <> NEW.previous_hash OR sealed_at > NEW.sealed_at
      OR last_request_id + 1 <> NEW.first_request_id OR last_transfer_id + 1 <> NEW.first_transfer_id));
  SELECT RAISE(ABORT, 'the first seal begins at 1') WHERE NEW.id = 1 AND (NEW.first_request_id <> 1 OR NEW.first_transfer_id <> 1);
END;
CREATE TRIGGER seal_never_changes BEFORE UPDATE ON seal BEGIN SELECT RAISE(ABORT, 'seals are append only'); END;
CREATE TRIGGER seal_stays BEFORE DELETE ON seal BEGIN SELECT RAISE(ABORT, 'seals are append only'); END;
