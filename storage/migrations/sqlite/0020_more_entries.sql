-- Accounts and entries that were missing: set-offs of debts, entries between the operator's accounts, opening balances, debts written off, payments that go to the right
-- account. A reversal may be undone by another, and then what it undid may be undone again; a payment may be charged back in parts, and again after a dispute was won. So
-- one transfer may be named more than once. Only the text of the schema changes, what is stored stays as it is.
PRAGMA writable_schema = ON;
UPDATE sqlite_schema SET sql = replace(sql, 'WHEN ''reversal'' THEN 1', 'WHEN ''reversal'' THEN 1 WHEN ''set-off'' THEN 1 WHEN ''debt-returned'' THEN 1
    WHEN ''general'' THEN 1 WHEN ''opening'' THEN 1 WHEN ''bad-debt'' THEN 1 WHEN ''moved-out'' THEN 1 WHEN ''moved-in'' THEN 1')
WHERE type = 'table' AND name = 'transfer';
UPDATE sqlite_schema SET sql = replace(sql, 'CHECK (kind IN (1000, ', 'CHECK (kind IN (1250, 2020, 3000, 4040, 4090, 5120, 5800, 1000, ')
WHERE type = 'table' AND name = 'ledger_account';
PRAGMA writable_schema = RESET;

DROP INDEX transfer_reversing;
CREATE INDEX transfer_reversing ON transfer (reverses_id, kind) WHERE reverses_id IS NOT NULL;

DROP TRIGGER transfer_comes_after;
CREATE TRIGGER transfer_comes_after BEFORE INSERT ON transfer
BEGIN
  SELECT CASE
    WHEN NEW.id <> 1 + ifnull((SELECT CASE WHEN recorded_at > NEW.recorded_at THEN -1 ELSE id END FROM transfer ORDER BY id DESC LIMIT 1), 0)
      THEN RAISE(ROLLBACK, 'transfer ids ascend without gaps, and recorded time never decreases')
    WHEN NEW.effective_at < (SELECT closed_until FROM book) THEN RAISE(ROLLBACK, 'the period is closed') END;
  -- One currency, one customer, and the reserved account moves by deposits only.
  SELECT RAISE(ROLLBACK, 'the accounts do not fit the transfer') WHERE 1 IS NOT (
    SELECT CASE NEW.kind
      WHEN 'reserve' THEN d.kind = 2000 AND c.kind = 2010 WHEN 'refund' THEN d.kind = 2010 AND c.kind = 2000
      WHEN 'capture' THEN d.kind = 2010 AND c.kind = 4000 WHEN 'capture-tax' THEN d.kind = 2010 AND c.kind = 2100
      WHEN 'set-off' THEN d.kind = 2000 AND c.kind = 1100 WHEN 'general' THEN NEW.customer_id IS NULL
      WHEN 'opening' THEN d.kind = 3000 AND (c.kind = 1100 OR c.kind = 2000) WHEN 'bad-debt' THEN d.kind = 5120 AND c.kind = 1100
      WHEN 'moved-out' THEN c.kind = 2030 AND (d.kind = 1100 OR d.kind = 2000) WHEN 'moved-in' THEN d.kind = 2030 AND (c.kind = 1100 OR c.kind = 2000)
      ELSE d.kind <> 2010 AND c.kind <> 2010 END
    FROM ledger_account AS d, ledger_account AS c
    WHERE d.id = NEW.debit_id AND c.id = NEW.credit_id AND d.currency = c.currency
      AND ifnull(d.customer_id, c.customer_id) IS NEW.customer_id AND ifnull(c.customer_id, d.customer_id) IS NEW.customer_id);
  -- A deposit ends once: refunded whole, or captured and then its tax, never more than was reserved. In the order of the index what ends it comes before 'reserve'; so where
  -- the first row, or after its capture the next, is the reservation, nothing has ended it. What is posted for an auction comes before them all.
  SELECT CASE NEW.kind
    WHEN 'refund' THEN CASE WHEN NEW.amount_minor IS NOT (
        SELECT CASE kind WHEN 'reserve' THEN amount_minor END FROM transfer
        WHERE customer_id = NEW.customer_id AND backorder_id = NEW.backorder_id AND attempt = NEW.attempt AND kind >= 'capture' ORDER BY kind LIMIT 1)
      THEN RAISE(ROLLBACK, 'no deposit is left for it') END
    WHEN 'capture' THEN CASE WHEN NEW.amount_minor > ifnull((
        SELECT CASE kind WHEN 'reserve' THEN amount_minor END FROM transfer
        WHERE customer_id = NEW.customer_id AND backorder_id = NEW.backorder_id AND attempt = NEW.attempt AND kind >= 'capture' ORDER BY kind LIMIT 1), 0)
      THEN RAISE(ROLLBACK, 'no deposit is left for it') END
    WHEN 'capture-tax' THEN CASE WHEN NEW.amount_minor > ifnull((
        SELECT CASE kind WHEN 'reserve' THEN amount_minor END FROM transfer
        WHERE customer_id = NEW.customer_id AND backorder_id = NEW.backorder_id AND attempt = NEW.attempt AND kind > 'capture' ORDER BY kind LIMIT 1) - (
        SELECT amount_minor FROM transfer
        WHERE customer_id = NEW.customer_id AND backorder_id = NEW.backorder_id AND attempt = NEW.attempt AND kind = 'capture'), 0)
      THEN RAISE(ROLLBACK, 'no deposit is left for it') END
    ELSE CASE
      WHEN NEW.backorder_id IS NULL THEN NULL
      WHEN NOT EXISTS (SELECT 1 FROM backorder WHERE by_customer = NEW.customer_id * 4294967296 + NEW.backorder_id AND id = NEW.backorder_id)
        THEN RAISE(ROLLBACK, 'the customer has no such backorder')
      WHEN NEW.attempt IS NULL THEN NULL
      WHEN NEW.kind <> 'reserve' AND NEW.kind <> 'auction-price' AND NEW.kind <> 'auction-receivable' AND NEW.kind <> 'set-off'
        THEN RAISE(ROLLBACK, 'only what is posted for a deposit or an auction has an attempt')
      WHEN EXISTS (SELECT 1 FROM transfer
                   WHERE customer_id = NEW.customer_id AND backorder_id = NEW.backorder_id AND attempt = NEW.attempt AND kind = NEW.kind)
        THEN RAISE(ROLLBACK, 'posted before') END END;
  -- Ids ascend without gaps, so what it undoes is there: its id is below this one. Whether a reversal before it still stands is looked up one step deep; the audit of the
  -- tests proves the whole. A payment is never charged back beyond what came in by its request.
  SELECT CASE
    WHEN NEW.reverses_id < 1 THEN RAISE(ROLLBACK, 'no such transfer')
    WHEN NEW.kind = 'reversal' AND EXISTS (
        SELECT 1 FROM transfer AS r WHERE r.reverses_id = NEW.reverses_id AND r.kind = 'reversal'
          AND NOT EXISTS (SELECT 1 FROM transfer AS u WHERE u.reverses_id = r.id AND u.kind = 'reversal'))
      THEN RAISE(ROLLBACK, 'reversed before')
    WHEN NEW.kind IN ('chargeback', 'chargeback-receivable') AND NEW.amount_minor > (
        SELECT ifnull(sum(p.amount_minor), 0) FROM transfer AS n JOIN transfer AS p ON p.request_id = n.request_id
        WHERE n.id = NEW.reverses_id AND p.kind IN ('pay-in', 'pay-in-receivable', 'moved-in')) - (
        SELECT ifnull(sum(t.amount_minor), 0) FROM transfer AS t
        WHERE t.reverses_id = NEW.reverses_id AND t.kind IN ('chargeback', 'chargeback-receivable')
          AND NOT EXISTS (SELECT 1 FROM transfer AS u WHERE u.reverses_id = t.id AND u.kind = 'reversal'))
      THEN RAISE(ROLLBACK, 'charged back before') END
  WHERE NEW.reverses_id IS NOT NULL;
END;
