//! A chunk of whole entries -> columns, by one worker.

use pyo3::prelude::*;

use crate::catalog::Catalog;
use crate::columns::{Class, Column, CommonRows, EventRows, Gaps};
use crate::dictionary::{Classes, Dictionary, Texts};
use crate::entries::Entries;
use crate::entry::Entry;
use crate::fill::{Filler, GroupWords};
use crate::head_cache::HeadCache;
use crate::labels::split_labels;
use crate::lines::{Damage, Damages, cleaned};
use crate::matcher::Matcher;
use crate::matching::Asked;
use crate::naming::Names;
use crate::rows::Rows;

/// What a worker keeps from chunk to chunk: distinct texts and what they are worth.
pub struct Worker {
    number: u64,
    heads: HeadCache,
    rows: Rows,
    /// How many words of each dictionary earlier pieces have given, and how many classes.
    given: Vec<usize>,
    given_classes: usize,
}

/// Columns of a chunk; what follows from its place among the others is still to be added.
#[derive(Default)]
pub struct Piece {
    pub worker: u64,
    /// Whether the worker's words are of no use to later pieces.
    pub last_of_worker: bool,
    pub lines: u64,
    pub complete: bool,
    pub recognised: bool,
    pub damage: Damages,
    /// Times that do not exist, or are beyond 64 bits of nanoseconds.
    pub no_time: Damage,
    pub common: CommonRows,
    pub events: Vec<Option<Box<EventRows>>>,
    /// Rows whose time has no year, and that time.
    pub undated: Vec<(u32, Box<[u8]>)>,
    /// Words that no earlier piece of this worker has given: of each column, then scopes, callers, streams, statements.
    pub words: Vec<Texts>,
    /// Classes that none has given, and of groups of texts the words of their values.
    pub classes: Vec<Class>,
    pub groups: Vec<GroupWords>,
    pub last_event: Option<u8>,
    /// By component how many lines its statements have matched.
    pub matches: Vec<u64>,
}

/// Whose log a chunk is, whether lines of others can be in it, and whether messages are kept.
#[derive(Clone, Copy)]
pub struct Source {
    pub component: u8,
    pub second_opinion: bool,
    pub messages: bool,
}

/// A short entry's bytes: room is made for so many rows.
const SHORT: usize = 100;
/// More bytes of words than these are not carried from chunk to chunk.
const MOST_WORDS: usize = 32 << 20;

impl Piece {
    /// The rows of an event.
    #[inline]
    pub fn event(&mut self, catalog: &Catalog, number: usize) -> &mut EventRows {
        self.events[number].get_or_insert_with(|| {
            let columns = catalog.events[number].columns.iter().map(|_| Column::Empty).collect();
            Box::new(EventRows { rows: Vec::new(), columns, groups: Vec::new() })
        })
    }
}

impl Worker {
    pub fn new(catalog: &Catalog, number: u64) -> Worker {
        let rows = Rows {
            matcher: Matcher::default(),
            filler: Filler::new(catalog),
            scopes: Dictionary::default(),
            callers: Dictionary::default(),
            streams: Dictionary::default(),
            names: Names::default(),
            classes: Classes::default(),
        };
        let given = vec![0; catalog.columns.len() + 4];
        Worker { number, heads: HeadCache::default(), rows, given, given_classes: 0 }
    }

