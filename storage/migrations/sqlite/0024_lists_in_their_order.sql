-- Lists count in the order of their publication, cover what they have half of, and say what a schedule resolved.

ALTER TABLE list ADD COLUMN published_at INTEGER;  -- by the list's own word; NULL: it says nothing, and counts from its import
-- 0: the list names something there, but is not a list of it: nothing is missing there.
ALTER TABLE list_coverage ADD COLUMN covers INTEGER NOT NULL DEFAULT 1 CHECK (covers IN (0, 1));
-- As listed, where that is no instant: drop_at was resolved from it by the schedule, and is again when that is set.
ALTER TABLE listed_drop ADD COLUMN day INTEGER;          -- of the zone's clock, days since 1970
ALTER TABLE listed_drop ADD COLUMN eligible_at INTEGER;  -- may be purged from then on, and is by the next batch
ALTER TABLE listed_drop ADD COLUMN tentative INTEGER NOT NULL DEFAULT 0 CHECK (tentative IN (0, 1));
-- What a registry makes of ß: a letter of its own ('keep') or 'ss'.
ALTER TABLE schedule ADD COLUMN sharp_s TEXT NOT NULL DEFAULT 'keep';

-- Zones of two labels or more that lists have names under (com.pl): a price of the shorter suffix is not theirs.
CREATE TABLE listed_zone (zone TEXT NOT NULL PRIMARY KEY CHECK (zone LIKE '%_._%')) STRICT, WITHOUT ROWID;
INSERT INTO listed_zone (zone)
SELECT DISTINCT substr(name, instr(name, '.') + 1) FROM listed_drop WHERE instr(substr(name, instr(name, '.') + 1), '.') > 0;

-- Where a source's lists are fetched from, what was there last, and how often a new one comes (milliseconds; 0: not known).
CREATE TABLE list_feed (
  source        TEXT NOT NULL PRIMARY KEY CHECK (source <> ''),
  url           TEXT NOT NULL CHECK (url <> ''),
  format        TEXT NOT NULL,
  etag          TEXT NOT NULL,
  last_modified TEXT NOT NULL,
  content_hash  TEXT NOT NULL,
  rhythm_ms     INTEGER NOT NULL CHECK (rhythm_ms >= 0),
  looked_at     INTEGER,
  changed_at    INTEGER
) STRICT, WITHOUT ROWID;

-- Wishes for names that are not known yet, and what they were answered with (backorder_id NULL: proposed).
CREATE TABLE standing_order (
  id              INTEGER PRIMARY KEY CHECK (id > 0),
  customer_id     INTEGER NOT NULL REFERENCES customer (id),
  filter          TEXT NOT NULL CHECK (filter <> ''),
  currency        TEXT NOT NULL CHECK (currency GLOB '[A-Z][A-Z][A-Z]'),
  max_price_minor INTEGER CHECK (max_price_minor > 0),
  budget_minor    INTEGER NOT NULL CHECK (budget_minor > 0),
  used_minor      INTEGER NOT NULL CHECK (used_minor >= 0 AND used_minor <= budget_minor),
  proposes        INTEGER NOT NULL CHECK (proposes IN (0, 1)),
  made_at         INTEGER NOT NULL,
  ended_at        INTEGER
) STRICT;
CREATE TABLE standing_order_answer (
  standing_order_id INTEGER NOT NULL REFERENCES standing_order (id),
  name              TEXT NOT NULL,
  backorder_id      INTEGER,  -- a number of backorder, whose key is not its number alone
  PRIMARY KEY (standing_order_id, name)
) STRICT, WITHOUT ROWID;
