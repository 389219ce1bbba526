-- Where drop dates come from and what they cost: sources and their lists, prices, schedules, taxes, policies.

CREATE TABLE source (
  id      INTEGER PRIMARY KEY CHECK (id > 0),
  name    TEXT NOT NULL UNIQUE CHECK (name <> ''),
  date_is TEXT NOT NULL  -- what the dates of its lists mean: engine::name(DateIs)
) STRICT;

CREATE TABLE list (
  id          INTEGER PRIMARY KEY CHECK (id > 0),
  source_id   INTEGER NOT NULL REFERENCES source (id),
  imported_at INTEGER NOT NULL,
  rows        INTEGER NOT NULL CHECK (rows >= 0)
) STRICT;
CREATE INDEX list_of_source ON list (source_id);

-- Zones and days (UTC day of T, days since 1970) that a list speaks for.
CREATE TABLE list_coverage (
  list_id INTEGER NOT NULL REFERENCES list (id),
  zone    TEXT NOT NULL,
  day     INTEGER NOT NULL,
  rows    INTEGER NOT NULL CHECK (rows >= 0),
  PRIMARY KEY (list_id, zone, day)
) STRICT, WITHOUT ROWID;

-- The latest word of each source on a name. By name first: a list is merged in the order of names, and one name is looked up in all.
CREATE TABLE listed_drop (
  name            TEXT NOT NULL,  -- ACE
  source_id       INTEGER NOT NULL REFERENCES source (id),
  drop_at         INTEGER,
  finalization_at INTEGER,
  list_id         INTEGER NOT NULL REFERENCES list (id),
  missing         INTEGER NOT NULL CHECK (missing IN (0, 1)),
  PRIMARY KEY (name, source_id),
  CHECK (drop_at IS NOT NULL OR finalization_at IS NOT NULL)
) STRICT, WITHOUT ROWID;

CREATE TABLE price (
  zone         TEXT NOT NULL CHECK (zone <> ''),
  tier         TEXT NOT NULL CHECK (tier <> ''),
  currency     TEXT NOT NULL CHECK (currency GLOB '[A-Z][A-Z][A-Z]'),
  valid_from   INTEGER NOT NULL,
  valid_to     INTEGER,
  amount_minor INTEGER NOT NULL CHECK (amount_minor > 0 AND amount_minor <= 1000000000000000),
  PRIMARY KEY (zone, tier, currency, valid_from)
) STRICT, WITHOUT ROWID;

-- The operator's own rows; the built-in ones are in the program. Spans are milliseconds, batch times seconds of the local day, by comma.
CREATE TABLE schedule (
  zone                 TEXT NOT NULL PRIMARY KEY,  -- '' is every zone without a row of its own
  kind                 TEXT NOT NULL,
  time_zone            TEXT NOT NULL CHECK (time_zone <> ''),
  batch_times          TEXT NOT NULL,
  job_lead_ms          INTEGER NOT NULL CHECK (job_lead_ms >= 0),
  deposit_lead_ms      INTEGER NOT NULL CHECK (deposit_lead_ms >= job_lead_ms),
  deposit_gap_ms       INTEGER NOT NULL CHECK (deposit_gap_ms >= 0),
  finalization_lead_ms INTEGER NOT NULL CHECK (finalization_lead_ms >= 0),
  submit_lead_ms       INTEGER CHECK (submit_lead_ms >= 0),
  source               TEXT NOT NULL,
  confidence           TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE tax_rate (
  country    TEXT NOT NULL CHECK (country <> ''),
  valid_from INTEGER NOT NULL,
  rate_bp    INTEGER NOT NULL CHECK (rate_bp >= 0),
  PRIMARY KEY (country, valid_from)
) STRICT, WITHOUT ROWID;

CREATE TABLE setting (
  name  TEXT NOT NULL PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
