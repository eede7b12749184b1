//! Checks of Article 6: levies (A6-L1 to L3), cross-registry (X1 to X5) and the Agreed Electronic Format (E1 to E10).

use super::checks;

checks! { Article6;

A6L1 "levy-rate" 422 Stored
title "Levy rate or carry" / "计提比例或余数不符"
compares "Levies of Article 6.4 units with 5 % (adaptation) and 2 % (overall mitigation), carrying fractions." / "将第 6.4 条单位的计提与 5%（适应）和 2%（总体减缓）核对，小数部分结转。"
refuses "The levy of an Article 6.4 issuance is not what its rates and the carried fraction give."
remedy "Compute both levies with the rates stored on the block and the carry." / "按区块段所载比例及结转余数重新计算。"

A6L2 "levy-sum" 422 Stored
title "Levies do not add up" / "计提合计不符"
compares "Gross with net + share of proceeds + overall mitigation." / "将总量与净量、收益分成、总体减缓量之和核对。"
refuses "Net, share of proceeds and overall mitigation do not add up to the gross quantity."
remedy "Correct the quantities so that they add up." / "改正各项数量，使合计一致。"

A6L3 "levy-without-consent" 422 Stored
title "Levy without consent" / "未经同意计提"
compares "A levy on an Article 6.2 transfer with an explicit consent to it." / "将第 6.2 条转让的计提与明示同意核对。"
refuses "Levies on cooperative approaches are voluntary, and no consent is recorded."
remedy "Record the consent with the approach, or take no levy." / "在合作方法中记录同意，或不计提。"

A6X1 "origin-not-locked" 409 Stored
title "Not locked at its origin" / "来源登记簿未锁定"
compares "An exported or imported unit with the lock, cancellation or return in its registry of origin." / "将转出或转入单位与来源登记簿的锁定、取消或退回记录核对。"
refuses "The unit is not shown to be locked in its registry of origin until it is cancelled or returned there."
remedy "Send the proof of lock, cancellation or return." / "提交锁定、取消或退回的证明。"

A6X2 "underlying-linked-twice" 409 Stored
title "Underlying unit linked twice" / "底层单位重复关联"
compares "The underlying serials with those linked to other ranges." / "将底层单位序列号与已关联其他区间的序列号核对。"
refuses "The same underlying serials are already linked to another range."
remedy "Link other serials, or correct the earlier link by a decision." / "关联其他序列号，或经决定更正原关联。"

A6X3 "origin-receipt-missing" 422 Stored
title "Receipt of the origin missing" / "缺少来源回执"
compares "Recognition with a receipt, signed by the hub, that the origin has cancelled or locked." / "核对互认是否附有经枢纽签署的来源取消或锁定回执。"
refuses "Recognition needs the signed receipt that the origin has cancelled or locked the unit."
remedy "Add the receipt." / "补充回执。"

A6X4 "claim-after-transfer" 409 Stored
title "Claimed after it was transferred" / "转出后声明"
compares "The claiming region with the region that gave the reduction up." / "将声明地区与已转出该减排量的地区核对。"
refuses "Who has transferred a reduction can no longer claim it."
remedy "Claim reductions that the region still holds." / "请就本地区仍持有的减排量作出声明。"

A6X5 "totals-differ" 409 Stored
title "Totals differ" / "总量不一致"
compares "The hub's totals with the node's, per state." / "按状态将枢纽总量与节点总量核对。"
refuses "Hub and node do not agree about this cell; it is frozen until they do."
remedy "Reconcile the cell down to its blocks." / "逐级对账至区块段，查明差异。"

A6E1 "aef-field" 422 Early
title "Column of the format" / "字段不合格式"
compares "Every column with the Agreed Electronic Format: presence, type, format, list of values." / "将各列与商定电子格式核对：必填、类型、格式和取值清单。"
refuses "A cell is missing, of the wrong type or not in its list; `path` names table, row and column."
remedy "Correct the cell." / "改正该单元格。"

A6E2 "aef-carp-populated" 422 Early
title "Column is filled by the platform" / "应由平台填写的列"
compares "The columns that the centralised platform fills with blank." / "核对应由集中核算和报告平台填写的列是否为空。"
refuses "A column that the platform fills is not blank."
remedy "Leave it blank." / "请留空。"

A6E3 "aef-authorisation-missing" 422 Early
title "Row without an authorisation" / "记录缺少授权引用"
compares "Every action and holding with the authorisations of table 2." / "将各项操作和持有与表 2 的授权核对。"
refuses "A row cites an authorisation that table 2 does not have, or none."
remedy "Add the authorisation, or correct the reference." / "补充授权，或改正引用。"

A6E4 "aef-ranges-overlap" 422 Early
title "Holdings overlap" / "持有区间重叠"
compares "The ranges of the holdings with each other, within a registry." / "将同一登记簿内各持有区间相互核对。"
refuses "Two holdings contain the same serials."
remedy "Correct the ranges, so that each serial stands once." / "改正区间，使每个序列号只出现一次。"

A6E5 "aef-not-in-holdings" 422 Early
title "Used range was not held" / "使用区间不在持有之内"
compares "Used and cancelled ranges with the holdings." / "将使用和取消的区间与持有核对。"
refuses "A range was used or cancelled that was not held."
remedy "Correct the range, or add the acquisition that is missing." / "改正区间，或补充遗漏的受让。"

A6E6 "aef-tables-disagree" 422 Early
title "Tables disagree" / "各表不一致"
compares "Approach, first Party, metric, type of mitigation and vintage of overlapping ranges in tables 3 and 4." / "将表 3 与表 4 重叠区间的合作方法、首次转让方、计量单位、减缓类型和年份核对。"
refuses "The same serials are described differently in tables 3 and 4."
remedy "Bring both tables to the same description." / "使两表描述一致。"

A6E7 "aef-subtype" 422 Early
title "Subtype not of its type" / "子类型不符"
compares "The subtype of an action with its type." / "将操作的子类型与类型核对。"
refuses "This subtype does not exist for this type of action."
remedy "Choose a subtype that `expected` lists." / "请选择 `expected` 所列子类型。"

A6E8 "aef-counterpart-missing" 422 Early
title "Counterpart missing" / "缺少对方记录"
compares "Every transfer with the other Party's acquisition: same range, quantity and date." / "将每笔转让与对方受让记录的区间、数量和日期核对。"
refuses "A transfer has no acquisition, or one that differs."
remedy "Compare with the other Party and correct the row that is wrong." / "与对方核对并改正有误的记录。"

A6E9 "aef-balance" 422 Early
title "Year does not balance" / "年度不平衡"
compares "Opening holdings + acquisitions − transfers − uses − cancellations with closing holdings." / "核对期初持有＋受让－转让－使用－取消是否等于期末持有。"
refuses "The movements of the year do not lead from the opening to the closing holdings."
remedy "Find the movement that is missing or doubled." / "查找遗漏或重复的变动。"

A6E10 "aef-version" 409 Early
title "Version of the submission" / "提交版本不符"
compares "Party, year and version with earlier submissions: versions rise, none is used twice." / "将缔约方、年份和版本与此前提交核对：版本递增且不重复。"
refuses "This version was submitted before, or is lower than the last."
remedy "Submit under the next version." / "以下一版本提交。"
}
