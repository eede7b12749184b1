//! Activity records, their imports and issuances, and the tokens of the platform's programs: the tables of
//! `migrations/node/*/0002_activities`, alike on both databases, and what can be asked of them inside a transaction.

use diesel::QueryResult;
use diesel::prelude::*;

diesel::table! {
    methodology (reference) { reference -> Text, content -> Text, learned_at -> BigInt, }
}
diesel::table! {
    activity_source (id) { id -> BigInt, name -> Text, }
}
diesel::table! {
    activity_series (id) {
        id -> BigInt, methodology -> Text, unit -> Text, region_of_act -> Text, vintage -> SmallInt,
    }
}
diesel::table! {
    activity_counter (id) { id -> SmallInt, next_id -> BigInt, }
}
diesel::table! {
    activity_page (first_id) {
        first_id -> BigInt, last_id -> BigInt, series_id -> BigInt, reduction_g -> BigInt, content -> Binary,
    }
}
diesel::table! {
    activity_record_page (source_id, first_key) { source_id -> BigInt, first_key -> Binary, content -> Binary, }
}
diesel::table! {
    activity_issuance (series_id, first_id) {
        series_id -> BigInt, first_id -> BigInt, last_id -> BigInt, issuance -> Text,
    }
}
diesel::table! {
    import_job (id) {
        id -> Text, number -> BigInt, methodology -> Text, format -> Text, state -> SmallInt, bytes_total -> BigInt,
        bytes_done -> BigInt, lines_done -> BigInt, added -> BigInt, already_there -> BigInt, refused -> BigInt,
        started_at -> BigInt, updated_at -> BigInt, ended_at -> Nullable<BigInt>, problem -> Nullable<Text>,
    }
}
diesel::table! {
    import_batch (first_id) { first_id -> BigInt, last_id -> BigInt, job -> BigInt, first_line -> BigInt, }
}
diesel::table! {
    import_error (job, line) { job -> BigInt, line -> BigInt, check -> Text, field -> Text, message -> Text, }
}
diesel::table! {
    import_total (job, series_id) {
        job -> BigInt, series_id -> BigInt, count -> BigInt, quantity -> Text, reduction_g -> BigInt,
    }
}
diesel::table! {
    api_token (name) {
        name -> Text, token_sha256 -> Text, scopes -> Text, created_at -> BigInt, expires_at -> Nullable<BigInt>,
        revoked_at -> Nullable<BigInt>,
    }
}

diesel::allow_tables_to_appear_in_same_query!(activity_page, import_batch);

