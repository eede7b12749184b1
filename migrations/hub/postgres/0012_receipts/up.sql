-- A receipt shows the acceptance that a leaf names by the hash of its payload. One that came alone is found by its envelope, one in
-- a batch by this.
CREATE INDEX message_acceptance_in_batch ON message (payload_sha256) WHERE action = 6 AND item IS NOT NULL;
