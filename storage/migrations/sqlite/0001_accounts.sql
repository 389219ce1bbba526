-- The book, the requests made of it, customers and their ledger accounts.
-- Amounts are minor units, instants are milliseconds since 1970 UTC, words are the program's own. STRICT: text never reads as 0.
-- Every table that keeps history refuses UPDATE and DELETE, and INSERT OR REPLACE as well: also on a connection without
-- recursive_triggers, where REPLACE deletes without asking the DELETE trigger.

CREATE TABLE book (
  id           INTEGER PRIMARY KEY CHECK (id = 1),
  made_at      INTEGER NOT NULL,
  rehearsal    INTEGER NOT NULL CHECK (rehearsal IN (0, 1)),
  closed_until INTEGER
) STRICT;
CREATE TRIGGER book_is_one BEFORE INSERT ON book WHEN EXISTS (SELECT 1 FROM book)
BEGIN SELECT RAISE(ABORT, 'a book is made once'); END;
CREATE TRIGGER book_keeps_identity BEFORE UPDATE OF id, made_at, rehearsal ON book
BEGIN SELECT RAISE(ABORT, 'a book keeps its making'); END;
CREATE TRIGGER book_stays BEFORE DELETE ON book
BEGIN SELECT RAISE(ABORT, 'a book is never deleted'); END;

-- Kept for ever: the same id with the same content gets the first answer again.
CREATE TABLE request (
  id           INTEGER PRIMARY KEY,
  sender       TEXT NOT NULL,
  key          TEXT NOT NULL CHECK (key <> ''),
  content      TEXT NOT NULL,
  content_hash BLOB NOT NULL CHECK (length(content_hash) = 32),  -- BLAKE2b-256 of content
  answer       TEXT NOT NULL,
  actor        TEXT NOT NULL,
  recorded_at  INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX request_by_key ON request (sender, key);
CREATE TRIGGER request_comes_after BEFORE INSERT ON request
BEGIN
  SELECT RAISE(ABORT, 'request ids ascend without gaps') WHERE NEW.id <> ifnull((SELECT max(id) FROM request), 0) + 1;
  SELECT RAISE(ABORT, 'request id reused') WHERE EXISTS (SELECT 1 FROM request WHERE sender = NEW.sender AND key = NEW.key);
END;
CREATE TRIGGER request_never_changes BEFORE UPDATE ON request
BEGIN SELECT RAISE(ABORT, 'requests are append only'); END;
CREATE TRIGGER request_stays BEFORE DELETE ON request
BEGIN SELECT RAISE(ABORT, 'requests are append only'); END;

CREATE TABLE customer (
  id        INTEGER PRIMARY KEY CHECK (id > 0),
  name      TEXT NOT NULL UNIQUE CHECK (length(name) BETWEEN 1 AND 64),
  currency  TEXT NOT NULL CHECK (currency GLOB '[A-Z][A-Z][A-Z]'),
  tier      TEXT NOT NULL CHECK (tier <> ''),
  state     TEXT NOT NULL CHECK (state IN ('open', 'frozen', 'closing', 'closed')),
  policy    TEXT CHECK (policy IN ('each', 'all-or-nothing')),   -- NULL: the book's default
  timing    TEXT CHECK (timing IN ('at-due', 'at-deadline')),    -- NULL: the book's default
  country   TEXT NOT NULL,
  vat_id    TEXT NOT NULL,
  opened_at INTEGER NOT NULL,
  UNIQUE (id, currency)
) STRICT;
CREATE TRIGGER customer_is_not_replaced BEFORE INSERT ON customer
WHEN EXISTS (SELECT 1 FROM customer WHERE id = NEW.id OR name = NEW.name)
BEGIN SELECT RAISE(ABORT, 'the customer exists'); END;
CREATE TRIGGER customer_keeps_identity BEFORE UPDATE OF id, name, currency, opened_at ON customer
BEGIN SELECT RAISE(ABORT, 'a customer keeps id, name and currency'); END;
CREATE TRIGGER customer_stays BEFORE DELETE ON customer
BEGIN SELECT RAISE(ABORT, 'customers are never deleted'); END;

-- One side of a transfer. kind is the code of the chart of accounts (engine/account.hpp). A balance is credits - debits. It is kept
-- for customers only: available (2000) has the floor -(credit limit), reserved (2010) the floor 0, receivable (1100) never
-- exceeds 0. The operator's accounts are summed from transfers, so that no row is written by everybody.
CREATE TABLE ledger_account (
  id            INTEGER PRIMARY KEY CHECK (id > 0),
  kind          INTEGER NOT NULL CHECK (kind IN (1000, 1100, 1200, 1210, 2000, 2010, 2030, 2100, 2200, 4000, 5000, 5100, 5200, 5910)),
  currency      TEXT NOT NULL CHECK (currency GLOB '[A-Z][A-Z][A-Z]'),
  customer_id   INTEGER,
  source        TEXT NOT NULL,  -- cash: the bank or payment source; empty for the others
  balance_minor INTEGER,
  floor_minor   INTEGER,
  FOREIGN KEY (customer_id, currency) REFERENCES customer (id, currency),
  CHECK ((customer_id IS NOT NULL) = (kind IN (1100, 2000, 2010))),
  CHECK ((balance_minor IS NOT NULL) = (customer_id IS NOT NULL)),
  CHECK ((floor_minor IS NOT NULL) = (kind IN (2000, 2010))),
  CHECK (kind <> 2000 OR floor_minor <= 0),
  CHECK (kind <> 2010 OR floor_minor = 0),
  CONSTRAINT balance_not_under_floor CHECK (floor_minor IS NULL OR balance_minor >= floor_minor),
  CONSTRAINT owed_not_negative CHECK (kind <> 1100 OR balance_minor <= 0),
  CHECK (kind = 1000 OR source = '')
) STRICT;
CREATE UNIQUE INDEX ledger_account_of_customer ON ledger_account (customer_id, kind) WHERE customer_id IS NOT NULL;
CREATE UNIQUE INDEX ledger_account_of_operator ON ledger_account (kind, currency, source) WHERE customer_id IS NULL;
CREATE TRIGGER ledger_account_comes_after BEFORE INSERT ON ledger_account
BEGIN
  SELECT RAISE(ABORT, 'account ids ascend without gaps') WHERE NEW.id <> ifnull((SELECT max(id) FROM ledger_account), 0) + 1;
  SELECT RAISE(ABORT, 'the ledger account exists')
  WHERE EXISTS (SELECT 1 FROM ledger_account WHERE customer_id = NEW.customer_id AND kind = NEW.kind)
     OR EXISTS (SELECT 1 FROM ledger_account WHERE NEW.customer_id IS NULL AND customer_id IS NULL
                   AND kind = NEW.kind AND currency = NEW.currency AND source = NEW.source);
  SELECT RAISE(ABORT, 'an account opens with balance zero') WHERE NEW.balance_minor <> 0;
END;
CREATE TRIGGER ledger_account_keeps_identity BEFORE UPDATE OF id, kind, currency, customer_id, source ON ledger_account
BEGIN SELECT RAISE(ABORT, 'a ledger account keeps kind, currency and owner'); END;
CREATE TRIGGER ledger_account_stays BEFORE DELETE ON ledger_account
BEGIN SELECT RAISE(ABORT, 'ledger accounts are never deleted'); END;
