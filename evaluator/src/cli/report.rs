//! The one place where the command line speaks: words for people, JSON for machines.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command's answer goes to standard output, its complaint to standard error, and only from here"
)]

use std::fmt;
use std::io::IsTerminal as _;
use std::process::ExitCode;
use std::time::Duration;

use indicatif::ProgressBar;
use serde::Serialize;
use serde_json::{Value, json};

/// The result of a command, for people and for programs.
#[derive(Debug)]
pub(super) struct Report {
    text: String,
    json: Value,
    refused: bool,
}

impl Report {
    pub(super) fn new(text: String, json: Value) -> Self {
        Self {
            text,
            json,
            refused: false,
        }
    }

    /// One line an item for people, an array for programs.
    pub(super) fn list<T: Serialize>(items: &[T], line: impl Fn(&T) -> String) -> Self {
        let mut text: String = items.iter().map(line).collect();
        if text.is_empty() {
            "(none)\n".clone_into(&mut text);
        }
        Self::new(text, json!(items))
    }

    /// What was asked was not done: exit status 1.
    pub(super) const fn refused(mut self, refused: bool) -> Self {
        self.refused = refused;
        self
    }
}

/// A command that failed: exit status 1.
#[derive(Debug)]
pub(super) struct Failure(String);

impl Failure {
    pub(super) fn of(error: impl fmt::Display) -> Self {
        Self(error.to_string())
    }
}

/// Says what a command did.
pub(super) fn finish(json: bool, done: Result<Report, Failure>) -> ExitCode {
    match done {
        Ok(report) => {
            if json {
                println!("{:#}", report.json);
            } else {
                print!("{}", report.text);
            }
            ExitCode::from(u8::from(report.refused))
        }
        Err(Failure(text)) => {
            if json {
                println!("{:#}", json!({ "error": text }));
            } else {
                eprintln!("tanqiao-evaluator: {text}");
            }
            ExitCode::from(1)
        }
    }
}

/// Help and version are answers; everything else is a misuse, status 2.
pub(super) fn usage(error: &clap::Error) -> ExitCode {
    let _ = error.print();
    ExitCode::from(if error.use_stderr() { 2 } else { 0 })
}

/// Runs something that takes a while, with a sign of life on a terminal.
pub(super) fn while_working<T>(json: bool, what: &'static str, work: impl FnOnce() -> T) -> T {
    if json || !std::io::stderr().is_terminal() {
        return work();
    }
    let bar = ProgressBar::new_spinner().with_message(what);
    bar.enable_steady_tick(Duration::from_millis(120));
    let done = work();
    bar.finish_and_clear();
    done
}
