//! Labels: the `key=value` pairs behind a message, and what of an entry's text its message may be.

use crate::lines::last_tab;
use crate::numbers::integer;
use crate::set::{label_key, trim_end};

type Span = (usize, usize);

/// A message without the labels that follow its last tab, as its end, and those labels.
#[inline]
pub fn split_labels(message: &[u8]) -> (usize, Span) {
    match last_tab(message) {
        Some(at) if label_key(&message[at + 1..]).is_some() => (at, (at + 1, message.len())),
        _ => (message.len(), (0, 0)),
    }
}

/// The first run of blanks or tabs before a `key=`; `wide`: a tab, or at least two blanks.
pub fn gap(message: &[u8], wide: bool) -> Option<Span> {
    let is_gap = |byte: u8| byte == b' ' || byte == b'\t';
    let mut at = 0;
    while at < message.len() {
        if !is_gap(message[at]) {
            at += 1;
            continue;
        }
        let is_part = |byte: &u8| if wide { *byte == b' ' } else { is_gap(*byte) };
        let size = message[at..].iter().position(|byte| !is_part(byte)).unwrap_or(message.len() - at);
        let is_tab = wide && message[at] == b'\t';
        let end = if is_tab { at + 1 } else { at + size };
        if (!wide || is_tab || size > 1) && label_key(&message[end..]).is_some() {
            return Some((at, end));
        }
        at = end;
    }
    None
}

/// What of an entry's message its format may be of, and the labels, the likeliest first.
pub struct Readings<'a> {
    pub message: &'a [u8],
    /// The tab before labels may have become blanks.
    pub tabs_lost: bool,
    /// There is no tab.
    no_tab: bool,
    next: u8,
}

impl<'a> Readings<'a> {
    pub fn new(message: &'a [u8], tabs_lost: bool, no_tab: bool) -> Readings<'a> {
        Readings { message, tabs_lost, no_tab, next: 0 }
    }
}

impl Iterator for Readings<'_> {
    type Item = (usize, Span);

    #[inline]
    fn next(&mut self) -> Option<(usize, Span)> {
        let message = self.message;
        let to_end = |(start, end): Span| (start, (end, message.len()));
        loop {
            self.next += 1;
            match self.next {
                1 => {
                    if self.tabs_lost
                        && let Some(found) = gap(message, true)
                    {
                        return Some(to_end(found));
                    }
                }
                2 if self.no_tab => return Some((message.len(), (0, 0))),
                2 => return Some(split_labels(message)),
                3 => {
                    if self.tabs_lost {
                        return Some(gap(message, false).map_or((message.len(), (0, 0)), to_end));
                    }
                }
                4 => {
                    let end = memchr::memchr(b'\n', message)?;
                    return Some(split_labels(&message[..end]));
                }
                _ => return None,
            }
        }
    }
}

/// The thread that Envoy of Istio 1.17 and later prints as the last label.
pub fn thread_of(message: &[u8], tabs_lost: bool) -> Option<i64> {
    const LABEL: &[u8] = b"thread=";
    let at = memchr::memmem::rfind(message, LABEL)?;
    let before = *message[..at].last()?;
    if before != b'\t' && !(tabs_lost && before == b' ') {
        return None;
    }
    integer(trim_end(&message[at + LABEL.len()..]))
}

/// The `key=value` pairs of labels; a value goes on to the next key.
pub fn labels_in(labels: &[u8], mut each: impl FnMut(Span, Span)) {
    let mut open: Option<(Span, usize)> = label_key(labels).map(|size| ((0, size), size + 1));
    let mut at = open.map_or(0, |(_, value)| value);
    while let Some(blank) = memchr::memchr(b' ', &labels[at..]) {
        let start = at + blank + 1;
        at = start;
        if let Some(size) = label_key(&labels[start..]) {
            if let Some((key, value)) = open {
                each(key, (value, start - 1));
            }
            open = Some(((start, start + size), start + size + 1));
            at = start + size + 1;
        }
    }
    if let Some((key, value)) = open {
        each(key, (value, labels.len()));
    }
}
