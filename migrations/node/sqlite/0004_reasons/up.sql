-- Why staff have said whose serials are that nobody could be found for.
ALTER TABLE journal ADD COLUMN reason TEXT;
