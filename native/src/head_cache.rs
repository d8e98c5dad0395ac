//! What headers say, remembered by their text between the time and the message: most lines have one of a few.

use hashbrown::HashMap;
use memchr::memchr;

use crate::entry::{Entry, Text, Time};
use crate::headers::Layout;
use crate::numbers::digits;
use crate::set::{begins, label_key, same};
use crate::times::Clocks;

/// The longest text between a time and a message that is remembered, and how many are.
const LONGEST: usize = 160;
const MOST: usize = 1024;

/// What a header says between its time and its message; equal texts say the same.
#[derive(Clone)]
struct Remembered {
    layout: usize,
    level: u8,
    /// Where they stand in the text.
    scope: Option<(u32, u32)>,
    caller: Option<(u32, u32)>,
    component: u8,
}

/// What is remembered of the headers of lines.
#[derive(Default)]
pub struct HeadCache {
    pub clocks: Clocks,
    known: Vec<(Vec<u8>, Remembered)>,
    places: HashMap<Vec<u8>, usize>,
    last: usize,
}

/// The length of what stands between a time and a message, `TAB level TAB scope TAB`, if what follows cannot
/// make another header of it: no label, no caller, no brackets.
#[inline]
pub fn middle(rest: &[u8]) -> Option<usize> {
    if rest.first() != Some(&b'\t') {
        return None;
    }
    let level = rest[1..].iter().position(|byte| !byte.is_ascii_lowercase())? + 1;
    if level == 1 || rest[level] != b'\t' {
        return None;
    }
    let name = level + 1;
    let first = *rest.get(name)?;
    let run = rest[name..].iter().position(|byte| !(byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')));
    let stop = name + run?;
    let is_name = first.is_ascii_alphabetic();
    let end = match rest[stop] {
        b'\t' if is_name => stop + 1,
        // A target of ztunnel, or Envoy's logger and caller.
        b':' if is_name && rest.get(stop + 1) != Some(&b' ') => name + tab_near(&rest[name..])? + 1,
        b' ' if &rest[name..stop] == b"envoy" => name + tab_near(&rest[name..])? + 1,
        // No scope: the message begins here.
        b' ' if rest.get(stop + 1) == Some(&b' ') => return None,
        _ if first == b' ' || first == b'\t' => return None,
        _ => name,
    };
    is_plain(&rest[end..], true).then_some(end)
}

/// Whether a text behind a header cannot be a part of it.
#[inline]
fn is_plain(body: &[u8], has_tab: bool) -> bool {
    body.first() != Some(&b'[') && label_key(body).is_none() && !(has_tab && begins_with_caller(body))
}

fn tab_near(text: &[u8]) -> Option<usize> {
    memchr(b'\t', &text[..text.len().min(LONGEST)])
}

/// Whether the text up to the first tab ends in `.go:` and a number.
fn begins_with_caller(text: &[u8]) -> bool {
    let Some(tab) = memchr(b'\t', text) else { return false };
    let head = &text[..tab];
    let number = head.iter().rev().position(|byte| !byte.is_ascii_digit()).unwrap_or(head.len());
    number > 0 && digits(&head[head.len() - number..]) == number && head[..head.len() - number].ends_with(b".go:")
}

impl HeadCache {
    /// As `middle`, if it is the same as the last time, with a scope. `tab`: the last tab.
    #[inline(always)]
    pub fn last_middle(&self, rest: &[u8], tab: Option<usize>) -> Option<usize> {
        let (last, known) = self.known.get(self.last)?;
        let size = last.len();
        let has_tab = tab.is_some_and(|tab| tab >= size);
        (known.scope.is_some() && begins(rest, last) && is_plain(&rest[size..], has_tab)).then_some(size)
    }

    /// The entry of a header whose text was met before.
    #[inline(always)]
    pub fn entry(&mut self, layouts: &[Layout], time: i64, key: &[u8], (start, end): (usize, usize)) -> Option<Entry> {
        if self.known.get(self.last).is_none_or(|(known, _)| !same(known, key)) {
            self.last = *self.places.get(key)?;
        }
        let (_, known) = &self.known[self.last];
        let layout = &layouts[known.layout];
        let first = start as u32;
        let held = |of: Option<(u32, u32)>| of.map_or(Text::None, |(from, to)| Text::Span(first + from, first + to));
        Some(Entry {
            layout: Some(known.layout as u16),
            head: Some(self.last as u16),
            time: Time::Known(time),
            level: known.level,
            scope: held(known.scope),
            component: known.component,
            event: layout.event.map(|event| event as u16),
            caller: held(known.caller),
            takes_lines: layout.takes_lines,
            ..Entry::of(start + key.len(), end)
        })
    }

    pub fn remember(&mut self, key: &[u8], layout: usize, entry: &Entry, start: usize) {
        if self.known.len() >= MOST || key.len() > LONGEST || entry.more.is_some() {
            return;
        }
        let place = |of: &Text| match of {
            Text::Span(from, to) => Some((from - start as u32, to - start as u32)),
            _ => None,
        };
        let (scope, caller) = (place(&entry.scope), place(&entry.caller));
        let known = Remembered { layout, level: entry.level, scope, caller, component: entry.component };
        self.places.insert(key.to_vec(), self.known.len());
        self.known.push((key.to_vec(), known));
    }
}
