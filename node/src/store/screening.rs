//! Token streams, activities left out and held back, conflicts: the tables of `migrations/node/*/0006_screening`, alike on
//! both databases, and what can be asked of them inside a transaction.

use diesel::QueryResult;
use diesel::prelude::*;

diesel::table! {
    token_stream (issuance) {
        issuance -> Text, state -> SmallInt, suite -> Text, header -> Text, staff -> Nullable<Text>, activities -> BigInt,
        derived -> BigInt, bytes -> BigInt, uploaded -> BigInt, opened_at -> BigInt, problem -> Nullable<Text>,
    }
}
diesel::table! {
    activity_left_out (activity_id) {
        activity_id -> BigInt, series_id -> BigInt, reduction_g -> BigInt, left_by -> Text, taken_by -> Nullable<Text>,
    }
}
diesel::table! {
    held_activity (issuance, place) {
        issuance -> Text, place -> BigInt, account -> Text, quantity_g -> BigInt, state -> SmallInt,
    }
}
diesel::table! {
    conflict (id) {
        id -> Text, issuance -> Nullable<Text>, place -> BigInt, quantity_g -> BigInt, kinds -> Text, check_code -> Text,
        held_back -> SmallInt,        other_member -> Text, other_issuance -> Text, other_place -> BigInt, deadline -> Nullable<BigInt>,
        opened_at -> BigInt, state -> SmallInt, outcome -> Nullable<Text>, reason -> Nullable<Text>,
        resolved_at -> Nullable<BigInt>,
    }
}

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
    /// How far the token stream of an issuance is.
    TokenStreamRow of token_stream {
        /// The message, and the issuance's id.
        issuance: String,
        /// [`crate::issuing::StreamState`]
        state: i16,
        /// [`tanqiao_protocol::fingerprint::TokenSuite`]
        suite: String,
        /// [`tanqiao_protocol::message::Issuance`] as JSON, before the stream is whole without its commitment.
        header: String,
        /// Who decided at the node, as JSON.
        staff: Option<String>,
        /// Number of activities.
        activities: i64,
        /// Activities whose tokens are in the file.
        derived: i64,
        /// Bytes that are in the file.
        bytes: i64,
        /// Bytes that the hub has.
        uploaded: i64,
        /// Microseconds.
        opened_at: i64,
        /// Why it does not go on, for people.
        problem: Option<String>,
    }
}
row! {
    /// An activity that an issuance left out of the range that it took.
    LeftOutRow of activity_left_out {
        /// The activity.
        activity_id: i64,
        /// Its series.
        series_id: i64,
        /// Its grams.
        reduction_g: i64,
        /// The issuance in whose range it lies.
        left_by: String,
        /// The issuance that it belongs to, if one has taken it.
        taken_by: Option<String>,
    }
}
row! {
    /// An activity that got no serials with the others of its issuance.
    HeldRow of held_activity {
        /// The issuance.
        issuance: String,
        /// Its place in it, from 0.
        place: i64,
        /// Whose.
        account: String,
        /// Its grams.
        quantity_g: i64,
        /// [`tanqiao_protocol::conflict::ActivityState`]
        state: i16,
    }
}
row! {
    /// A conflict, as the feed told it.
    ConflictRow of conflict {
        /// Its id.
        id: String,
        /// This member's issuance, where the hub named it.
        issuance: Option<String>,
        /// The place of this member's activity in it.
        place: i64,
        /// Grams.
        quantity_g: i64,
        /// The kinds of token that collide, separated by spaces.
        kinds: String,
        /// The check, `S11`.
        check_code: String,
        /// 1 if this member's activity has no serials because of it.
        held_back: i16,
        /// The other side.
        other_member: String,
        /// Its issuance.
        other_issuance: String,
        /// The place of its activity.
        other_place: i64,
        /// Microseconds.
        deadline: Option<i64>,
        /// Microseconds.
        opened_at: i64,
        /// [`tanqiao_protocol::conflict::ConflictState`]
        state: i16,
        /// How it ended.
        outcome: Option<String>,
        /// Why.
        reason: Option<String>,
        /// Microseconds.
        resolved_at: Option<i64>,
    }
}

/// Token streams, activities left out and held back, conflicts.
pub trait ScreeningTx {
    /// Adds a token stream.
    fn insert_token_stream(&mut self, row: &TokenStreamRow) -> QueryResult<()>;
    /// One token stream.
    fn token_stream(&mut self, issuance: &str) -> QueryResult<Option<TokenStreamRow>>;
    /// Token streams in one of these states, oldest first.
    fn token_streams(&mut self, states: &[i16], limit: i64) -> QueryResult<Vec<TokenStreamRow>>;
    /// Writes a token stream back.
    fn update_token_stream(&mut self, row: &TokenStreamRow) -> QueryResult<()>;
    /// Removes a token stream.
    fn delete_token_stream(&mut self, issuance: &str) -> QueryResult<()>;
    /// Activities of a series that were left out, ascending.
    fn left_out(&mut self, series_id: i64) -> QueryResult<Vec<LeftOutRow>>;
    /// Those that an issuance left out or has taken, ascending.
    fn left_out_of(&mut self, issuance: &str) -> QueryResult<Vec<LeftOutRow>>;
    /// Writes rows in the place of those of the same activities.
    fn put_left_out(&mut self, rows: &[LeftOutRow]) -> QueryResult<()>;
    /// Removes the rows of these activities.
    fn delete_left_out(&mut self, activities: &[i64]) -> QueryResult<()>;
    /// Adds held activities; those that are there stay as they are.
    fn insert_held(&mut self, rows: &[HeldRow]) -> QueryResult<()>;
    /// One held activity.
    fn held(&mut self, issuance: &str, place: i64) -> QueryResult<Option<HeldRow>>;
    /// Held activities of an issuance in their order.
    fn held_of(&mut self, issuance: &str) -> QueryResult<Vec<HeldRow>>;
    /// Writes what became of a held activity.
    fn set_held(&mut self, issuance: &str, place: i64, state: i16) -> QueryResult<()>;
    /// Adds a conflict, or writes it back.
    fn put_conflict(&mut self, row: &ConflictRow) -> QueryResult<()>;
    /// One conflict.
    fn conflict(&mut self, id: &str) -> QueryResult<Option<ConflictRow>>;
    /// The newest conflicts first, with an id before `before`; of one state where one is given.
    fn conflicts(&mut self, state: Option<i16>, before: &str, limit: i64) -> QueryResult<Vec<ConflictRow>>;
    /// How many conflicts of an issuance, or of all where none is named, are in this state.
    fn count_conflicts(&mut self, issuance: Option<&str>, state: i16) -> QueryResult<i64>;
}
