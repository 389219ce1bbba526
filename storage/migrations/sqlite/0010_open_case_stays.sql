-- An open case is not replaced by another of its kind either: on a connection without recursive_triggers INSERT OR REPLACE would delete it unasked.
DROP TRIGGER case_is_not_replaced;
CREATE TRIGGER case_is_not_replaced BEFORE INSERT ON case_file
WHEN EXISTS (SELECT 1 FROM case_file WHERE id = NEW.id)
  OR (NEW.closed_at IS NULL AND EXISTS (SELECT 1 FROM case_file WHERE closed_at IS NULL AND backorder_id = NEW.backorder_id AND kind = NEW.kind))
  OR (NEW.closed_at IS NULL AND NEW.backorder_id IS NULL
      AND EXISTS (SELECT 1 FROM case_file WHERE closed_at IS NULL AND backorder_id IS NULL AND kind = NEW.kind AND subject = NEW.subject))
BEGIN SELECT RAISE(ABORT, 'the case exists'); END;
