//! A reconciliation as a file for people and for other programs.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

use super::{ComparedTotal, Cut, Finding, FindingCounts, Version};
use crate::id::{MessageId, NodeId};
use crate::text::words;
use crate::time::Timestamp;

/// Everything that one reconciliation found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReconciliationReport {
    /// Which.
    pub reconciliation: MessageId,
    /// Whose.
    pub member: NodeId,
    /// When it ended.
    pub at: Timestamp,
    /// What was compared.
    pub cut: Cut,
    /// Blocks of the hub at the cut.
    pub hub_blocks: u64,
    /// Blocks of the node at the cut.
    pub node_blocks: u64,
    /// Bytes of bodies, both ways.
    pub bytes: u64,
    /// How many findings of each class.
    pub counts: FindingCounts,
    /// What both sides have by state, methodology and year.
    #[serde(default)]
    pub totals: Vec<ComparedTotal>,
    /// The findings.
    pub findings: Vec<Finding>,
}

words! {
    /// How a report is written.
    #[derive(Default)]
    pub enum ReportFormat {
        /// A page for people that needs nothing else.
        #[default]
        Html = 1 "html",
        /// A row for each finding, RFC 4180.
        Csv = 2 "csv",
        /// Everything, for programs.
        Json = 3 "json",
    }
}

impl ReportFormat {
    /// The media type.
    #[must_use]
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Html => "text/html; charset=utf-8",
            Self::Csv => "text/csv; charset=utf-8; header=present",
            Self::Json => "application/json",
        }
    }

    /// Writes a report.
    #[must_use]
    pub fn write(self, report: &ReconciliationReport) -> String {
        match self {
            Self::Html => report.html(),
            Self::Csv => report.csv(),
            Self::Json => format!("{:#}\n", serde_json::json!(report)),
        }
    }
}

const HEADER: &str = "class,hub,hub_state,node,node_state,repair,cause_zh,cause_en";

impl ReconciliationReport {
    /// RFC 4180; a field that a spreadsheet would take for a formula begins with an apostrophe.
    #[must_use]
    pub fn csv(&self) -> String {
        let mut text = format!("{HEADER}\r\n");
        for finding in &self.findings {
            let fields = fields(finding).map(|field| csv_field(&field));
            text.push_str(&fields.join(","));
            text.push_str("\r\n");
        }
        text
    }

    /// One HTML page that needs nothing else.
    #[must_use]
    pub fn html(&self) -> String {
        let mut text = String::from(
            "<!doctype html>\n<html lang=\"zh-CN\"><head><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width\"><title>对账报告 Reconciliation</title>\n<style>\
             body{font:14px sans-serif;margin:2em}div{overflow-x:auto}table{border-collapse:collapse}td,th{border:1px solid #999;padding:4px 8px;\
             text-align:left;vertical-align:top}</style></head><body>\n<h1>对账报告 Reconciliation</h1>\n<table>\n",
        );
        let rows = [
            ("对账 Reconciliation", self.reconciliation.to_string()),
            ("成员 Member", self.member.to_string()),
            ("时间 Time", self.at.to_string()),
            (
                "切点 Cut (feed / log)",
                format!("{} / {}", self.cut.seq, self.cut.log_size),
            ),
            ("枢纽区块段 Blocks at the hub", self.hub_blocks.to_string()),
            ("节点区块段 Blocks at the node", self.node_blocks.to_string()),
            ("差异 Differences", self.counts.faults().to_string()),
            ("在途 In flight", self.counts.in_flight.to_string()),
        ];
        for (name, value) in rows {
            let _ = writeln!(text, "<tr><th>{name}</th><td>{}</td></tr>", escaped(&value));
        }
        text.push_str("</table>\n");
        self.write_totals(&mut text);
        if self.findings.is_empty() {
            text.push_str("<p>两侧一致。Both sides agree.</p>\n");
        } else {
            text.push_str(
                "<div><table>\n<tr><th>类别 Class</th><th>枢纽 Hub</th><th>状态 State</th><th>节点 Node</th><th>状态 State</th>\
                 <th>建议 Repair</th><th>可能原因</th><th>Probable cause</th></tr>\n",
            );
            for finding in &self.findings {
                text.push_str("<tr>");
                for field in fields(finding) {
                    let _ = write!(text, "<td>{}</td>", escaped(&field));
                }
                text.push_str("</tr>\n");
            }
            text.push_str("</table></div>\n");
        }
        text.push_str("</body></html>\n");
        text
    }

    /// Where in the whole the differences lie: by state, methodology and year.
    fn write_totals(&self, text: &mut String) {
        if self.totals.is_empty() {
            return;
        }
        text.push_str(
            "<h2>合计 Totals (gCO2e)</h2>\n<div><table>\n<tr><th>状态 State</th><th>方法学 Methodology</th><th>年份 Year</th>\
             <th>枢纽区块段 Hub blocks</th><th>枢纽 Hub</th><th>节点区块段 Node blocks</th><th>节点 Node</th><th>差 Difference</th></tr>\n",
        );
        for line in &self.totals {
            let difference = line.node_g.get() - line.hub_g.get();
            let fields = [
                line.state.to_string(),
                line.methodology.to_string(),
                line.vintage.to_string(),
                line.hub_blocks.to_string(),
                line.hub_g.to_string(),
                line.node_blocks.to_string(),
                line.node_g.to_string(),
                difference.to_string(),
            ];
            text.push_str("<tr>");
            for field in fields {
                let _ = write!(text, "<td>{}</td>", escaped(&field));
            }
            text.push_str("</tr>\n");
        }
        text.push_str("</table></div>\n<h2>差异 Findings</h2>\n");
    }
}

fn fields(finding: &Finding) -> [String; 8] {
    let (zh, en) = finding.class.cause();
    let list = |versions: &[Version], of: fn(&Version) -> String| versions.iter().map(of).collect::<Vec<_>>().join(" ");
    let block = |version: &Version| version.block.to_string();
    [
        finding.class.to_string(),
        list(&finding.hub, block),
        list(&finding.hub, standing),
        list(&finding.node, block),
        list(&finding.node, standing),
        finding.repair.to_string(),
        zh.to_owned(),
        en.to_owned(),
    ]
}

/// Everything in which a block may differ but its serials.
fn standing(version: &Version) -> String {
    let (status, terms) = (&version.status, &version.terms);
    let mut text = format!("{} {}", status.state, status.holder);
    let more = [
        ("before", status.state_before.map(|state| state.to_string())),
        ("bound to", status.bound_to.map(|by| by.to_string())),
        ("mapping", terms.mapping.as_ref().map(ToString::to_string)),
        ("factor", Some(terms.factor_paid.to_string())),
        ("uses", Some(terms.uses.bits().to_string())),
        ("buffered", terms.buffered.then(|| "yes".to_owned())),
    ];
    for (name, value) in more {
        if let Some(value) = value {
            let _ = write!(text, "; {name} {value}");
        }
    }
    text
}

fn csv_field(field: &str) -> String {
    let guard = if field.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        "'"
    } else {
        ""
    };
    if field.contains([',', '"', '\r', '\n']) {
        return format!("\"{guard}{}\"", field.replace('"', "\"\""));
    }
    format!("{guard}{field}")
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_neither_run_as_formulas_nor_break_the_page() {
        assert_eq!(csv_field("=1+1"), "'=1+1");
        assert_eq!(csv_field("-2,\"x\""), "\"'-2,\"\"x\"\"\"");
        assert_eq!(escaped("<b>&'\""), "&lt;b&gt;&amp;&#39;&quot;");
    }
}
