//! The certificate file that a printed certificate (PDF/A-3) carries as its attachment.
//!
//! No reader of PDF is needed: our PDFs have exactly one embedded file, which is neither packed nor encrypted, with its length written
//! beside it. What is another way is refused, and nothing is guessed: a PDF in which there are two could show one to a person
//! and another to a verifier.

use super::refusal::{ReceiptFault, ReceiptRefusal};

/// How a PDF begins.
const HEADER: &[u8] = b"%PDF-";
/// The type of the stream of an attached file (ISO 32000-1 §7.11.4).
const EMBEDDED: &[u8] = b"/EmbeddedFile";
/// The furthest that the type is from the beginning of its dictionary, and from its end.
const DICTIONARY_BYTES_MAX: usize = 1_024;

/// True if these bytes are a PDF.
#[must_use]
pub fn is_pdf(bytes: &[u8]) -> bool {
    bytes.starts_with(HEADER)
}

/// The bytes of the one file that is attached to a PDF of ours.
///
/// # Errors
/// [`ReceiptFault::Malformed`]: no file is attached, or more than one, or it is packed.
pub fn attached(pdf: &[u8]) -> Result<&[u8], ReceiptRefusal> {
    let refuse = |detail: &str| Err(ReceiptRefusal::new(ReceiptFault::Malformed, "pdf", detail));
    if !is_pdf(pdf) {
        return refuse("this is no PDF");
    }
    let (mut found, mut rest) = (None, pdf);
    while let Some(place) = find(rest, EMBEDDED) {
        let (before, after) = rest.split_at(place);
        let named = after.get(EMBEDDED.len()..).unwrap_or_default();
        // `/EmbeddedFiles` is the list of their names.
        if named.first().is_some_and(u8::is_ascii_alphanumeric) {
            rest = named;
            continue;
        }
        let Some((content, next)) = stream(before, named) else {
            return refuse(
                "the attached file cannot be taken out: it is packed, or the PDF was written by another program",
            );
        };
        if found.replace(content).is_some() {
            return refuse("more than one file is attached: it is unclear which one is meant");
        }
        rest = next;
    }
    found.map_or_else(|| refuse("no certificate is attached to this PDF"), Ok)
}

/// The content of a stream whose dictionary has its type between `before` and `after`, and what follows it.
fn stream<'a>(before: &'a [u8], after: &'a [u8]) -> Option<(&'a [u8], &'a [u8])> {
    let begins = rfind(before, b" obj").filter(|begins| before.len() - begins <= DICTIONARY_BYTES_MAX)?;
    let opens = find(after, b"stream").filter(|opens| *opens <= DICTIONARY_BYTES_MAX)?;
    let head = [before.get(begins..)?, b" ", after.get(..opens)?].concat();
    if find(&head, b"/Filter").is_some() || find(&head, b"endobj").is_some() {
        return None;
    }
    let body = after.get(opens + b"stream".len()..)?;
    let body = body.strip_prefix(b"\r\n").or_else(|| body.strip_prefix(b"\n"))?;
    let (content, next) = body.split_at_checked(length(&head)?)?;
    let closed = next
        .strip_prefix(b"\r\n")
        .or_else(|| next.strip_prefix(b"\n"))
        .unwrap_or(next);
    closed.starts_with(b"endstream").then_some((content, next))
}

/// The stream's length, where it is a number and no reference to one.
fn length(head: &[u8]) -> Option<usize> {
    let mut after = head
        .get(find(head, b"/Length")? + b"/Length".len()..)?
        .trim_ascii_start();
    let mut length: usize = 0;
    while let [digit @ b'0'..=b'9', rest @ ..] = after {
        length = length.checked_mul(10)?.checked_add(usize::from(digit - b'0'))?;
        after = rest;
    }
    let ends = after.trim_ascii_start().first()?;
    matches!(ends, b'/' | b'>').then_some(length)
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}

fn rfind(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).rposition(|window| window == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pdf(streams: &[(&str, &str)]) -> Vec<u8> {
        let mut pdf = b"%PDF-1.7\n1 0 obj\n<< /Names << /EmbeddedFiles 2 0 R >> >>\nendobj\n".to_vec();
        for (head, content) in streams {
            pdf.extend(format!("3 0 obj\n<<{head}>>\nstream\n{content}\nendstream\nendobj\n").bytes());
        }
        pdf.extend(b"%%EOF");
        pdf
    }

    fn entry(content: &str) -> String {
        format!(
            " /Length {} /Type /EmbeddedFile /Subtype /application#2Fjson /Params << /Size 1 >> ",
            content.len()
        )
    }

    #[test]
    fn the_one_file_is_found_whatever_it_says() {
        for content in ["{}", "", "/Type /EmbeddedFile", "endstream\nendobj", "a\nb\r\n"] {
            let found = pdf(&[("/Length 1", "x"), (&entry(content), content)]);
            assert_eq!(attached(&found).unwrap(), content.as_bytes());
        }
    }

    #[test]
    fn what_is_unclear_is_refused() {
        let one = entry("{}");
        for (what, bytes) in [
            ("no PDF", b"{}".to_vec()),
            ("none", pdf(&[])),
            ("two", pdf(&[(&one, "{}"), (&one, "[]")])),
            ("packed", pdf(&[(&format!("{one}/Filter /FlateDecode"), "{}")])),
            (
                "a length elsewhere",
                pdf(&[("/Length 9 0 R /Type /EmbeddedFile", "{}")]),
            ),
            ("too short", pdf(&[("/Length 1 /Type /EmbeddedFile", "{}")])),
            (
                "too long",
                pdf(&[("/Length 99999999999999999999 /Type /EmbeddedFile", "{}")]),
            ),
            ("past the end", pdf(&[("/Length 4000 /Type /EmbeddedFile", "{}")])),
            ("no length", pdf(&[("/Type /EmbeddedFile", "{}")])),
            ("cut off", pdf(&[(&one, "{}")])[..130].to_vec()),
        ] {
            let refusal = attached(&bytes).expect_err(what);
            assert_eq!(refusal.fault(), ReceiptFault::Malformed, "{what}");
        }
    }
}
