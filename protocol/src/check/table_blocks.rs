//! Checks of blocks, serials (B01 to B12) and listings (L01, L02).

use super::checks;

checks! { Blocks;

B01 "block-unknown" 422 Stored
title "Block unknown" / "区块段不存在"
compares "The series and serials named with those that the hub has issued." / "将所列系列和序列号与枢纽已签发的记录核对。"
refuses "The hub knows no such block: the series does not exist, or some of the serials were never issued."
remedy "Compare the node's book with the hub's (`GET /v1/blocks`); reconcile if they differ." / "通过 `GET /v1/blocks` 核对节点账与枢纽账；如不一致，发起对账。"

B02 "not-holder" 409 Stored
title "Not the holder" / "并非持有方"
compares "The holder of the block in the hub's ledger with the member that disposes of it." / "将枢纽账上的区块段持有方与处置该区块段的成员核对。"
refuses "Another member holds this block."
remedy "Let the node catch up with its feed: the block has moved, or never came." / "让节点接收完事件流：该区块段已转出，或从未转入。"

B03 "block-reserved" 409 Stored
title "Block reserved" / "区块段已被占用"
compares "The state of the block with `held`." / "核对区块段状态是否为可处置（`held`）。"
refuses "The block is reserved by an open transfer, donation or export, which `transfer` names."
remedy "Wait until that one ends, withdraw it, or name other blocks." / "等待该业务结束，或将其撤回，或改用其他区块段。"

B04 "block-final" 409 Stored
title "Block in a final state" / "区块段已处于终态"
compares "The state of the block with the final states: retired, cancelled, exported." / "核对区块段是否已注销、取消或转出。"
refuses "The block has been retired, cancelled or exported, and nothing leaves those states, ever."
remedy "Name other blocks. A mistake is made good by a new command, never by undoing." / "请改用其他区块段。如有差错，应以新的业务更正，不得撤销原记录。"

B05 "block-frozen" 409 Stored
title "Block frozen" / "区块段已冻结"
compares "The state of the block with `frozen`." / "核对区块段是否处于冻结状态。"
refuses "The block is frozen by a finding, a conflict or an officer's decision."
remedy "Name other blocks, or appeal the freeze; the decision names its officer and deadline." / "请改用其他区块段，或对冻结提出申诉；冻结决定载明经办人和期限。"

B06 "block-pledged" 409 Stored
title "Block pledged" / "区块段已质押"
compares "The state of the block with `pledged`." / "核对区块段是否处于质押状态。"
refuses "The block is collateral for a debt and cannot move while it is."
remedy "Have it released by the pledgee, or name other blocks." / "请由质权人解除质押，或改用其他区块段。"

B07 "range-invalid" 422 Stored
title "Range of serials invalid" / "序列号区间无效"
compares "First and last serial: from 1, not reversed, not overlapping another range of the same message, within one block each." / "核对区间起止：自 1 起，起不大于止，同一报文内互不重叠，且各自位于一个区块段之内。"
refuses "A range of serials is reversed, outside its block or named twice."
remedy "Give each range once, as it stands in the node's book." / "按节点账所载逐一列出区间，每个区间只列一次。"

B08 "range-splits-too-small" 422 Stored
title "Split below the smallest part" / "拆分数量过小"
compares "The parts that a split would leave with the smallest permitted part of a block." / "将拆分后各部分的数量与允许的最小数量核对。"
refuses "Taking this range would leave a remainder smaller than a block may be."
remedy "Take the whole block, or a part that leaves enough." / "取整个区块段，或调整数量使剩余部分不低于下限。"

B09 "quantity-mismatch" 422 Stored
title "Quantity differs from the serials" / "数量与序列号不符"
compares "The stated quantity in grams with last − first + 1, summed over the blocks named. No message of protocol 1 states a quantity beside ranges: the ranges alone say how much, and nothing is refused by this check." / "将所述数量（克）与所列各区间“止号－起号＋1”之和核对。协议第 1 版的报文均不在区间之外另行载明数量，数量一律以区间为准，故本项目前不会导致拒绝。"
refuses "The quantity stated is not the sum of the serials named; one serial is one gram."
remedy "State the sum of the ranges, or correct the ranges." / "将数量改为各区间之和，或改正区间。"

B10 "too-many-blocks" 422 Stored
title "Too many blocks" / "区块段过多"
compares "The number of blocks with the limit: 3,000 in one transfer." / "将区块段数与上限核对：一笔划转不超过 3000 段。"
refuses "The command names more blocks than one may."
remedy "Divide it into several, each with an id of its own." / "分为多笔办理，每笔使用各自的编号。"

B11 "pledgee-consent" 409 Stored
title "Pledgee has not consented" / "未经质权人同意"
compares "The signatures of the release or foreclosure with the pledgee's key." / "将解除质押或实现质权的签名与质权人的密钥核对。"
refuses "A pledge is released or foreclosed only with the pledgee's signature; it is missing or is not the pledgee's."
remedy "Let the pledgee sign the command." / "请由质权人签署该业务。"

B12 "series-full" 422 Stored
title "Series full" / "系列已满"
compares "The series' next serial plus the quantity with 2^53 − 1." / "将系列的下一序列号与数量之和同 2^53 − 1 核对。"
refuses "The issuance would number serials beyond 2^53 − 1."
remedy "Register the issuance under another series (another vintage or methodology version)." / "改用其他系列（不同年份或方法学版本）登记签发。"

L01 "listing-over-held" 409 Stored
title "Listings exceed what is free" / "可互认额度超过可用数量"
compares "The sum of the member's listings of a series with the grams of it that the member holds free." / "将成员在该系列下各项可互认额度之和与其持有的可用数量核对。"
refuses "All listings of this series together would offer more than the member holds free; `expected` is what is left."
remedy "Lower the quantity, or withdraw another listing of the series." / "调低数量，或撤下同一系列的其他额度。"

L02 "listing-use-not-permitted" 422 Stored
title "Listed for a use not permitted" / "额度所列用途未获许可"
compares "The uses of the listing with those that the blocks and their mappings permit." / "将额度所列用途与区块段及其方法学映射许可的用途核对。"
refuses "The listing offers a use for which these blocks are not recognised."
remedy "Leave out that use; `expected` lists the permitted ones." / "去掉该用途，`expected` 列出许可的用途。"
}
