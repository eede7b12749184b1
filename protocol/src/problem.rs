//! Problem documents (RFC 9457): the answer to everything that is refused, in the same form everywhere.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::check::CheckCode;
use crate::strict::StrictError;
use crate::text::words;

/// The media type of a problem document (RFC 9457 §6.1).
pub const MEDIA_TYPE: &str = "application/problem+json";

/// What `type` begins with; the code follows.
pub const TYPE_BASE: &str = "https://tanqiao.example/problems/";

words! {
    /// Problems that no check finds: about the request or the service, not about the command. They are never stored.
    pub enum ApiProblem {
        /// There is nothing at this address, or nothing that the caller may see (the two are not told apart).
        NotFound = 1 "not-found",
        /// The address exists, the method does not.
        MethodNotAllowed = 2 "method-not-allowed",
        /// The body is of a type that this address does not read.
        UnsupportedMediaType = 3 "unsupported-media-type",
        /// A parameter of the address or query is missing or wrong.
        InvalidParameter = 4 "invalid-parameter",
        /// No valid credential: certificate, session or token.
        Unauthorised = 5 "unauthorised",
        /// A valid credential whose scope does not reach this.
        Forbidden = 6 "forbidden",
        /// The reader's cursor or chain is not one of this feed: somebody was restored from an old backup.
        FeedFork = 7 "feed-fork",
        /// The object exists, but what is asked for is not made yet (a certificate, a receipt, a witnessed head).
        NotIssuedYet = 8 "not-issued-yet",
        /// The sequencer's queue is full.
        Busy = 9 "busy",
        /// The service reads only: it is recovering, or its database went back.
        ReadOnly = 10 "read-only",
        /// A fault of the service; the outcome is unknown until asked for by id.
        Internal = 11 "internal",
        /// An upload that does not go on where the last part ended.
        UploadOffset = 12 "upload-offset",
        /// The member's streams that are not screened yet take all the room that a member has.
        UploadQuota = 13 "upload-quota",
        /// A stream that is longer than all the room that a member has.
        UploadTooLarge = 14 "upload-too-large",
        /// The log is shorter here than where the reader is: the hub was restored from an old backup, or shows two histories.
        LogBehind = 15 "log-behind",
        /// The log has signed another root of this size.
        LogFork = 16 "log-fork",
        /// The hub no longer has the cut of a reconciliation.
        ReconciliationExpired = 17 "reconciliation-expired",
        /// It is committed, and the witnesses have not yet cosigned a checkpoint with its leaf.
        NotWitnessedYet = 18 "not-witnessed-yet",
        /// A certificate whose texts have characters that the fonts do not have, or do not fit on the page.
        NotPrintable = 19 "not-printable",
    }
}

