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

-- A deposit ends once: refunded whole, or captured in at most two parts, never both, never more than was reserved. By backorder, kind and attempt, which name one
-- transfer at most: an IN over kinds builds a table for every row.
DROP TRIGGER transfer_settles_once;
CREATE TRIGGER transfer_settles_once BEFORE INSERT ON transfer WHEN NEW.kind = 'refund' OR NEW.kind = 'capture' OR NEW.kind = 'capture-tax'
BEGIN
  SELECT RAISE(ABORT, 'no such deposit') WHERE NOT EXISTS (
    SELECT 1 FROM transfer AS r WHERE r.backorder_id = NEW.backorder_id AND r.kind = 'reserve' AND r.attempt = NEW.attempt
      AND r.customer_id = NEW.customer_id
      AND CASE NEW.kind WHEN 'refund' THEN NEW.amount_minor = r.amount_minor ELSE NEW.amount_minor
        + ifnull((SELECT amount_minor FROM transfer WHERE backorder_id = NEW.backorder_id AND kind = 'capture' AND attempt = NEW.attempt), 0)
        + ifnull((SELECT amount_minor FROM transfer WHERE backorder_id = NEW.backorder_id AND kind = 'capture-tax' AND attempt = NEW.attempt), 0)
        <= r.amount_minor END);
  SELECT RAISE(ABORT, 'the deposit is settled')
  WHERE EXISTS (SELECT 1 FROM transfer WHERE backorder_id = NEW.backorder_id AND kind = 'refund' AND attempt = NEW.attempt)
    OR (NEW.kind = 'refund' AND (EXISTS (SELECT 1 FROM transfer WHERE backorder_id = NEW.backorder_id AND kind = 'capture' AND attempt = NEW.attempt)
      OR EXISTS (SELECT 1 FROM transfer WHERE backorder_id = NEW.backorder_id AND kind = 'capture-tax' AND attempt = NEW.attempt)));
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
