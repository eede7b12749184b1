//! Stories of whole federations, each told on SQLite and on PostgreSQL.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a story stops where something is not as expected, and says what"
)]

mod certificates;
mod challenged;
mod cosigned;
mod crashes;
mod crashes_elsewhere;
mod crashes_screening;
mod documented;
mod drills;
mod drills_keys;
mod drills_screened;
mod enrolment;
mod failures;
mod forks;
mod load;
mod mappings;
mod messages;
mod proved;
mod reconciled;
mod recovered;
mod recovered_members;
mod restored;
mod rotated;
mod schemas;
mod screened;
mod several_hubs;
mod tampering;
mod witnessed;

/// Tells a story with the hub's ledger on SQLite, and on PostgreSQL where there is one.
macro_rules! told_on_both {
    ($($story:ident),+ $(,)?) => { $(
        mod $story {
            use tanqiao_tests::Kind;

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_sqlite() {
                super::$story(Kind::Sqlite).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_postgres() {
                if tanqiao_tests::ledger::postgres().is_some() {
                    super::$story(Kind::Postgres).await;
                }
            }
        }
    )+ };
}
pub(crate) use told_on_both;