impl ApiProblem {
    /// The code of the problem, `feed-fork`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.word()
    }

    /// The status of the HTTP answer.
    #[must_use]
    pub const fn http_status(self) -> u16 {
        match self {
            Self::InvalidParameter => 400,
            Self::Unauthorised => 401,
            Self::Forbidden => 403,
            Self::NotFound => 404,
            Self::MethodNotAllowed => 405,
            Self::FeedFork
            | Self::NotIssuedYet
            | Self::UploadOffset
            | Self::LogBehind
            | Self::LogFork
            | Self::NotWitnessedYet
            | Self::ReconciliationExpired => 409,
            Self::UploadTooLarge => 413,
            Self::UnsupportedMediaType => 415,
            Self::NotPrintable => 422,
            Self::UploadQuota => 429,
            Self::Internal => 500,
            Self::Busy | Self::ReadOnly => 503,
        }
    }

    /// The title in English.
    #[must_use]
    pub const fn title_en(self) -> &'static str {
        match self {
            Self::NotFound => "Not found",
            Self::MethodNotAllowed => "Method not allowed",
            Self::UnsupportedMediaType => "Unsupported media type",
            Self::InvalidParameter => "Invalid parameter",
            Self::Unauthorised => "Not authenticated",
            Self::Forbidden => "Not permitted",
            Self::FeedFork => "Feed has forked",
            Self::NotIssuedYet => "Not issued yet",
            Self::Busy => "Busy",
            Self::ReadOnly => "Read only at present",
            Self::Internal => "Fault of the service",
            Self::UploadOffset => "Upload goes on elsewhere",
            Self::UploadQuota => "No room for another upload yet",
            Self::UploadTooLarge => "Upload too large",
            Self::LogBehind => "Log is behind the reader",
            Self::LogFork => "Log has forked",
            Self::NotWitnessedYet => "Not witnessed yet",
            Self::ReconciliationExpired => "Reconciliation has expired",
            Self::NotPrintable => "Cannot be printed",
        }
    }

    /// The title in Chinese.
    #[must_use]
    pub const fn title_zh(self) -> &'static str {
        match self {
            Self::NotFound => "未找到",
            Self::MethodNotAllowed => "不支持该请求方法",
            Self::UnsupportedMediaType => "不支持该内容类型",
            Self::InvalidParameter => "参数无效",
            Self::Unauthorised => "未通过身份认证",
            Self::Forbidden => "无权访问",
            Self::FeedFork => "事件流出现分叉",
            Self::NotIssuedYet => "尚未出具",
            Self::Busy => "系统繁忙",
            Self::ReadOnly => "当前仅可查询",
            Self::Internal => "服务内部故障",
            Self::UploadOffset => "上传续传位置不符",
            Self::UploadQuota => "上传空间暂时不足",
            Self::UploadTooLarge => "上传内容过大",
            Self::LogBehind => "透明日志落后于读取位置",
            Self::LogFork => "透明日志出现分叉",
            Self::NotWitnessedYet => "尚未见证",
            Self::ReconciliationExpired => "对账切点已失效",
            Self::NotPrintable => "无法打印",
        }
    }

    /// What to do about it.
    #[must_use]
    pub const fn remedy_en(self) -> &'static str {
        match self {
            Self::NotFound => "Check the address and the id; objects of other members are not shown.",
            Self::MethodNotAllowed => "Use a method that the `Allow` header names.",
            Self::UnsupportedMediaType => "Send the content type that the OpenAPI description names.",
            Self::InvalidParameter => "Correct the parameter that `path` names.",
            Self::Unauthorised => "Present a valid certificate, session or token.",
            Self::Forbidden => "Ask for the scope or role that this needs.",
            Self::FeedFork => {
                "Stop, keep both chains, and tell the hub's officer: one side was restored from an old backup."
            }
            Self::NotIssuedYet => "Ask again after the time in `retry_after_s`.",
            Self::NotWitnessedYet => {
                "Ask again after the time in `retry_after_s`; if it lasts, too few witnesses are cosigning: tell the hub's officers."
            }
            Self::Busy => "Send the same message again after the time in `retry_after_s`.",
            Self::ReadOnly => "Keep the message in the outbox and send it again later.",
            Self::UploadOffset => "Send the stream from the byte that `Upload-Offset` names.",
            Self::UploadQuota => {
                "Send it again after the time in `retry_after_s`, once earlier issuances are screened or abandoned."
            }
            Self::UploadTooLarge => {
                "Register the activities again in smaller issuances, each of a stream of at most `expected` bytes."
            }
            Self::LogBehind | Self::LogFork => {
                "Stop cosigning, keep both notes, and tell the hub's officers and the other members."
            }
            Self::ReconciliationExpired => "Begin a reconciliation again, with a new id.",
            Self::NotPrintable => "Show the certificate's public page, or its JSON, which have everything.",
            Self::Internal => {
                "Send the same message again: its id makes that safe. Report the request id if it persists."
            }
        }
    }
}

/// A problem document. Members without a value are left out; members of newer versions are ignored (RFC 9457 §3.2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// What kind of problem, as an address: [`TYPE_BASE`] and the code.
    #[serde(rename = "type")]
    pub type_uri: String,
    /// The kind in a few words.
    pub title: String,
    /// The status of the HTTP answer.
    pub status: u16,
    /// What is wrong here and what a person can do about it.
    pub detail: String,
    /// The kind as a word, `block-reserved`.
    pub code: String,
    /// The check that refused, `B03`; none for an [`ApiProblem`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check: Option<CheckCode>,
    /// The transfer or other command that stands in the way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transfer: Option<String>,
    /// The blocks concerned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blocks: Option<Vec<String>>,
    /// What was expected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected: Option<String>,
    /// What was found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub found: Option<String>,
    /// The member of the message concerned, `content.blocks[3].range`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// After how many seconds to try again; also the `Retry-After` header.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_s: Option<u32>,
    /// A signed note of the log that contradicts the reader's, whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

