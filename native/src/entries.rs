//! Lines -> entries: continuation lines go to their header, and what was cut in two is whole again.
//!
//! The rules, and why they are so, stand in `engine/reference/entries.py`.

use std::collections::VecDeque;

use memchr::memchr;

use crate::catalog::Catalog;
use crate::entry::{Body, Entry};
use crate::gc::State;
use crate::head_cache::HeadCache;
use crate::json_lines::JsonLines;
use crate::lines::{Damages, last_tab};
use crate::pattern::Scratch;

type Span = (usize, usize);

/// Who takes the entries of a text, in the order of their first lines; false: no more of them are wanted.
pub type Sink<'s> = dyn FnMut(&Entry) -> bool + 's;

pub struct Entries<'c> {
    catalog: &'c Catalog,
    heads: &'c mut HeadCache,
    damage: &'c mut Damages,
    text: &'c [u8],
    any_start: bool,
    scratch: Scratch,
    begun: VecDeque<Entry>,
    /// The number of the first entry begun; entries are counted.
    base: usize,
    /// The entry that lines without a header belong to.
    open: Option<usize>,
    /// The layout of the latest line that has one.
    latest: Option<u16>,
    /// A GC line whose rest has not come yet, or only its line end.
    gc: Option<usize>,
    /// Where the next text stands that every whole GC line holds.
    gc_sign: usize,
}

