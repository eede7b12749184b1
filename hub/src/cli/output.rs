//! The one place where the command line speaks: words for people, JSON for machines.
#![allow(
    clippy::print_stdout,
    reason = "a command's answer goes to standard output, and only from here"
)]

use std::io::IsTerminal as _;
use std::process::ExitCode;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;
use serde_json::json;
use tanqiao_protocol::problem::Problem;

/// Why a command did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    /// The command was not used as it is meant: status 2.
    #[error("{0}")]
    Misused(String),
    /// A check refused it: status 1.
    #[error("{}", .0.detail)]
    Refused(Box<Problem>),
    /// It failed: status 1.
    #[error("{0}")]
    Failed(String),
    /// It was not done, and its report has said why: status 1.
    #[error("{0}")]
    Reported(String),
}

impl CliError {
    /// A failure.
    pub fn failed(error: impl std::fmt::Display) -> Self {
        Self::Failed(error.to_string())
    }

    /// A misuse.
    pub fn misused(text: impl std::fmt::Display) -> Self {
        Self::Misused(text.to_string())
    }
}

impl From<crate::store::database::StoreError> for CliError {
    fn from(error: crate::store::database::StoreError) -> Self {
        Self::failed(error)
    }
}

/// How a command answers.
#[derive(Debug, Clone)]
pub struct Output {
    json: bool,
}

impl Output {
    /// In JSON or in words.
    #[must_use]
    pub const fn new(json: bool) -> Self {
        Self { json }
    }

    /// One thing: its JSON, or the words for it.
    pub fn one<T: Serialize>(&self, value: &T, words: impl FnOnce(&T) -> String) {
        if self.json {
            print_json(value);
        } else {
            println!("{}", words(value));
        }
    }

    /// Many things: a JSON array, or a line each.
    pub fn list<T: Serialize>(&self, items: &[T], line: impl Fn(&T) -> String) {
        if self.json {
            print_json(&items);
        } else {
            for item in items {
                println!("{}", line(item));
            }
            if items.is_empty() {
                println!("(none)");
            }
        }
    }

    /// A whole text as it stands; in JSON an object with this one member.
    pub fn text(&self, name: &str, text: &str) {
        if self.json {
            print_json(&json!({ name: text }));
        } else {
            print!("{text}");
        }
    }

    /// Runs something that takes a while, with a sign of life on a terminal.
    pub fn while_working<T>(&self, what: &'static str, work: impl FnOnce() -> T) -> T {
        if self.json || !std::io::stderr().is_terminal() {
            return work();
        }
        let bar = ProgressBar::new_spinner().with_message(what);
        bar.enable_steady_tick(Duration::from_millis(120));
        let done = work();
        bar.finish_and_clear();
        done
    }

    /// A bar on a terminal for work that counts its steps; `None` where nobody looks.
    #[must_use]
    pub fn bar(&self, what: &'static str) -> Option<ProgressBar> {
        if self.json || !std::io::stderr().is_terminal() {
            return None;
        }
        let bar = ProgressBar::new(0).with_message(what);
        let style = ProgressStyle::with_template("{msg} [{wide_bar}] {pos}/{len} {eta}");
        Some(match style {
            Ok(style) => bar.with_style(style),
            Err(_) => bar,
        })
    }

    /// Says why a command failed.
    #[must_use]
    pub fn fail(&self, error: &CliError) -> ExitCode {
        let (status, problem) = match error {
            CliError::Misused(_) => (2, None),
            CliError::Refused(problem) => (1, Some(problem)),
            CliError::Failed(_) | CliError::Reported(_) => (1, None),
        };
        if self.json && matches!(error, CliError::Reported(_)) {
            // One answer is one JSON value: the report was it.
            return ExitCode::from(status);
        }
        if self.json {
            print_json(&json!({ "error": error.to_string(), "problem": problem }));
        } else {
            let check = problem
                .and_then(|problem| problem.check)
                .map_or_else(String::new, |check| format!("{check} {}: ", check.name()));
            eprintln!("tanqiao-hub: {check}{error}");
        }
        ExitCode::from(status)
    }
}

fn print_json<T: Serialize>(value: &T) {
    match serde_json::to_string_pretty(value) {
        Ok(text) => println!("{text}"),
        Err(error) => eprintln!("tanqiao-hub: {error}"),
    }
}
