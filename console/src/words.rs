//! Everything that pages say, in both languages side by side: what is missing in one does not compile.

/// Declares words once, and makes both catalogues of them: a struct, the statics `ZH` and `EN`, and the list `ALL` for a test. The struct is
/// `Words`, or named with its documentation and with catalogues of other modules that are parts of it.
#[macro_export]
macro_rules! catalogue {
    ($($name:ident: $zh:literal, $en:literal;)*) => {
        $crate::catalogue! {
            /// What pages say in one language.
            Words {}
            $($name: $zh, $en;)*
        }
    };
    ($(#[$meta:meta])* $words:ident { $($part:ident: $module:ident::$type:ident,)* } $($name:ident: $zh:literal, $en:literal;)*) => {
        $(#[$meta])*
        #[derive(Debug)]
        #[allow(missing_docs, reason = "the two texts beside each name say what it means")]
        pub struct $words {
            $(pub $name: &'static str,)*
            $(pub $part: &'static $module::$type,)*
        }
        /// Chinese.
        pub static ZH: $words = $words { $($name: $zh,)* $($part: &$module::ZH,)* };
        /// English.
        pub static EN: $words = $words { $($name: $en,)* $($part: &$module::EN,)* };
        /// Every word: name, Chinese, English.
        pub const ALL: &[(&str, &str, &str)] = &[$((stringify!($name), $zh, $en),)*];
    };
}

pub mod events;
pub mod oversight;
pub mod recognition;

crate::catalogue! {
    /// What pages say in one language.
    Words {
        recognition: recognition::Recognition,
        oversight: oversight::Oversight,
        events: events::Events,
    }
    // The frame of every page.
    hub_console: "全国碳普惠互认枢纽", "Carbon-inclusion hub";
    skip_to_content: "跳到正文", "Skip to content";
    menu: "菜单", "Menu";
    search: "查询", "Search";
    search_hint: "流水号 / 序列号 / 节点 / 叶序号", "Id, serial, member or leaf";
    other_language: "English", "中文";
    sign_in: "登录", "Sign in";
    sign_out: "退出", "Sign out";
    all_times_in_beijing: "时间均为北京时间（UTC+8）", "All times are Beijing time (UTC+8)";
    data_as_of: "数据截至", "Data as of";
    log_size: "日志叶数", "Leaves in the log";
    version: "版本", "Version";
    demonstration: "演练", "Demonstration";
    demonstration_meaning: "演练环境：未筛查的签发也可跨区，数值无官方效力。", "A demonstration: unscreened issuances may cross borders, and no figure is official.";
    stopped: "全网已停", "Stopped";
    unit_tco2e: "tCO₂e", "tCO₂e";
    more: "更多", "More";
    none: "无", "none";
    yes: "是", "Yes";
    no: "否", "No";
    back: "返回", "Back";
    show: "查看", "Show";
    // The menu.
    overview: "总览", "Overview";
    members: "节点", "Members";
    transfers: "跨区划转", "Transfers";
    approvals: "待审批", "Approvals";
    log: "审计日志", "Log and witnesses";
    account: "我的账户", "My account";
    activity: "操作记录", "Activity";
    verify: "证书核验", "Verify a certificate";
    statistics: "统计", "Statistics";
    glossary: "术语", "Glossary";
    public_pages: "公众", "Public";
    // Signing in.
    account_name: "账户", "Account";
    password: "口令", "Password";
    code: "动态验证码", "Code";
    code_hint: "6 位动态码；未启用第二因素时留空。也可填一个恢复码。", "Six digits of your second factor; leave empty if you have none. A recovery code works as well.";
    sign_in_failed: "账户、口令与验证码不相符。", "Account, password and code do not fit.";
    locked_out: "失败次数过多，请稍后再试。", "Too many failures: try again later.";
    signed_out: "会话已结束，请重新登录。", "The session has ended: sign in again.";
    last_sign_in: "上次登录", "Last signed in";
    role: "角色", "Role";
    role_officer: "主管", "Officer";
    role_auditor: "审计员", "Auditor";
    role_organiser: "活动组织方", "Organiser";
    second_factor: "第二因素", "Second factor";
    second_factor_on: "已启用", "switched on";
    second_factor_off: "未启用", "not switched on";
    enrol_factor: "启用第二因素", "Switch on the second factor";
    enrol_factor_how: "用认证器应用扫描二维码，或添加下面的密钥（TOTP，SHA-1，6 位，30 秒），再填入应用显示的动态码。", "Scan the code with an authenticator, or add the key to it (TOTP, SHA-1, 6 digits, 30 seconds), and enter the code that it shows.";
    factor_code: "第二因素密钥的二维码，只给本人看", "QR code of your second factor's key: for your eyes only";
    factor_key: "密钥", "Key";
    factor_address: "地址", "Address";
    recovery_codes: "恢复码", "Recovery codes";
    recovery_codes_how: "每个只能用一次，只显示这一次。请打印并妥善保管。", "Each works once, and they are shown this once only. Print them and keep them safe.";
    confirm_it_is_you: "请确认是您本人", "Confirm that it is you";
    confirm_why: "此操作须再次验证第二因素，10 分钟内有效。", "This needs your second factor once more; it then holds for ten minutes.";
    factor_needed: "此操作须先启用第二因素。", "This needs a second factor: switch it on first.";
    wrong_code: "验证码不正确或已用过。", "The code is wrong, or was used already.";
    confirm: "确认身份", "Confirm";
    // Faults.
    problem: "出现问题", "There is a problem";
    not_found: "没有找到", "Not found";
    not_found_why: "没有这一页，或没有这个编号。", "There is no such page, or nothing of this id.";
    not_permitted: "无权访问", "Not permitted";
    not_permitted_why: "您的角色不能执行此操作。", "Your role may not do this.";
    stale_form: "页面已过期，请返回后重试。没有任何改动。", "This form has expired: go back and try again. Nothing was changed.";
    fault: "服务故障", "A fault of the service";
    fault_why: "未提交任何改动。请把下面的请求编号告诉运维人员。", "Nothing was committed. Tell the operators the id of the request, which is in the answer's x-request-id.";
    required: "必填", "must be filled in";
    // The overview.
    what_waits_for_me: "需要我处理", "What waits for me";
    nothing_waits: "没有待办。", "Nothing waits for you.";
    net_flow: "本月区域净流量", "Net flow of regions this month";
    net_flow_legend: "绿松为净流入，橙为净流出，虚线为未接入。", "Teal flows in, orange flows out, dashed is not connected.";
    flows_this_month: "本月区域间流向", "Flows between regions this month";
    no_flows: "本月尚无已完成的划转。", "No transfer was committed this month yet.";
    no_flows_next: "划转完成后，这里显示各区域之间的数量。", "Once transfers are committed, this shows how much went where.";
    adding_up: "正在汇总，请稍后刷新。", "Still adding up: reload in a moment.";
    issued_ever: "累计签发", "Issued so far";
    by_state: "各状态数量", "Quantities by state";
    open_transfers: "进行中的划转", "Open transfers";
    donated: "已捐赠", "Donated";
    region: "地区", "Region";
    inflow: "流入", "In";
    outflow: "流出", "Out";
    net: "净额", "Net";
    as_a_table: "看表格", "As a table";
    from: "从", "From";
    to: "到", "To";
    sum: "合计", "Sum";
    other_regions: "其他", "Other";
    // States of blocks.
    state: "状态", "State";
    held: "持有", "Held";
    reserved: "预留", "Reserved";
    pledged: "质押", "Pledged";
    frozen: "冻结", "Frozen";
    retired: "已注销", "Retired";
    cancelled: "已取消", "Cancelled";
    exported: "已转出境外", "Exported";
    // States of transfers.
    t_proposed: "已提出", "Proposed";
    t_reserved: "已预留", "Reserved";
    t_delayed: "延迟中", "Delayed";
    t_awaiting_approval: "待主管批准", "Awaits approval";
    t_offered: "待对方接受", "Offered";
    t_accepted: "已接受", "Accepted";
    t_committed: "已完成", "Committed";
    t_refused: "已拒绝", "Refused";
    t_declined: "对方谢绝", "Declined";
    t_withdrawn: "已撤回", "Withdrawn";
    t_expired: "已过期", "Expired";
    t_halted: "已中止", "Halted";
    // Members.
    member: "节点", "Member";
    member_name: "名称", "Name";
    kind: "类别", "Kind";
    kind_region: "地区平台", "Regional platform";
    kind_enterprise: "企业平台", "Enterprise platform";
    kind_party: "质权人", "Party";
    kind_hub: "枢纽自身", "The hub's own";
    kind_evaluator: "指纹评估方", "Evaluator";
    admitted: "在网", "Admitted";
    suspended: "已暂停", "Suspended";
    candidate: "候选", "Candidate";
    signing_keys: "签名密钥", "Signing keys";
    key: "密钥", "Key";
    key_active: "有效", "Active";
    key_pending: "待批", "Pending";
    key_retired: "已停用", "Retired";
    key_revoked: "已吊销", "Revoked";
    from_leaf: "起始叶", "From leaf";
    until_leaf: "截止叶", "Until leaf";
    feed_position: "事件流位置", "Feed position";
    last_reconciliation: "最近对账", "Last reconciliation";
    never_reconciled: "尚未对账", "never";
    agrees: "一致", "agrees";
    differs: "有差异", "differs";
    under_way: "进行中", "under way";
    suspend_member: "暂停该节点", "Suspend this member";
    reinstate_member: "恢复该节点", "Reinstate this member";
    consequences: "后果", "What this does";
    suspend_1: "枢纽不再接受该节点的任何报文，直到恢复。", "The hub accepts no message of this member until it is reinstated.";
    suspend_2: "它进行中的划转与捐赠全部中止，预留的区块段退回原持有人。", "Its open transfers and donations are halted, and reserved blocks go back to their holders.";
    suspend_3: "它持有的区块段不变；事件流照常可读。", "The blocks that it holds stay as they are.";
    suspend_4: "记入审计日志，列明两位主管。", "It becomes a leaf of the log with both officers' names.";
    two_people: "须由另一位主管认领并批准后才生效。", "It takes effect once another officer has claimed and approved it.";
    reason: "理由", "Reason";
    reason_hint: "将公开写入日志，请勿包含个人信息。", "It stands in the public log: no personal data.";
    propose_suspension: "提交暂停申请", "Propose the suspension";
    propose_reinstatement: "提交恢复申请", "Propose the reinstatement";
    not_suspendable: "枢纽自身的账户不能暂停。", "The hub's own accounts cannot be suspended.";
    reinstate_1: "枢纽重新接受该节点的报文。", "The hub accepts messages of this member again.";
    reinstate_2: "被中止的划转不会恢复，须重新提出。", "What was halted does not come back: it is proposed anew.";
    // Approvals.
    approval: "审批", "Approval";
    action: "事项", "What";
    proposed_by: "提交人", "Proposed by";
    proposed_at: "提交时间", "Proposed";
    claimed_by: "认领人", "Claimed by";
    decide_until: "截止时间", "Decide until";
    claim: "认领此事项", "Claim it";
    approve: "批准并执行", "Approve and carry out";
    reject: "退回", "Reject";
    withdraw: "撤回申请", "Withdraw the proposal";
    own_proposal: "由您提交：须由另一人审批。", "You proposed this: another person must approve it.";
    claimed_by_other: "已由他人认领。", "Somebody else has claimed it.";
    a_waiting: "待认领", "Unclaimed";
    a_claimed: "审批中", "Claimed";
    a_approved: "已执行", "Carried out";
    a_rejected: "已退回", "Rejected";
    a_withdrawn: "已撤回", "Withdrawn";
    a_expired: "已过期", "Expired";
    a_refused: "账本拒绝", "Refused by the ledger";
    outcome: "结果", "Outcome";
    no_approvals: "没有待审批事项。", "No approval is pending.";
    no_approvals_next: "须双人决定的事项提交后出现在这里。", "What two officers decide appears here once one has proposed it.";
    d_suspend: "暂停节点", "Suspend member";
    d_reinstate: "恢复节点", "Reinstate member";
    // Transfers.
    transfer: "划转", "Transfer";
    given: "给出", "Given";
    delivered: "到账", "Delivered";
    buffered: "缓冲", "Buffered";
    discount: "折减", "Discount";
    use_word: "用途", "Use";
    updated: "更新时间", "Updated";
    filter: "筛选", "Filter";
    apply: "查询", "Apply";
    remove_filter: "移除", "Remove";
    any: "全部", "Any";
    open: "进行中", "Open";
    no_transfers: "没有符合条件的划转。", "No transfer fits.";
    no_transfers_next: "放宽筛选条件，或查看更早的部分。", "Widen the filter, or look further back.";
    newest_first: "新的在前", "Newest first";
    older: "更早", "Older";
    newest: "回到最新", "Newest";
    new_ones_show: "有新的划转 · 显示", "There are new transfers · show";
    what_happened: "经过", "What happened";
    source: "来源节点", "Source";
    hub: "枢纽", "Hub";
    target: "接收节点", "Target";
    s_proposed: "签名提出划转", "Signed proposal";
    s_checked: "检查通过，区块段已预留", "Checks passed, blocks reserved";
    s_offered: "收到要约", "Offer received";
    s_accepted: "签名接受", "Signed acceptance";
    s_committed: "入账，分录写入日志", "Committed, entries written";
    s_received: "到账", "Received";
    s_waits_delay: "首次往来，等待延迟期满", "First dealing: waits for the delay to end";
    s_waits_officer: "等待主管批准", "Waits for an officer";
    s_waits_target: "等待接收方决定", "Waits for the target to decide";
    s_future: "未到", "to come";
    leaf: "日志叶", "Leaf";
    valid_until: "有效至", "Valid until";
    lots: "各批折算", "Lots";
    mapping: "映射", "Mapping";
    factor: "系数", "Factor";
    blocks: "区块段", "Blocks";
    block: "区块段", "Block";
    checks: "检查", "Checks";
    checks_passed: "项检查通过", "checks passed";
    receipt: "收据", "Receipt";
    receipt_download: "下载收据（JSON）", "Download the receipt (JSON)";
    receipt_how: "用 tanqiao-verify 离线核验，无需信任枢纽。", "tanqiao-verify checks it offline, without trusting the hub.";
    receipt_when: "完成并经见证后可下载。", "There is one once it is committed and witnessed.";
    price: "价格", "Price";
    // Uses.
    u_event: "活动碳中和", "Event neutrality";
    u_corporate: "企业碳中和", "Corporate neutrality";
    u_product: "产品碳中和", "Product neutrality";
    u_ecological: "生态损害赔偿", "Ecological compensation";
    u_ets: "碳市场抵销", "Emissions trading offset";
    u_personal: "个人抵销", "Personal offset";
    u_welfare: "公益", "Public welfare";
    u_ndc: "国家自主贡献", "Nationally determined contribution";
    u_oimp: "其他国际减缓目的", "Other international mitigation";
    // Serials.
    serial: "序列号", "Serial";
    serial_search: "序列号查询", "Find a serial";
    holder: "持有节点", "Holder";
    issuance: "签发", "Issuance";
    life: "生命历程", "Its life";
    when: "时间", "When";
    who: "行为人", "Who";
    happened: "发生了什么", "What happened";
    look_further: "继续向后查找", "Look further on";
    life_so_far: "日志按叶查找：此段没有它的变化。", "The log is searched leaf by leaf: nothing changed it in this part.";
    formats: "可识别的格式", "What is understood";
    searched_for: "查询内容", "Searched for";
    nothing_of_it: "没有与之对应的对象。", "Nothing goes by this.";
    f_serial: "序列号：系列/编号，如 wuhan/420100/wuhan-metro.v1/2025/17", "A serial: series and number, as in wuhan/420100/wuhan-metro.v1/2025/17";
    f_block: "区块段：系列/首-末", "A block: series, first and last";
    f_id: "划转、捐赠、注销、冲突、对账的编号（UUID）", "The id of a transfer, donation, retirement, conflict or reconciliation (UUID)";
    f_versioned: "方法学或映射的版本，如 wuhan-metro.v1", "A version of a methodology or mapping, as in wuhan-metro.v1";
    f_member: "节点标识，如 wuhan", "A member's id, as in wuhan";
    f_leaf: "日志叶序号，如 #128", "The index of a leaf, as in #128";
    // Log.
    checkpoint: "检查点", "Checkpoint";
    no_checkpoint: "尚无经见证的检查点。", "No checkpoint has its quorum yet.";
    published_size: "已发布的叶数", "Published leaves";
    witnessed_size: "经见证的叶数", "Witnessed leaves";
    root: "根", "Root";
    published_at: "发布时间", "Published";
    witnesses: "见证方", "Witnesses";
    witness: "见证方", "Witness";
    quorum: "法定数", "Quorum";
    cosigned: "已共签", "cosigned";
    not_cosigned: "未共签", "not cosigned";
    no_witnesses: "没有登记见证方。", "No witness is admitted.";
    no_witnesses_next: "主管可用 tanqiao-hub admin witness 登记。", "Officers admit them by tanqiao-hub admin witness.";
    newest_leaves: "最新的叶", "Newest leaves";
    subject: "对象", "Subject";
    leaf_hash: "叶哈希", "Leaf hash";
    leaf_content: "内容（RFC 8785 JSON）", "Content (RFC 8785 JSON)";
    log_trouble: "签名停止的原因", "Why the log is not signed further";
    changes: "区块段变化", "Changes of blocks";
    machine_address: "供机器读取", "For machines";
    // Public.
    verify_how: "输入证书编号核验。", "Enter the number of a certificate.";
    certificate_number: "证书编号", "Certificate number";
    verify_do: "核验证书", "Verify the certificate";
    c_valid: "有效：由枢纽签发，记录在日志中", "Valid: the hub issued it, and it is in the log";
    c_unknown: "查无此号", "No certificate has this number";
    c_unknown_next: "请核对编号；已作废或伪造的证书没有记录。", "Check the number. What was never issued has no record here.";
    c_witnessed: "已由见证方共签的检查点覆盖", "Covered by a checkpoint that witnesses cosigned";
    c_signed: "已由枢纽签名的检查点覆盖（尚无见证方）", "Covered by a checkpoint that the hub has signed; there are no witnesses yet";
    c_not_witnessed: "尚未被见证，几秒后再核验", "Not witnessed yet: verify again in a few seconds";
    c_paper_agrees: "纸面的叶哈希与日志一致，请再逐项核对其余内容", "The leaf hash on paper is the log's; now compare the rest";
    c_paper_differs: "纸面的叶哈希与日志不符：纸面不可信", "The leaf hash on paper is not the log's: do not believe the paper";
    c_print: "打印证书", "Print the certificate";
    c_print_pdf: "PDF（附证明，可存档）", "PDF, with its proof, for archives";
    c_print_svg: "SVG（单页图）", "SVG, one page";
    c_print_how: "PDF 可直接交给 tanqiao-verify 离线核验。", "tanqiao-verify takes the PDF as it is.";
    c_not_printable: "无法打印", "It cannot be printed";
    c_unscreened: "其中有未经指纹筛查的签发", "Some of it comes from issuances that were not screened";
    beneficiary: "受益方", "Beneficiary";
    purpose: "用途", "Use";
    accounting_year: "核算年度", "Accounting year";
    retired_at: "注销时间", "Retired";
    quantity: "数量", "Quantity";
    donor: "捐赠方", "Donor";
    evidence: "证据（JSON）", "Evidence (JSON)";
    members_in_network: "在网节点", "Members";
    transfers_committed: "已完成的划转", "Committed transfers";
    donations_committed: "已完成的捐赠", "Committed donations";
    statistics_note: "数据最多滞后半分钟。可用公开日志重放核对。", "Half a minute old at most. Anybody can compare them with a replay of the public log.";
    term: "术语", "Term";
    meaning: "含义", "Meaning";
    // Activity.
    no_activity: "没有记录。", "Nothing is recorded.";
    no_activity_next: "登录与操作会记录在这里。", "Sign-ins and actions appear here.";
    address: "来源地址", "Address";
}

/// The names of the words of a catalogue that are not in Chinese here or not in English there; of those besides `international`.
#[must_use]
pub fn not_translated<'a>(all: &[(&'a str, &str, &str)], international: &[&str]) -> Vec<&'a str> {
    let is_chinese = |letter: char| ('\u{4e00}'..='\u{9fff}').contains(&letter);
    let wrong = |(name, zh, en): &&(&str, &str, &str)| {
        let said = !zh.trim().is_empty() && !en.trim().is_empty();
        let translated = zh.chars().any(is_chinese) && !en.chars().any(is_chinese);
        !said || (!translated && !international.contains(name))
    };
    all.iter().filter(wrong).map(|(name, _, _)| *name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_language_speaks_for_itself() {
        for all in [ALL, recognition::ALL, oversight::ALL, events::ALL] {
            assert_eq!(
                not_translated(all, &["other_language", "unit_tco2e"]),
                Vec::<&str>::new()
            );
        }
        assert_eq!(
            not_translated(&[("a", "甲", "one"), ("b", "two", "two"), ("c", "丙", "丙")], &[]),
            ["b", "c"]
        );
    }

    #[test]
    fn one_word_for_one_thing() {
        // The glossary's words, wherever pages name the thing.
        for (name, zh, _) in [ALL, recognition::ALL, oversight::ALL, events::ALL]
            .into_iter()
            .flatten()
        {
            assert!(!zh.contains("流转") && !zh.contains("区块链"), "{name}: {zh}");
        }
        assert_eq!(ZH.transfer, crate::glossary::chinese("transfer").unwrap());
        assert_eq!(ZH.witness, crate::glossary::chinese("witness").unwrap());
        assert_eq!(ZH.checkpoint, crate::glossary::chinese("checkpoint").unwrap());
    }
}
