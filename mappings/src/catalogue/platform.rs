//! Carbon-inclusion platforms, exchanges and registries: possible members.

use rust_decimal::Decimal;
use tanqiao_protocol::region::RegionCode;

use super::table::{Row, TableError, read_rows, table_words};

table_words! {
    /// What kind of platform.
    pub enum PlatformKind {
        /// A city's.
        Municipal = "municipal",
        /// A province's.
        Provincial = "provincial",
        /// A district's.
        District = "district",
        /// A special administrative region's.
        SpecialAdministrativeRegion = "special-administrative-region",
        /// An enterprise's.
        Enterprise = "enterprise",
        /// An exchange.
        Exchange = "exchange",
        /// A registry or registry body.
        Registry = "registry",
        /// Outside China.
        International = "international",
    }
}

/// A platform that the White Paper names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Platform {
    /// Such as `PL-4201`.
    pub id: String,
    /// English name, or pinyin.
    pub name: String,
    /// Chinese name, where it is known.
    pub name_zh: Option<String>,
    /// Where the Chinese name comes from; `translated` is a translation, not the official name.
    pub name_zh_source: Option<String>,
    /// The region's English name.
    pub region_name: String,
    /// The region; none for nationwide and some international ones.
    pub region: Option<RegionCode>,
    /// What kind.
    pub kind: PlatformKind,
    /// Number of users.
    pub users: Option<u64>,
    /// Number of actions.
    pub actions: Option<u64>,
    /// Reductions in tonnes as reported; recorded, not issued.
    pub tonnes: Option<Decimal>,
    /// True if it is in the White Paper's Table 4.
    pub in_table4: bool,
    /// True if an asterisk marks it there.
    pub asterisk_in_source: bool,
    /// Section of the White Paper.
    pub source: String,
    /// Remark.
    pub note: Option<String>,
}

const COLUMNS: &[&str] = &[
    "id",
    "name",
    "name_zh",
    "name_zh_source",
    "region_name",
    "region_code",
    "kind",
    "users",
    "actions",
    "tonnes",
    "in_table4",
    "asterisk_in_source",
    "source",
    "note",
];

pub(super) fn read(text: &str) -> Result<Vec<Platform>, TableError> {
    read_rows("platforms.tsv", text, COLUMNS, row)
}

fn row(row: &Row<'_>) -> Result<Platform, TableError> {
    Ok(Platform {
        id: row.text("id")?,
        name: row.text("name")?,
        name_zh: row.optional("name_zh")?,
        name_zh_source: row.optional("name_zh_source")?,
        region_name: row.text("region_name")?,
        region: row.optional_value("region_code")?,
        kind: row.value("kind")?,
        users: row.optional_value("users")?,
        actions: row.optional_value("actions")?,
        tonnes: row.optional_decimal("tonnes")?,
        in_table4: row.either("in_table4", "yes", "no")?,
        asterisk_in_source: row.either("asterisk_in_source", "yes", "")?,
        source: row.text("source")?,
        note: row.optional("note")?,
    })
}
