//! What was found, in plain words: what is proven, and what is not.

mod audits;
mod faults;
mod notes;

use std::fmt::Write as _;

use tanqiao_protocol::receipt::{NotProven, PartyRole, ReceiptKind, ReceiptRefusal, Statement};

/// The language of the words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Language {
    /// English.
    #[default]
    English,
    /// Chinese, simplified.
    Chinese,
}

impl Language {
    /// One of two texts.
    const fn of<'a>(self, english: &'a str, chinese: &'a str) -> &'a str {
        match self {
            Self::English => english,
            Self::Chinese => chinese,
        }
    }

    /// What a receipt proves.
    #[must_use]
    pub fn statement(self, proven: &Statement) -> String {
        let mut text = String::new();
        let mut line = |words: String| {
            let _ = writeln!(text, "{words}");
        };
        line(self.of("PROVEN", "已证实").to_owned());
        line(format!("  {}", self.deed(proven)));
        line(format!("  {}", self.terms(proven)));
        for block in &proven.blocks {
            line(format!("    {block}"));
        }
        if let Some(claim) = &proven.claim {
            let words = self.of("For the claim of", "用于声明方");
            line(format!(
                "  {words} {} ({}, {}, {})",
                claim.claimant, claim.r#use, claim.year, claim.place
            ));
        }
        if let Some(price) = &proven.price {
            line(format!(
                "  {} {} fen",
                self.of("Price as the source stated it:", "转出方所述价格（分）："),
                price.amount_fen.get()
            ));
        }
        self.proof(&mut text, proven);
        let _ = writeln!(text, "{}", self.of("NOT PROVEN by this file", "本文件不能证实"));
        for missing in &proven.not_proven {
            let _ = writeln!(text, "  - {}", self.missing(*missing));
        }
        text
    }

    /// Where in which log it stands, and who has signed what.
    fn proof(self, text: &mut String, proven: &Statement) {
        let mut line = |words: String| {
            let _ = writeln!(text, "{words}");
        };
        let tree = &proven.tree;
        line(match self {
            Self::English => format!(
                "  It is leaf {} of the log {}, in the tree of {} leaves with the root {}.",
                proven.log_index, tree.origin, tree.size, tree.root
            ),
            Self::Chinese => format!(
                "  记录为日志 {} 的第 {} 条（共 {} 条，根哈希 {}）。",
                tree.origin, proven.log_index, tree.size, tree.root
            ),
        });
        let witnesses: Vec<&str> = tree.witnesses.iter().map(|seen| seen.witness.as_str()).collect();
        line(match self {
            Self::English => format!(
                "  The log has signed this tree, and as witnesses: {}.",
                none(&witnesses, "nobody")
            ),
            Self::Chinese => format!("  该树已由日志签名，见证方：{}。", none(&witnesses, "无")),
        });
        for signed in &proven.signatures {
            line(match self {
                Self::English => format!(
                    "  {} signed the {} {} with key {}, which leaf {} had admitted.",
                    signed.member, signed.action, signed.message, signed.key, signed.key_index
                ),
                Self::Chinese => format!(
                    "  {} 以密钥 {} 签署了 {} {}，该密钥由第 {} 条记录准入。",
                    signed.member, signed.key, signed.action, signed.message, signed.key_index
                ),
            });
        }
    }

    fn deed(self, proven: &Statement) -> String {
        let who = |role: PartyRole| {
            let found = proven.parties.iter().find(|party| party.role == role);
            found.map_or("?", |party| party.member.as_str()).to_owned()
        };
        let event = proven.event.as_ref().map_or("?", |event| event.as_str());
        let (id, at) = (proven.id, proven.at);
        match (self, proven.kind) {
            (Self::English, ReceiptKind::Transfer) => {
                let (source, target) = (who(PartyRole::Source), who(PartyRole::Target));
                format!("Transfer {id}: committed on {at}, from {source} to {target}.")
            }
            (Self::Chinese, ReceiptKind::Transfer) => {
                format!(
                    "划转 {id}：由 {} 转至 {}，于 {at} 生效。",
                    who(PartyRole::Source),
                    who(PartyRole::Target)
                )
            }
            (Self::English, ReceiptKind::Donation) => {
                format!(
                    "Donation {id}: committed on {at}, by {} to the event {event}.",
                    who(PartyRole::Donor)
                )
            }
            (Self::Chinese, ReceiptKind::Donation) => {
                format!(
                    "捐赠 {id}：由 {} 捐予活动 {event}，于 {at} 生效。",
                    who(PartyRole::Donor)
                )
            }
            (Self::English, ReceiptKind::Retirement) => {
                format!("Retirement {id}: final on {at}, by {}.", who(PartyRole::Holder))
            }
            (Self::Chinese, ReceiptKind::Retirement) => {
                format!("注销 {id}：由 {} 办理，于 {at} 终局生效。", who(PartyRole::Holder))
            }
        }
    }

