-- What a sweep looks for, found without walking the ended backorders, and account by account, as sweeps work. state is in the index, though it is always the
-- same there, so that counting what is due reads the index alone.
DROP INDEX backorder_due;
CREATE INDEX backorder_due ON backorder (customer_id, deposit_due_at, state) WHERE state = 'REQUESTED';

-- Those with a deposit, and the few that had one and wait again after their drop was moved.
CREATE INDEX backorder_held ON backorder (customer_id) WHERE open_copy IS NOT NULL AND deposit_minor IS NOT NULL;
