DROP INDEX asset_conflict_open;
DROP INDEX asset_of_state;
DROP INDEX asset_of_region;
DROP INDEX claim_of_claimant_newest;
DROP INDEX retirement_of_member;
DROP INDEX donation_of_event_open;
DROP INDEX reconciliation_of_state;
DROP INDEX conflict_decided;
