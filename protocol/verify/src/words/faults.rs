//! The titles of what can be wrong with a receipt.

use tanqiao_protocol::receipt::ReceiptFault;

use super::Language;

impl Language {
    /// What is wrong, in a few words.
    #[must_use]
    pub fn fault(self, fault: ReceiptFault) -> &'static str {
        let (english, chinese) = match fault {
            ReceiptFault::Malformed => ("this is not such a file", "文件格式不符"),
            ReceiptFault::Proof => ("a proof cannot be read", "证明无法读取"),
            ReceiptFault::Checkpoints => ("the proofs are under different checkpoints", "各证明不属同一检查点"),
            ReceiptFault::Signature => ("a signature under the checkpoint is false", "检查点签名不实"),
            ReceiptFault::Log => ("the log has not signed the checkpoint", "检查点未经日志签名"),
            ReceiptFault::Quorum => ("too few witnesses", "见证方不足"),
            ReceiptFault::Inclusion => ("a leaf is not in the log", "记录不在日志中"),
            ReceiptFault::Leaf => ("an entry is not a leaf", "条目不是有效记录"),
            ReceiptFault::Parts => ("parts of the leaf are missing", "记录分段不全"),
            ReceiptFault::Outcome => ("the leaf commits something else", "记录并非该事项的生效记录"),
            ReceiptFault::Changes => ("the changes do not fit", "变动内容不符"),
            ReceiptFault::Messages => ("signed messages are missing", "签名报文缺失或不符"),
            ReceiptFault::Payload => ("a message is not the one that the leaf names", "报文与记录所载哈希不符"),
            ReceiptFault::Content => ("a message says something else than the leaf", "报文内容与记录不符"),
            ReceiptFault::Key => ("a key was not admitted for that member", "密钥并非该成员的准入密钥"),
            ReceiptFault::KeyLater => ("a key was admitted after it signed", "密钥准入晚于签名"),
            ReceiptFault::MessageSignature => ("a message was not signed by the key", "报文签名不实"),
            ReceiptFault::Certificate => ("the certificate and its receipt differ", "证书与凭证不一致"),
        };
        match self {
            Self::English => english,
            Self::Chinese => chinese,
        }
    }
}
