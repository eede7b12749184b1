-- What people page through, the newest first or by time left: without these a filter would read whole tables.
CREATE INDEX conflict_decided ON conflict (id) WHERE state >= 10;
CREATE INDEX reconciliation_of_state ON reconciliation (state, id);
CREATE INDEX donation_of_event_open ON donation (event, id) WHERE state < 10;
CREATE INDEX retirement_of_member ON retirement (member_no, id);
CREATE INDEX claim_of_claimant_newest ON claim (claimant, retirement);
CREATE INDEX asset_of_region ON asset (region, asset, member_no);
CREATE INDEX asset_of_state ON asset (state, asset, member_no);
CREATE INDEX asset_conflict_open ON asset_conflict (id) WHERE state < 10;
