//! Bytes -> text: line ends, NUL bytes and bytes that are no UTF-8.

use std::borrow::Cow;

use memchr::{memchr, memchr2, memrchr};

/// One sort of damage: where first (line, from 1), how many lines.
#[derive(Clone, Copy, Default)]
pub struct Damage {
    pub line: u64,
    pub lines: u64,
}

impl Damage {
    pub fn note(&mut self, line: u64) {
        self.line = if self.lines == 0 { line } else { self.line.min(line) };
        self.lines += 1;
    }
}

/// What is damaged in some bytes.
#[derive(Clone, Copy, Default)]
pub struct Damages {
    pub nul: Damage,
    pub no_utf8: Damage,
    pub broken_json: Damage,
}

/// Bytes that are no UTF-8 as `\xNN`, as Python's `backslashreplace` has them.
pub fn visible(raw: &[u8]) -> Cow<'_, [u8]> {
    if std::str::from_utf8(raw).is_ok() {
        return raw.into();
    }
    let mut text = Vec::with_capacity(raw.len() + 64);
    for chunk in raw.utf8_chunks() {
        text.extend_from_slice(chunk.valid().as_bytes());
        for byte in chunk.invalid() {
            text.extend_from_slice(format!("\\x{byte:02x}").as_bytes());
        }
    }
    text.into()
}

/// Whole lines as text that is UTF-8 and whose lines end in `\n` alone; what is damaged is noted.
///
/// `first` is the number of lines before these bytes.
pub fn cleaned<'a>(raw: &'a [u8], first: u64, damage: &mut Damages) -> Cow<'a, [u8]> {
    let is_text = std::str::from_utf8(raw).is_ok();
    if is_text && memchr2(b'\r', b'\0', raw).is_none() {
        return raw.into();
    }
    let mut text = Vec::with_capacity(raw.len());
    for (n, line) in lines(raw).enumerate() {
        let number = first + n as u64 + 1;
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if memchr(b'\0', line).is_some() {
            damage.nul.note(number);
        }
        let shown = visible(line);
        if matches!(shown, Cow::Owned(_)) {
            damage.no_utf8.note(number);
        }
        text.extend_from_slice(&shown);
        text.push(b'\n');
    }
    text.into()
}

/// The lines of some bytes; there is none behind the last line end.
pub fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let end = memchr(b'\n', rest);
        let line = &rest[..end.unwrap_or(rest.len())];
        rest = end.map_or(&rest[rest.len()..], |end| &rest[end + 1..]);
        Some(line)
    })
}

/// The place of the last tab.
pub fn last_tab(text: &[u8]) -> Option<usize> {
    memrchr(b'\t', text)
}
