-- What banks and payment services say about our money, verbatim; and the words by which payers name an account.
-- booked_on and valued_on are days since 1970-01-01. Amounts: in is positive, out negative.

CREATE TABLE external_statement (
  id            INTEGER PRIMARY KEY CHECK (id > 0),
  source        TEXT NOT NULL CHECK (source <> ''),
  name          TEXT NOT NULL,
  account       TEXT NOT NULL,
  currency      TEXT CHECK (currency GLOB '[A-Z][A-Z][A-Z]'),
  opening_minor INTEGER,
  closing_minor INTEGER,
  first_day     INTEGER,
  last_day      INTEGER,
  lines         INTEGER NOT NULL CHECK (lines >= 0),
  imported_at   INTEGER NOT NULL,
  actor         TEXT NOT NULL,
  CHECK (currency IS NOT NULL OR (opening_minor IS NULL AND closing_minor IS NULL))
) STRICT;
CREATE TRIGGER external_statement_is_not_replaced BEFORE INSERT ON external_statement
WHEN EXISTS (SELECT 1 FROM external_statement WHERE id = NEW.id)
BEGIN SELECT RAISE(ABORT, 'statements are append only'); END;
CREATE TRIGGER external_statement_never_changes BEFORE UPDATE ON external_statement
BEGIN SELECT RAISE(ABORT, 'statements are append only'); END;
CREATE TRIGGER external_statement_stays BEFORE DELETE ON external_statement
BEGIN SELECT RAISE(ABORT, 'statements are append only'); END;

CREATE TABLE external_line (
  id           INTEGER PRIMARY KEY CHECK (id > 0),
  source       TEXT NOT NULL CHECK (source <> ''),
  external_id  TEXT NOT NULL CHECK (external_id <> ''),
  statement_id INTEGER NOT NULL REFERENCES external_statement (id),
  booked_on    INTEGER NOT NULL,
  valued_on    INTEGER,
  currency     TEXT NOT NULL CHECK (currency GLOB '[A-Z][A-Z][A-Z]'),
  amount_minor INTEGER NOT NULL CHECK (amount_minor <> 0),
  end_to_end   TEXT NOT NULL,
  reference    TEXT NOT NULL,
  counterparty TEXT NOT NULL,
  raw          TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX external_line_by_id ON external_line (source, external_id);
CREATE TRIGGER external_line_is_not_replaced BEFORE INSERT ON external_line
WHEN EXISTS (SELECT 1 FROM external_line WHERE id = NEW.id OR (source = NEW.source AND external_id = NEW.external_id))
BEGIN SELECT RAISE(ABORT, 'the line was imported before'); END;
CREATE TRIGGER external_line_never_changes BEFORE UPDATE ON external_line
BEGIN SELECT RAISE(ABORT, 'imported lines are append only'); END;
CREATE TRIGGER external_line_stays BEFORE DELETE ON external_line
BEGIN SELECT RAISE(ABORT, 'imported lines are append only'); END;

CREATE TABLE account_reference (
  reference   TEXT NOT NULL PRIMARY KEY CHECK (reference <> ''),
  customer_id INTEGER NOT NULL REFERENCES customer (id)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER account_reference_is_not_replaced BEFORE INSERT ON account_reference
WHEN EXISTS (SELECT 1 FROM account_reference WHERE reference = NEW.reference)
BEGIN SELECT RAISE(ABORT, 'the reference is given'); END;
CREATE TRIGGER account_reference_keeps_owner BEFORE UPDATE ON account_reference
BEGIN SELECT RAISE(ABORT, 'a reference keeps its account'); END;
