-- Rows of statements that could not be read, verbatim: what they say is not lost, and stays open until it was read. `number` counts a statement's, `place` is the line
-- of its file.

CREATE TABLE external_unread (
  statement_id INTEGER NOT NULL REFERENCES external_statement (id),
  number       INTEGER NOT NULL CHECK (number > 0),
  place        INTEGER NOT NULL CHECK (place > 0),
  raw          TEXT NOT NULL,
  why          TEXT NOT NULL CHECK (why <> ''),
  PRIMARY KEY (statement_id, number)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER external_unread_is_not_replaced BEFORE INSERT ON external_unread
WHEN EXISTS (SELECT 1 FROM external_unread WHERE statement_id = NEW.statement_id AND number = NEW.number)
BEGIN SELECT RAISE(ABORT, 'statements are append only'); END;
CREATE TRIGGER external_unread_never_changes BEFORE UPDATE ON external_unread
BEGIN SELECT RAISE(ABORT, 'statements are append only'); END;
CREATE TRIGGER external_unread_stays BEFORE DELETE ON external_unread
BEGIN SELECT RAISE(ABORT, 'statements are append only'); END;

-- How short of our own money at the provider the operator was told last, by currency: told again only when it grows or returns.

CREATE TABLE purse_warning (
  currency    TEXT NOT NULL PRIMARY KEY CHECK (currency GLOB '[A-Z][A-Z][A-Z]'),
  short_minor INTEGER NOT NULL CHECK (short_minor >= 0)
) STRICT, WITHOUT ROWID;

INSERT INTO event_kind (word) VALUES ('purse-short'), ('purse-covered');
