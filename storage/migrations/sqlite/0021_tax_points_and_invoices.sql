-- What was decided at the tax point of a supply, kept with the transfer of its net part for ever; and the documents issued over supplies, numbered without gaps in their
-- series. Amounts of a split are what it moves: the net is below zero.
PRAGMA writable_schema = ON;
UPDATE sqlite_schema SET sql = replace(sql, 'WHEN ''reversal'' THEN 1', 'WHEN ''reversal'' THEN 1 WHEN ''tax-split'' THEN 1') WHERE type = 'table' AND name = 'transfer';
UPDATE sqlite_schema SET sql = replace(sql, 'kind IN (', 'kind IN (''untaxed'', ') WHERE type = 'table' AND name = 'case_file';
PRAGMA writable_schema = RESET;

CREATE TABLE tax_point (
  transfer_id INTEGER PRIMARY KEY CHECK (transfer_id > 0),
  treatment   TEXT NOT NULL CHECK (treatment IN ('standard', 'reverse-charge', 'outside-scope', 'one-stop-shop', 'untaxed')),
  country     TEXT NOT NULL,
  vat_id      TEXT NOT NULL,
  rate_bp     INTEGER NOT NULL CHECK (rate_bp >= 0),
  net_minor   INTEGER NOT NULL,
  tax_minor   INTEGER NOT NULL CHECK (tax_minor >= 0)
) STRICT;
-- Of the captures of before, what is known best: the account's country as it is now, and the rate that was in force there, else the one that the amounts tell.
INSERT INTO tax_point
SELECT t.id, CASE WHEN x.amount_minor IS NULL THEN 'untaxed' ELSE 'standard' END, c.country, c.vat_id,
  CASE WHEN x.amount_minor IS NULL THEN 0 ELSE ifnull(
    (SELECT rate_bp FROM tax_rate WHERE country = c.country AND valid_from <= t.recorded_at AND rate_bp > 0
       AND abs(rate_bp * (t.amount_minor + x.amount_minor) - x.amount_minor * (10000 + rate_bp)) <= 10000 + rate_bp ORDER BY valid_from DESC LIMIT 1),
    (x.amount_minor * 10000 + t.amount_minor / 2) / t.amount_minor) END,
  t.amount_minor, ifnull(x.amount_minor, 0)
FROM transfer AS t JOIN customer AS c ON c.id = t.customer_id
LEFT JOIN transfer AS x ON x.customer_id = t.customer_id AND x.backorder_id = t.backorder_id AND x.attempt IS t.attempt
  AND x.kind = CASE t.kind WHEN 'capture' THEN 'capture-tax' ELSE 'late-charge-tax' END
WHERE t.kind = 'capture' OR t.kind = 'late-charge'
ORDER BY t.id;

CREATE TRIGGER tax_point_is_not_replaced BEFORE INSERT ON tax_point
WHEN EXISTS (SELECT 1 FROM tax_point WHERE transfer_id = NEW.transfer_id) OR NOT EXISTS (SELECT 1 FROM transfer WHERE id = NEW.transfer_id)
BEGIN SELECT RAISE(ROLLBACK, 'a tax point is of one transfer, once'); END;
CREATE TRIGGER tax_point_never_changes BEFORE UPDATE ON tax_point
BEGIN SELECT RAISE(ABORT, 'tax points are append only'); END;
CREATE TRIGGER tax_point_stays BEFORE DELETE ON tax_point
BEGIN SELECT RAISE(ABORT, 'tax points are append only'); END;

CREATE TABLE invoice (
  id             INTEGER PRIMARY KEY CHECK (id > 0),
  kind           TEXT NOT NULL CHECK (kind IN ('invoice', 'credit-note')),
  series         TEXT NOT NULL CHECK (series <> ''),
  number         INTEGER NOT NULL CHECK (number > 0),
  customer_id    INTEGER NOT NULL,
  currency       TEXT NOT NULL CHECK (currency GLOB '[A-Z][A-Z][A-Z]'),
  issued_at      INTEGER NOT NULL,
  corrects       TEXT NOT NULL,
  seller_name    TEXT NOT NULL,
  seller_address TEXT NOT NULL,
  seller_vat_id  TEXT NOT NULL,
  seller_country TEXT NOT NULL,
  buyer_account  TEXT NOT NULL,
  buyer_country  TEXT NOT NULL,
  buyer_vat_id   TEXT NOT NULL,
  UNIQUE (series, number),
  FOREIGN KEY (customer_id, currency) REFERENCES customer (id, currency),
  CHECK ((kind = 'credit-note') = (corrects <> ''))
) STRICT;
CREATE TRIGGER invoice_comes_after BEFORE INSERT ON invoice
WHEN NEW.id <> ifnull((SELECT max(id) FROM invoice), 0) + 1
  OR NEW.number <> ifnull((SELECT max(number) FROM invoice WHERE series = NEW.series), 0) + 1
BEGIN SELECT RAISE(ABORT, 'documents are numbered without gaps'); END;
CREATE TRIGGER invoice_never_changes BEFORE UPDATE ON invoice
BEGIN SELECT RAISE(ABORT, 'documents are append only'); END;
CREATE TRIGGER invoice_stays BEFORE DELETE ON invoice
BEGIN SELECT RAISE(ABORT, 'documents are append only'); END;

CREATE TABLE invoice_line (
  invoice_id  INTEGER NOT NULL REFERENCES invoice (id),
  line        INTEGER NOT NULL CHECK (line > 0),
  transfer_id INTEGER NOT NULL,
  supplied_at INTEGER NOT NULL,
  domain      TEXT NOT NULL,
  treatment   TEXT NOT NULL,
  rate_bp     INTEGER NOT NULL,
  net_minor   INTEGER NOT NULL,
  tax_minor   INTEGER NOT NULL,
  PRIMARY KEY (invoice_id, line)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER invoice_line_comes_after BEFORE INSERT ON invoice_line
WHEN EXISTS (SELECT 1 FROM invoice_line WHERE invoice_id = NEW.invoice_id AND line >= NEW.line)
  OR NOT EXISTS (SELECT 1 FROM tax_point WHERE transfer_id = NEW.transfer_id)
BEGIN SELECT RAISE(ABORT, 'a line follows the one before, and is of a supply'); END;
CREATE TRIGGER invoice_line_never_changes BEFORE UPDATE ON invoice_line
BEGIN SELECT RAISE(ABORT, 'documents are append only'); END;
CREATE TRIGGER invoice_line_stays BEFORE DELETE ON invoice_line
BEGIN SELECT RAISE(ABORT, 'documents are append only'); END;
