//! Checkpoints (C2SP `tlog-checkpoint`): the text of a note that states the size and root of a log.

use std::fmt;
use std::str::FromStr;

use super::line;
use crate::id::{Sha256, TextError};
use crate::signing::is_note_name;

/// A tree: its number of leaves and its root.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// Number of leaves.
    pub size: u64,
    /// The root over them (RFC 6962 §2.1).
    pub root: Sha256,
}

/// What a checkpoint states. Extension lines, which C2SP advises against, are read over and never written: signatures are
/// over the text of the note, so that they count there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    origin: String,
    head: Head,
}

impl Checkpoint {
    /// `origin` is the log's name, as in its verifier key.
    ///
    /// # Errors
    /// [`TextError`] if it is empty or has blank space or `+` in it. Those of others may: they are read.
    pub fn new(origin: &str, head: Head) -> Result<Self, TextError> {
        if !is_note_name(origin) {
            return Err(TextError::new(
                origin,
                "the origin of a log: at least one character, and neither blank space nor `+`",
            ));
        }
        Ok(Self {
            origin: origin.to_owned(),
            head,
        })
    }

    /// The name of the log.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The tree.
    #[must_use]
    pub const fn head(&self) -> Head {
        self.head
    }

    /// Number of leaves.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.head.size
    }

    /// The root.
    #[must_use]
    pub const fn root(&self) -> &Sha256 {
        &self.head.root
    }
}

/// The text to sign.
impl fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Head { size, root } = &self.head;
        write!(f, "{}\n{size}\n{}\n", self.origin, line::encode(root))
    }
}

/// From the text of a note.
impl FromStr for Checkpoint {
    type Err = TextError;
    fn from_str(text: &str) -> Result<Self, TextError> {
        let parse = || {
            let mut lines = text.strip_suffix('\n')?.split('\n');
            let (origin, size, root) = (lines.next()?, lines.next()?, lines.next()?);
            let head = Head {
                size: line::decimal(size)?,
                root: line::hash(root)?,
            };
            let filled = !origin.is_empty() && lines.all(|extension| !extension.is_empty());
            let plain = text.bytes().all(|b| b >= b' ' || b == b'\n');
            (filled && plain).then(|| Self {
                origin: origin.to_owned(),
                head,
            })
        };
        parse().ok_or_else(|| TextError::new(text, "a checkpoint: origin, size and root, each with a newline"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";

    #[test]
    fn a_checkpoint_is_read_as_it_is_written() {
        let read: Checkpoint = TEXT.parse().unwrap();
        assert_eq!(
            (read.origin(), read.size()),
            ("example.com/behind-the-sofa", 20_852_163)
        );
        assert!(read.root().to_string().starts_with("0ac5186a9186"));
        assert_eq!(read.to_string(), TEXT);
        assert_eq!(Checkpoint::new(read.origin(), read.head()).unwrap(), read);
    }

    #[test]
    fn what_others_may_write_is_read_and_not_written() {
        let extended = format!("{TEXT}an extension line\n");
        assert_eq!(extended.parse::<Checkpoint>().unwrap().to_string(), TEXT);
        let named = TEXT.replace("example.com/behind-the-sofa", "go.sum database tree");
        let read: Checkpoint = named.parse().unwrap();
        assert!(Checkpoint::new(read.origin(), read.head()).is_err());
    }

    #[test]
    fn each_checkpoint_has_one_spelling() {
        let sizes = [
            "",
            "00",
            "01",
            "+1",
            "-1",
            "1 ",
            "1e3",
            "0x1",
            "１",
            "18446744073709551616",
        ];
        let roots = [
            "",
            "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I",
            "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2J=",
            "CsUYapGGPo4dkMgIAUqom_Xajj7h2fB2MPA3j2jxq2I=",
            "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxqw==",
            "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I= ",
        ];
        let broken = sizes
            .iter()
            .map(|size| TEXT.replace("20852163", size))
            .chain(
                roots
                    .iter()
                    .map(|root| TEXT.replace("CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=", root)),
            )
            .chain([
                TEXT.trim_end().to_owned(),
                format!("{TEXT}\n"),
                format!("{TEXT}\nmore\n"),
                format!("\n{TEXT}"),
                TEXT.replace('\n', "\r\n"),
                TEXT.replace("sofa", "so\tfa"),
                "example.com/behind-the-sofa\n20852163\n".to_owned(),
                String::new(),
            ]);
        for text in broken {
            assert!(text.parse::<Checkpoint>().is_err(), "{text:?}");
        }
        for size in ["0", "1", "18446744073709551615"] {
            let text = TEXT.replace("20852163", size);
            assert_eq!(text.parse::<Checkpoint>().unwrap().to_string(), text);
        }
    }
}
