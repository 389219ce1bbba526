-- What was last announced to a customer as missing, so that a shortfall is announced again only when it grows or returns.
ALTER TABLE customer ADD COLUMN warned_minor INTEGER NOT NULL DEFAULT 0 CHECK (warned_minor >= 0);

-- The provider's answers name applications. Not unique: a name may be bound again after a job vanished.
CREATE INDEX backorder_of_application ON backorder (application) WHERE application IS NOT NULL;
