-- Witnesses and their quorum as the compared leaves have decided them, as JSON: by these a node judges, whatever the hub says of
-- them. doubted_at is since when the hub has named others, in microseconds since 1970 UTC. What was compared before did not note
-- them, so that the log is read again from its beginning.
ALTER TABLE witness ADD COLUMN rules TEXT NOT NULL DEFAULT '{}';
ALTER TABLE witness ADD COLUMN doubted_at BIGINT;
UPDATE witness SET checked = 0, checked_hashes = '', witnessed = 0;
