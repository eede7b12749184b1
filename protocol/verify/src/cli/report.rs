//! The one place where the command line speaks: words for people, JSON for machines.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command's answer goes to standard output, its complaint to standard error, and only from here"
)]

use std::io::IsTerminal as _;
use std::process::ExitCode;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};

/// The shortest log of whose progress lines are written, in leaves: shorter ones are done before anybody wonders.
const LINES_FROM: u64 = 100_000;

/// The result of a command, for people and for programs.
#[derive(Debug)]
pub(super) struct Report {
    pub text: String,
    pub json: Value,
    pub proven: bool,
}

/// A command that could not be done.
#[derive(Debug)]
pub(super) enum Failure {
    /// It was not used as it is meant: status 2.
    Misused(String),
    /// It failed: status 1.
    Failed(String),
}

impl Failure {
    pub(super) fn misused(error: impl std::fmt::Display) -> Self {
        Self::Misused(error.to_string())
    }

    pub(super) fn failed(error: impl std::fmt::Display) -> Self {
        Self::Failed(error.to_string())
    }
}

/// Says what a command found out.
pub(super) fn finish(json: bool, done: Result<Report, Failure>) -> ExitCode {
    match done {
        Ok(report) => {
            if json {
                println!("{:#}", report.json);
            } else {
                print!("{}", report.text);
            }
            ExitCode::from(u8::from(!report.proven))
        }
        Err(failure) => {
            let (status, text) = match failure {
                Failure::Misused(text) => (2, text),
                Failure::Failed(text) => (1, text),
            };
            if json {
                println!("{:#}", json!({ "proven": false, "error": text }));
            } else {
                eprintln!("tanqiao-verify: {text}");
            }
            ExitCode::from(status)
        }
    }
}

/// Help and version are answers; everything else is a misuse, status 2.
pub(super) fn usage(error: &clap::Error) -> ExitCode {
    let _ = error.print();
    ExitCode::from(if error.use_stderr() { 2 } else { 0 })
}

/// How far a long piece of work has come: a bar on a terminal, a line for each tenth elsewhere; nothing beside JSON.
#[derive(Debug)]
pub(super) struct Progress {
    bar: Option<ProgressBar>,
    lines: bool,
}

impl Progress {
    pub(super) fn new(json: bool) -> Self {
        let terminal = std::io::stderr().is_terminal();
        Self {
            bar: (terminal && !json).then(bar),
            lines: !terminal && !json,
        }
    }

    pub(super) fn show(&self, done: u64, all: u64) {
        if let Some(bar) = &self.bar {
            if done.is_multiple_of(1_024) || done == all {
                bar.set_length(all);
                bar.set_position(done);
            }
        } else if self.lines && all >= LINES_FROM && done.is_multiple_of((all / 10).max(1)) {
            eprintln!("{done} of {all} leaves");
        }
    }

    pub(super) fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

fn bar() -> ProgressBar {
    let bar = ProgressBar::new(0);
    if let Ok(style) = ProgressStyle::with_template("{bar:40} {pos}/{len} leaves, {eta} left") {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}
