//! Checks of who acts: members (N01 to N08) and officers (G01 to G05).

use super::checks;

checks! { Member;

N01 "certificate-revoked" 403 Early
title "Certificate revoked" / "证书已吊销"
compares "The serial number of the client certificate with the revocation list, at the handshake and at every request." / "握手时及每次请求时，将客户端证书序列号与吊销列表核对。"
refuses "This certificate has been revoked; open connections are ended as well."
remedy "Enrol again with a new key and a one-time code from the hub's officer." / "向枢纽主管人员申请一次性注册码，以新密钥重新注册。"

N02 "member-suspended" 403 Early
title "Member suspended" / "成员已暂停"
compares "The member's status with `active`." / "核对成员状态是否为正常。"
refuses "The member is suspended: nothing is accepted from it, and its open transfers were halted and released."
remedy "Contact the hub's officer; the suspension names its reason, and it can be appealed." / "请联系枢纽主管人员；暂停决定载明理由，可以申诉。"

N03 "member-not-admitted" 403 Early
title "Member not admitted" / "成员尚未获准加入"
compares "The member that the certificate names with the list of admitted members." / "将证书所示成员与已获准加入的成员名单核对。"
refuses "The certificate names a member that is not, or is no longer, admitted to this federation."
remedy "Complete enrolment and wait for the regulator's approval." / "完成注册并等待主管部门批准。"

N04 "conformance-missing" 403 Early
title "Conformance not proven" / "未通过符合性测试"
compares "The member's last conformance result with the one that its link requires." / "将成员最近一次符合性测试结果与开通链路的要求核对。"
refuses "The member has not passed the conformance suite that opens its link, or the result has lapsed."
remedy "Run the conformance suite against the node and submit the result." / "对节点运行符合性测试并提交结果。"

N05 "not-yours" 403 Early
title "Belongs to another member" / "不属于本成员"
compares "The member of the certificate with the member that the message, transfer or object belongs to." / "将证书所示成员与报文、划转或对象所属成员核对。"
refuses "The message acts for another member, or on an object in which this member has no part."
remedy "Let the member concerned send it." / "请由相关成员自行提交。"

N06 "rate-limited" 429 Early
title "Too many requests" / "请求过于频繁"
compares "The member's requests with its rate limit." / "将成员的请求频率与其限额核对。"
refuses "The member has used up its requests for the moment; nothing was read or done."
remedy "Wait for the time in `Retry-After`, then send the same message again." / "等待 `Retry-After` 所示时间后，重新发送同一报文。"

N07 "hub-frozen" 503 Early
title "Hub stopped by the regulator" / "枢纽已由主管部门停用"
compares "The regulator's global stop with `off`." / "核对主管部门的全局停用开关是否关闭。"
refuses "The regulator has stopped all changes of the ledger; reading goes on."
remedy "Keep the message in the outbox and send it again after the stop is lifted." / "将报文保留在发件箱，解除停用后重新发送。"

N08 "debt-open" 409 Stored
title "Open debt" / "存在未补足的欠量"
compares "The grams that this member owes after losing a conflict or a reversal, and has not covered yet, with 0." / "核对本成员因冲突败诉或逆转而应补足、尚未补足的克数是否为零。"
refuses "A member that owes grams issues nothing and gives nothing away until they are covered."
remedy "Cancel blocks of your own with `covers` naming the debt, up to what is owed." / "取消自有区块，并在 `covers` 中注明该欠量，直至补足。"
}

checks! { Governance;

G01 "same-person" 409 Stored
title "Second officer is the first" / "复核人与提交人为同一人"
compares "The officer who approves with the one who proposed or approved before." / "将批准人与提出人及先前批准人核对。"
refuses "This decision needs two different officers, and both steps were taken by the same person."
remedy "Ask another officer with the same authority to approve." / "请另一名具有相同权限的主管人员批准。"

G02 "role" 403 Stored
title "Not within this role" / "角色权限不足"
compares "The role of the officer with the roles that may take this step." / "将操作人员的角色与可执行该步骤的角色核对。"
refuses "The officer's role does not permit this step."
remedy "Ask an officer whose role permits it; `expected` names the roles." / "请由具备权限的人员办理，`expected` 列出所需角色。"

G03 "stale-approval" 409 Stored
title "Approves an older version" / "批准内容已变更"
compares "The content hash that was approved with that of the present version." / "将所批准内容的摘要与当前版本的摘要核对。"
refuses "What is being approved has changed since it was opened; the approval is for a version that no longer stands."
remedy "Open the present version, read what has changed, and decide again." / "打开当前版本，核实变更后重新作出决定。"

G04 "comments-open" 409 Stored
title "Comments are still awaited" / "征求意见期未结束"
compares "The decision time with the end of the time for comments." / "将决定时间与征求意见期的结束时间核对。"
refuses "The time for comments on this proposal is not over."
remedy "Read the comments, and approve it after `expected`." / "查阅意见，并在 `expected` 所示时间之后批准。"

G05 "step-not-possible" 409 Stored
title "Step not possible now" / "当前状态不可进行该步骤"
compares "The state of what is decided with the states in which this step is possible." / "将所决定事项的状态与该步骤允许的状态核对。"
refuses "What is decided is in a state in which this step is not possible."
remedy "`found` names its state and `expected` those in which the step is possible; see what it waits for." / "`found` 为当前状态，`expected` 为允许该步骤的状态；请查看其等待的事项。"
}
