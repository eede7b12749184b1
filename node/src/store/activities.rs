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
    activity (series_id, id) {
        series_id -> BigInt, id -> BigInt, source_id -> BigInt, record_id -> Text, account -> Text, quantity -> Text,
        started_at -> BigInt, ended_at -> BigInt, place -> Text, asset -> Nullable<Text>, reduction_g -> BigInt,
    }
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

diesel::allow_tables_to_appear_in_same_query!(activity, import_batch);

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
    /// A quantified activity.
    ActivityRow of activity {
        /// [`ActivitySeriesRow::id`]
        series_id: i64,
        /// Ascending in the order of import; never given twice.
        id: i64,
        /// The platform's number.
        source_id: i64,
        /// The platform's id of the record.
        record_id: String,
        /// Whose.
        account: String,
        /// Activity data, an exact decimal.
        quantity: String,
        /// Microseconds.
        started_at: i64,
        /// Microseconds.
        ended_at: i64,
        /// Region code.
        place: String,
        /// The asset.
        asset: Option<String>,
        /// Grams.
        reduction_g: i64,
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

/// A quantified activity to be added, borrowed from the record.
#[derive(Debug, Clone, Copy)]
pub struct NewActivity<'a> {
    /// See [`ActivityRow`].
    pub series_id: i64,
    /// See [`ActivityRow`].
    pub id: i64,
    /// See [`ActivityRow`].
    pub source_id: i64,
    /// See [`ActivityRow`].
    pub record_id: &'a str,
    /// See [`ActivityRow`].
    pub account: &'a str,
    /// See [`ActivityRow`].
    pub quantity: &'a str,
    /// See [`ActivityRow`].
    pub started_at: i64,
    /// See [`ActivityRow`].
    pub ended_at: i64,
    /// See [`ActivityRow`].
    pub place: &'a str,
    /// See [`ActivityRow`].
    pub asset: Option<&'a str>,
    /// See [`ActivityRow`].
    pub reduction_g: i64,
}

/// Number of records and grams of one account.
pub type AccountSum = (String, i64, i64);

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
    /// Adds activities; those whose `(source_id, record_id)` is there already are left out. How many were added.
    fn insert_activities(&mut self, rows: &[NewActivity<'_>]) -> QueryResult<usize>;
    /// Activities of a platform by record id; 1,000 ids at most.
    fn activities_by_record(&mut self, source_id: i64, record_ids: &[&str]) -> QueryResult<Vec<ActivityRow>>;
    /// Activities of a series with an id in `first..=last`, ascending.
    fn activities(&mut self, series_id: i64, first: i64, last: i64, limit: i64) -> QueryResult<Vec<ActivityRow>>;
    /// The highest activity id of a series, 0 if there is none.
    fn last_activity_id(&mut self, series_id: i64) -> QueryResult<i64>;
    /// Count and grams of a series with an id in `first..=last`.
    fn activity_sum(&mut self, series_id: i64, first: i64, last: i64) -> QueryResult<(i64, i64)>;
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
    /// What a job added for each account of a series, accounts after `after`.
    fn import_accounts(&mut self, job: i64, series_id: i64, after: &str, limit: i64) -> QueryResult<Vec<AccountSum>>;
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
