//! Checks of the message itself: M01 to M11.

use super::checks;

checks! { Message;

M01 "malformed" 400 Early
title "Not JSON" / "报文不是合法的 JSON"
compares "The bytes with JSON (RFC 8259) and I-JSON (RFC 7493): UTF-8, no name twice in one object, nothing after the value." / "将收到的字节与 JSON（RFC 8259）及 I-JSON（RFC 7493）的要求核对：UTF-8 编码，同一对象内名称不重复，值之后无多余内容。"
refuses "The message is not JSON that has one meaning only; `path` and `detail` say where it stops being so."
remedy "Correct the place that `path` names and send the message again; the id may stay the same." / "改正 `path` 所指之处后重新发送，可沿用原消息编号。"

M02 "schema" 422 Early
title "Wrong shape" / "报文结构不符"
compares "The members of the message with those that its type defines: present, known, of the right kind and within their ranges." / "将报文各字段与该类型的定义核对：应有的字段齐全，无未定义字段，类型与取值范围正确。"
refuses "A member is missing, unknown or has a value that its place does not allow; `path` names it, and a near name is suggested."
remedy "Correct the member that `path` names; the OpenAPI description gives every type." / "改正 `path` 所指字段；各类型的定义见 OpenAPI 说明。"

M03 "too-large" 413 Early
title "Over a limit" / "超出限额"
compares "Bytes, nesting, signatures and items with the limits that the hub publishes." / "将字节数、嵌套层数、签名数和条目数与枢纽公布的限额核对。"
refuses "The message is larger than the hub accepts; `expected` is the limit and `found` what was sent."
remedy "Send less at once: several envelopes, or several requests." / "减少单次发送量，分为多个信封或多次请求。"

M04 "signature" 403 Early
title "Signature does not verify" / "签名验证未通过"
compares "The signature with the payload and its type, under the keys of the member that the certificate names (DSSE v1)." / "以证书所示成员的公钥，按 DSSE v1 核对签名与载荷及其类型是否一致。"
refuses "No signature of the envelope fits the payload, its type and the member's key."
remedy "Sign the exact bytes of the payload with the DSSE pre-authentication encoding, using the member's signing key (not its TLS key)." / "使用成员的签名密钥（不是 TLS 密钥），按 DSSE 预认证编码对载荷原始字节重新签名。"

M05 "key-unknown" 403 Early
title "Key unknown" / "签名密钥未登记"
compares "The key id of the signature with the keys registered for the member." / "将签名所示密钥编号与该成员已登记的密钥核对。"
refuses "The envelope is signed with a key that this member has not registered."
remedy "Sign with a registered key, or have the new key registered first: it is proposed under the old key and approved by an officer." / "改用已登记的密钥；如需启用新密钥，应先以原密钥签名申请，经主管人员批准后使用。"

M06 "key-expired" 403 Early
title "Key no longer active" / "签名密钥已失效"
compares "The validity of the signing key, in log indices, with the present head of the log." / "将签名密钥的有效范围（按日志序号）与当前日志末端核对。"
refuses "The key was rotated out, distrusted or has not begun; what it signed earlier keeps its validity."
remedy "Sign the same payload with the key that is active now; it is still the same message." / "用现行密钥对同一载荷重新签名，仍视为同一报文。"

M07 "clock-skew" 422 Early
title "Issued in the future" / "签发时间晚于当前时间"
compares "`issued_at` with the hub's time: at most 5 minutes ahead. Age alone is no reason to refuse." / "将 `issued_at` 与枢纽时间核对，超前不得多于 5 分钟；时间较早本身不构成拒绝理由。"
refuses "The message says that it was issued more than 5 minutes from now."
remedy "Set the node's clock (NTP) and sign the message again." / "校准节点时钟（NTP）后重新签发。"

M08 "id-reused" 409 Stored
title "Id used for another message" / "消息编号已用于其他内容"
compares "The SHA-256 of the payload with that of the message stored under the same member and id." / "将载荷的 SHA-256 与同一成员、同一编号下已存报文的摘要核对。"
refuses "This id already belongs to a message with another payload, whose outcome stands."
remedy "Give the new message an id of its own (UUIDv7). To repeat the first one, send its payload unchanged." / "新报文应使用新的编号（UUIDv7）；如需重发原报文，载荷须与原文完全一致。"

M09 "version" 422 Early
title "Protocol version not supported" / "协议版本不受支持"
compares "The protocol version of the message with those that the hub supports." / "将报文的协议版本与枢纽支持的版本核对。"
refuses "The message is written in a version of the protocol that this hub does not speak; `expected` lists those that it does."
remedy "Upgrade the node, or let it use a version that `GET /v1/hub` lists." / "升级节点，或改用 `GET /v1/hub` 所列版本。"

M10 "message-expired" 422 Stored
title "Arrived too late" / "报文已过有效期"
compares "The time of the batch with the message's `not_after`, when the message arrives for the first time." / "报文首次到达时，将批次时间与报文的 `not_after` 核对。"
refuses "The message arrived for the first time after its `not_after`; nothing was done."
remedy "Release the local reservation and, if it is still wanted, issue a new message with a new id." / "释放本地占用；如仍需办理，请以新编号另行签发。"

M11 "wrong-domain" 422 Early
title "Signed for another federation or action" / "签署对象与接收方不符"
compares "Trust domain, member and action that were signed with this hub, the certificate's member and the route." / "将签署的信任域、成员和操作与本枢纽、证书所示成员和请求路径核对。"
refuses "The message was signed for another federation, another member or another action."
remedy "Send it where it was signed for, or sign a message for this hub and action." / "将报文发往其签署的对象，或针对本枢纽及本操作重新签署。"
}
