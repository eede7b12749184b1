//! A quote in the words of a registry officer, in Chinese and in English.

use std::fmt::Write as _;

use tanqiao_protocol::quantity::Factor;
use tanqiao_protocol::recognition::{MappingRecord, Quote};
use tanqiao_protocol::r#use::{Use, Uses};

use super::quote::RecognisedLot;
use super::terms::{Basis, FactorOf};

/// So many lots are explained one by one; the figures of the others are in the quote's `lots`.
const LOTS_EXPLAINED_MAX: usize = 12;

/// The Chinese name of a use.
#[must_use]
pub const fn use_zh(one: Use) -> &'static str {
    match one {
        Use::EventNeutrality => "活动碳中和",
        Use::CorporateNeutrality => "企业碳中和",
        Use::ProductNeutrality => "产品碳中和",
        Use::EcologicalCompensation => "生态环境损害补偿",
        Use::EtsOffset => "碳市场履约抵销",
        Use::PersonalOffset => "个人碳足迹抵消",
        Use::PublicWelfare => "公益捐赠",
        Use::Article6Ndc => "《巴黎协定》第六条国家自主贡献",
        Use::Article6Oimp => "《巴黎协定》第六条其他国际减缓目的",
    }
}

pub(super) fn uses_zh(uses: Uses) -> String {
    listed(uses, use_zh, "、", "无任何用途")
}

pub(super) fn uses_en(uses: Uses) -> String {
    listed(uses, Use::word, ", ", "nothing")
}

fn listed(uses: Uses, name: impl Fn(Use) -> &'static str, between: &str, none: &str) -> String {
    let names: Vec<&str> = uses.iter().map(name).collect();
    if names.is_empty() {
        none.into()
    } else {
        names.join(between)
    }
}

/// `25000` millionths read `2.5%`.
fn percent(share: Factor) -> String {
    let (whole, rest) = (share.millionths() / 10_000, share.millionths() % 10_000);
    if rest == 0 {
        return format!("{whole}%");
    }
    let fraction = format!("{rest:04}");
    format!("{whole}.{}%", fraction.trim_end_matches('0'))
}

