DROP TABLE mapping_candidate;
DROP TABLE mapping_comment;
DROP TABLE mapping_explanation;
DROP TABLE registry;
DROP TABLE factor_record;
DROP TABLE sheet;
ALTER TABLE mapping ADD COLUMN envelope TEXT NOT NULL DEFAULT '{}';
DELETE FROM mapping WHERE status NOT IN (6, 7, 8) OR content::json -> 'record' IS NULL;
UPDATE mapping SET
    status = status - 5,
    envelope = coalesce(content::json ->> 'envelope', '{}'),
    content = content::json ->> 'record';