impl<'c> Entries<'c> {
    pub fn new(catalog: &'c Catalog, heads: &'c mut HeadCache, damage: &'c mut Damages, text: &'c [u8]) -> Entries<'c> {
        Entries {
            catalog,
            heads,
            damage,
            text,
            any_start: catalog.heads.any(&catalog.layouts),
            scratch: Scratch::default(),
            begun: VecDeque::new(),
            base: 0,
            open: None,
            latest: None,
            gc: None,
            gc_sign: 0,
        }
    }

    /// Give all entries to `sink`; the number of lines.
    pub fn read(&mut self, first: u64, sink: &mut Sink) -> u64 {
        let (mut at, mut number) = (0, first);
        while at < self.text.len() {
            let end = memchr(b'\n', &self.text[at..]).map_or(self.text.len(), |size| at + size);
            number += 1;
            self.line(number, (at, end));
            while !self.begun.is_empty() && self.open != Some(self.base) && self.gc != Some(self.base) {
                if !self.pop(sink) {
                    return number - first;
                }
            }
            at = end + 1;
        }
        while self.pop(sink) {}
        number - first
    }

    fn pop(&mut self, sink: &mut Sink) -> bool {
        self.base += 1;
        let goes_on = self.begun.front().is_some_and(sink);
        self.begun.pop_front();
        goes_on
    }

    fn begun(&mut self, number: usize) -> &mut Entry {
        &mut self.begun[number - self.base]
    }

    #[inline(always)]
    fn push(&mut self, number: u64, mut entry: Entry) -> usize {
        entry.line = number;
        self.begun.push_back(entry);
        self.base + self.begun.len() - 1
    }

    fn line(&mut self, number: u64, span: Span) {
        let heads = &self.catalog.heads;
        let line = &self.text[span.0..span.1];
        let tab = last_tab(line);
        if !heads.may_hold_another(line, tab) {
            if self.gc.is_none() && !self.any_start && !heads.can_begin(line) {
                self.go_on(number, span);
            } else {
                self.take(number, span, tab, false);
            }
            return;
        }
        let mut start = span.0;
        for inner in heads.inner_headers(line, &mut self.scratch) {
            self.take(number, (start, span.0 + inner), last_tab(&self.text[start..span.0 + inner]), true);
            start = span.0 + inner;
        }
        self.take(number, (start, span.1), last_tab(&self.text[start..span.1]), false);
    }

    /// Give text without a header to the open entry; without one it is a row of its own.
    fn go_on(&mut self, number: u64, span: Span) {
        let text = self.text;
        match self.open {
            Some(open) => self.begun(open).add(text, span),
            None if span.0 < span.1 => {
                let event = Some(self.catalog.known.unparsed as u16);
                self.push(number, Entry { event, ..Entry::of(span.0, span.1) });
            }
            None => {}
        }
    }

    /// Begin the entry of a line, or give the line to an open one.
    ///
    /// `tab`: its last tab; `followed`: a header stands right behind it.
    fn take(&mut self, number: u64, span: Span, tab: Option<usize>, followed: bool) {
        if self.gc.is_some_and(|gc| self.end_gc(gc, number, span, followed)) {
            return;
        }
        let (catalog, text) = (self.catalog, self.text);
        let found = catalog.heads.entry(&catalog.layouts, self.heads, &mut self.scratch, text, span, tab);
        let Some(entry) = found else {
            if text.get(span.0) != Some(&b'{') || span.0 == span.1 || !self.json(number, span) {
                self.go_on(number, span);
            }
            return;
        };
        let of = |at: u16| &catalog.layouts[usize::from(at)];
        let layout = entry.layout.map(of);
        if self.open.is_some() && layout.is_some_and(|one| one.joins(self.latest.map(of))) {
            self.latest = entry.layout;
            self.go_on(number, span);
            return;
        }
        let latest = entry.layout;
        let (is_gc, takes_lines) = (layout.is_some_and(|one| one.is_gc), entry.takes_lines);
        let place = self.push(number, entry);
        if is_gc {
            let state = catalog.gc.state(&text[span.0..span.1], &mut self.scratch);
            if state == State::Part || (state == State::Whole && followed) {
                self.gc = Some(place);
            }
        } else if takes_lines {
            (self.open, self.latest) = (Some(place), latest);
            self.split_off_gc(place, number);
        }
    }

    fn json(&mut self, number: u64, span: Span) -> bool {
        let catalog = self.catalog;
        let lines = JsonLines { layouts: &catalog.json_layouts, heads: &catalog.heads, known: &catalog.known };
        let found = lines.read(self.text, span, self.heads, &mut self.scratch);
        if found.broken {
            self.damage.broken_json.note(number);
        }
        let Some(entry) = found.entry else { return false };
        self.open = None;
        self.push(number, entry);
        true
    }

    /// Give an unfinished GC line what is its own of a line; whether that was all of the text.
    fn end_gc(&mut self, gc: usize, number: u64, span: Span, followed: bool) -> bool {
        let (text, rules) = (self.text, &self.catalog.gc);
        let entry = &mut self.begun[gc - self.base];
        if number - entry.line > rules.patience {
            self.gc = None;
            return false;
        }
        let mut line = entry.message(text).to_vec();
        line.extend_from_slice(&text[span.0..span.1]);
        let state = rules.state(&line, &mut self.scratch);
        if span.0 == span.1 {
            // Perhaps its line end.
            self.gc = self.gc.filter(|_| state != State::Whole);
            return state == State::Whole;
        }
        if state == State::No {
            return false;
        }
        entry.append(text, span);
        if state == State::Whole && !followed {
            self.gc = None;
        }
        true
    }

    /// A GC line at the end of an entry's line is a row of its own; the entry's line goes on later.
    fn split_off_gc(&mut self, place: usize, number: u64) {
        let (catalog, text) = (self.catalog, self.text);
        let entry = &mut self.begun[place - self.base];
        let Body::Span(start, end) = entry.body else { return };
        if self.gc_sign < start {
            self.gc_sign = catalog.gc.next_sign(text, start);
        }
        if self.gc_sign >= end {
            return;
        }
        let Some(at) = catalog.gc.inside(&text[start..end], &mut self.scratch) else { return };
        entry.body = Body::Span(start, start + at);
        entry.cut = true;
        let layout = catalog.layouts.iter().position(|layout| layout.is_gc).map(|at| at as u16);
        let event = Some(catalog.known.go_gc as u16);
        self.push(number, Entry { layout, event, takes_lines: false, ..Entry::of(start + at, end) });
    }
}
