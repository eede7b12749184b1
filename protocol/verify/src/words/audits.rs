//! What a replay of a log found, and how long verifications take.

use std::fmt::Write as _;

use tanqiao_protocol::view::PublicTotals;

use super::{Language, none};
use crate::bench::Figures;
use crate::replay::Audited;

impl Language {
    /// What an audit found.
    #[must_use]
    pub fn audit(self, audited: &Audited) -> String {
        if !audited.holds() {
            return self.refuted_audit(audited);
        }
        let mut text = String::new();
        let mut line = |words: String| {
            let _ = writeln!(text, "{words}");
        };
        let Audited {
            origin, size, replayed, ..
        } = audited;
        let witnesses: Vec<&str> = audited.witnesses.iter().map(|seen| seen.witness.as_str()).collect();
        line(self.of("PROVEN", "已证实").to_owned());
        line(match self {
            Self::English => {
                format!("  Every file is that of the tree of {size} leaves that the log {origin} has signed.")
            }
            Self::Chinese => format!("  全部文件均与日志 {origin} 签署的 {size} 条记录之树相符。"),
        });
        line(match self {
            Self::English => format!("  Witnesses that have signed the same: {}.", none(&witnesses, "none")),
            Self::Chinese => format!("  见证方：{}。", none(&witnesses, "无")),
        });
        line(match self {
            Self::English => format!("  {replayed} leaves were replayed, and each keeps the rules of the ledger."),
            Self::Chinese => format!("  已重放 {replayed} 条记录，均符合账本规则。"),
        });
        if audited.compared {
            line(
                self.of(
                    "  The sums are those that were published.",
                    "  各项合计与公布数据一致。",
                )
                .to_owned(),
            );
        }
        line(self.of("NOT PROVEN", "不能证实").to_owned());
        line(
            self.of("  - that the reductions are real", "  - 减排量本身真实")
                .to_owned(),
        );
        if !audited.own_policy {
            line(
                self.of(
                    "  - whose log this is: the policy came with it. Name yours with --policy",
                    "  - 日志归属：策略文件与日志同源，请以 --policy 指定可信策略",
                )
                .to_owned(),
            );
        }
        text
    }

    fn refuted_audit(self, audited: &Audited) -> String {
        let mut text = String::new();
        let mut line = |words: String| {
            let _ = writeln!(text, "{words}");
        };
        line(self.of("REFUTED", "不成立").to_owned());
        for finding in &audited.findings {
            line(format!("  {}: {}", finding.file, finding.what));
        }
        if audited.more {
            line(self.of("  … and more", "  ……其余从略").to_owned());
        }
        if let Some(broken) = &audited.broken {
            line(format!(
                "  {}{broken}",
                self.of("the first leaf that breaks: ", "首条违规记录：")
            ));
        }
        for other in &audited.differences {
            line(match self {
                Self::English => format!(
                    "  {} {}: {} g in {} blocks by the log, {} g in {} blocks as published",
                    other.series,
                    other.state,
                    other.replayed_g,
                    other.replayed_blocks,
                    other.published_g,
                    other.published_blocks
                ),
                Self::Chinese => format!(
                    "  {} {}：日志重放 {} 克（{} 段），公布 {} 克（{} 段）",
                    other.series,
                    other.state,
                    other.replayed_g,
                    other.replayed_blocks,
                    other.published_g,
                    other.published_blocks
                ),
            });
        }
        text
    }

    /// Totals as a table.
    #[must_use]
    pub fn totals(self, totals: Option<&PublicTotals>) -> String {
        let Some(totals) = totals else { return String::new() };
        let mut text = match self {
            Self::English => format!("{} leaves, as of {}\n", totals.log_size, totals.at),
            Self::Chinese => format!("{} 条记录，截至 {}\n", totals.log_size, totals.at),
        };
        for line in &totals.totals {
            let _ = writeln!(
                text,
                "{:8} {:48} {:10} {:>18} g {:>9}",
                line.region.to_string(),
                line.series.to_string(),
                line.state.to_string(),
                line.quantity_g.get(),
                line.blocks
            );
        }
        text
    }

    /// Times of verifications.
    #[must_use]
    pub fn figures(self, figures: &Figures) -> String {
        let mut text = match self {
            Self::English => format!("in a log of {} leaves\n", figures.leaves),
            Self::Chinese => format!("日志共 {} 条记录\n", figures.leaves),
        };
        for one in &figures.measured {
            let (whole, rest) = (one.ns / 1_000, one.ns % 1_000 / 100);
            let _ = write!(text, "{:24} {whole:>8}.{rest} µs  {:>8} bytes", one.what, one.bytes);
            if let Some(rate) = one.per_second {
                let _ = write!(text, "  {rate} {}", self.of("leaves/s", "条/秒"));
            }
            text.push('\n');
        }
        text
    }
}
