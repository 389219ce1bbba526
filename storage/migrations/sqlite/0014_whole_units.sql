-- A row that must not be takes back the whole unit of work, as the program does anyhow. A statement that might have to be taken back alone makes SQLite keep a copy
-- of every page that it changes; now none does that writes transfers, the log or new backorders. So what they name must exist when the unit ends, and not yet when the
-- statement ends. What is stored stays as it is, so only the text of the schema changes: the way that SQLite's own page on ALTER TABLE gives for such changes.
PRAGMA writable_schema = ON;
UPDATE sqlite_schema SET sql = replace(sql, 'RAISE(ABORT', 'RAISE(ROLLBACK') WHERE type = 'trigger' AND name IN ('transfer_comes_after', 'event_comes_after');
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