    fn terms(self, proven: &Statement) -> String {
        let (given, delivered) = (proven.given_g.get(), proven.delivered_g.get());
        let (buffered, cancelled) = (proven.buffered_g.get(), proven.cancelled_g.get());
        match (self, proven.kind) {
            (Self::English, ReceiptKind::Transfer) => {
                format!(
                    "{given} g given; {delivered} g arrived, {buffered} g set aside, {cancelled} g cancelled. Serials:"
                )
            }
            (Self::English, _) => {
                format!(
                    "{given} g given; {delivered} g retired for good, {buffered} g set aside, {cancelled} g cancelled. Serials:"
                )
            }
            (Self::Chinese, ReceiptKind::Transfer) => {
                format!("转出 {given} 克；到账 {delivered} 克，缓冲 {buffered} 克，折减注销 {cancelled} 克。序列号：")
            }
            (Self::Chinese, _) => {
                format!(
                    "给出 {given} 克；终局注销 {delivered} 克，缓冲 {buffered} 克，折减注销 {cancelled} 克。序列号："
                )
            }
        }
    }

    fn missing(self, missing: NotProven) -> &'static str {
        let (english, chinese) = match missing {
            NotProven::Reality => (
                "that the reductions are real: the verification body and the sampling of records speak of that",
                "减排量本身真实：以核查机构与抽样核查为准",
            ),
            NotProven::LaterState => (
                "that the serials are still there: what is not final may have moved on since; ask for a later receipt, or replay the log",
                "序列号目前的状态：非终局的序列号此后可能已再变动，请索取更新的凭证或重放日志",
            ),
            NotProven::KeyStanding => (
                "that no key had been withdrawn before it signed: only the whole log tells (tanqiao-verify replay)",
                "签名时密钥未被撤回：须查阅完整日志（tanqiao-verify replay）",
            ),
            NotProven::Time => (
                "that the times are right: they are those of the hub and of the witnesses",
                "时间准确：时间由枢纽与见证方自行标注",
            ),
            NotProven::Rules => (
                "that the hub kept its rules everywhere else: a replay of the log shows that",
                "枢纽在其他各处均守规则：须以重放日志证实",
            ),
            NotProven::MemberSignatures => (
                "that the member signed: its message is not in this file, since it may hold private terms",
                "成员已签名：其报文可能含非公开条款，未附于本文件",
            ),
            NotProven::Organiser => (
                "that the organiser accepted: the log names the account, which carries no signature of its own",
                "主办方已接受：日志只记录账户，账户没有独立签名",
            ),
            NotProven::CertificateExtras => (
                "the federation's name, the permitted uses and the screening in the certificate, nor a donor's name without the signed \
                 message: they are the hub's word",
                "凭证中的联盟名称、许可用途与筛查情况，以及未附签名报文时的捐赠方名称：仅为枢纽陈述",
            ),
            NotProven::PrintedPage => (
                "that the printed page says the same: this is what is attached to it; compare the page with what stands above",
                "纸面所载与此一致：以上出自 PDF 所附文件，请与纸面逐项比对",
            ),
        };
        match self {
            Self::English => english,
            Self::Chinese => chinese,
        }
    }

    /// Why a receipt proves nothing.
    #[must_use]
    pub fn refusal(self, refusal: &ReceiptRefusal) -> String {
        let title = self.fault(refusal.fault());
        match self {
            Self::English => format!(
                "REFUTED: {title} ({})\n  {refusal}\nNothing in this file is proven.\n",
                refusal.fault()
            ),
            Self::Chinese => format!(
                "不成立：{title}（{}）\n  {refusal}\n本文件不证实任何内容。\n",
                refusal.fault()
            ),
        }
    }
}

fn none(names: &[&str], otherwise: &str) -> String {
    if names.is_empty() {
        otherwise.to_owned()
    } else {
        names.join(", ")
    }
}
