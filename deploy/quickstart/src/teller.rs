//! Telling: every step in plain words with its figures, on a terminal or for a machine.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;
use serde_json::Value;

use crate::failure::Failure;
use crate::journal::Told;

/// What one step did.
#[derive(Debug, Clone, Serialize)]
pub struct StepReport {
    /// Its name for programs.
    pub step: String,
    /// What it is about.
    pub title: String,
    /// True if everything was as it should be.
    pub ok: bool,
    /// True if it was done by an earlier run on this directory.
    pub done_before: bool,
    /// What happened, in plain words.
    pub words: Vec<String>,
    /// Its figures; masses in grams.
    pub figures: BTreeMap<String, Value>,
    /// How long it took, in milliseconds.
    pub milliseconds: u64,
}

/// What a step has to say.
#[derive(Debug, Default)]
pub struct Lines {
    /// Plain words.
    pub words: Vec<String>,
    /// Figures.
    pub figures: BTreeMap<String, Value>,
}

impl Lines {
    /// Says something.
    pub fn say(&mut self, words: impl Into<String>) {
        self.words.push(words.into());
    }

    /// Notes a figure.
    pub fn figure(&mut self, name: &str, value: impl Into<Value>) {
        self.figures.insert(name.to_owned(), value.into());
    }
}

/// Tells the story while it happens. Everything goes to standard error, so that standard output is the caller's.
#[derive(Debug)]
pub struct Teller {
    began: Instant,
    bar: ProgressBar,
    /// The steps so far.
    pub story: Vec<StepReport>,
}

impl Teller {
    /// Begins. The moving line is seen on a terminal only.
    #[must_use]
    pub fn new() -> Self {
        let bar = ProgressBar::new_spinner();
        if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} [{elapsed}]") {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(120));
        Self {
            began: Instant::now(),
            bar,
            story: Vec::new(),
        }
    }

    /// What is being done now.
    pub fn doing(&self, what: &str) {
        self.bar.set_message(what.to_owned());
    }

    /// How long it has taken so far.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.began.elapsed()
    }

    /// Says something that is no step.
    pub fn say(&self, words: &str) {
        self.bar.suspend(|| eprintln!("{words}"));
    }

    /// A step was done by an earlier run.
    pub fn again(&mut self, step: &str, title: &str, told: &Told) {
        self.tell(StepReport {
            step: step.to_owned(),
            title: title.to_owned(),
            ok: true,
            done_before: true,
            words: told.words.clone(),
            figures: told.figures.clone(),
            milliseconds: 0,
        });
    }

    /// A step is done.
    pub fn done(&mut self, step: &str, title: &str, lines: Lines, took: Duration) {
        self.tell(StepReport {
            step: step.to_owned(),
            title: title.to_owned(),
            ok: true,
            done_before: false,
            words: lines.words,
            figures: lines.figures,
            milliseconds: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
        });
    }

    /// A step failed: what was expected and what was found.
    pub fn failed(&mut self, step: &str, title: &str, mut lines: Lines, failure: &Failure) {
        lines.say(failure.to_string());
        if let Failure::Unexpected { expected, found, .. } = failure {
            lines.figure("expected", expected.as_str());
            lines.figure("found", found.as_str());
        }
        self.tell(StepReport {
            step: step.to_owned(),
            title: title.to_owned(),
            ok: false,
            done_before: false,
            words: lines.words,
            figures: lines.figures,
            milliseconds: 0,
        });
    }

    fn tell(&mut self, report: StepReport) {
        let mark = if report.ok { "✓" } else { "✗" };
        let before = if report.done_before {
            "  (done by an earlier run)"
        } else {
            ""
        };
        let mut text = format!("\n{mark} {}. {}{before}", self.story.len() + 1, report.title);
        for words in &report.words {
            text.push_str("\n    ");
            text.push_str(words);
        }
        self.say(&text);
        self.story.push(report);
    }

    /// No more moving line.
    pub fn rest(&self) {
        self.bar.finish_and_clear();
    }
}
