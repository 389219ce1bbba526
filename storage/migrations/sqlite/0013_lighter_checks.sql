-- The same refusals for less work, measured by dropledger-bench: they are asked at every row that a sweep writes.

-- What must not be takes back the whole unit of work, as the program does anyhow, and not the one statement: then SQLite needs no copy of each page before each
-- statement. And one trigger for a backorder's steps: each costs a program of its own per row.
DROP TRIGGER backorder_steps;
DROP TRIGGER backorder_stays_ended;
CREATE TRIGGER backorder_steps BEFORE UPDATE OF state, open_copy, deposit_minor, attempt ON backorder
BEGIN
  SELECT RAISE(ROLLBACK, 'no step leads there')
  WHERE OLD.state <> NEW.state AND (OLD.open_copy IS NULL OR (OLD.state = 'AUCTION-PENDING' AND NEW.open_copy IS NOT NULL));
  SELECT RAISE(ROLLBACK, 'an ended backorder keeps its deposit')
  WHERE OLD.open_copy IS NULL AND (NEW.open_copy IS NOT NULL OR NEW.deposit_minor IS NOT OLD.deposit_minor OR NEW.attempt <> OLD.attempt);
END;

DROP TRIGGER request_comes_after;
CREATE TRIGGER request_comes_after BEFORE INSERT ON request
BEGIN
  SELECT RAISE(ROLLBACK, 'request ids ascend without gaps') WHERE NEW.id <> ifnull((SELECT max(id) FROM request), 0) + 1;
  SELECT RAISE(ROLLBACK, 'request id reused') WHERE EXISTS (SELECT 1 FROM request WHERE sender = NEW.sender AND key = NEW.key);
END;
DROP TRIGGER seal_follows;
CREATE TRIGGER seal_follows BEFORE INSERT ON seal
BEGIN
  SELECT RAISE(ROLLBACK, 'seal ids ascend without gaps') WHERE NEW.id <> ifnull((SELECT max(id) FROM seal), 0) + 1;
  SELECT RAISE(ROLLBACK, 'a seal follows the one before') WHERE EXISTS (
    SELECT 1 FROM seal WHERE id = NEW.id - 1 AND (hash <> NEW.previous_hash OR sealed_at > NEW.sealed_at
      OR last_request_id + 1 <> NEW.first_request_id OR last_transfer_id + 1 <> NEW.first_transfer_id));
  SELECT RAISE(ROLLBACK, 'the first seal begins at 1') WHERE NEW.id = 1 AND (NEW.first_request_id <> 1 OR NEW.first_transfer_id <> 1);
END;

-- One trigger for a transfer, and what it asks of one table in one look: each costs a cursor per row. A deposit ends once: refunded whole, or captured in at most two
-- parts, never both, never more than was reserved; what was posted for the same attempt tells it all.
DROP TRIGGER transfer_comes_after;
DROP TRIGGER transfer_settles_once;
CREATE TRIGGER transfer_comes_after BEFORE INSERT ON transfer
BEGIN
  SELECT CASE WHEN NEW.id <> ifnull(last, 0) + 1 THEN RAISE(ABORT, 'transfer ids ascend without gaps')
              WHEN NEW.recorded_at < last_at THEN RAISE(ABORT, 'recorded time never decreases') END
  FROM (SELECT max(id) AS last, recorded_at AS last_at FROM transfer);
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
  SELECT RAISE(ABORT, 'posted before')
  WHERE NEW.attempt IS NOT NULL AND NEW.kind <> 'refund' AND NEW.kind <> 'capture' AND NEW.kind <> 'capture-tax'
    AND EXISTS (SELECT 1 FROM transfer WHERE backorder_id = NEW.backorder_id AND kind = NEW.kind AND attempt = NEW.attempt);
  SELECT CASE
    WHEN same > 0 THEN RAISE(ABORT, 'posted before')
    WHEN theirs IS NOT 1 OR CASE NEW.kind WHEN 'refund' THEN NEW.amount_minor <> reserved ELSE NEW.amount_minor + captured > reserved END
      THEN RAISE(ABORT, 'no such deposit')
    WHEN refunds > 0 OR (NEW.kind = 'refund' AND captured > 0) THEN RAISE(ABORT, 'the deposit is settled') END
  FROM (
    SELECT sum(kind = NEW.kind) AS same, sum(CASE kind WHEN 'reserve' THEN customer_id = NEW.customer_id END) AS theirs,
           sum(CASE kind WHEN 'reserve' THEN amount_minor END) AS reserved, sum(kind = 'refund') AS refunds,
           sum(CASE kind WHEN 'capture' THEN amount_minor WHEN 'capture-tax' THEN amount_minor ELSE 0 END) AS captured
    FROM transfer WHERE backorder_id = NEW.backorder_id AND attempt = NEW.attempt)
  WHERE NEW.kind = 'refund' OR NEW.kind = 'capture' OR NEW.kind = 'capture-tax';
  SELECT RAISE(ABORT, 'reversed before') WHERE NEW.reverses_id IS NOT NULL
    AND EXISTS (SELECT 1 FROM transfer WHERE reverses_id = NEW.reverses_id AND kind = NEW.kind);
END;

DROP TRIGGER event_comes_after;
CREATE TRIGGER event_comes_after BEFORE INSERT ON event
BEGIN
  SELECT CASE WHEN NEW.id <> ifnull(last, 0) + 1 THEN RAISE(ABORT, 'event ids ascend without gaps')
              WHEN NEW.recorded_at < last_at THEN RAISE(ABORT, 'recorded time never decreases') END
  FROM (SELECT max(id) AS last, recorded_at AS last_at FROM event);
END;

-- The words of a reason one by one, for the same cause. What is stored does not change, so the text of the schema is all that does: the way that SQLite's own
-- page on ALTER TABLE gives for such changes.
PRAGMA writable_schema = ON;
UPDATE sqlite_schema SET sql = replace(sql, 'CASE WHEN reason IS NULL THEN 1 ELSE reason IN (
    ''insufficient_available'', ''no_price'', ''price_above_cap'', ''deadline_missed'', ''provider_refused'', ''operator_float'', ''provider_deleted'',
    ''account_frozen'', ''chargeback'', ''account_closed'', ''rescheduled'', ''by_customer'', ''by_operator'', ''not_registered'', ''auction_lost'') END',
  'CASE reason
    WHEN ''insufficient_available'' THEN 1 WHEN ''not_registered'' THEN 1 WHEN ''auction_lost'' THEN 1 WHEN ''by_customer'' THEN 1 WHEN ''by_operator'' THEN 1
    WHEN ''no_price'' THEN 1 WHEN ''price_above_cap'' THEN 1 WHEN ''deadline_missed'' THEN 1 WHEN ''provider_refused'' THEN 1 WHEN ''operator_float'' THEN 1
    WHEN ''provider_deleted'' THEN 1 WHEN ''account_frozen'' THEN 1 WHEN ''chargeback'' THEN 1 WHEN ''account_closed'' THEN 1 WHEN ''rescheduled'' THEN 1
    ELSE reason IS NULL END')
WHERE type = 'table' AND name = 'backorder';
PRAGMA writable_schema = RESET;
