//! The items of a sheet: what stands in its head, then the 24 attributes.

use tanqiao_protocol::words;

use crate::phrase::Phrase;
use crate::sheet::{AttributeName, Cell, Sheet};

words! {
    /// What stands in the head of a sheet.
    pub(super) enum HeadItem {
        /// The region that issued the methodology.
        Region = 1 "region",
        /// Its Chinese title.
        TitleZh = 2 "title-zh",
        /// Its English title.
        TitleEn = 3 "title-en",
        /// True if it is a reference methodology of the hub.
        Reference = 4 "reference",
        /// True if its figures only demonstrate the system.
        Demonstration = 5 "demonstration",
        /// SHA-256 of the methodology's own text, in the column of documents.
        Document = 6 "document",
        /// The factor that the issuer confirmed, the day as its source, the writing as its document.
        Confirmation = 7 "confirmation",
    }
}

impl HeadItem {
    pub(super) fn title(self) -> Phrase {
        let (zh, en) = match self {
            Self::Region => ("地区", "region"),
            Self::TitleZh => ("中文名称", "Chinese title"),
            Self::TitleEn => ("英文名称", "English title"),
            Self::Reference => ("基准方法学", "reference methodology"),
            Self::Demonstration => ("仅供演示", "demonstration only"),
            Self::Document => ("方法学文本", "text of the methodology"),
            Self::Confirmation => ("签发方确认的因子", "factor confirmed by the issuer"),
        };
        Phrase::new(zh, en)
    }

    pub(super) const fn form(self) -> &'static str {
        match self {
            Self::Region => "420100 (GB/T 2260)",
            Self::TitleZh | Self::TitleEn => "text",
            Self::Reference | Self::Demonstration => "yes | no",
            Self::Document => "SHA-256 in document_sha256",
            Self::Confirmation => {
                "the factor as written under unit-factor; the day in source; SHA-256 in document_sha256"
            }
        }
    }
}

/// What a line is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Item {
    Head(HeadItem),
    Attribute(AttributeName),
}

impl Item {
    pub(super) fn read(text: &str) -> Result<Self, String> {
        if let Ok(head) = text.parse() {
            return Ok(Self::Head(head));
        }
        match text.parse() {
            Ok(name) => Ok(Self::Attribute(name)),
            Err(_) => Err(format!(
                "`{text}` is not an attribute such as `{}`",
                AttributeName::UnitFactor
            )),
        }
    }

    fn all() -> impl Iterator<Item = Self> {
        let head = HeadItem::ALL.iter().copied().map(Self::Head);
        head.chain(AttributeName::ALL.iter().copied().map(Self::Attribute))
    }

    /// Its word, number, names and form.
    fn described(self) -> (&'static str, String, Phrase, &'static str) {
        match self {
            Self::Head(item) => (item.word(), String::new(), item.title(), item.form()),
            Self::Attribute(name) => (name.word(), name.code().to_string(), name.title(), name.form()),
        }
    }
}

/// The columns, in order. Those for people are not read.
pub(super) const COLUMNS: [&str; 10] = [
    "methodology",
    "number",
    "item",
    "name_zh",
    "name_en",
    "value",
    "status",
    "source",
    "document_sha256",
    "form",
];

/// The columns that are for people only.
pub(super) const FOR_PEOPLE: [&str; 4] = ["number", "name_zh", "name_en", "form"];

/// One line as it is written.
pub(super) type Line = [String; COLUMNS.len()];

/// All lines of a sheet. Attributes that are not known stand there, ready to be filled in.
pub(super) fn lines_of(sheet: &Sheet) -> Vec<Line> {
    let methodology = sheet.methodology.to_string();
    Item::all()
        .map(|item| {
            let (word, number, names, form) = item.described();
            let [value, status, source, document] = match item {
                Item::Head(head) => head_cells(sheet, head),
                Item::Attribute(name) => attribute_cells(sheet.attributes.cell(name)),
            };
            let methodology = methodology.clone();
            [
                methodology,
                number,
                word.into(),
                names.zh,
                names.en,
                value,
                status,
                source,
                document,
                form.into(),
            ]
        })
        .collect()
}

fn attribute_cells(Cell { value, evidence }: Cell) -> [String; 4] {
    let document = evidence.document.map(|hash| hash.to_string());
    [
        value.unwrap_or_default(),
        evidence.status.to_string(),
        evidence.source,
        document.unwrap_or_default(),
    ]
}

fn head_cells(sheet: &Sheet, item: HeadItem) -> [String; 4] {
    let value = |text: String| [text, String::new(), String::new(), String::new()];
    let yes = |yes: bool| value(if yes { "yes" } else { "no" }.into());
    match item {
        HeadItem::Region => value(sheet.region.map(|region| region.to_string()).unwrap_or_default()),
        HeadItem::TitleZh => value(sheet.title.zh.clone()),
        HeadItem::TitleEn => value(sheet.title.en.clone()),
        HeadItem::Reference => yes(sheet.reference),
        HeadItem::Demonstration => yes(sheet.demonstration),
        HeadItem::Document => {
            let hash = sheet.document.map(|hash| hash.to_string());
            [String::new(), String::new(), String::new(), hash.unwrap_or_default()]
        }
        HeadItem::Confirmation => sheet.confirmation.as_ref().map_or_else(
            || value(String::new()),
            |one| {
                [
                    one.unit_factor.clone(),
                    String::new(),
                    one.on.to_string(),
                    one.document.to_string(),
                ]
            },
        ),
    }
}