    /// Read a chunk.
    pub fn parse(&mut self, catalog: &Catalog, segments: &[&[u8]], source: Source) -> PyResult<Piece> {
        let size: usize = segments.iter().map(|one| one.len()).sum();
        let mut piece = Piece { worker: self.number, complete: true, ..Piece::default() };
        piece.events.resize_with(catalog.events.len(), || None);
        piece.matches.resize(catalog.components.len(), 0);
        if source.messages {
            piece.common.message =
                Column::Texts(Vec::with_capacity(size / SHORT), Vec::with_capacity(size), Gaps::default());
        }
        piece.common.reserve(size / SHORT);
        let mut bytes = 0;
        for segment in segments {
            let mut damage = piece.damage;
            let text = cleaned(segment, piece.lines, &mut damage);
            bytes += text.len();
            i32::try_from(bytes).map_err(|_| crate::catalog::invalid("an entry of more than 2 GB"))?;
            let mut entries = Entries::new(catalog, &mut self.heads, &mut damage, &text);
            let rows = &mut self.rows;
            let first = piece.lines;
            let lines = entries.read(first, &mut |entry| {
                rows.add(catalog, source, entry, &text, &mut piece);
                true
            });
            piece.lines += lines;
            piece.damage = damage;
            piece.complete = segment.last() == Some(&b'\n');
        }
        self.close(catalog, &mut piece)?;
        Ok(piece)
    }

    fn close(&mut self, catalog: &Catalog, piece: &mut Piece) -> PyResult<()> {
        piece.common.close();
        let filler = &mut self.rows.filler;
        for event in piece.events.iter_mut().flatten() {
            event.close(|group, id, part| filler.word(group, id, part));
        }
        piece.groups = filler.new_words();
        let classes = &self.rows.classes.list;
        piece.classes = classes[self.given_classes..].to_vec();
        self.given_classes = classes.len();
        piece.last_event = piece.common.class.last().map(|class| classes[*class as usize].event);
        let dictionaries = filler.words.iter().chain([
            &self.rows.scopes,
            &self.rows.callers,
            &self.rows.streams,
            &self.rows.names.texts,
        ]);
        let mut size = filler.size() + 16 * classes.len();
        for (dictionary, given) in dictionaries.zip(&mut self.given) {
            piece.words.push(dictionary.texts.after(*given));
            *given = dictionary.texts.len();
            size += dictionary.size();
        }
        let error = filler.error.take();
        piece.last_of_worker = size > MOST_WORDS;
        if piece.last_of_worker {
            *self = Worker::new(catalog, crate::python::next_number());
        }
        error.map_or(Ok(()), Err)
    }

    /// Of the first entries of a chunk how many only istiod writes, only a sidecar, only ztunnel; and how many there are.
    pub fn sample(&mut self, catalog: &Catalog, segments: &[&[u8]], most: usize) -> ([u64; 3], usize) {
        let (mut counts, mut seen) = ([0; 3], 0);
        for segment in segments {
            let mut damage = Damages::default();
            let text = cleaned(segment, 0, &mut damage);
            if text.len() > i32::MAX as usize {
                break; // it will be an error
            }
            let matcher = &mut self.rows.matcher;
            Entries::new(catalog, &mut self.heads, &mut damage, &text).read(0, &mut |entry| {
                if seen < most {
                    seen += 1;
                    if let Some(who) = writer(catalog, matcher, entry, &text) {
                        counts[who] += 1;
                    }
                }
                seen < most
            });
        }
        (counts, seen)
    }
}

/// Who alone writes entries like one: 0 istiod, 1 a sidecar, 2 ztunnel.
fn writer(catalog: &Catalog, matcher: &mut Matcher, entry: &Entry, text: &[u8]) -> Option<usize> {
    let known = &catalog.known;
    let scope = entry.scope.bytes(text);
    if entry.component == known.ztunnel {
        return Some(2);
    }
    if entry.component == known.envoy || scope.is_some_and(|scope| known.agent_scopes.contains(scope)) {
        return Some(1);
    }
    if !entry.has_header() || entry.event.is_some() {
        return None;
    }
    let message = entry.message(text);
    let body = &message[..split_labels(message).0];
    let mut matches = |component: u8| {
        let asked = Asked { component, level: entry.level, scope: scope.unwrap_or(b""), event: None, by_start: false };
        catalog.find_match(asked, body, matcher).is_some()
    };
    match (matches(known.pilot), matches(known.agent)) {
        (true, false) => Some(0),
        (false, true) => Some(1),
        _ => None,
    }
}
