-- What was posted for a deposit is told by the index alone, amounts included: a transfer that settles one was checked against rows that lie wherever they were written days
-- before, and that look was the dearest part of it. That nothing is posted twice for a deposit whatever its amount is refused by the trigger, which runs first.
DROP INDEX transfer_of_backorder;
CREATE UNIQUE INDEX transfer_of_backorder ON transfer (customer_id, backorder_id, attempt, kind, amount_minor) WHERE backorder_id IS NOT NULL;

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
      WHEN NEW.kind <> 'reserve' AND NEW.kind <> 'auction-price' AND NEW.kind <> 'auction-receivable'
        THEN RAISE(ROLLBACK, 'only what is posted for a deposit or an auction has an attempt')
      WHEN EXISTS (SELECT 1 FROM transfer
                   WHERE customer_id = NEW.customer_id AND backorder_id = NEW.backorder_id AND attempt = NEW.attempt AND kind = NEW.kind)
        THEN RAISE(ROLLBACK, 'posted before') END END;
  -- Ids ascend without gaps, so what it undoes is there: its id is below this one.
  SELECT CASE WHEN NEW.reverses_id < 1 THEN RAISE(ROLLBACK, 'no such transfer')
              WHEN EXISTS (SELECT 1 FROM transfer WHERE reverses_id = NEW.reverses_id AND kind = NEW.kind) THEN RAISE(ROLLBACK, 'reversed before') END
  WHERE NEW.reverses_id IS NOT NULL;
END;
