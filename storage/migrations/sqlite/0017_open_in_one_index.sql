-- What is open is found by one index in place of three: first those that hold a deposit, then those that only ask for one, each in the order of accounts, in which sweeps
-- go. A backorder that is placed, steps or ends then writes one page of it. That nothing is open twice for an account, name and copy is looked up by the name, in the index
-- that lists need anyway: open_copy is only ever given by an insert (backorder_is_not_replaced) and never given back (backorder_steps), and name and account never change
-- (backorder_keeps_identity).
DROP INDEX backorder_open;
DROP INDEX backorder_due;
DROP INDEX backorder_held;
CREATE INDEX backorder_open ON backorder (state = 'REQUESTED', customer_id, deposit_due_at) WHERE open_copy IS NOT NULL;

DROP TRIGGER backorder_is_not_replaced;
CREATE TRIGGER backorder_is_not_replaced BEFORE INSERT ON backorder
WHEN NEW.id <= (SELECT max(id) FROM backorder)
  OR EXISTS (SELECT 1 FROM backorder INDEXED BY backorder_on_name
             WHERE name = NEW.name AND by_customer > NEW.customer_id * 4294967296 AND by_customer < (NEW.customer_id + 1) * 4294967296 AND open_copy = NEW.open_copy)
BEGIN SELECT RAISE(ROLLBACK, 'an open backorder for this account, name and copy exists'); END;
