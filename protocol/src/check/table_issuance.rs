//! Checks of issuance and screening: S01 to S17.

use super::checks;

checks! { Issuance;

S01 "methodology-unknown" 422 Stored
title "Methodology unknown" / "方法学未登记"
compares "The methodology and version named with those published at the hub." / "将所列方法学及版本与枢纽已发布的记录核对。"
refuses "No methodology with this id and version is published."
remedy "Publish the methodology version first, or correct the reference." / "先发布该方法学版本，或改正引用。"

S02 "methodology-not-in-force" 422 Stored
title "Methodology not in force" / "方法学不在有效期内"
compares "The dates of the activities with the validity of the methodology version." / "将减排行为日期与方法学版本的有效期核对。"
refuses "The methodology version was not in force when the activities took place."
remedy "Use the version that was in force, and divide the issuance where it spans two." / "使用当时有效的版本；跨两个版本的，应分开签发。"

S03 "vintage-out-of-window" 422 Stored
title "Vintage outside its window" / "减排年份超出范围"
compares "The vintage with the years of the activities and the window that the methodology allows." / "将减排年份与行为发生年份及方法学允许的期间核对。"
refuses "The vintage is in the future, too old, or not the year in which the activities took place (UTC+8)."
remedy "State the year of the activities; divide the issuance by year." / "按行为发生年份填写，并按年份分开签发。"

S04 "rights-basis-missing" 422 Stored
title "Rights basis missing" / "缺少权属依据"
compares "The issuance's rights basis with those that transfer the reduction to the holder of the credits." / "核对签发所载权属依据是否表明减排量权益已转移给持有方。"
refuses "The issuance does not show that the persons who reduced have transferred their rights to the reduction."
remedy "State the rights basis (user agreement, contract, law) with the hash of its document." / "补充权属依据（用户协议、合同或法规）及其文件摘要。"

S05 "verification-missing" 422 Stored
title "Verification missing" / "缺少核证报告"
compares "The verification report's hash and body with what the methodology requires." / "将核证报告摘要及核证机构与方法学的要求核对。"
refuses "The methodology requires verification, and the issuance names no report of a listed body."
remedy "Add the report's hash, date and verification body." / "补充核证报告摘要、日期和核证机构。"

S06 "recompute-mismatch" 422 Stored
title "Recomputation differs" / "复算结果不符"
compares "Activity data × factor, recomputed with the methodology's parameters, with the stated reduction, within its tolerance." / "按方法学参数复算“活动数据×因子”，与所报减排量核对，偏差不得超过允许范围。"
refuses "The reduction stated is not what activity data and factor give; `expected` and `found` show both."
remedy "Correct the activity data, the factor or the reduction." / "改正活动数据、因子或减排量。"

S07 "plausibility" 422 Stored
title "Outside the plausible band" / "超出合理区间"
compares "The reduction per unit of activity with the band of the activity." / "将单位活动的减排量与该类活动的合理区间核对。"
refuses "The reduction per unit lies outside what this activity can plausibly give."
remedy "Check units and factors; if they are right, the issuer confirms the value with evidence." / "检查单位和因子；如确认无误，由签发方提交证据予以确认。"

S08 "tokens-missing" 422 Stored
title "Fingerprint tokens missing" / "缺少活动指纹"
compares "The kinds of token of every activity with those that its class requires." / "将每条减排行为的活动指纹种类与其类别的要求核对。"
refuses "Some activities lack a token that their class requires: without it there is no screening, and so no recognition."
remedy "Compute the missing tokens and upload the stream again." / "补算缺少的活动指纹后重新上传。"

S09 "tokens-count" 422 Stored
title "Token stream differs from its header" / "活动指纹与登记数量不符"
compares "Records, grams and root of the uploaded stream with the signed header, and evaluated with claimed tokens." / "将上传内容的条数、克数和根摘要与已签名的登记信息核对，并核对已求值与所报的指纹数。"
refuses "The stream is not the one that the header promised."
remedy "Upload the stream that was signed for, or register a new issuance." / "上传与登记一致的内容，或另行登记签发。"

S10 "duplicate-inside" 409 Stored
title "Activity twice in this member's issuances" / "本成员重复签发"
compares "The tokens R, P and A of the batch with each other and with this member's live issuances." / "将本批 R、P、A 类活动指纹相互核对，并与本成员其他有效签发核对。"
refuses "The same activity stands twice in this batch, or was issued by this member before."
remedy "Remove the activities that `found` lists and register the rest." / "剔除 `found` 所列行为后，登记其余部分。"

S11 "duplicate-activity" 409 Stored
title "Activity already issued elsewhere" / "减排行为已在他处签发"
compares "The tokens of the batch with those of every earlier live issuance of every member." / "将本批活动指纹与所有成员此前有效签发的活动指纹核对。"
refuses "Some activities collide with an earlier issuance; they are held back as a conflict, and the rest is recognised."
remedy "Answer the conflict with evidence before its deadline, or give up the activities." / "在期限内就冲突提交证据，或放弃相关行为。"

S12 "asset-overlap" 409 Stored
title "Asset overlaps another" / "资产与其他登记重叠"
compares "Asset id, place and period with the asset register, in the same class of activity." / "将资产编号、位置和期间与同类资产登记核对。"
refuses "The asset, or its place in this period, is already credited."
remedy "Correct place or period, or settle the conflict with the other holder of the asset." / "更正位置或期间，或与另一登记方处理冲突。"

S13 "other-scheme" 409 Stored
title "Credited in another scheme" / "已在其他机制登记"
compares "Declared and imported registrations in other schemes with the exclusivity matrix." / "将在其他机制（CCER、绿证、碳市场等）的申报和导入记录与互斥规则核对。"
refuses "The same reduction is registered in a scheme that excludes this one (CCER, green certificates, an emissions trading boundary)."
remedy "Leave the other scheme first, with proof, or remove the activities concerned." / "先退出另一机制并提供证明，或剔除相关行为。"

S14 "declaration-missing" 422 Stored
title "Declaration missing" / "缺少唯一性声明"
compares "The declarations of the issuance with those that its class requires." / "将签发所附声明与其类别的要求核对。"
refuses "The signed declaration that the reductions are credited nowhere else is missing or incomplete."
remedy "Add the declaration and sign the issuance again under a new id." / "补充声明，以新编号重新签署签发。"

S15 "local-reference-reused" 409 Stored
title "Local reference used before" / "本地编号已使用"
compares "The node's own certificate number with those it has used." / "将节点自有编号与其已使用的编号核对。"
refuses "This local reference already belongs to another issuance of the same member."
remedy "Give each issuance a number of its own." / "为每次签发使用唯一的编号。"

S16 "issued-over-verified" 422 Stored
title "More issued than verified" / "签发量超过核证量"
compares "The quantity issued under a verification report, summed, with the quantity verified." / "将同一核证报告项下的累计签发量与核证量核对。"
refuses "The issuance would exceed what the report has verified; `expected` is what is left of it."
remedy "Lower the quantity, or name a further report." / "调低数量，或补充其他核证报告。"

S17 "issuances-waiting" 429 Early
title "Too many issuances wait" / "待处理的签发过多"
compares "The issuances of this member that have no result yet with the number that may wait at once." / "将本成员尚无结果的签发数与允许同时等待的数量核对。"
refuses "So many issuances of this member wait for their token streams or for screening that no further one is taken."
remedy "Upload the token streams that are missing, and send the same message again later." / "上传尚缺的活动指纹，稍后重新发送同一报文。"
}
