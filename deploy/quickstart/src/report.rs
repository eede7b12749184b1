//! The end of the story: a summary for people, or one JSON object for a machine.

use std::collections::BTreeMap;
use std::process::ExitCode;

use serde::Serialize;
use serde_json::{Value, json};

use crate::evaluators;
use crate::failure::{Failure, Outcome};
use crate::story::Counts;
use crate::teller::StepReport;
use crate::world::World;

/// What a run found.
#[derive(Debug, Clone, Serialize)]
pub struct Summary {
    /// True if every step is as it should be and every invariant holds.
    pub ok: bool,
    /// How long it took.
    pub seconds: f64,
    /// How many of what.
    pub counts: BTreeMap<String, i64>,
    /// Invariants by number.
    pub invariants: BTreeMap<String, Value>,
    /// The steps.
    pub story: Vec<StepReport>,
    /// Why it stopped, if it did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

impl Summary {
    /// What `played` comes to.
    #[must_use]
    pub fn of(world: &World, played: &Outcome<Counts>) -> Self {
        let (counts, problem) = match played {
            Ok(counts) => (counts.clone(), None),
            Err(failure) => (Counts::new(), Some(failure.to_string())),
        };
        let report = world.audited.as_ref();
        let entries = report.iter().flat_map(|report| &report.invariants);
        let invariants = entries.map(|one| {
            let findings = json!(one.findings);
            (
                one.number.to_string(),
                json!({ "ok": one.ok, "checked": one.checked, "title": one.title, "findings": findings }),
            )
        });
        let story = world.teller.story.clone();
        Self {
            ok: problem.is_none() && story.iter().all(|step| step.ok) && report.is_some_and(|report| report.ok),
            seconds: world.teller.elapsed().as_secs_f64(),
            counts,
            invariants: invariants.collect(),
            story,
            problem,
        }
    }
}

/// Tells how it went.
pub fn tell(summary: &Summary, world: &World, as_json: bool) {
    world.teller.rest();
    if as_json {
        print_json(&serde_json::to_string(summary).unwrap_or_default());
        return;
    }
    let steps = summary.story.iter().filter(|step| step.ok).count();
    let mut lines = vec![format!(
        "\n{steps} steps of {}, {} invariants audited, {:.1} s{}.",
        summary.story.len(),
        summary.invariants.len(),
        summary.seconds,
        if summary.ok { "" } else { ": NOT as it should be" }
    )];
    lines.extend(summary.problem.iter().map(|problem| format!("It stopped: {problem}")));
    lines.extend(addresses(world));
    print_text(&lines.join("\n"));
}

fn addresses(world: &World) -> Vec<String> {
    let ports = world.place.ports;
    let mut lines = vec![
        String::new(),
        format!(
            "hub         http://127.0.0.1:{}/  (public, such as /v1/public/events)",
            ports.console
        ),
        format!(
            "            https://127.0.0.1:{}/  (members, with a client certificate)",
            ports.federation
        ),
    ];
    let nodes = world.platforms.values();
    lines.extend(nodes.map(|node| {
        format!(
            "{:<11} {}/  (API described at /api/v1/openapi.json)",
            node.member, node.url
        )
    }));
    lines.extend(evaluators::addresses(ports).map(|(id, url, _)| format!("{id:<11} {url}/  (token evaluator)")));
    lines.push(format!(
        "Everything is in {}; federation.json says where.",
        world.place.root.display()
    ));
    lines
}

/// A run that could not begin.
pub fn failed_to_begin(failure: &Failure, as_json: bool) -> ExitCode {
    if as_json {
        let summary = json!({ "ok": false, "problem": failure.to_string(), "seconds": 0, "counts": {}, "invariants": {}, "story": [] });
        print_json(&summary.to_string());
    }
    eprintln!("{failure}");
    ExitCode::FAILURE
}

#[expect(
    clippy::print_stdout,
    reason = "the result of `--json` is what standard output is for"
)]
fn print_json(text: &str) {
    println!("{text}");
}

#[expect(clippy::print_stdout, reason = "the summary is the command's result")]
fn print_text(text: &str) {
    println!("{text}");
}
