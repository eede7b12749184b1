//! `export`: one JSON object a line.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use indicatif::ProgressBar;
use serde::Serialize;
use serde_json::json;
use tanqiao_certs::durable;
use tanqiao_protocol::id::MessageId;

use super::command::Context;
use super::report::{Failure, Report};
use crate::recovery;
use crate::service::Node;
use crate::witness;

/// Items asked for at a time.
const PAGE: u32 = 1_000;

#[derive(Debug, Args)]
pub(super) struct ExportArgs {
    /// What
    what: What,
    /// Where to; standard output when absent
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Of a receipt or certificate: the id of the transfer, donation or retirement; of the log: the folder
    #[arg(value_name = "ID|DIR", required_if_eq_any([("what", "receipt"), ("what", "certificate"), ("what", "log")]))]
    of: Option<String>,
    /// Of a certificate: the language of the page
    #[arg(long, value_enum, default_value_t = PageLanguage::Zh)]
    lang: PageLanguage,
    /// Of a recovery only what stands after this leaf of the hub's log
    #[arg(long, value_name = "N")]
    after_log_index: Option<i64>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum What {
    /// Accounts and what they hold
    Accounts,
    /// Blocks of the book
    Blocks,
    /// The feed as received
    Feed,
    /// The receipt of a transfer, donation or retirement, verified
    Receipt,
    /// The printed certificate of a donation or retirement (PDF), its attached proof verified; needs --out
    Certificate,
    /// The hub's whole log into a folder, as files that a plain web server can serve and `tanqiao-verify replay` reads
    Log,
    /// What the hub needs of this member when it was restored from a backup: feed and signed messages, nothing of accounts
    Recovery,
}

/// The languages of a printed certificate.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum PageLanguage {
    /// Chinese
    Zh,
    /// English
    En,
}

pub(super) async fn export(context: &Context, args: ExportArgs) -> Result<Report, Failure> {
    let node = context.node().await?;
    match (args.what, &args.of) {
        (What::Receipt, Some(id)) => {
            let id: MessageId = id.parse().map_err(|error| Failure::new("usage", format!("{error}")))?;
            return receipt(&node, id, args.out.as_deref()).await;
        }
        (What::Certificate, Some(id)) => {
            let id: MessageId = id.parse().map_err(|error| Failure::new("usage", format!("{error}")))?;
            return certificate(&node, id, args.lang, args.out.as_deref()).await;
        }
        (What::Log, Some(folder)) => return log(&node, Path::new(folder), context.json).await,
        _ => {}
    }
    let mut out: Box<dyn Write + Send> = match &args.out {
        Some(path) => Box::new(BufWriter::new(File::create(path).map_err(|e| Failure::file(path, e))?)),
        None => Box::new(BufWriter::new(io::stdout())),
    };
    let count = match args.what {
        What::Accounts => accounts(&node, &mut out).await?,
        What::Blocks => blocks(&node, &mut out).await?,
        What::Feed => feed(&node, &mut out).await?,
        // Without an id or folder the arguments are refused before.
        What::Receipt | What::Certificate | What::Log => 0,
        What::Recovery => {
            let done = recovery::export(&node, args.after_log_index, &mut out).await?;
            done.entries + done.messages + done.batches + 2
        }
    };
    out.flush().map_err(broken)?;
    match args.out {
        Some(path) => Report::new(
            format!("{count} lines in {}\n", path.display()),
            &json!({ "lines": count, "file": path }),
        ),
        None => Ok(Report {
            text: String::new(),
            json: json!({ "lines": count }),
            refused: false,
        }),
    }
}

/// Goes on where it was cut off; a progress bar on standard error unless a program asks.
async fn log(node: &Node, folder: &Path, json: bool) -> Result<Report, Failure> {
    let bar = if json {
        ProgressBar::hidden()
    } else {
        ProgressBar::new(0)
    };
    let done = witness::mirror(node, folder, |there, of| {
        bar.set_length(of);
        bar.set_position(there);
    })
    .await;
    bar.finish_and_clear();
    let done = done?;
    let text = format!(
        "{} leaves with root {} are in {}; {} bundles were fetched\n",
        done.size,
        done.root,
        folder.display(),
        done.fetched
    );
    Report::new(text, &done)
}

/// Whole, so that a file is never half a receipt.
async fn receipt(node: &Node, id: MessageId, out: Option<&Path>) -> Result<Report, Failure> {
    let (file, proven) = node.receipt(id).await?;
    let bytes = file.to_json().map_err(|e| Failure::new("file", e.to_string()))?;
    let json = json!({ "proven": proven, "file": out });
    let Some(path) = out else {
        let text = String::from_utf8_lossy(&bytes).into_owned() + "\n";
        let json = serde_json::to_value(&file).map_err(|e| Failure::new("file", e.to_string()))?;
        return Ok(Report {
            text,
            json,
            refused: false,
        });
    };
    durable::replace_secret(path, &bytes).map_err(|e| Failure::file(path, e))?;
    let (size, witnesses) = (proven.tree.size, proven.tree.witnesses.len());
    let text = format!(
        "{} {id}: leaf {} in the tree of {size} leaves that {witnesses} witnesses have signed; the receipt is in {}\n",
        proven.kind,
        proven.log_index,
        path.display()
    );
    Report::new(text, &json)
}

/// A page is for a file, not for a terminal.
async fn certificate(
    node: &Node,
    id: MessageId,
    language: PageLanguage,
    out: Option<&Path>,
) -> Result<Report, Failure> {
    let Some(path) = out else {
        return Err(Failure::new("usage", "name the file of the page: --out FILE.pdf"));
    };
    let code = match language {
        PageLanguage::Zh => "zh",
        PageLanguage::En => "en",
    };
    let page = node.printed_certificate(id, code).await?;
    durable::write_public(path, &page).map_err(|e| Failure::file(path, e))?;
    let text = format!("the certificate {id} is in {}\n", path.display());
    Report::new(text, &json!({ "certificate": id, "file": path, "bytes": page.len() }))
}

async fn accounts(node: &Node, out: &mut dyn Write) -> Result<u64, Failure> {
    let (mut after, mut count) = (None, 0);
    loop {
        let page = node.accounts().list(after, PAGE).await?;
        write(out, &page, &mut count)?;
        match page.into_iter().last() {
            Some(last) => after = Some(last.account),
            None => return Ok(count),
        }
    }
}

async fn blocks(node: &Node, out: &mut dyn Write) -> Result<u64, Failure> {
    let (mut after, mut count) = (None, 0);
    loop {
        let page = node.blocks(None, after, PAGE).await?;
        write(out, &page, &mut count)?;
        match page.into_iter().last() {
            Some(last) => after = Some(last.block),
            None => return Ok(count),
        }
    }
}

async fn feed(node: &Node, out: &mut dyn Write) -> Result<u64, Failure> {
    let (mut after, mut count) = (0, 0);
    loop {
        let page = node.entries(after, PAGE).await?;
        for row in &page {
            writeln!(out, "{}", row.entry).map_err(broken)?;
            count += 1;
        }
        match page.last() {
            Some(last) => after = last.seq,
            None => return Ok(count),
        }
    }
}

fn write<T: Serialize>(out: &mut dyn Write, items: &[T], count: &mut u64) -> Result<(), Failure> {
    for item in items {
        serde_json::to_writer(&mut *out, item).map_err(|e| Failure::new("file", e.to_string()))?;
        out.write_all(b"\n").map_err(broken)?;
        *count += 1;
    }
    Ok(())
}

fn broken(error: io::Error) -> Failure {
    Failure::new("file", error.to_string())
}