/// Declares a row that is read and written whole, in the order of its columns.
macro_rules! row {
    ($(#[$meta:meta])* $name:ident of $table:ident { $($(#[$fmeta:meta])* $field:ident: $type:ty),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable, AsChangeset)]
        #[diesel(table_name = $table, treat_none_as_default_value = false, treat_none_as_null = true)]
        pub struct $name { $($(#[$fmeta])* pub $field: $type),+ }
    };
}

row! {
    /// A methodology version, as published.
    MethodologyRow of methodology {
        /// Its reference.
        reference: String,
        /// [`tanqiao_protocol::message::Methodology`] as JSON.
        content: String,
        /// Microseconds.
        learned_at: i64,
    }
}
row! {
    /// What becomes one series when it is issued.
    ActivitySeriesRow of activity_series {
        /// Its number here.
        id: i64,
        /// The methodology version.
        methodology: String,
        /// The unit of its activity data.
        unit: String,
        /// The region of the act.
        region_of_act: String,
        /// The vintage.
        vintage: i16,
    }
}
row! {
    /// Activities of one series with the ids `first_id..=last_id`, in the order of import. Written once, never changed.
    ActivityPageRow of activity_page {
        /// The id of the first; ids are never given twice.
        first_id: i64,
        /// The id of the last.
        last_id: i64,
        /// [`ActivitySeriesRow::id`]
        series_id: i64,
        /// Σ grams.
        reduction_g: i64,
        /// What [`crate::activity::PageReader`] reads.
        content: Vec<u8>,
    }
}
row! {
    /// Record ids of one platform from `first_key` up to the next page, each with its activity.
    RecordPageRow of activity_record_page {
        /// The platform's number.
        source_id: i64,
        /// A [`crate::activity::RecordKey`], or no bytes for the first page of a platform.
        first_key: Vec<u8>,
        /// What [`crate::activity::find`] reads.
        content: Vec<u8>,
    }
}
row! {
    /// Activities of one issuance: one row for each run of ids.
    ActivityIssuanceRow of activity_issuance {
        /// The series.
        series_id: i64,
        /// First activity id.
        first_id: i64,
        /// Last activity id.
        last_id: i64,
        /// The message.
        issuance: String,
    }
}
row! {
    /// The import of one file.
    ImportJobRow of import_job {
        /// SHA-256 over methodology, format and file.
        id: String,
        /// Its short number.
        number: i64,
        /// The methodology version.
        methodology: String,
        /// [`crate::adapters::Format`]
        format: String,
        /// [`crate::import::JobState`]
        state: i16,
        /// Size of the file.
        bytes_total: i64,
        /// Bytes whose records are written.
        bytes_done: i64,
        /// Lines whose records are written.
        lines_done: i64,
        /// Records added.
        added: i64,
        /// Records that were there already.
        already_there: i64,
        /// Lines refused.
        refused: i64,
        /// Microseconds.
        started_at: i64,
        /// Microseconds.
        updated_at: i64,
        /// Microseconds.
        ended_at: Option<i64>,
        /// Why it stopped.
        problem: Option<String>,
    }
}
row! {
    /// Activity ids that a job was given.
    ImportBatchRow of import_batch {
        /// The first of them.
        first_id: i64,
        /// The last of them.
        last_id: i64,
        /// [`ImportJobRow::number`]
        job: i64,
        /// The line of the first.
        first_line: i64,
    }
}
row! {
    /// A line that was not counted.
    ImportErrorRow of import_error {
        /// [`ImportJobRow::number`]
        job: i64,
        /// Its number.
        line: i64,
        /// The check, `S07`.
        check: String,
        /// The field.
        field: String,
        /// What is wrong, and the remedy.
        message: String,
    }
}
row! {
    /// What a job added to one series.
    ImportTotalRow of import_total {
        /// [`ImportJobRow::number`]
        job: i64,
        /// [`ActivitySeriesRow::id`]
        series_id: i64,
        /// Number of records.
        count: i64,
        /// Σ activity data, an exact decimal.
        quantity: String,
        /// Σ grams.
        reduction_g: i64,
    }
}
row! {
    /// A bearer token.
    TokenRow of api_token {
        /// What staff call it.
        name: String,
        /// SHA-256 of the token, hexadecimal.
        token_sha256: String,
        /// Scopes, separated by spaces.
        scopes: String,
        /// Microseconds.
        created_at: i64,
        /// Microseconds.
        expires_at: Option<i64>,
        /// Microseconds.
        revoked_at: Option<i64>,
    }
}

/// Activities, their imports and issuances.
pub trait ActivityTx {
    /// A methodology version that this node knows.
    fn methodology(&mut self, reference: &str) -> QueryResult<Option<MethodologyRow>>;
    /// Every one of them.
    fn methodologies(&mut self) -> QueryResult<Vec<MethodologyRow>>;
    /// Keeps a methodology version; a later content of the same version replaces it.
    fn put_methodology(&mut self, row: &MethodologyRow) -> QueryResult<()>;
    /// The number of a platform, given now if it has none.
    fn source_id(&mut self, name: &str) -> QueryResult<i64>;
    /// The names of platforms by number.
    fn sources(&mut self) -> QueryResult<Vec<(i64, String)>>;
    /// The number of a series, given now if it has none; `row.id` is ignored.
    fn series_id(&mut self, row: &ActivitySeriesRow) -> QueryResult<i64>;
    /// Every series in which there are activities.
    fn activity_series(&mut self) -> QueryResult<Vec<ActivitySeriesRow>>;
    /// Takes `count` activity ids; the first of them. Until the transaction ends, no other one takes any.
    fn take_activity_ids(&mut self, count: i64) -> QueryResult<i64>;
    /// Adds pages of activities.
    fn insert_activity_pages(&mut self, rows: &[ActivityPageRow]) -> QueryResult<()>;
    /// The page that has this activity.
    fn activity_page_with(&mut self, id: i64) -> QueryResult<Option<ActivityPageRow>>;
    /// Pages of a series that begin at an id in `first..=last`, ascending.
    fn activity_pages(
        &mut self,
        series_id: i64,
        first: i64,
        last: i64,
        limit: i64,
    ) -> QueryResult<Vec<ActivityPageRow>>;
    /// The highest activity id of a series, 0 if there is none.
    fn last_activity_id(&mut self, series_id: i64) -> QueryResult<i64>;
    /// Count and grams of the pages of a series that begin at an id in `first..=last`.
    fn activity_sum(&mut self, series_id: i64, first: i64, last: i64) -> QueryResult<(i64, i64)>;
    /// Where the record pages of a platform begin that have keys in `first..=last`, ascending.
    fn record_page_starts(&mut self, source_id: i64, first: &[u8], last: &[u8]) -> QueryResult<Vec<Vec<u8>>>;
    /// The record pages of a platform that begin at these keys, ascending.
    fn record_pages(&mut self, source_id: i64, starts: &[&[u8]]) -> QueryResult<Vec<RecordPageRow>>;
    /// The record pages of a platform that begin at a key in `first..=last`, ascending.
    fn record_pages_between(&mut self, source_id: i64, first: &[u8], last: &[u8]) -> QueryResult<Vec<RecordPageRow>>;
    /// Writes record pages in the place of those that begin at the same keys.
    fn put_record_pages(&mut self, rows: &[RecordPageRow]) -> QueryResult<()>;
    /// Ranges of a series that belong to issuances, ascending.
    fn activity_issuances(&mut self, series_id: i64) -> QueryResult<Vec<ActivityIssuanceRow>>;
    /// Gives ranges to issuances.
    fn insert_activity_issuances(&mut self, rows: &[ActivityIssuanceRow]) -> QueryResult<()>;
    /// Frees the ranges of an issuance. How many there were.
    fn delete_activity_issuance(&mut self, issuance: &str) -> QueryResult<usize>;
    /// How many accounts an issuance names.
    fn count_shares(&mut self, issuance: &str) -> QueryResult<i64>;
    /// The ranges of an issuance, ascending.
    fn activity_issuance(&mut self, issuance: &str) -> QueryResult<Vec<ActivityIssuanceRow>>;
}

/// Imports.
pub trait ImportTx {
    /// One job.
    fn import_job(&mut self, id: &str) -> QueryResult<Option<ImportJobRow>>;
    /// The newest jobs first, with a number below `before`.
    fn import_jobs(&mut self, before: i64, limit: i64) -> QueryResult<Vec<ImportJobRow>>;
    /// Adds a job; `row.number` is set here. The number.
    fn insert_import_job(&mut self, row: ImportJobRow) -> QueryResult<i64>;
    /// Writes a job back.
    fn update_import_job(&mut self, row: &ImportJobRow) -> QueryResult<()>;
    /// Notes which ids a job was given.
    fn insert_import_batch(&mut self, row: &ImportBatchRow) -> QueryResult<()>;
    /// The first activity id of each of the first `limit` imports, ascending.
    fn import_starts(&mut self, limit: i64) -> QueryResult<Vec<i64>>;
    /// Adds refused lines; one that is there already is left out.
    fn insert_import_errors(&mut self, rows: &[ImportErrorRow]) -> QueryResult<()>;
    /// Refused lines of a job after a line.
    fn import_errors(&mut self, job: i64, after_line: i64, limit: i64) -> QueryResult<Vec<ImportErrorRow>>;
    /// How many refused lines of a job are kept.
    fn count_import_errors(&mut self, job: i64) -> QueryResult<i64>;
    /// What a job added, by series.
    fn import_totals(&mut self, job: i64) -> QueryResult<Vec<ImportTotalRow>>;
    /// Writes what a job added to a series.
    fn put_import_total(&mut self, row: &ImportTotalRow) -> QueryResult<()>;
    /// Pages of a series that a job added, ascending, after the one that begins at `after`.
    fn import_pages(&mut self, job: i64, series_id: i64, after: i64, limit: i64) -> QueryResult<Vec<ActivityPageRow>>;
}

/// Tokens of the platform's programs.
pub trait TokenTx {
    /// Adds a token; `false` if the name is taken.
    fn insert_token(&mut self, row: &TokenRow) -> QueryResult<bool>;
    /// The token with this hash.
    fn token(&mut self, token_sha256: &str) -> QueryResult<Option<TokenRow>>;
    /// Every token.
    fn tokens(&mut self) -> QueryResult<Vec<TokenRow>>;
    /// Ends a token; `false` if there is none of the name that works.
    fn revoke_token(&mut self, name: &str, at: i64) -> QueryResult<bool>;
}
