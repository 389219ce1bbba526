-- What the provider knows and the book does not.

-- An application that may be a backorder's, as long as nobody knows: while it stands, no deposit is released.
ALTER TABLE backorder ADD COLUMN in_doubt TEXT CHECK (in_doubt <> '');
-- REQUESTED ones whose job was found at the provider before their deposit was due: few, and looked for by every sweep.
CREATE INDEX backorder_adopted ON backorder (customer_id) WHERE application IS NOT NULL AND state = 'REQUESTED';

-- The last time the book was put back from a copy, up to when the copy knows, and when the provider was read after that. Before that nothing is sent, refunded or paid out.
ALTER TABLE book ADD COLUMN restored_at INTEGER;
ALTER TABLE book ADD COLUMN copied_at INTEGER;
ALTER TABLE book ADD COLUMN reread_at INTEGER;

-- Kinds of cases are rows, as kinds of events are: a new one needs no new table.
CREATE TABLE case_kind (word TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
INSERT INTO case_kind (word) VALUES
  ('overdue'), ('gone'), ('late_success'), ('late_failure'), ('surplus_job'), ('missing_from_list'), ('unknown_status'), ('auction_price_other_currency'),
  ('auction_price_short'), ('unidentified_payment'), ('submitting_stopped'), ('wrong_answer'), ('doubtful_job'), ('deadline_missed'), ('operator_float'), ('untaxed');
PRAGMA writable_schema = ON;
UPDATE sqlite_schema SET sql = substr(sql, 1, instr(sql, 'CHECK (kind IN (') - 1) || 'CHECK (kind <> '''')' ||
  substr(sql, instr(sql, '''submitting_stopped'')),') + length('''submitting_stopped''))'))
WHERE type = 'table' AND name = 'case_file';
PRAGMA writable_schema = RESET;
CREATE TRIGGER case_is_of_a_kind BEFORE INSERT ON case_file
WHEN NOT EXISTS (SELECT 1 FROM case_kind WHERE word = NEW.kind)
BEGIN SELECT RAISE(ROLLBACK, 'no such kind of case'); END;

INSERT INTO event_kind (word) VALUES ('adopted'), ('restored');
