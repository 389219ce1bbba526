-- Who may call the gateway, for which account, and what each has done with of the log.

CREATE TABLE user (
  id            INTEGER PRIMARY KEY CHECK (id > 0),
  login         TEXT NOT NULL UNIQUE CHECK (length(login) BETWEEN 1 AND 128),
  customer_id   INTEGER NOT NULL REFERENCES customer (id),
  password_hash TEXT NOT NULL CHECK (password_hash GLOB '$argon2id$*'),  -- never a password
  enabled       INTEGER NOT NULL CHECK (enabled IN (0, 1)),
  created_at    INTEGER NOT NULL,
  changed_at    INTEGER NOT NULL,
  done_through  INTEGER NOT NULL  -- the queue of events begins after this one
) STRICT;

-- The log is append-only: what a user has deleted from the queue of events is marked, for that user alone. Marks up to done_through are folded into it.
CREATE TABLE event_done (
  user_id  INTEGER NOT NULL REFERENCES user (id) ON DELETE CASCADE,
  event_id INTEGER NOT NULL REFERENCES event (id),
  PRIMARY KEY (user_id, event_id)
) STRICT, WITHOUT ROWID;

-- Customers' lists leave cancelled ones out. Few rows: it costs the steps of others nothing, and lets such a list be counted and paged in the index of the
-- account's backorders alone.
CREATE INDEX backorder_cancelled ON backorder (customer_id) WHERE state = 'CANCELLED';
