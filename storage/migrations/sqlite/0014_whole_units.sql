-- A row that must not be takes back the whole unit of work, as the program does anyhow. A statement that might have to be taken back alone makes SQLite keep a copy
-- of every page that it changes; now none does that writes transfers, the log or new backorders. So what they name must exist when the unit ends, and not yet when the
-- statement ends. What is stored stays as it is, so only the text of the schema changes: the way that SQLite's own page on ALTER TABLE gives for such changes.
PRAGMA writable_schema = ON;
-- After a trigger that comes before it, SQLite reads the row again, which might have changed.
UPDATE sqlite_schema SET sql = replace(sql, 'BEFORE UPDATE', 'AFTER UPDATE') WHERE type = 'trigger' AND name = 'backorder_steps';
UPDATE sqlite_schema SET sql = replace(sql, ' (id),', ' (id) DEFERRABLE INITIALLY DEFERRED,')
WHERE type = 'table' AND name IN ('transfer', 'event', 'backorder');
UPDATE sqlite_schema SET sql = replace(replace(sql, ' (word),', ' (word) DEFERRABLE INITIALLY DEFERRED,'),
                                       ' allowed_step (from_state, to_state),', ' allowed_step (from_state, to_state) DEFERRABLE INITIALLY DEFERRED,')
WHERE type = 'table' AND name = 'event';
UPDATE sqlite_schema SET sql = replace(sql, ' customer (id, currency),', ' customer (id, currency) DEFERRABLE INITIALLY DEFERRED,')
WHERE type = 'table' AND name = 'backorder';
-- The accounts and the customer of a transfer are looked up by transfer_comes_after, which refuses what does not exist; here that was asked a second time.
UPDATE sqlite_schema SET sql = replace(replace(sql, ' REFERENCES ledger_account (id) DEFERRABLE INITIALLY DEFERRED', ''),
                                       ' REFERENCES customer (id) DEFERRABLE INITIALLY DEFERRED', '')
WHERE type = 'table' AND name = 'transfer';
PRAGMA writable_schema = RESET;

-- Ids of backorders ascend as all ids do, so one look tells that none is replaced.
DROP TRIGGER backorder_is_not_replaced;
CREATE TRIGGER backorder_is_not_replaced BEFORE INSERT ON backorder
WHEN NEW.id <= (SELECT max(id) FROM backorder)
  OR EXISTS (SELECT 1 FROM backorder WHERE customer_id = NEW.customer_id AND name = NEW.name AND open_copy = NEW.open_copy)
BEGIN SELECT RAISE(ROLLBACK, 'an open backorder for this account, name and copy exists'); END;

-- A deposit ends once: given back as it was taken, from the account that holds it to the one it came from, or captured, first the net part and then the tax in it.
-- What is left of it covers what is taken: after its end nothing is, and no amount is above 10^15. One sum tells that; five sums, or a look for each question, cost half as much again.
DROP TRIGGER transfer_comes_after;
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
  SELECT RAISE(ROLLBACK, 'no deposit is left for it')
  WHERE (NEW.kind = 'refund' OR NEW.kind = 'capture' OR NEW.kind = 'capture-tax') AND NEW.amount_minor > ifnull((
    SELECT sum(CASE kind
      WHEN 'reserve' THEN CASE WHEN customer_id = NEW.customer_id
        AND (NEW.kind <> 'refund' OR (debit_id = NEW.credit_id AND credit_id = NEW.debit_id AND amount_minor = NEW.amount_minor)) THEN amount_minor END
      WHEN 'capture' THEN CASE NEW.kind WHEN 'capture-tax' THEN -amount_minor ELSE -1000000000000000 END
      WHEN 'capture-tax' THEN -1000000000000000
      WHEN 'refund' THEN -1000000000000000 END)
    FROM transfer WHERE backorder_id = NEW.backorder_id AND attempt = NEW.attempt), 0);
  SELECT RAISE(ROLLBACK, 'posted before')
  WHERE (NEW.attempt IS NOT NULL AND NEW.kind <> 'refund' AND NEW.kind <> 'capture' AND NEW.kind <> 'capture-tax'
      AND EXISTS (SELECT 1 FROM transfer WHERE backorder_id = NEW.backorder_id AND kind = NEW.kind AND attempt = NEW.attempt))
    OR (NEW.reverses_id IS NOT NULL AND EXISTS (SELECT 1 FROM transfer WHERE reverses_id = NEW.reverses_id AND kind = NEW.kind));
END;

DROP TRIGGER event_comes_after;
CREATE TRIGGER event_comes_after BEFORE INSERT ON event
BEGIN
  SELECT CASE WHEN NEW.id <> ifnull(max(id), 0) + 1 THEN RAISE(ROLLBACK, 'event ids ascend without gaps')
              WHEN NEW.recorded_at < recorded_at THEN RAISE(ROLLBACK, 'recorded time never decreases') END
  FROM event;
END;