impl Problem {
    /// The refusal by a check, with its general text and remedy as detail until [`Self::detail`] says more.
    #[must_use]
    pub fn of(code: CheckCode) -> Self {
        let check = code.check();
        let mut problem = Self::with(check.name, check.title_en, check.http_status);
        problem.detail = format!("{} {}", check.refusal_en, check.remedy_en);
        problem.check = Some(code);
        problem
    }

    /// A problem that is not a check's.
    #[must_use]
    pub fn api(kind: ApiProblem) -> Self {
        let mut problem = Self::with(kind.name(), kind.title_en(), kind.http_status());
        kind.remedy_en().clone_into(&mut problem.detail);
        problem
    }

    fn with(code: &str, title: &str, status: u16) -> Self {
        Self {
            type_uri: format!("{TYPE_BASE}{code}"),
            title: title.to_owned(),
            status,
            detail: String::new(),
            code: code.to_owned(),
            check: None,
            transfer: None,
            blocks: None,
            expected: None,
            found: None,
            path: None,
            retry_after_s: None,
            note: None,
        }
    }

    /// Says what is wrong in this case; the check's remedy is kept after it.
    #[must_use]
    pub fn detail(mut self, detail: impl fmt::Display) -> Self {
        self.detail = match self.check {
            Some(code) => format!("{detail} {}", code.check().remedy_en),
            None => detail.to_string(),
        };
        self
    }

    /// Names a block concerned; once per block.
    #[must_use]
    pub fn block(mut self, block: impl fmt::Display) -> Self {
        self.blocks.get_or_insert_default().push(block.to_string());
        self
    }

    /// Names the blocks concerned.
    #[must_use]
    pub fn blocks<B: fmt::Display>(mut self, blocks: impl IntoIterator<Item = B>) -> Self {
        self.blocks
            .get_or_insert_default()
            .extend(blocks.into_iter().map(|block| block.to_string()));
        self
    }

    /// Names the transfer that stands in the way.
    #[must_use]
    pub fn transfer(mut self, transfer: impl fmt::Display) -> Self {
        self.transfer = Some(transfer.to_string());
        self
    }

    /// Says what was expected.
    #[must_use]
    pub fn expected(mut self, expected: impl fmt::Display) -> Self {
        self.expected = Some(expected.to_string());
        self
    }

    /// Says what was found.
    #[must_use]
    pub fn found(mut self, found: impl fmt::Display) -> Self {
        self.found = Some(found.to_string());
        self
    }

    /// Names the member of the message.
    #[must_use]
    pub fn path(mut self, path: impl fmt::Display) -> Self {
        self.path = Some(path.to_string());
        self
    }

    /// Says when to try again, in seconds.
    #[must_use]
    pub const fn retry_after(mut self, seconds: u32) -> Self {
        self.retry_after_s = Some(seconds);
        self
    }

    /// Shows a signed note of the log.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.note = Some(note.into());
        self
    }

    /// True if the outcome is stored with the message's id (2-protocol, Idempotency).
    #[must_use]
    pub fn stored(&self) -> bool {
        self.check.is_some_and(|code| code.check().stored)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.check {
            Some(check) => write!(f, "{check} {}: {}", self.code, self.detail),
            None => write!(f, "{}: {}", self.code, self.detail),
        }
    }
}

impl std::error::Error for Problem {}

impl From<&StrictError> for Problem {
    fn from(error: &StrictError) -> Self {
        let mut problem = Self::of(error.check());
        problem.detail = format!("{error}.");
        if !error.path().is_empty() {
            problem = problem.path(error.path());
        }
        match error.suggestion() {
            Some(name) => problem.expected(name),
            None => problem,
        }
    }
}