pub(super) fn explain_zh(lots: &[RecognisedLot], quote: &Quote) -> String {
    let mut text = format!(
        "给出 {}，拟在 {} 用于{}，分 {} 批计算。\n",
        quote.given_g,
        quote.to,
        use_zh(quote.r#use),
        lots.len()
    );
    for (number, lot) in (1..).zip(lots.iter().take(LOTS_EXPLAINED_MAX)) {
        let _ = write!(text, "第 {number} 批（{}，{}）：", lot.lot.series, lot.given);
        lot_zh(&mut text, lot);
        text.push('\n');
    }
    if lots.len() > LOTS_EXPLAINED_MAX {
        let more = lots.len() - LOTS_EXPLAINED_MAX;
        let _ = writeln!(text, "其余 {more} 批按同样规则计算，数字见各批明细。");
    }
    let _ = write!(
        text,
        "合计：到达 {}，进入枢纽缓冲 {}，折减取消 {}；三者之和等于给出量。",
        quote.delivered_g, quote.buffered_g, quote.cancelled_g
    );
    text
}

fn lot_zh(text: &mut String, lot: &RecognisedLot) {
    let (paid, division) = (lot.lot.paid, &lot.division);
    let record = match &lot.terms.basis {
        Basis::Home => {
            let _ = write!(
                text,
                "减排量回到或留在签发地区，不需要映射，不折减，不提缓冲；已付系数 {paid} 不变。到达 {}。",
                division.delivered
            );
            return;
        }
        Basis::AlreadyRecognised => {
            let _ = write!(
                text,
                "该批在当地已获认可，可用于此用途，不再折减，不再提缓冲。到达 {}。",
                division.delivered
            );
            return;
        }
        Basis::Mapping(record) => record,
    };
    let factor = lot.terms.factor;
    factor_zh(text, lot, record);
    if factor >= paid {
        let _ = write!(text, "，不低于此前已付的系数 {paid}，因此不再折减。");
    } else {
        let recognised = lot.given.saturating_minus(division.cancelled);
        let _ = write!(
            text,
            "，低于此前已付的系数 {paid}：{} × {} ÷ {paid}，不足一克的舍去，认可 {recognised}，其余 {} 作为折减取消。",
            lot.given, factor, division.cancelled
        );
    }
    if lot.lot.buffered {
        text.push_str("首次跨区时已提过缓冲，本次不再提。");
    } else if record.buffer.millionths() == 0 {
        text.push_str("本映射不提缓冲。");
    } else {
        let _ = write!(
            text,
            "首次跨区，认可量的 {} 向上取整为 {}，进入枢纽缓冲。",
            percent(record.buffer),
            division.buffered
        );
    }
    let _ = write!(
        text,
        "到达 {}，可用于{}。映射理由：{}",
        division.delivered,
        uses_zh(lot.terms.uses),
        record.reason_zh
    );
    if record.demonstration {
        text.push_str("（该映射的数字仅供演示。）");
    }
}

fn factor_zh(text: &mut String, lot: &RecognisedLot, record: &MappingRecord) {
    let factor = lot.terms.factor;
    let _ = write!(text, "依据映射 {}，", record.mapping);
    let _ = match &lot.terms.factor_of {
        FactorOf::Version => write!(text, "系数 {factor}"),
        FactorOf::Batch => write!(text, "该批按活动数据重新量化的系数 {factor}"),
        FactorOf::OtherVersion(other) => write!(
            text,
            "系数 {factor}（产生年份 {} 内曾有效的版本 {} 的系数，低于现行版本的 {}，取较小者）",
            lot.lot.series.vintage(),
            other.mapping,
            record.factor
        ),
    };
}

pub(super) fn explain_en(lots: &[RecognisedLot], quote: &Quote) -> String {
    let plural = if lots.len() == 1 { "" } else { "s" };
    let mut text = format!(
        "{} given, to be used in {} for {}, in {} lot{plural}.\n",
        quote.given_g,
        quote.to,
        quote.r#use,
        lots.len()
    );
    for (number, lot) in (1..).zip(lots.iter().take(LOTS_EXPLAINED_MAX)) {
        let _ = write!(text, "Lot {number} ({}, {}): ", lot.lot.series, lot.given);
        lot_en(&mut text, lot);
        text.push('\n');
    }
    if lots.len() > LOTS_EXPLAINED_MAX {
        let more = lots.len() - LOTS_EXPLAINED_MAX;
        let _ = writeln!(
            text,
            "The other {more} lots follow the same rules; see the figures of each lot."
        );
    }
    let _ = write!(
        text,
        "In all: {} arrive, {} go to the hub's buffer, {} are cancelled as discount; together they are what was given.",
        quote.delivered_g, quote.buffered_g, quote.cancelled_g
    );
    text
}

fn lot_en(text: &mut String, lot: &RecognisedLot) {
    let (paid, division) = (lot.lot.paid, &lot.division);
    let record = match &lot.terms.basis {
        Basis::Home => {
            let _ = write!(
                text,
                "the reductions are in, or return to, the region that issued them: no mapping is needed, nothing is \
                 discounted or buffered, and the factor already paid, {paid}, stays. {} arrive.",
                division.delivered
            );
            return;
        }
        Basis::AlreadyRecognised => {
            let _ = write!(
                text,
                "already recognised there for this use, so nothing more is discounted or buffered. {} arrive.",
                division.delivered
            );
            return;
        }
        Basis::Mapping(record) => record,
    };
    let factor = lot.terms.factor;
    factor_en(text, lot, record);
    text.push_str(", which is ");
    if factor >= paid {
        let _ = write!(
            text,
            "not below the {paid} already paid, so nothing more is discounted. "
        );
    } else {
        let recognised = lot.given.saturating_minus(division.cancelled);
        let _ = write!(
            text,
            "below the {paid} paid so far: {} × {} ÷ {paid}, rounded down to whole grams, recognises {recognised}; the \
             other {} are cancelled as discount. ",
            lot.given, factor, division.cancelled
        );
    }
    if lot.lot.buffered {
        text.push_str("The buffer was taken at the first crossing and is not taken again. ");
    } else if record.buffer.millionths() == 0 {
        text.push_str("This mapping takes no buffer. ");
    } else {
        let _ = write!(
            text,
            "At this first crossing {} of what is recognised, rounded up to {}, goes to the hub's buffer. ",
            percent(record.buffer),
            division.buffered
        );
    }
    let _ = write!(
        text,
        "{} arrive, usable for {}. Reason of the mapping: {}",
        division.delivered,
        uses_en(lot.terms.uses),
        record.reason_en
    );
    if record.demonstration {
        text.push_str(" (The figures of this mapping are a demonstration.)");
    }
}

fn factor_en(text: &mut String, lot: &RecognisedLot, record: &MappingRecord) {
    let factor = lot.terms.factor;
    let _ = write!(text, "mapping {} recognises it at {factor}", record.mapping);
    let _ = match &lot.terms.factor_of {
        FactorOf::Version => Ok(()),
        FactorOf::Batch => write!(text, " by its own activity data"),
        FactorOf::OtherVersion(other) => write!(
            text,
            " (the factor of version {}, which was in force in the vintage year {} and is smaller than the {} of today's)",
            other.mapping,
            lot.lot.series.vintage(),
            record.factor
        ),
    };
}
