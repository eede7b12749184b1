//! `sheet`

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use serde_json::json;
use tanqiao_mappings::phrase::Phrase;
use tanqiao_mappings::sheet::{AttributeName, Sheet};
use tanqiao_mappings::sheet_file::{self, FileFault};
use tanqiao_protocol::methodology::MethodologyRef;
use tanqiao_protocol::view::SheetView;

use super::command::{Context, SendArgs};
use super::mapping::Lang;
use super::report::{Failure, Report};
use crate::catalogue;
use crate::error::NodeError;
use crate::service::{Node, system_clock};

#[derive(Debug, Args)]
pub(super) struct SheetArgs {
    #[command(subcommand)]
    action: SheetAction,
}

#[derive(Debug, Subcommand)]
enum SheetAction {
    /// Publish the sheets of this member's methodology versions from a file
    #[command(
        after_help = "Example:\n  tanqiao-node sheet publish metro.xlsx --staff director --wait-s 30\n\n\
        Sheets of methodologies that other members have published are left out, and named."
    )]
    Publish {
        /// The sheets, .csv or .xlsx
        file: PathBuf,
        #[command(flatten)]
        send: SendArgs,
    },
    /// The sheet of a methodology version, as the hub has it
    #[command(after_help = "Example:\n  tanqiao-node sheet show CN-4201-metro.v1 --lang zh --out metro.xlsx")]
    Show {
        /// The methodology version
        methodology: MethodologyRef,
        /// The language of the attributes' names
        #[arg(long, value_enum, default_value = "en")]
        lang: Lang,
        /// Write it to this file as well, .csv or .xlsx
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Read a file and say what is wrong with it, with line and column; nothing is sent
    #[command(after_help = "Example:\n  tanqiao-node sheet check metro.csv")]
    Check {
        /// The sheets, .csv or .xlsx
        file: PathBuf,
    },
    /// Write a blank sheet with every attribute, ready to be filled in
    #[command(after_help = "Example:\n  tanqiao-node sheet template CN-4201-metro.v1 --out metro.xlsx")]
    Template {
        /// The methodology version
        methodology: MethodologyRef,
        /// Where to write it, .csv or .xlsx. An existing file is never overwritten
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
}

/// The forms that people fill in.
#[derive(Debug, Clone, Copy)]
enum Form {
    Csv,
    Xlsx,
}

impl Form {
    fn of(path: &Path) -> Result<Self, Failure> {
        let ending = path
            .extension()
            .and_then(|ending| ending.to_str())
            .map(str::to_ascii_lowercase);
        match ending.as_deref() {
            Some("csv") => Ok(Self::Csv),
            Some("xlsx") => Ok(Self::Xlsx),
            _ => Err(Failure::file(path, "a file of sheets ends in .csv or .xlsx")),
        }
    }
}

pub(super) async fn sheet(context: &Context, args: SheetArgs) -> Result<Report, Failure> {
    match args.action {
        SheetAction::Publish { file, send } => match read(&file)? {
            Ok(sheets) => publish(&context.node().await?, sheets, &send).await,
            Err(faults) => checked(&[], &faults),
        },
        SheetAction::Show { methodology, lang, out } => {
            let node = context.node().await?;
            show(&node, &methodology, lang, out.as_deref()).await
        }
        SheetAction::Check { file } => match read(&file)? {
            Ok(sheets) => checked(&sheets, &[]),
            Err(faults) => checked(&[], &faults),
        },
        SheetAction::Template { methodology, out } => template(context, methodology, &out),
    }
}

fn read(path: &Path) -> Result<Result<Vec<Sheet>, Vec<FileFault>>, Failure> {
    let form = Form::of(path)?;
    let size = std::fs::metadata(path).map_err(|e| Failure::file(path, e))?.len();
    if size > u64::try_from(sheet_file::BYTES_MAX).unwrap_or(u64::MAX) {
        return Err(Failure::file(path, "the file is larger than 16 MiB"));
    }
    let bytes = std::fs::read(path).map_err(|e| Failure::file(path, e))?;
    Ok(match form {
        Form::Csv => sheet_file::read_csv(&bytes),
        Form::Xlsx => sheet_file::read_xlsx(&bytes),
    })
}

fn write(path: &Path, sheet: &Sheet) -> Result<(), Failure> {
    let form = Form::of(path)?;
    if path.exists() {
        return Err(Failure::file(path, "exists already: name another file"));
    }
    let sheets = std::slice::from_ref(sheet);
    let bytes = match form {
        Form::Csv => sheet_file::write_csv(sheets).map_err(|e| Failure::file(path, e))?,
        Form::Xlsx => sheet_file::write_xlsx(sheets, system_clock()()).map_err(|e| Failure::file(path, e))?,
    };
    std::fs::write(path, bytes).map_err(|e| Failure::file(path, e))
}

/// What a file holds, and what is wrong with it.
fn checked(sheets: &[Sheet], faults: &[FileFault]) -> Result<Report, Failure> {
    let mut text = String::new();
    for fault in faults {
        let _ = writeln!(text, "{fault}");
    }
    let mut found = Vec::with_capacity(sheets.len());
    for sheet in sheets {
        let words = |names: &mut dyn Iterator<Item = AttributeName>| names.map(AttributeName::word).collect::<Vec<_>>();
        let (unknown, undocumented) = (words(&mut sheet.unknown()), words(&mut sheet.undocumented()));
        let hash = sheet.content_hash();
        let _ = writeln!(text, "{} can be published, SHA-256 {hash}", sheet.methodology);
        if !unknown.is_empty() {
            let _ = writeln!(text, "  not known: {}", unknown.join(", "));
        }
        if !undocumented.is_empty() {
            let _ = writeln!(text, "  without a document: {}", undocumented.join(", "));
        }
        found.push(json!({ "methodology": sheet.methodology, "sha256": hash, "unknown": unknown, "undocumented": undocumented }));
    }
    let faults: Vec<_> = faults
        .iter()
        .map(|one| json!({ "line": one.place.line(), "column": one.place.column(), "place": one.place.to_string(), "problem": one.problem }))
        .collect();
    let refused = !faults.is_empty();
    Ok(Report::new(text, &json!({ "sheets": found, "faults": faults }))?.refused(refused))
}

async fn publish(node: &Node, sheets: Vec<Sheet>, send: &SendArgs) -> Result<Report, Failure> {
    let publisher = [("publisher".to_owned(), node.member().to_string())];
    let own = node.hub().methodologies(&publisher).await.map_err(NodeError::from)?;
    let is_own = |sheet: &Sheet| own.iter().any(|one| one.content.methodology == sheet.methodology);
    let (own, others): (Vec<Sheet>, Vec<Sheet>) = sheets.into_iter().partition(is_own);
    if own.is_empty() {
        let text = "the file holds no sheet of a methodology that this member has published";
        return Err(Failure::new("not-yours", text));
    }
    if send.id.is_some() && own.len() > 1 {
        let text = "one --id is for one sheet: give a file with one sheet of this member's own";
        return Err(Failure::new("arguments", text));
    }
    let mut said = Vec::with_capacity(own.len());
    for sheet in own {
        let what = format!("sheet of {}:", sheet.methodology);
        said.push((node.publish_sheet(send.staffed(), sheet).await?, what));
    }
    let mut report = send.report_all(node, &said).await?;
    let others: Vec<String> = others.iter().map(|sheet| sheet.methodology.to_string()).collect();
    for methodology in &others {
        let _ = writeln!(report.text, "{methodology} is not this member's: left out");
    }
    if let Some(members) = report.json.as_object_mut() {
        members.insert("left_out".to_owned(), json!(others));
    }
    Ok(report)
}

async fn show(node: &Node, methodology: &MethodologyRef, lang: Lang, out: Option<&Path>) -> Result<Report, Failure> {
    let view: SheetView = node.hub().sheet(methodology).await.map_err(NodeError::from)?;
    let sheet: Sheet = serde_json::from_value(view.sheet.clone())
        .map_err(|e| Failure::new("hub-unreadable", format!("the hub's sheet cannot be read: {e}")))?;
    if let Some(path) = out {
        write(path, &sheet)?;
    }
    let publisher = view
        .publisher
        .as_ref()
        .map_or_else(|| "the officers".to_owned(), ToString::to_string);
    let mut text = format!(
        "{methodology}, revision {}, by {publisher}, {}\nSHA-256 {}\n{}\n",
        view.revision,
        view.at,
        view.sha256,
        sheet.title.of(lang.language())
    );
    for name in AttributeName::ALL {
        let cell = sheet.attributes.cell(*name);
        let value = cell.value.unwrap_or_else(|| "-".to_owned());
        let title = name.title();
        let _ = writeln!(
            text,
            "{:>2} {}: {value} ({})",
            name.code(),
            title.of(lang.language()),
            cell.evidence.status
        );
    }
    Report::new(text, &view)
}

/// A blank sheet, with the head filled in where this node has quantified with the methodology.
fn template(context: &Context, methodology: MethodologyRef, out: &Path) -> Result<Report, Failure> {
    Form::of(out)?;
    let wanted = methodology.clone();
    // A template is made also where there is no node yet.
    let kept = match context.store() {
        Ok(store) => store.read(|tx| catalogue::kept(tx, &wanted))?,
        Err(_) => None,
    };
    let sheet = match kept {
        Some(one) => Sheet::blank(methodology, Some(one.region), Phrase::new(one.title_zh, one.title_en)),
        None => Sheet::blank(methodology, None, Phrase::default()),
    };
    write(out, &sheet)?;
    Report::new(
        format!(
            "a blank sheet of {} is in {}: fill it in, then `sheet check` and `sheet publish`\n",
            sheet.methodology,
            out.display()
        ),
        &json!({ "methodology": sheet.methodology, "file": out }),
    )
}
