//! A member registry beside a provincial carbon-inclusion platform.
//!
//! The hub knows which *node* holds a block, and nothing of people; this crate knows which *account* holds it.
//!
//! | module | what it decides |
//! | --- | --- |
//! | [`service`] | what the platform's staff and programs may ask of the node |
//! | [`ledger`] | accounts, lots and the journal: who holds what inside the node |
//! | [`witness`] | whether the hub's log is one history: cosigning, comparing, stopping |
//! | [`exchange`] | dealing with the hub: outbox, feed, offers, signatures |
//! | [`store`] | the database, SQLite or PostgreSQL; the only place with SQL |
//! | [`quantification`] | from activity data to grams, never rounded up |
//! | [`adapters`] | activity records from the files of a platform, as a stream |
//! | [`activity`] | activities as they are kept: many of them in one row |
//! | [`import`] | records of a file into the database, each once, whatever crashes |
//! | [`fingerprint`] | tokens of activities: who makes them, and of what |
//! | [`issuing`] | pending activities into an issuance, to the last gram |
//! | [`subjects`] | who the holders are, sealed |
//! | [`catalogue`] | methodology versions that this node knows |
//! | [`api`] | the API for the platform, health, metrics |
//! | [`console`] | pages for the platform's staff |
//! | [`staff`] | accounts of the platform's staff |
//! | [`tokens`] | bearer tokens, as hashes |
//! | [`cli`] | the commands |
//! | [`config`] | one file and environment variables |
//! | [`crash`] | named points where a test may kill the process |
//! | [`serve`] | what runs while the node serves |
//!
//! **Architecture invariant:** the book of the hub's side (`store` table `block`) changes only when a feed entry is
//! applied, in the same transaction as the cursor; never from the answer to a request.
#![forbid(unsafe_code)]

pub mod activity;
pub mod adapters;
pub mod api;
pub mod catalogue;
pub mod challenge;
pub mod cli;
pub mod config;
pub mod console;
pub mod crash;
pub mod error;
pub mod exchange;
pub mod fingerprint;
pub mod import;
pub mod issuing;
pub mod ledger;
pub mod quantification;
pub mod reconciliation;
pub mod recovery;
pub mod serve;
pub mod service;
pub mod staff;
pub mod store;
pub mod subjects;
pub mod tokens;
pub mod witness;

pub use config::Config;
pub use error::NodeError;
pub use service::Node;
