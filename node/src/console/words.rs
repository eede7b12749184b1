//! What the node's pages say beside what every console says.

use tanqiao_console::Language;

tanqiao_console::catalogue! {
    node_console: "地方节点", "Member node";
    home: "首页", "Home";
    holdings: "持有", "Holdings";
    role_viewer: "查看", "Viewer";
    role_operator: "经办", "Operator";
    role_approver: "复核", "Approver";
    // Home.
    hub_connection: "枢纽连接", "Connection to the hub";
    following: "正常", "In step";
    stopped_diverged: "账目不一致，已停止", "Stopped: the books differ";
    stopped_forked: "历史不一致，已停止", "Stopped: the history differs";
    heard_at: "最近一次联系", "Last heard";
    never: "尚未", "Never";
    trouble: "原因", "Reason";
    feed_behind: "待应用的通知", "Entries behind";
    feed_applied: "已应用至通知", "Applied up to entry";
    waits_for_us: "待办", "What waits here";
    offers_waiting: "待接收的转入", "Offers that wait for a decision";
    outbox_waiting: "发件箱待发", "Messages in the outbox";
    conflicts_open: "未决冲突", "Open conflicts";
    mappings_waiting: "待会签的映射", "Mappings that wait for our endorsement";
    suspense: "待分配", "Waiting to be attributed";
    log_verified: "已核验日志至", "Log verified up to";
    // Holdings.
    series: "序列", "Series";
    held: "可用", "Held";
    reserved: "已锁定", "Reserved";
    pledged: "已质押", "Pledged";
    frozen: "已冻结", "Frozen";
    retired: "已注销", "Retired";
    cancelled: "已取消", "Cancelled";
    exported: "已转出系统", "Exported";
    as_of_entry: "截至通知", "As of entry";
    nothing_held: "还没有减排量。", "Nothing is held yet.";
    nothing_held_next: "签发或转入后，这里按序列显示。", "What is issued or arrives appears here, by series.";
}

/// The words of a language.
pub(super) const fn of(language: Language) -> &'static Words {
    match language {
        Language::Chinese => &ZH,
        Language::English => &EN,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_language_speaks_for_itself() {
        assert_eq!(tanqiao_console::words::not_translated(ALL, &[]), Vec::<&str>::new());
    }
}
