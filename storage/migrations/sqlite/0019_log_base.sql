-- What was the book's last seal when its write-ahead log was begun: a log that is found beside an older copy of the book is told by it, see note_log_base() in
-- storage/book/write.cpp.
CREATE TABLE log_base (
  id        INTEGER PRIMARY KEY CHECK (id = 1),
  seal_id   INTEGER NOT NULL CHECK (seal_id >= 0),
  seal_hash BLOB    NOT NULL CHECK (length(seal_hash) = 32)
) STRICT;
