-- What an event or a transfer names is looked up by the trigger that comes before it, and so for every connection, whether it keeps foreign keys or not. The keys asked
-- the same a second time, and more than is needed: whoever names a backorder names its customer, and what settles a deposit names the backorder of its reservation.
PRAGMA writable_schema = ON;
UPDATE sqlite_schema SET sql = replace(replace(replace(replace(sql, ' REFERENCES event_kind (word) DEFERRABLE INITIALLY DEFERRED', ''),
                                                               ' REFERENCES customer (id) DEFERRABLE INITIALLY DEFERRED', ''),
                                                       ' REFERENCES backorder (id) DEFERRABLE INITIALLY DEFERRED', ''),
                                               '  FOREIGN KEY (from_state, to_state) REFERENCES allowed_step (from_state, to_state) DEFERRABLE INITIALLY DEFERRED,
', '')
WHERE type = 'table' AND name = 'event';
UPDATE sqlite_schema SET sql = replace(replace(sql, ' REFERENCES backorder (id) DEFERRABLE INITIALLY DEFERRED', ''),
                                       ' REFERENCES transfer (id) DEFERRABLE INITIALLY DEFERRED', '')
WHERE type = 'table' AND name = 'transfer';
PRAGMA writable_schema = RESET;

DROP TRIGGER event_comes_after;
CREATE TRIGGER event_comes_after BEFORE INSERT ON event
BEGIN
  SELECT CASE
    WHEN NEW.id <> ifnull(max(id), 0) + 1 THEN RAISE(ROLLBACK, 'event ids ascend without gaps')
    WHEN NEW.recorded_at < recorded_at THEN RAISE(ROLLBACK, 'recorded time never decreases')
    WHEN NEW.kind <> 'stepped' AND NOT EXISTS (SELECT 1 FROM event_kind WHERE word = NEW.kind) THEN RAISE(ROLLBACK, 'no such kind of event')
    WHEN NEW.from_state IS NOT NULL AND NOT EXISTS (SELECT 1 FROM allowed_step WHERE from_state = NEW.from_state AND to_state = NEW.to_state)
      THEN RAISE(ROLLBACK, 'no step leads there')
    WHEN NEW.backorder_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM backorder WHERE id = NEW.backorder_id AND customer_id = NEW.customer_id)
      THEN RAISE(ROLLBACK, 'the customer has no such backorder')
    WHEN NEW.backorder_id IS NULL AND NEW.customer_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM customer WHERE id = NEW.customer_id)
      THEN RAISE(ROLLBACK, 'no such customer') END
  FROM event;
END;

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
  -- What settles a deposit needs it, and with it its backorder; of the others none comes twice.
  SELECT RAISE(ROLLBACK, 'no deposit is left for it')
  WHERE (NEW.kind = 'refund' OR NEW.kind = 'capture' OR NEW.kind = 'capture-tax') AND NEW.amount_minor > ifnull((
    SELECT sum(CASE kind
      WHEN 'reserve' THEN CASE WHEN customer_id = NEW.customer_id
        AND (NEW.kind <> 'refund' OR (debit_id = NEW.credit_id AND credit_id = NEW.debit_id AND amount_minor = NEW.amount_minor)) THEN amount_minor END
      WHEN 'capture' THEN CASE NEW.kind WHEN 'capture-tax' THEN -amount_minor ELSE -1000000000000000 END
      WHEN 'capture-tax' THEN -1000000000000000
      WHEN 'refund' THEN -1000000000000000 END)
    FROM transfer WHERE backorder_id = NEW.backorder_id AND attempt = NEW.attempt), 0);
  SELECT CASE
    WHEN NOT EXISTS (SELECT 1 FROM backorder WHERE id = NEW.backorder_id AND customer_id = ifnull(NEW.customer_id, customer_id))
      THEN RAISE(ROLLBACK, 'the customer has no such backorder')
    WHEN NEW.attempt IS NOT NULL AND EXISTS (SELECT 1 FROM transfer WHERE backorder_id = NEW.backorder_id AND kind = NEW.kind AND attempt = NEW.attempt)
      THEN RAISE(ROLLBACK, 'posted before') END
  WHERE NEW.backorder_id IS NOT NULL AND NEW.kind <> 'refund' AND NEW.kind <> 'capture' AND NEW.kind <> 'capture-tax';
  -- Ids ascend without gaps, so what it undoes is there: its id is below this one.
  SELECT CASE WHEN NEW.reverses_id < 1 THEN RAISE(ROLLBACK, 'no such transfer')
              WHEN EXISTS (SELECT 1 FROM transfer WHERE reverses_id = NEW.reverses_id AND kind = NEW.kind) THEN RAISE(ROLLBACK, 'reversed before') END
  WHERE NEW.reverses_id IS NOT NULL;
END;

-- The same in one look each.
DROP TRIGGER request_comes_after;
CREATE TRIGGER request_comes_after BEFORE INSERT ON request
BEGIN
  SELECT CASE WHEN NEW.id <> ifnull(max(id), 0) + 1 THEN RAISE(ROLLBACK, 'request ids ascend without gaps')
              WHEN EXISTS (SELECT 1 FROM request WHERE sender = NEW.sender AND key = NEW.key) THEN RAISE(ROLLBACK, 'request id reused') END
  FROM request;
END;
DROP TRIGGER seal_follows;
CREATE TRIGGER seal_follows BEFORE INSERT ON seal
BEGIN
  SELECT CASE
    WHEN NEW.id <> ifnull(max(id), 0) + 1 THEN RAISE(ROLLBACK, 'seal ids ascend without gaps')
    WHEN hash <> NEW.previous_hash OR sealed_at > NEW.sealed_at OR last_request_id + 1 <> NEW.first_request_id OR last_transfer_id + 1 <> NEW.first_transfer_id
      THEN RAISE(ROLLBACK, 'a seal follows the one before')
    WHEN NEW.id = 1 AND (NEW.first_request_id <> 1 OR NEW.first_transfer_id <> 1) THEN RAISE(ROLLBACK, 'the first seal begins at 1') END
  FROM seal;
END;
