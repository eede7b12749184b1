//! Methodologies as the White Paper names them.

use tanqiao_protocol::id::Name;
use tanqiao_protocol::region::RegionCode;

use super::table::{Row, TableError, read_rows, table_words};

table_words! {
    /// How far a methodology has come.
    pub enum MethodologyStatus {
        /// In force.
        Final = "final",
        /// In force for trial.
        Trial = "trial",
        /// A revised edition.
        Revised = "revised",
        /// A dated edition.
        Edition = "edition",
        /// Passed an expert review.
        ExpertReviewed = "expert-reviewed",
        /// A draft.
        Draft = "draft",
        /// A group standard.
        GroupStandard = "group-standard",
        /// An enterprise's own method.
        Enterprise = "enterprise",
        /// A platform scenario without a methodology of that name.
        ScenarioOnly = "scenario-only",
        /// The White Paper does not say.
        NotStated = "not-stated",
    }
}

table_words! {
    /// What a methodology quantifies.
    pub enum MethodologyKind {
        /// Behaviour of individuals, by unit of activity.
        Scenario = "scenario",
        /// A project, which states its own reduction.
        Project = "project",
        /// A standard that several platforms refer to.
        ReferenceStandard = "reference-standard",
    }
}

/// A methodology that the White Paper names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CatalogueMethodology {
    /// Such as `CN-4201-metro`.
    pub id: String,
    /// The issuing region's English name.
    pub region_name: String,
    /// The issuing region: a division of China, or a Party by the code in `iso_3166_2`; none for enterprise methods and
    /// national standards.
    pub region: Option<RegionCode>,
    /// The province in ISO 3166-2, or a Party in ISO 3166-1.
    pub iso_3166_2: Option<String>,
    /// English title.
    pub title_en: String,
    /// Chinese title.
    pub title_zh: String,
    /// True if the Chinese title is a translation of the English one, not the official title.
    pub title_zh_translated: bool,
    /// Official code, where one is named.
    pub official_code: Option<String>,
    /// How far it has come.
    pub status: MethodologyStatus,
    /// What it quantifies.
    pub kind: MethodologyKind,
    /// Sector.
    pub sector: String,
    /// Activity, such as `rail-transit`.
    pub activity: Name,
    /// Unit of activity in UCUM style, such as `pkm`; none for a batch of several methodologies.
    pub activity_unit: Option<String>,
    /// Section of the White Paper.
    pub source: String,
    /// Year, month or day of issue, as far as it is known.
    pub issued: Option<String>,
    /// True if it is in the White Paper's Table 2.
    pub in_table2: bool,
    /// The methodology that this one repeats.
    pub duplicate_of: Option<String>,
    /// Remark.
    pub note: Option<String>,
}

const COLUMNS: &[&str] = &[
    "id",
    "region_name",
    "region_code",
    "iso_3166_2",
    "title_en",
    "title_zh",
    "title_zh_source",
    "official_code",
    "status",
    "kind",
    "sector",
    "activity",
    "activity_unit",
    "source",
    "issued",
    "in_table2",
    "duplicate_of",
    "note",
];

pub(super) fn read(text: &str) -> Result<Vec<CatalogueMethodology>, TableError> {
    read_rows("methodologies.tsv", text, COLUMNS, row)
}

fn row(row: &Row<'_>) -> Result<CatalogueMethodology, TableError> {
    Ok(CatalogueMethodology {
        id: row.text("id")?,
        region_name: row.text("region_name")?,
        region: region(row)?,
        iso_3166_2: row.optional("iso_3166_2")?,
        title_en: row.text("title_en")?,
        title_zh: row.text("title_zh")?,
        title_zh_translated: row.optional("title_zh_source")?.as_deref() == Some("translated"),
        official_code: row.optional("official_code")?,
        status: row.value("status")?,
        kind: row.value("kind")?,
        sector: row.text("sector")?,
        activity: row.value("activity")?,
        activity_unit: row.optional("activity_unit")?,
        source: row.text("source")?,
        issued: row.optional("issued")?,
        in_table2: row.either("in_table2", "yes", "no")?,
        duplicate_of: row.optional("duplicate_of")?,
        note: row.optional("note")?,
    })
}

fn region(row: &Row<'_>) -> Result<Option<RegionCode>, TableError> {
    let division = row.optional_value("region_code")?;
    let abroad = row.optional("iso_3166_2")?.is_some_and(|code| !code.contains('-'));
    if division.is_none() && abroad {
        return row.optional_value("iso_3166_2");
    }
    Ok(division)
}
