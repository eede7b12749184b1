DROP TABLE asset_conflict;
DROP TABLE scheme_entry;
DROP TABLE asset_issuance;
DROP TABLE asset_revision;
DROP TABLE asset;
