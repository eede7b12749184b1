//! Checks of retirement (U01 to U05) and of events (D01 to D05).

use super::checks;

checks! { Use;

U01 "claim-incomplete" 422 Stored
title "Claim incomplete" / "声明不完整"
compares "The claim with what its use requires: claimant, use, accounting year, place." / "将声明与该用途的要求核对：声明主体、用途、核算年度、地点。"
refuses "The claim leaves out who uses the reductions, for what, in which year or where; `path` names the member."
remedy "Complete the claim and send the retirement again under a new id." / "补全声明，以新编号重新提交注销。"

U02 "claim-second-purpose" 409 Stored
title "Claim has a second purpose" / "声明包含第二用途"
compares "The purposes of the claim with one, and a linked obligation with the officer's decision that allowed it." / "核对声明是否只有一个用途；涉及关联义务的，核对是否有主管人员的许可决定。"
refuses "One block serves one purpose; the claim states, or hides, a second one without a decision that allows it."
remedy "Retire other blocks for the second purpose, or name the linked obligation with the decision." / "第二用途应另行注销其他区块段，或载明关联义务及许可决定。"

U03 "use-year" 422 Stored
title "Accounting year not permitted" / "核算年度不符"
compares "The accounting year with the block's vintage and the years that the use allows." / "将核算年度与区块段减排年份及该用途允许的年度核对。"
refuses "Reductions of this vintage may not be claimed for this accounting year."
remedy "State a permitted year, or retire blocks of another vintage." / "填写允许的年度，或改用其他年份的区块段。"

U04 "double-claim-party" 409 Stored
title "Claimed by two parties" / "重复声明"
compares "The claimant and region with the claims already linked to the same obligation or reduction." / "将声明主体和地区与同一义务或同一减排量已有的声明核对。"
refuses "Another party already claims the same reduction or the same obligation."
remedy "Agree who claims it; the other claim is shown in `detail`." / "由相关方协商确定声明主体；已有声明见 `detail`。"

U05 "use-not-recognised" 422 Stored
title "Not recognised for this use" / "未获该用途的互认"
compares "The use of the claim with the uses for which the block is recognised where it is." / "将声明用途与区块段在所在地获互认的用途核对。"
refuses "The block was delivered for other uses than this one."
remedy "Choose a use that the block carries, or have the difference paid under a mapping for this use." / "选择区块段已获互认的用途，或按该用途的映射补足差额。"
}

checks! { Event;

D01 "event-closed" 409 Stored
title "Event takes no donations" / "活动不接受捐赠"
compares "The state of the event with `open`." / "核对活动是否处于接受捐赠状态。"
refuses "The event has not opened its call, or has closed it."
remedy "Choose an event that is open (`GET /v1/events`)." / "请选择正在接受捐赠的活动（见 `GET /v1/events`）。"

D02 "event-unit-not-eligible" 422 Stored
title "Unit not eligible for the event" / "减排量不适用于该活动"
compares "Methodology, vintage and origin of the blocks with the event's eligible units, by its order of preference." / "将区块段的方法学、年份和来源与活动可用的减排量及其优先顺序核对。"
refuses "The event does not take reductions of this kind."
remedy "Donate blocks that the event lists as eligible." / "请捐赠活动所列范围内的减排量。"

D03 "event-over-target" 409 Stored
title "More than the event needs" / "超出活动所需数量"
compares "Delivered grams, committed and reserved, with the event's target." / "将已完成与已占用的到账数量之和与活动目标核对。"
refuses "The donation would deliver more than the event still needs; `expected` is the room left."
remedy "Lower the quantity; a quote with `deliver_g` gives the exact amount." / "调低数量；以 `deliver_g` 询价可得准确数量。"

D04 "event-too-late" 422 Stored
title "After the permitted time" / "超过抵销期限"
compares "The time of the offset with the end of the event plus the time permitted." / "将抵销时间与活动结束后允许的期限核对。"
refuses "The event may no longer be offset: the permitted time after its end is over."
remedy "Choose another event; the organiser can ask the regulator about an extension." / "请选择其他活动；组织方可向主管部门申请延期。"

D05 "event-inventory-unverified" 409 Stored
title "Inventory not verified" / "排放清单未经核查"
compares "The event's inventory with a verified one. Refuses only the closing and the final certificate." / "核对活动排放清单是否已经核查；仅限制活动结项和最终证书。"
refuses "The event cannot be closed, nor its final certificate made, on an inventory that nobody has verified."
remedy "Record the verified inventory; donations go on meanwhile." / "录入经核查的排放清单；其间可继续接受捐赠。"
}
