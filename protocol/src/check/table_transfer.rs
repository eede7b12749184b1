//! Checks of transfers: T01 to T09.

use super::checks;

checks! { Transfer;

T01 "same-member" 422 Stored
title "Sender and receiver are the same" / "转出方与转入方相同"
compares "The source member with the target member." / "将转出成员与转入成员核对。"
refuses "A transfer moves blocks between two members; this one names the same member twice."
remedy "Move blocks between accounts inside the node, or name another target." / "同一节点内请在账户间办理；否则请另行指定转入成员。"

T02 "target-cannot-receive" 409 Stored
title "Target cannot receive" / "转入方不能接收"
compares "The target's standing and capabilities with what receiving these blocks for this use requires." / "将转入成员的状态和能力与接收该区块段及用途的要求核对。"
refuses "The target is not admitted, is suspended, is leaving, or does not take these units."
remedy "Choose another target, or wait until it can receive again." / "另选转入成员，或待其恢复接收后办理。"

T03 "validity-too-long" 422 Stored
title "Offer valid too long" / "有效期过长"
compares "`valid_until` with the longest validity that the hub allows." / "将 `valid_until` 与枢纽允许的最长有效期核对。"
refuses "The offer would bind the blocks for longer than the hub allows."
remedy "Shorten the validity; `expected` is the latest time." / "缩短有效期，`expected` 为最晚时间。"

T04 "expired" 409 Stored
title "Transfer expired" / "划转已过期"
compares "The time of the batch with the transfer's `valid_until`." / "将批次时间与划转的 `valid_until` 核对。"
refuses "The offer ended before this command was sequenced; its blocks are released."
remedy "Let the source propose again." / "请转出方重新提出。"

T05 "state" 409 Stored
title "Not possible in this state" / "当前状态不允许该操作"
compares "The state of the transfer or object with the states from which this step is possible." / "将划转或对象的当前状态与允许该步骤的状态核对。"
refuses "The step does not fit the present state, which `found` names; another party's step came first, or it is over."
remedy "Read the present state and its final outcome; nothing more is to be done if it has ended." / "查看当前状态及最终结果；如已结束，无需再办理。"

T06 "first-dealing-delay" 202 Routes
title "First dealing of two members" / "首次往来延时"
compares "Source and target with the pairs that have committed a transfer before." / "核对转出、转入成员此前是否完成过划转。"
refuses "These two members deal for the first time: the offer waits for the delay, in which the source may cancel."
remedy "Wait until the time in `detail`, or withdraw." / "等待至 `detail` 所示时间，期间可以撤回。"

T07 "needs-second-approval" 202 Routes
title "Needs a second approval" / "需要第二人批准"
compares "The quantity with the amount above which a second person approves." / "将数量与需要第二人批准的限额核对。"
refuses "The quantity is above the limit: the transfer waits for the approval of a second person."
remedy "Ask the owner named in `detail` to decide before the deadline." / "请 `detail` 所示责任人在期限前作出决定。"

T08 "reconciliation-open" 409 Stored
title "Block in an open finding" / "区块段对账未结"
compares "The serials with those of which the hub's rows contradict the hub's log, as long as the finding is open; never the whole member." / "将序号与枢纽数据库记录同枢纽日志相矛盾、且对账差异未结的序号核对；不影响成员的其他区块段。"
refuses "The hub's rows contradict its log about these serials, and the finding of the reconciliation that showed it is open."
remedy "Wait until two officers of the hub have closed the finding, or name other blocks." / "等待枢纽两名人员结案，或改用其他区块段。"

T09 "terms-differ" 409 Stored
title "Terms differ from the offer" / "条件与要约不一致"
compares "Payload hash, delivered, buffered and cancelled grams and use in the acceptance with the offer." / "将接受所载的载荷摘要、到账、缓冲和取消数量及用途与要约核对。"
refuses "The acceptance agrees to something other than what was offered."
remedy "Accept the offer as it stands in the feed, or decline it." / "按事件流所载要约原样接受，或予以拒绝。"
}
