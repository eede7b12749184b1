//! Checks of Article 6: authorisation (A6-A1 to A10), first transfer (F1 to F5) and use (U1 to U9).

use super::checks;

checks! { Article6;

A6A1 "approach-not-active" 409 Stored
title "Cooperative approach not active" / "合作方法未生效"
compares "The state of the cooperative approach with `active`." / "核对合作方法的状态是否为生效。"
refuses "The cooperative approach is a draft, suspended, completed or revoked."
remedy "Activate the approach, or name one that is active." / "使该合作方法生效，或改用已生效的合作方法。"

A6A2 "initial-report-missing" 409 Stored
title "Initial report missing" / "缺少初始报告"
compares "The participating Party's initial report with the approach that relies on it." / "核对参与缔约方是否已就该合作方法提交初始报告。"
refuses "The Party has not submitted an initial report that covers this cooperative approach."
remedy "Submit the initial report, no later than with the authorisation." / "提交初始报告，最迟与授权同时提交。"

A6A3 "block-not-authorisable" 409 Stored
title "Block cannot be authorised" / "区块段不可授权"
compares "The blocks with mitigation outcomes that are held, unlocked and not yet authorised." / "核对区块段是否为可处置、未锁定且尚未授权的减缓成果。"
refuses "A block is locked, used or already authorised."
remedy "Name blocks that are free and not authorised." / "请改用可处置且尚未授权的区块段。"

A6A4 "authorised-quantity-exceeded" 409 Stored
title "More than authorised" / "超出授权数量"
compares "The quantity, with what was authorised before, with the maximum of the authorisation." / "将累计数量与授权的最大数量核对。"
refuses "The authorisation does not cover this quantity; `expected` is what is left of it."
remedy "Lower the quantity, or let the Party issue a new version of the authorisation." / "调低数量，或由缔约方出具新版授权。"

A6A5 "outside-authorised-timeframe" 422 Stored
title "Outside the authorised time" / "超出授权期限"
compares "Vintage and date with the timeframe and vintages of the authorisation." / "将减排年份和日期与授权的期限及年份核对。"
refuses "The authorisation does not cover this vintage or this date."
remedy "Name blocks of an authorised vintage, or another authorisation." / "请改用授权年份内的区块段，或改用其他授权。"

A6A6 "purpose-unknown" 422 Stored
title "Purpose not in the list" / "授权用途不在清单内"
compares "The purpose of the authorisation with the seven values: NDC, OIMP, IMP, OP and their combinations." / "将授权用途与规定的七个取值（NDC、OIMP、IMP、OP 及其组合）核对。"
refuses "The authorisation names a purpose that the agreed format does not know."
remedy "Use one of the values that `expected` lists." / "请使用 `expected` 所列取值。"

A6A7 "first-transfer-definition" 422 Stored
title "First transfer wrongly defined" / "首次转让定义不符"
compares "The definition of first transfer with the purpose: present if it covers OIMP, absent otherwise." / "核对首次转让定义与用途：用途含 OIMP 时必须载明，否则不得载明。"
refuses "The authorisation lacks a definition of first transfer that it needs, or has one that it may not have."
remedy "State authorisation, issuance, or use or cancellation as the first transfer for OIMP; leave it out for NDC only." / "含 OIMP 的，载明以授权、签发或使用（取消）为首次转让；仅用于 NDC 的，不得载明。"

A6A8 "authorisation-change-after-transfer" 409 Stored
title "Changed after first transfer" / "首次转让后变更授权"
compares "A change or revocation of an authorisation with the ranges that were first transferred under it." / "将授权的变更或撤销与其项下已首次转让的区间核对。"
refuses "Ranges that were already first transferred cannot be touched by a change of the authorisation."
remedy "Limit the change to what was not yet first transferred." / "将变更范围限于尚未首次转让的部分。"

A6A9 "entity-not-authorised" 409 Stored
title "Entity not authorised" / "实体未获授权"
compares "The entity with those authorised under this approach, and their expiry." / "将实体与该合作方法下已授权且未到期的实体核对。"
refuses "The entity is not authorised under this cooperative approach, or no longer."
remedy "Register the entity's authorisation, or act through an authorised one." / "登记该实体的授权，或由已授权实体办理。"

A6A10 "locked-by-authorisation" 409 Stored
title "Locked by an authorisation" / "因授权而锁定"
compares "A domestic retirement, event or trading-system use with pending and given authorisations." / "将国内注销、活动或碳市场使用与待定及已生效的授权核对。"
refuses "The block is authorised, or about to be, for international use, and cannot be used at home."
remedy "Have the authorisation withdrawn before its first transfer, or use other blocks." / "在首次转让前撤回授权，或改用其他区块段。"

A6F1 "purpose-does-not-match" 409 Stored
title "Purpose does not match" / "用途与去向不符"
compares "The destination and its purpose with the authorisation." / "将去向及其用途与授权核对。"
refuses "The block is not authorised, or not for the purpose of this transfer."
remedy "Use an authorisation for this purpose, or another destination." / "改用相应用途的授权，或更改去向。"

A6F2 "first-transferred-already" 409 Stored
title "Already first transferred" / "已首次转让"
compares "The first-transfer mark of every serial with `not yet`." / "核对各序列号是否尚未首次转让。"
refuses "Some serials were first transferred before; that happens once, and is never reset."
remedy "Record a further transfer, not a first one." / "应登记为后续转让，而非首次转让。"

A6F3 "acquiring-party-not-authorised" 409 Stored
title "Acquiring Party not authorised" / "受让缔约方未获授权"
compares "The acquiring Party with the Parties that the authorisation names, if it names any." / "授权列明缔约方的，将受让缔约方与其核对。"
refuses "The authorisation does not name this Party as acquirer."
remedy "Transfer to a named Party, or have the authorisation extended." / "转让给所列缔约方，或扩展授权。"

A6F4 "acquisition-not-simultaneous" 409 Stored
title "Acquisition missing" / "缺少对应受让登记"
compares "The host's addition with the buyer's acquisition: both in one step." / "核对转让方加计与受让方登记是否在同一步骤完成。"
refuses "A first transfer is entered only together with the acquisition; one half is missing."
remedy "Send both halves in one command, signed by both sides." / "由双方签署，在同一业务中提交两项登记。"

A6F5 "adjustment-year-not-vintage" 422 Stored
title "Adjustment in the wrong year" / "调整年度不符"
compares "The year to which the addition is attributed with the vintage." / "将加计归属年度与减排年份核对。"
refuses "The corresponding adjustment of a first transfer belongs to the year of the vintage."
remedy "Attribute the addition to the vintage year." / "将加计归属于减排年份。"

A6U1 "user-not-entitled" 409 Stored
title "User not entitled" / "使用方无权使用"
compares "The holder with the using Party or an entity that it authorised." / "将持有方与使用缔约方或其授权实体核对。"
refuses "Only the using Party, or an entity authorised by it, can use these outcomes."
remedy "Let the entitled holder use them, or authorise the entity." / "由有权持有方使用，或先授权该实体。"

A6U2 "use-outside-ndc-period" 422 Stored
title "Use outside the NDC period" / "使用年度超出 NDC 周期"
compares "The year of use with the NDC implementation period of the vintage." / "将使用年度与减排年份所属 NDC 实施周期核对。"
refuses "Outcomes are used within the NDC period in which they were achieved."
remedy "Use outcomes of the same period, or choose a year within it." / "使用同一周期的减缓成果，或选择周期内的年度。"

A6U3 "itmo-inconsistent" 409 Stored
title "Marked inconsistent" / "已标记为不一致"
compares "The outcomes with those marked inconsistent by the review." / "将减缓成果与审评标记为不一致的记录核对。"
refuses "The outcomes carry an inconsistency that the review has not cleared."
remedy "Have the inconsistency resolved and the mark removed." / "先解决不一致并解除标记。"

A6U4 "use-year-misplaced" 422 Stored
title "Year of use misplaced" / "使用年度填写不当"
compares "The year of use with the kind of action: present for a use, absent otherwise." / "核对使用年度与操作类型：仅使用操作填写。"
refuses "The year of use is missing for a use, or is stated for another action."
remedy "State the year for a use only." / "仅在使用操作中填写年度。"

A6U5 "oimp-statement-missing" 422 Stored
title "Purpose text or entity missing" / "缺少用途说明或实体"
compares "A use for other international mitigation purposes with an authorised entity and a text of the purpose." / "核对用于其他国际减缓目的时是否载明授权实体和用途说明。"
refuses "A use for OIMP names an authorised entity and says what the purpose is."
remedy "Add the entity and the text of the purpose." / "补充授权实体和用途说明。"

A6U6 "purpose-mixed" 409 Stored
title "Purpose mixed" / "用途混用"
compares "The kind of use with the kind that was authorised: NDC or OIMP." / "将使用类型与授权类型（NDC 或 OIMP）核对。"
refuses "An authorisation for NDC use covers no OIMP, and the reverse."
remedy "Use outcomes that are authorised for this kind of use." / "请使用已获相应授权的减缓成果。"

A6U7 "corsia-label-unsupported" 422 Stored
title "CORSIA label without its letter" / "缺少 CORSIA 标识依据"
compares "A CORSIA label with the host's letter and its commitment to adjust." / "将 CORSIA 标识与东道国信函及相应调整承诺核对。"
refuses "The label needs the host's letter of authorisation and its commitment to a corresponding adjustment."
remedy "Add the hash of the letter, or leave the label out." / "补充信函摘要，或去掉该标识。"

A6U8 "omge-counted" 409 Stored
title "Overall mitigation counted" / "总体减缓量被计用"
compares "Units cancelled for overall mitigation with every later claim on them." / "将为全球排放总体减缓而取消的单位与其后的声明核对。"
refuses "Units cancelled for overall mitigation count towards no NDC and no claim."
remedy "Use other units." / "请改用其他单位。"

A6U9 "use-is-final" 409 Stored
title "Use is final" / "使用不可撤销"
compares "The state of the outcomes with the final states." / "核对减缓成果是否已处于终态。"
refuses "Used or cancelled outcomes stay so; there is no way back."
remedy "A mistake is made good by a new transaction with an authority's decision." / "如有差错，应依主管部门决定以新业务更正。"
}
