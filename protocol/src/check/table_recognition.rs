//! Checks of recognition: R01 to R08.

use super::checks;

checks! { Recognition;

R01 "no-mapping" 422 Stored
title "No mapping" / "没有方法学映射"
compares "Origin methodology, target region and use with the mappings, direct or through one reference methodology." / "按来源方法学、目标地区和用途查找直接映射或经一个基准方法学的映射。"
refuses "No mapping recognises this methodology in the target region for this use."
remedy "Propose a mapping, or choose a region or use that recognises it (`GET /v1/recognition`)." / "提出映射申请，或选择可互认的地区或用途（见 `GET /v1/recognition`）。"

R02 "mapping-not-active" 422 Stored
title "Mapping not in force" / "方法学映射未生效"
compares "The state of the mapping version, and its expiry, with the time of the batch." / "将映射版本的状态和有效期与批次时间核对。"
refuses "The mapping exists but is a draft, suspended, superseded, expired or revoked."
remedy "Wait for its approval or renewal; the mapping's page says which signature is missing." / "等待批准或续期；映射页面载明尚缺的签署。"

R03 "mapping-rejected" 422 Stored
title "Mapping rejected" / "方法学映射已被否决"
compares "The pair of methodologies with the recorded rejections; a rejection also blocks composition." / "将该对方法学与已记录的否决核对；被否决的也不得经基准方法学转接。"
refuses "Equivalence of these methodologies was examined and rejected, on the grounds that the record names."
remedy "A new version that removes the grounds may be proposed." / "消除否决理由后，可以新版本重新提出。"

R04 "use-not-permitted" 422 Stored
title "Use not permitted" / "用途未获许可"
compares "The use with those that the block carries and its mapping permits." / "将用途与区块段及其映射许可的用途核对。"
refuses "The blocks are not recognised for this use; `expected` lists the uses that are."
remedy "Choose a permitted use, or have a mapping for the new use pay what is missing first." / "选择许可的用途，或先按新用途的映射补足差额。"

R05 "cap-reached" 409 Stored
title "Yearly cap reached" / "已达年度上限"
compares "Grams given under the mapping in this calendar year (UTC+8), reserved and committed, with its cap." / "将该映射本日历年（UTC+8）已占用和已完成的转出量与年度上限核对。"
refuses "The mapping's cap for this year would be exceeded; `expected` is what is left of it."
remedy "Lower the quantity, or wait for released reservations or the next year." / "调低数量，或等待占用释放，或待下一年度办理。"

R06 "gate-failed" 422 Stored
title "A condition of recognition is not met" / "未满足互认条件"
compares "Node, methodology version and batch with the gates of recognition." / "将节点、方法学版本和批次与互认的各项前置条件核对。"
refuses "A gate failed, which `detail` names: a discount never repairs a fault of integrity."
remedy "Mend what the gate names, with evidence; the quantity is not the question." / "按所示条件整改并提交证据；此问题不能通过折减解决。"

R07 "recognition-changed" 409 Stored
title "Recognition has changed" / "互认结果已变化"
compares "The quote named in the proposal with the quote that the hub computes now." / "将提议所载报价与枢纽当前计算的报价核对。"
refuses "Mapping versions or factors have changed since the quote."
remedy "Ask for a new quote, and propose again if it is still wanted." / "重新询价，如仍需办理再次提出。"

R08 "delivers-nothing" 422 Stored
title "Nothing would be delivered" / "到账数量为零"
compares "The grams that a lot would deliver with 0." / "核对该批到账数量是否大于零。"
refuses "After discount and buffer, floored to whole grams, this lot would deliver 0 g."
remedy "Give more of the same lot; a quote with `deliver_g` says how much is needed." / "增加同一批的数量；以 `deliver_g` 询价可得所需数量。"
}
