//! What certificates say beside the words of the pages, both languages side by side.

use tanqiao_console::{Language, format};
use tanqiao_protocol::quantity::Grams;
use tanqiao_protocol::receipt::ReceiptKind;

/// A text in Chinese and in English.
#[derive(Debug, Clone, Copy)]
pub struct Both(pub &'static str, pub &'static str);

impl Both {
    /// In one of them.
    pub const fn say(self, language: Language) -> &'static str {
        language.pick(self.0, self.1)
    }
}

pub const RETIREMENT: Both = Both("碳普惠减排量注销证书", "Certificate of Retirement");
pub const DONATION: Both = Both("碳普惠减排量捐赠证书", "Certificate of Donation");
pub const CERTIFIES_RETIREMENT: Both = Both(
    "兹证明：下列减排量已为以下声明最终注销，不能再次使用、划转或声明。",
    "This certifies that the emission reductions below were retired for good for the following claim. They cannot be used, transferred or claimed again.",
);
pub const CERTIFIES_DONATION: Both = Both(
    "兹证明：下列减排量已捐赠给以下活动，并为其声明最终注销，不能再次使用、划转或声明。",
    "This certifies that the emission reductions below were donated to the following event and retired for good for its claim. They cannot be used, transferred or claimed again.",
);
pub const DEMONSTRATION: Both = Both(
    "演练证书：其中有未经指纹筛查的签发，不得作为凭据使用",
    "DEMONSTRATION: some of it was never screened for duplicates. Do not rely on it",
);
pub const A_PERSON: Both = Both("自然人（以承诺值标识）", "A person, named by a commitment");
pub const COMMITMENT: Both = Both("承诺值", "Commitment");
pub const EVENT: Both = Both("活动标识", "Event");
pub const STATEMENT: Both = Both("声明内容", "Statement");
pub const LINKED: Both = Both("关联义务", "Linked obligation");
pub const PERMISSION: Both = Both("许可", "permission");
pub const YEAR: Both = Both("年度", "");
pub const DONOR_NODE: Both = Both("捐出节点", "Donating node");
pub const HOLDER_NODE: Both = Both("注销节点", "Retiring node");
pub const DONOR: Both = Both("捐赠方", "Donor");
pub const GIVEN: Both = Both("捐出数量", "Given");
pub const RETIRED: Both = Both("其中注销", "of which retired");
pub const CANCELLED: Both = Both("互认折减", "cancelled as discount");
pub const BUFFERED: Both = Both("缓冲", "set aside as buffer");
pub const RETIRED_AT: Both = Both("注销时间", "Retired at");
pub const BEIJING: Both = Both("北京时间（UTC+8）", "Beijing time (UTC+8)");
pub const LOG: Both = Both("透明日志", "Transparency log");
pub const LEAF_HASH: Both = Both("叶哈希", "Leaf hash");
pub const CHECKPOINT: Both = Both("检查点", "Checkpoint");
pub const LEAVES: Both = Both("条记录，根", "leaves, root");
pub const SIGNED_BY: Both = Both("签名方", "Signed by");
pub const MORE_SIGNERS: Both = Both("等", "and others:");
pub const BLOCKS: Both = Both("已注销的区块段", "Retired blocks");
pub const VERIFY: Both = Both("如何核验", "How to verify");
pub const SEAL: Both = Both("签章处（可空）", "Seal (optional)");

/// The title of a kind.
pub const fn title(kind: ReceiptKind) -> Both {
    match kind {
        ReceiptKind::Donation => DONATION,
        ReceiptKind::Retirement | ReceiptKind::Transfer => RETIREMENT,
    }
}

/// Every gram, in the unit that fits: `1,280.500 tCO₂e`, `12.345 kgCO₂e`, `78 gCO₂e`.
pub fn exact(grams: Grams) -> String {
    let grams = grams.get();
    if grams >= 1_000_000 {
        let mut decimals = format!("{:06}", grams % 1_000_000);
        while decimals.len() > 3 && decimals.ends_with('0') {
            decimals.pop();
        }
        format!("{}.{decimals} tCO₂e", format::number(grams / 1_000_000))
    } else if grams >= 1_000 {
        format!("{}.{:03} kgCO₂e", grams / 1_000, grams % 1_000)
    } else {
        format!("{grams} gCO₂e")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_gram_is_rounded_away() {
        for (grams, shown) in [
            (1, "1 gCO₂e"),
            (999, "999 gCO₂e"),
            (78_400, "78.400 kgCO₂e"),
            (999_999, "999.999 kgCO₂e"),
            (1_280_500_000, "1,280.500 tCO₂e"),
            (1_280_500_001, "1,280.500001 tCO₂e"),
            (9_007_199_254_740_991, "9,007,199,254.740991 tCO₂e"),
        ] {
            assert_eq!(exact(Grams::new(grams).unwrap()), shown);
        }
    }
}
