//! What signed notes prove, alone and beside each other.

use super::{Language, none};
use crate::notes::{Continuation, NoteFault, Side, Verdict};

impl Language {
    /// Why a note proves nothing.
    #[must_use]
    pub fn refuted(self, why: &NoteFault) -> String {
        let NoteFault { fault, detail } = why;
        let title = self.fault(*fault);
        match self {
            Self::English => format!("REFUTED: {title} ({fault})\n  {detail}\n"),
            Self::Chinese => format!("不成立：{title}（{fault}）\n  {detail}\n"),
        }
    }

    /// Who has signed a checkpoint.
    #[must_use]
    pub fn checkpoint(self, side: &Side) -> String {
        let witnesses: Vec<&str> = side.witnesses.iter().map(String::as_str).collect();
        let Side { origin, size, root, .. } = side;
        match (self, side.quorum) {
            (Self::English, true) => format!(
                "PROVEN\n  The log {origin} has signed a tree of {size} leaves with the root {root}.\n  Enough witnesses have \
                 signed it: {}.\nNOT PROVEN by this file\n  - what the leaves say (tanqiao-verify replay)\n",
                none(&witnesses, "none is asked for")
            ),
            (Self::English, false) => format!(
                "REFUTED: the log {origin} has signed a tree of {size} leaves, but fewer witnesses than the policy asks for: {}\n",
                none(&witnesses, "none")
            ),
            (Self::Chinese, true) => format!(
                "已证实\n  日志 {origin} 已签署共 {size} 条、根哈希 {root} 的树。\n  见证方已足数：{}。\n本文件不能证实\n  - \
                 各条记录的内容（tanqiao-verify replay）\n",
                none(&witnesses, "无须见证")
            ),
            (Self::Chinese, false) => {
                format!(
                    "不成立：日志 {origin} 已签署共 {size} 条的树，但见证方不足：{}\n",
                    none(&witnesses, "无")
                )
            }
        }
    }

    /// Whether one checkpoint continues another.
    #[must_use]
    pub fn consistency(self, old: &Side, new: &Side, verdict: Continuation) -> String {
        let (from, to) = (old.size, new.size);
        match (self, verdict) {
            (Self::English, Continuation::Continues) => format!(
                "PROVEN\n  The {to} leaves begin with the {from} leaves: nothing was changed or taken away, only added.\n"
            ),
            (Self::Chinese, Continuation::Continues) => {
                format!("已证实\n  {to} 条记录以原 {from} 条记录开头：只有追加，没有改动或删除。\n")
            }
            (Self::English, Continuation::NotShown) => format!(
                "REFUTED: the proof does not show that the {to} leaves begin with the {from} leaves. The proof is wrong, or the log \
                 has shown two histories: keep both notes\n"
            ),
            (Self::Chinese, Continuation::NotShown) => format!(
                "不成立：该证明不能说明 {to} 条记录以原 {from} 条记录开头。证明有误，或日志出现两个历史：请保留两份检查点\n"
            ),
            (Self::English, Continuation::Backwards) => format!(
                "REFUTED: the note that was given as the older one has more leaves ({from}) than the newer one ({to}): exchange them\n"
            ),
            (Self::Chinese, Continuation::Backwards) => {
                format!("不成立：作为旧检查点给出的记录数（{from} 条）多于新检查点（{to} 条）：请对调两份文件\n")
            }
            (Self::English, Continuation::DifferentLogs) => {
                format!(
                    "REFUTED: the notes are of different logs, {} and {}\n",
                    old.origin, new.origin
                )
            }
            (Self::Chinese, Continuation::DifferentLogs) => {
                format!("不成立：两份检查点属于不同日志，{} 与 {}\n", old.origin, new.origin)
            }
        }
    }

    /// Whether two notes prove a fork.
    #[must_use]
    pub fn fork(self, first: &Side, second: &Side, verdict: Verdict) -> String {
        let roots = format!(
            "  {} ← {}\n  {} ← {}\n",
            first.root, first.log_key, second.root, second.log_key
        );
        let (a, b) = (first.size, second.size);
        match verdict {
            Verdict::Equivocation => match self {
                Self::English => format!(
                    "PROVEN: the log {} has signed two trees of {a} leaves. It has shown two histories.\n{roots}",
                    first.origin
                ),
                Self::Chinese => format!(
                    "已证实：日志 {} 对 {a} 条记录签署了两棵不同的树，即出示了两个历史。\n{roots}",
                    first.origin
                ),
            },
            Verdict::Same => self
                .of(
                    "NOT PROVEN: both notes are of the same tree\n",
                    "未证实：两份检查点是同一棵树\n",
                )
                .to_owned(),
            Verdict::DifferentLogs => self
                .of(
                    "NOT PROVEN: the notes are of different logs\n",
                    "未证实：两份检查点属于不同日志\n",
                )
                .to_owned(),
            Verdict::DifferentSizes => match self {
                Self::English => format!(
                    "NOT PROVEN: the notes are of {a} and {b} leaves, which contradicts nothing by itself. Check with the proof of \
                     consistency, or replay a mirror of each\n"
                ),
                Self::Chinese => {
                    format!(
                        "未证实：两份检查点分别为 {a} 条与 {b} 条，本身并不矛盾；请核对一致性证明，或分别重放镜像\n"
                    )
                }
            },
        }
    }
}
