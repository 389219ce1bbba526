-- Statements chain, and a line is known by the statements in which it stands. A source is one account at one bank.

-- The statement's number at the bank, where it gives one.
ALTER TABLE external_statement ADD COLUMN sequence INTEGER;

-- bank_reference is evidence, never the identity. structured is the reference that the payer gave as one (RF, QR, …).
-- amount_minor is what the account moved; fee_minor is what the service kept of it, zero or more: gross is their sum.
ALTER TABLE external_line ADD COLUMN bank_reference TEXT NOT NULL DEFAULT '';
ALTER TABLE external_line ADD COLUMN structured TEXT NOT NULL DEFAULT '';
ALTER TABLE external_line ADD COLUMN fee_minor INTEGER NOT NULL DEFAULT 0 CHECK (fee_minor >= 0);
DROP TRIGGER external_line_never_changes;
UPDATE external_line SET bank_reference = external_id WHERE external_id NOT LIKE 'content:%';
CREATE TRIGGER external_line_never_changes BEFORE UPDATE ON external_line
BEGIN SELECT RAISE(ABORT, 'imported lines are append only'); END;

-- Which lines stand in a statement, in its order. A line that two statements share stands in both.
CREATE TABLE external_statement_line (
  statement_id INTEGER NOT NULL REFERENCES external_statement (id),
  place        INTEGER NOT NULL CHECK (place > 0),
  line_id      INTEGER NOT NULL REFERENCES external_line (id),
  PRIMARY KEY (statement_id, place)
) STRICT, WITHOUT ROWID;
INSERT INTO external_statement_line (statement_id, place, line_id)
  SELECT statement_id, row_number() OVER (PARTITION BY statement_id ORDER BY id), id FROM external_line;
CREATE TRIGGER external_statement_line_is_not_replaced BEFORE INSERT ON external_statement_line
WHEN EXISTS (SELECT 1 FROM external_statement_line WHERE statement_id = NEW.statement_id AND place = NEW.place)
BEGIN SELECT RAISE(ABORT, 'statements are append only'); END;
CREATE TRIGGER external_statement_line_never_changes BEFORE UPDATE ON external_statement_line
BEGIN SELECT RAISE(ABORT, 'statements are append only'); END;
CREATE TRIGGER external_statement_line_stays BEFORE DELETE ON external_statement_line
BEGIN SELECT RAISE(ABORT, 'statements are append only'); END;

-- account: as the bank's statements name it, without blanks, in capitals; '' until one does.
-- nameless: a person said once that files which name no account are of this source.
CREATE TABLE bank_source (
  source   TEXT NOT NULL PRIMARY KEY CHECK (source <> ''),
  account  TEXT NOT NULL,
  nameless INTEGER NOT NULL CHECK (nameless IN (0, 1))
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX bank_source_of ON bank_source (account) WHERE account <> '';
-- What was imported before: the account that the source's latest statement names, unless another source came first with it.
INSERT INTO bank_source (source, account, nameless)
  WITH latest AS (SELECT source, upper(replace(account, ' ', '')) AS account, max(id) AS last
                  FROM external_statement WHERE account <> '' GROUP BY source)
  SELECT s.source,
         ifnull((SELECT l.account FROM latest l WHERE l.source = s.source
                 AND l.last = (SELECT min(m.last) FROM latest m WHERE m.account = l.account)), ''),
         max(s.account = '')
  FROM external_statement s GROUP BY s.source;
CREATE TRIGGER bank_source_is_not_replaced BEFORE INSERT ON bank_source
WHEN EXISTS (SELECT 1 FROM bank_source WHERE source = NEW.source OR (NEW.account <> '' AND account = NEW.account))
BEGIN SELECT RAISE(ABORT, 'a source is one account'); END;
CREATE TRIGGER bank_source_keeps_account BEFORE UPDATE ON bank_source
WHEN NEW.source <> OLD.source OR (OLD.account <> '' AND NEW.account <> OLD.account) OR NEW.nameless < OLD.nameless
BEGIN SELECT RAISE(ABORT, 'a source keeps its account'); END;
CREATE TRIGGER bank_source_stays BEFORE DELETE ON bank_source
BEGIN SELECT RAISE(ABORT, 'a source keeps its account'); END;

-- A pay-in that a person typed, and the line of the bank that turned out to be it: nothing was posted for that line.
CREATE TABLE line_binding (
  line_id     INTEGER NOT NULL PRIMARY KEY REFERENCES external_line (id),
  transfer_id INTEGER NOT NULL REFERENCES transfer (id)
) STRICT;
CREATE INDEX line_binding_of ON line_binding (transfer_id);
CREATE TRIGGER line_binding_is_not_replaced BEFORE INSERT ON line_binding
WHEN EXISTS (SELECT 1 FROM line_binding WHERE line_id = NEW.line_id)
BEGIN SELECT RAISE(ABORT, 'the line is bound'); END;
CREATE TRIGGER line_binding_never_changes BEFORE UPDATE ON line_binding
BEGIN SELECT RAISE(ABORT, 'bindings are append only'); END;
CREATE TRIGGER line_binding_stays BEFORE DELETE ON line_binding
BEGIN SELECT RAISE(ABORT, 'bindings are append only'); END;
