//! The words of the field, once: for pages, descriptions and certificates.

use crate::language::Language;

/// A term.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Term {
    /// English.
    pub en: &'static str,
    /// Chinese.
    pub zh: &'static str,
    /// What it means, in English.
    pub meaning_en: &'static str,
    /// What it means, in Chinese.
    pub meaning_zh: &'static str,
}

impl Term {
    /// The term.
    #[must_use]
    pub const fn term(&self, language: Language) -> &'static str {
        language.pick(self.zh, self.en)
    }

    /// What it means.
    #[must_use]
    pub const fn meaning(&self, language: Language) -> &'static str {
        language.pick(self.meaning_zh, self.meaning_en)
    }
}

const fn term(en: &'static str, zh: &'static str, meaning_en: &'static str, meaning_zh: &'static str) -> Term {
    Term {
        en,
        zh,
        meaning_en,
        meaning_zh,
    }
}

/// All of them.
pub const TERMS: &[Term] = &[
    term(
        "region",
        "地区",
        "a province, city or foreign Party, by its GB/T 2260 or ISO 3166 code",
        "省、市或外国缔约方，以 GB/T 2260 或 ISO 3166 代码表示",
    ),
    term(
        "node",
        "节点",
        "a member registry, run for one region or one nationwide enterprise platform",
        "成员登记系统，为一个地区或一个全国性企业平台运行",
    ),
    term(
        "hub",
        "枢纽",
        "the central service; the only authority on which node holds which serial",
        "中心服务，唯一确定哪个节点持有哪些序列号",
    ),
    term(
        "methodology",
        "方法学",
        "a versioned rule for quantifying reductions of one activity, issued by one region",
        "一个地区发布的、带版本的、量化某种行为减排量的规则",
    ),
    term(
        "reference methodology",
        "基准方法学",
        "the hub's neutral methodology of an activity, to which regional ones are mapped",
        "枢纽对某种行为的中立方法学，各地方法学与之映射",
    ),
    term(
        "mapping",
        "方法学映射",
        "a governed statement that a methodology is recognised elsewhere, with a factor and conditions",
        "经治理程序认定的、某方法学在他处获承认的系数与条件",
    ),
    term(
        "recognition",
        "互认",
        "applying a mapping to blocks that cross into a region",
        "区块段跨入一个地区时适用映射",
    ),
    term(
        "discount",
        "折减",
        "the serials that recognition cancels, so that mass is never created",
        "互认时取消的序列号，使减排量不会凭空增加",
    ),
    term(
        "issuance",
        "签发",
        "a batch of verified reductions that a node registers with the hub",
        "节点在枢纽登记的一批经核证减排量",
    ),
    term(
        "series",
        "系列",
        "issuer, region of the act, methodology version and vintage; serials are numbered inside it from 1",
        "签发方、行为地、方法学版本与年份；序列号在其中从 1 编起",
    ),
    term(
        "serial",
        "序列号",
        "one gram of CO₂e; a serial exists once and is never reissued",
        "一克二氧化碳当量；每个序列号只存在一次，永不重发",
    ),
    term(
        "block",
        "区块段",
        "a contiguous run of serials with one holder and one state",
        "同一持有人、同一状态的一段连续序列号",
    ),
    term(
        "listing",
        "可互认额度",
        "what a node exposes of its credits for use elsewhere; not a reservation",
        "节点公开的可跨区使用的额度，不构成预留",
    ),
    term(
        "transfer",
        "划转",
        "moving blocks from one node to another, in two phases",
        "区块段分两个阶段从一个节点转到另一个节点",
    ),
    term(
        "retirement",
        "注销(使用)",
        "the final use of blocks for one stated claim",
        "区块段为一项声明的最终使用",
    ),
    term(
        "cancellation",
        "取消",
        "taking blocks out for good with no claim",
        "区块段永久退出，不产生声明",
    ),
    term(
        "claim",
        "声明",
        "who uses a retired block, for what, in which accounting year",
        "谁、为何、在哪个核算年度使用已注销的区块段",
    ),
    term(
        "event",
        "活动",
        "a large-scale event with an inventory of emissions to neutralise",
        "有待中和排放清单的大型活动",
    ),
    term(
        "donation",
        "捐赠",
        "a retirement whose claim is an event's",
        "以活动的声明完成的注销",
    ),
    term(
        "corresponding adjustment",
        "相应调整",
        "between Parties: the host adds what it first transferred, the user subtracts what it uses",
        "缔约方之间：东道方加回首次转让量，使用方扣减使用量",
    ),
    term(
        "regional claim entry",
        "地区声明分录",
        "between provinces: the region of the act gives up, the using region takes on",
        "省际之间：行为地放弃，使用地计入",
    ),
    term(
        "lot",
        "批",
        "all blocks of one dealing with the same series, mapping version and factor already paid",
        "同一笔业务中系列、映射版本与已付系数相同的全部区块段",
    ),
    term(
        "fingerprint token",
        "活动指纹",
        "a keyed pseudorandom value of one activity, comparable across nodes, meaningless to the hub",
        "某次行为的带密钥伪随机值，可跨节点比对，对枢纽无含义",
    ),
    term(
        "checkpoint",
        "检查点",
        "the signed head of the transparency log",
        "透明日志经签名的头部",
    ),
    term(
        "witness",
        "见证方",
        "a node that checks and cosigns checkpoints",
        "核对并共签检查点的节点",
    ),
    term(
        "feed",
        "事件流",
        "the ordered list of everything that the hub has to tell one node",
        "枢纽须告知某个节点的全部事项的有序列表",
    ),
];

/// The Chinese of an English term.
#[must_use]
pub fn chinese(en: &str) -> Option<&'static str> {
    TERMS.iter().find(|term| term.en == en).map(|term| term.zh)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_word_names_two_things() {
        for (at, term) in TERMS.iter().enumerate() {
            for other in TERMS.iter().skip(at + 1) {
                assert!(
                    term.en != other.en && term.zh != other.zh,
                    "{} and {}",
                    term.en,
                    other.en
                );
            }
        }
    }
}
