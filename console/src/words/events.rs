//! Events, donations, certificates, and the accounts of the hub.

crate::catalogue! {
    /// What pages about events, certificates and accounts say in one language.
    Events {}
    events: "活动", "Events";
    event: "活动", "Event";
    title: "名称", "Title";
    no_events: "尚无活动。", "No event was announced yet.";
    no_events_next: "组织方公布活动及排放清单后出现在这里。", "Events appear once an organiser has announced one with its inventory.";
    e_open: "接受捐赠", "Takes donations";
    e_closed: "已结束", "Closed";
    target: "需抵消", "Target";
    given: "已捐赠", "Given";
    undecided: "待决定", "Undecided";
    missing: "尚缺", "Missing";
    organiser: "组织方", "Organiser";
    starts_at: "开始", "Begins";
    ends_at: "结束", "Ends";
    donations_until: "接受捐赠至", "Donations until";
    basis: "清单", "Inventory is";
    planned: "计划数", "planned";
    verified: "已核证", "verified";
    policy: "接受方式", "Accepted";
    at_once: "符合条件的立即接受", "at once, where eligible";
    by_organiser: "由组织方逐笔决定", "by the organiser";
    vintage_from: "最早年份", "Vintage from";
    coverage: "覆盖情况", "Coverage";
    coverage_how: "左段为已捐赠，右段为待决定；到最后一克才算满。", "What was given, and what is undecided beside it. It is full to the last gram only.";
    donors: "各地区捐赠", "Donors by region";
    nobody_gave: "尚无完成的捐赠。", "Nothing was given yet.";
    inventory: "排放清单", "Inventory";
    category: "排放类别", "Category";
    donations: "捐赠", "Donations";
    donation: "捐赠", "Donation";
    no_donations: "没有捐赠。", "There is no donation.";
    no_donations_next: "节点捐赠后出现在这里。", "Donations appear once a member has given.";
    d_reserved: "待组织方决定", "Waits for the organiser";
    d_close: "结束活动募集", "Close the event";
    close_1: "不再接受捐赠；清单须已核证。", "It takes no more donations; its inventory must be verified.";
    close_2: "核证后的清单更大时会重新开放。", "A larger verified inventory reopens it.";
    closed_already: "募集已经结束。", "The event is closed already.";
    d_accept: "接受捐赠", "Accept the donation";
    accept_1: "捐出的区块段为该活动注销，并产生证书；不能撤回。", "The blocks are retired for the event, with a certificate. It cannot be taken back.";
    accept_2: "主管代组织方决定。", "Officers decide in the organiser's place.";
    d_decline: "谢绝捐赠", "Decline the donation";
    decline_1: "预留的区块段退回捐赠方。", "The reserved blocks go back to the donor.";
    // Certificates.
    certificates: "证书", "Certificates";
    certificate: "证书", "Certificate";
    none_fits: "没有符合条件的记录。", "Nothing fits.";
    no_certificates: "尚无证书。", "There is no certificate yet.";
    no_certificates_next: "每次注销或完成的捐赠都有一份证书。", "Every retirement and committed donation has one.";
    claimant_or_number: "受益方或证书编号", "Beneficiary or number";
    public_page: "公众核验页", "Public verification";
    issued: "由枢纽签发，记录在日志中", "The hub issued it, and it is in the log";
    claimant_kind: "受益方类型", "Kind of beneficiary";
    k_member: "节点", "a member";
    k_organisation: "单位", "an organisation";
    k_commitment: "个人（只存承诺值）", "a person, as a commitment";
    k_event: "活动", "an event";
    linked: "关联义务", "Linked obligation";
    claims: "声明内容", "Statement";
    // Accounts.
    officers: "账户与角色", "Accounts and roles";
    officers_how: "账户的增设、角色变更与停用由两位主管决定；不能决定自己的账户。", "Two officers decide about accounts and roles, and nobody about the own one.";
    active: "可用", "active";
    withdrawn: "已停用", "withdrawn";
    admit: "增设账户", "Admit an account";
    change: "变更", "Change";
    new_account: "新账户", "A new account";
    account_hint: "字母、数字、点、下划线和连字符；不填个人姓名。", "Letters, digits, dots, underlines and hyphens; no person's name.";
    account_known: "账户已存在。", "This account exists already.";
    password_hint: "12 至 200 个字符；请当面交给本人，由其首次登录后启用第二因素。", "12 to 200 characters. Hand it over in person; its owner switches on a second factor.";
    d_account: "设置账户与角色", "Set an account and its role";
    now: "目前", "Now";
    then: "批准之后", "Once approved";
    admit_1: "账户批准后即可登录，按其角色查看或决定。", "It can sign in once this is approved, and may what its role may.";
    admit_2: "口令只存其散列值。", "Only a hash of the password is kept.";
    change_1: "新角色从下一次打开页面起生效；口令不变。", "The role holds from the next page on; the password stays.";
    withdraw_1: "停用的账户立即失去登录与所有会话。", "A withdrawn account loses its sessions, and cannot sign in.";
    own_account: "不能决定自己的账户：请由另外两位主管决定。", "Nobody decides about the own account: two other officers do.";
    password_changed: "该账户的口令在提交之后已改变，请重新提交。", "The account's password has changed since: propose it anew.";
    too_few_officers: "须至少保留两位可用的主管，否则双人审批无法进行。", "Two active officers must stay, or nothing that needs two could be decided.";
}
