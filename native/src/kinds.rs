//! Kinds of fields: how each is recognised, and what its texts are worth.

use pyo3::prelude::*;

use crate::numbers::{digits, duration_end, size_end};
use crate::pattern::{Pattern, Scratch};
use crate::set::{Set, is_word};
use crate::values::Value;

/// A kind as Python gives it.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub struct KindData<'py> {
    name: String,
    chars: String,
    pattern: String,
    value: Bound<'py, PyAny>,
    value_name: String,
    columns: Vec<String>,
}

enum Closed {
    Integer,
    /// A whole number, or else what the expression says.
    IntegerOr(Pattern),
    Duration,
    Size,
    XdsType,
    Pattern(Pattern),
}

pub struct Kind {
    /// The characters of a free kind; a closed one knows its own end.
    pub chars: Option<Set>,
    closed: Closed,
    whole: Pattern,
    pub value: Value,
    pub columns: Vec<String>,
}

/// Expressions that are read without one.
const INTEGER: &str = "-?[0-9]+";
const XDS_TYPE: &str = r"(?![AX]DS(?!\w))(?:[A-Z]{2,6}(?![A-Za-z])|[A-Za-z][\w.-]*/[\w./-]+)";
const SIZE: &str = "[0-9]+(?:\\.[0-9]+)?[kMGTPE]?B?";
const DURATION: &str = "-?(?:(?:[0-9]+(?:\\.[0-9]*)?|\\.[0-9]+)(?:ns|us|\u{b5}s|\u{3bc}s|ms|s|m|h))+|0";

impl Kind {
    pub fn new(data: KindData) -> Result<Kind, String> {
        let of = |text: &str| Pattern::new(text).map_err(|error| format!("kind {:?}: {error}", data.name));
        let chars = if data.chars.is_empty() { None } else { Some(class(&data.chars)?) };
        let closed = match data.pattern.as_str() {
            INTEGER => Closed::Integer,
            DURATION => Closed::Duration,
            SIZE => Closed::Size,
            XDS_TYPE => Closed::XdsType,
            pattern => match pattern.strip_prefix(INTEGER).and_then(|rest| rest.strip_prefix('|')) {
                Some(other) => Closed::IntegerOr(of(other)?),
                None => Closed::Pattern(of(pattern)?),
            },
        };
        let text = if data.pattern.is_empty() { format!("{}*", data.chars) } else { data.pattern.clone() };
        Ok(Kind {
            chars,
            closed,
            whole: of(&format!("(?:{text})\\Z"))?,
            value: Value::new(&data.value_name, data.value),
            columns: data.columns,
        })
    }

    /// Where the text of a closed kind ends that begins at `at`; most are whole numbers.
    #[inline(always)]
    pub fn end(&self, text: &[u8], at: usize, scratch: &mut Scratch) -> Option<usize> {
        if let Closed::Integer | Closed::IntegerOr(_) = self.closed
            && let Some(end) = integer_end(text, at)
        {
            return Some(end);
        }
        self.end_of_any(text, at, scratch)
    }

    #[inline(never)]
    fn end_of_any(&self, text: &[u8], at: usize, scratch: &mut Scratch) -> Option<usize> {
        match &self.closed {
            Closed::Integer => None,
            Closed::Duration => duration_end(text, at),
            Closed::Size => size_end(text, at),
            Closed::XdsType => Some(at + xds_type(&text[at..])?),
            Closed::IntegerOr(pattern) | Closed::Pattern(pattern) => pattern.matches(text, at, scratch),
        }
    }

    /// Whether all of a text is of this kind.
    pub fn is_of(&self, text: &[u8], scratch: &mut Scratch) -> bool {
        self.whole.matches(text, 0, scratch).is_some()
    }
}

/// Where the whole number at `at` ends.
#[inline(always)]
fn integer_end(text: &[u8], at: usize) -> Option<usize> {
    let start = at + usize::from(text.get(at) == Some(&b'-'));
    let size = digits(&text[start..]);
    (size > 0).then_some(start + size)
}

/// The length of the xDS type at the head of a text: a few capitals, or a type URL.
#[inline]
fn xds_type(text: &[u8]) -> Option<usize> {
    let is_scope = matches!(text, [b'A' | b'X', b'D', b'S', ..]);
    if is_scope && !text.get(3).is_some_and(|byte| is_word(*byte)) {
        return None;
    }
    let capitals = text.iter().position(|byte| !byte.is_ascii_uppercase()).unwrap_or(text.len());
    if (2..=6).contains(&capitals) && !text.get(capitals).is_some_and(u8::is_ascii_lowercase) {
        return Some(capitals);
    }
    text.first().filter(|first| first.is_ascii_alphabetic())?;
    let run = |from: usize, sign: u8| {
        let rest = text[from..].iter();
        rest.take_while(|byte| is_word(**byte) || matches!(**byte, b'.' | b'-') || **byte == sign).count()
    };
    let name = run(0, b'.');
    let rest = run((name + 1).min(text.len()), b'/');
    (text.get(name) == Some(&b'/') && rest > 0).then_some(name + 1 + rest)
}

/// The characters of a class such as `\S`, `.` or `[^)]`.
fn class(text: &str) -> Result<Set, String> {
    let pattern = Pattern::new(text)?;
    let mut scratch = Scratch::default();
    let mut set = Set::default();
    for byte in 0..=255u8 {
        if pattern.matches(&[byte], 0, &mut scratch).is_some() {
            set.add(byte);
        }
    }
    Ok(set)
}
