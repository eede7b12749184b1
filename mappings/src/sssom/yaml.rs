//! The YAML of a header: mappings, lists and texts, with their places. Aliases, tags and second documents are refused: nothing
//! in a header needs them, and an alias can make a small text large.

use std::fmt::Write as _;

use saphyr_parser::{Event, Parser, ScalarStyle, Span};

/// The deepest nesting: a list of mappings of texts in a mapping.
const DEPTH_MAX: usize = 6;

/// A value and where it begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Node {
    /// The line, from 1.
    pub(super) line: usize,
    /// The column, from 1.
    pub(super) column: usize,
    pub(super) value: Value,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    /// Nothing: `key:` or `~`.
    Null,
    Text(String),
    List(Vec<Node>),
    Map(Vec<(Node, Node)>),
}

/// What is wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct YamlFault {
    pub(super) line: usize,
    pub(super) column: usize,
    pub(super) problem: String,
}

fn fault(span: Span, problem: impl Into<String>) -> YamlFault {
    YamlFault {
        line: span.start.line(),
        column: span.start.col() + 1,
        problem: problem.into(),
    }
}

/// Reads one document; an empty text is [`Value::Null`].
pub(super) fn read(text: &str) -> Result<Node, YamlFault> {
    let mut events = Events(Parser::new_from_str(text));
    let mut root = None;
    loop {
        let (event, span) = events.next()?;
        match event {
            Event::StreamEnd => break,
            Event::StreamStart | Event::Nothing | Event::DocumentEnd => {}
            Event::DocumentStart(_) if root.is_some() => return Err(fault(span, "a header is one document")),
            Event::DocumentStart(_) => root = Some(events.node(0)?),
            _ => return Err(fault(span, "a header is one mapping")),
        }
    }
    Ok(root.unwrap_or(Node {
        line: 1,
        column: 1,
        value: Value::Null,
    }))
}

struct Events<'a>(Parser<'a, saphyr_parser::StrInput<'a>>);

impl<'a> Events<'a> {
    fn next(&mut self) -> Result<(Event<'a>, Span), YamlFault> {
        match self.0.next_event() {
            Some(Ok(event)) => Ok(event),
            Some(Err(error)) => Err(YamlFault {
                line: error.marker().line(),
                column: error.marker().col() + 1,
                problem: error.info().into(),
            }),
            None => Ok((Event::StreamEnd, Span::default())),
        }
    }

    fn node(&mut self, depth: usize) -> Result<Node, YamlFault> {
        let (event, span) = self.next()?;
        self.node_of(event, span, depth)
    }

    fn node_of(&mut self, event: Event<'a>, span: Span, depth: usize) -> Result<Node, YamlFault> {
        if depth > DEPTH_MAX {
            return Err(fault(span, "nested too deeply"));
        }
        let value = match event {
            Event::Scalar(text, style, 0, None) => scalar(&text, style),
            Event::SequenceStart(0, None) => Value::List(self.list(depth)?),
            Event::MappingStart(0, None) => Value::Map(self.map(depth)?),
            Event::Alias(_) => return Err(fault(span, "aliases have no place in a header")),
            _ => return Err(fault(span, "anchors and tags have no place in a header")),
        };
        Ok(Node {
            line: span.start.line(),
            column: span.start.col() + 1,
            value,
        })
    }

    fn list(&mut self, depth: usize) -> Result<Vec<Node>, YamlFault> {
        let mut list = Vec::new();
        loop {
            match self.next()? {
                (Event::SequenceEnd, _) => return Ok(list),
                (event, span) => list.push(self.node_of(event, span, depth + 1)?),
            }
        }
    }

    fn map(&mut self, depth: usize) -> Result<Vec<(Node, Node)>, YamlFault> {
        let mut map: Vec<(Node, Node)> = Vec::new();
        loop {
            let (event, span) = self.next()?;
            if event == Event::MappingEnd {
                return Ok(map);
            }
            let key = self.node_of(event, span, depth + 1)?;
            if !matches!(key.value, Value::Text(_)) {
                return Err(fault(span, "a key is a text"));
            }
            if map.iter().any(|(other, _)| other.value == key.value) {
                return Err(fault(span, "a key stands twice"));
            }
            let value = self.node(depth + 1)?;
            map.push((key, value));
        }
    }
}

fn scalar(text: &str, style: ScalarStyle) -> Value {
    let plain = style == ScalarStyle::Plain;
    if plain && matches!(text, "" | "~" | "null") {
        Value::Null
    } else {
        Value::Text(text.into())
    }
}

/// A text as YAML: in double quotes, as JSON writes it, which YAML 1.2 reads alike (YAML 1.2.2, section 7.3.1).
pub(super) fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}') => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
