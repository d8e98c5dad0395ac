//! A chunk of whole entries -> columns, by one worker.

use pyo3::prelude::*;

use crate::catalog::{Asked, Catalog, NONE};
use crate::columns::{Column, CommonRows, EventRows, Gaps};
use crate::dictionary::{Dictionary, Texts};
use crate::entries::Entries;
use crate::entry::{Entry, Time};
use crate::fill::{Filler, RowTexts};
use crate::headers::HeadCache;
use crate::labels::{Readings, labels_in, split_labels, thread_of};
use crate::lines::{Damage, Damages, cleaned};
use crate::matcher::Matcher;
use crate::naming::{Line, Names};
use crate::numbers::integer;
use crate::pattern::Scratch;
use crate::program::Span;
use crate::second::{Claimed, Found};
use crate::shapes::Shape;

/// What a worker keeps from chunk to chunk: distinct texts and what they are worth.
pub struct Worker {
    number: u64,
    heads: HeadCache,
    rows: Rows,
    /// How many words of each dictionary earlier pieces have told.
    told: Vec<usize>,
}

struct Rows {
    matcher: Matcher,
    filler: Filler,
    scopes: Dictionary,
    callers: Dictionary,
    streams: Dictionary,
    names: Names,
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
    /// Words that no earlier piece of this worker has told: of each column, then scopes, callers, streams, statements.
    pub words: Vec<Texts>,
    /// By component how many lines its statements have claimed.
    pub claims: Vec<u64>,
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

impl Worker {
    pub fn new(catalog: &Catalog, number: u64) -> Worker {
        let rows = Rows {
            matcher: Matcher::default(),
            filler: Filler::new(catalog),
            scopes: Dictionary::default(),
            callers: Dictionary::default(),
            streams: Dictionary::default(),
            names: Names::default(),
        };
        Worker { number, heads: HeadCache::default(), rows, told: vec![0; catalog.columns.len() + 4] }
    }

    /// Read a chunk.
    pub fn parse(&mut self, catalog: &Catalog, segments: &[&[u8]], source: Source) -> PyResult<Piece> {
        let size: usize = segments.iter().map(|one| one.len()).sum();
        let mut piece = Piece { worker: self.number, complete: true, ..Piece::default() };
        piece.events.resize_with(catalog.events.len(), || None);
        piece.claims.resize(catalog.components.len(), 0);
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
        for event in piece.events.iter_mut().flatten() {
            event.columns.iter_mut().for_each(|column| column.close(event.rows.len()));
        }
        let filler = &mut self.rows.filler;
        let dictionaries = filler.words.iter().chain([
            &self.rows.scopes,
            &self.rows.callers,
            &self.rows.streams,
            &self.rows.names.texts,
        ]);
        let mut size = filler.size();
        for (dictionary, told) in dictionaries.zip(&mut self.told) {
            piece.words.push(dictionary.texts.after(*told));
            *told = dictionary.texts.len();
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
    let mut claims = |component: u8| {
        let asked = Asked { component, level: entry.level, scope: scope.unwrap_or(b""), event: None, by_start: false };
        catalog.claim(asked, body, matcher).is_some()
    };
    match (claims(known.pilot), claims(known.agent)) {
        (true, false) => Some(0),
        (false, true) => Some(1),
        _ => None,
    }
}

/// The format that has claimed an entry, who wrote it, and its labels.
struct Claim {
    format: Option<usize>,
    component: u8,
    labels: (usize, usize),
}

/// The numbers that Envoy prints before a message, and where the message begins.
#[derive(Default)]
struct Ids<'a> {
    connection: Option<i64>,
    stream: Option<&'a [u8]>,
    size: usize,
}

impl<'a> Ids<'a> {
    fn of(catalog: &Catalog, message: &'a [u8], scratch: &mut Scratch) -> Ids<'a> {
        let pattern = &catalog.envoy_ids;
        let Some(size) = pattern.matches(message, 0, scratch) else { return Ids::default() };
        let group = |field: &str| {
            let of = pattern.names.iter().filter(|(name, _)| name.split('_').next() == Some(field));
            of.filter_map(|(_, number)| scratch.group(*number)).find(|(start, end)| start < end)
        };
        Ids {
            connection: group("connection").and_then(|(start, end)| integer(&message[start..end])),
            stream: group("stream").map(|(start, end)| &message[start..end]),
            size,
        }
    }
}

impl Rows {
    fn add(&mut self, catalog: &Catalog, source: Source, entry: &Entry, text: &[u8], piece: &mut Piece) {
        let row = piece.common.len();
        let whole = entry.message(text);
        let tabs_lost = entry.layout.is_some_and(|at| catalog.layouts[at].tabs_lost);
        let component = if entry.component == NONE { source.component } else { entry.component };
        let ids = if component == catalog.known.envoy && whole.first() == Some(&b'[') {
            Ids::of(catalog, whole, &mut self.matcher.found.scratch)
        } else {
            Ids::default()
        };
        let message = &whole[ids.size..];
        let mut claim = self.claim(catalog, source, entry, message, tabs_lost, text);
        let scope = entry.scope.bytes(text);
        let found = if claim.format.is_none() && entry.event.is_none() {
            self.second(catalog, entry, component, scope, message, &mut claim, piece)
        } else {
            None
        };
        let format = claim.format;
        let event = entry.event.or(format.map(|number| catalog.formats[number].event)).unwrap_or(catalog.known.other);
        let json_shape = entry.json_layout.and_then(|at| catalog.json_layouts[at].shape);
        let second = found.as_ref().and_then(|found| catalog.second.shape(catalog, found.claimed));
        let (mut shape, is_claimed) = match (second, format.map(|number| &catalog.formats[number])) {
            (Some(shape), _) => (shape, true),
            (None, Some(format)) if format.event == event => (&catalog.shapes[format.shape], true),
            _ => (&catalog.shapes[json_shape.unwrap_or(catalog.bare[event])], false),
        };
        let mut labels = Vec::new();
        if !shape.labels.is_empty() && (!entry.fields.is_empty() || claim.labels.0 < claim.labels.1) {
            labels.resize(shape.labels.len(), None);
            self.labels(catalog, shape, entry, &message[claim.labels.0..claim.labels.1], &mut labels);
        }
        let body = found.as_ref().and_then(|found| found.body.as_deref()).unwrap_or(message);
        let fields: &[Span] = if is_claimed { &self.matcher.found.spans } else { &[] };
        let texts = RowTexts { message: body, fields, labels: &labels };
        if let Some((column, other)) = shape.switch
            && self.filler.has(catalog, shape, column, &texts)
        {
            shape = &catalog.shapes[other];
        }
        let to = piece.events[shape.event].get_or_insert_with(|| {
            let columns = catalog.events[shape.event].columns.iter().map(|_| Column::Empty).collect();
            Box::new(EventRows { rows: Vec::new(), columns })
        });
        self.filler.fill(catalog, shape, &texts, to);
        to.rows.push(row as u32);
        piece.recognised |= entry.has_header();
        let scope = scope.map(|scope| (scope, self.scopes.number(scope)));
        let statement = match found.as_ref().map(|found| found.claimed) {
            Some(Claimed::Statement(number)) => Some(self.names.of_second(catalog, number)),
            Some(Claimed::Event(_)) => None,
            _ => format.filter(|_| is_claimed).and_then(|format| {
                self.names.of(catalog, &Line { format, level: entry.level, scope, fields, message: body })
            }),
        };
        if let Some(statement) = statement {
            piece.common.statement.word(row, statement);
        }
        if let Some((_, scope)) = scope {
            piece.common.scope.word(row, scope);
        }
        if let Some(connection) = ids.connection {
            piece.common.envoy_connection.number(row, connection);
        }
        if let Some(stream) = ids.stream {
            piece.common.envoy_stream.word(row, self.streams.number(stream));
        }
        self.common(catalog, source, entry, &claim, shape.event, tabs_lost, text, piece);
    }

    /// What claims a message that no format claims as it stands.
    #[allow(clippy::too_many_arguments)]
    #[cold]
    fn second(
        &mut self,
        catalog: &Catalog,
        entry: &Entry,
        component: u8,
        scope: Option<&[u8]>,
        message: &[u8],
        claim: &mut Claim,
        piece: &mut Piece,
    ) -> Option<Found> {
        let asked = Asked { component, level: entry.level, scope: scope.unwrap_or(b""), event: None, by_start: false };
        let found = catalog.second.claim(catalog, asked, message, &mut self.matcher);
        let found = found.unwrap_or_else(|error| {
            self.filler.error.get_or_insert(error);
            None
        })?;
        claim.labels = found.labels;
        let of = match found.claimed {
            Claimed::Statement(number) => catalog.second.component(number),
            Claimed::Format(number) => {
                claim.format = Some(number);
                Some(catalog.formats[number].component as u8)
            }
            Claimed::Event(_) => None,
        };
        if let Some(of) = of {
            piece.claims[of as usize] += 1;
        }
        Some(found)
    }

    /// The texts of an entry's labels that are columns, and are of their kinds.
    fn labels<'a>(
        &mut self,
        catalog: &Catalog,
        shape: &Shape,
        entry: &'a Entry,
        text: &'a [u8],
        labels: &mut [Option<&'a [u8]>],
    ) {
        let scratch = &mut self.matcher.found.scratch;
        let mut take = |number: usize, text: &'a [u8]| {
            if catalog.kinds[shape.labels[number].1.kind].is_of(text, scratch) {
                labels[number] = Some(text);
            }
        };
        if !entry.fields.is_empty() {
            entry.fields.iter().for_each(|(number, text)| take(*number, text));
            return;
        }
        labels_in(text, |key, value| {
            let key = &text[key.0..key.1];
            if let Some(number) = shape.labels.iter().position(|(known, _)| **known == *key) {
                take(number, &text[value.0..value.1]);
            }
        });
    }

    #[allow(clippy::too_many_arguments)]
    fn common(
        &mut self,
        catalog: &Catalog,
        source: Source,
        entry: &Entry,
        claim: &Claim,
        event: usize,
        tabs_lost: bool,
        text: &[u8],
        piece: &mut Piece,
    ) {
        let (row, common) = (piece.common.len(), &mut piece.common);
        match &entry.time {
            Time::Known(time) => common.time.number(row, *time),
            Time::Klog(written) => piece.undated.push((row as u32, written.clone())),
            Time::Unknown => piece.no_time.note(entry.line),
            Time::None => {}
        }
        if let Some(caller) = entry.caller.bytes(text) {
            common.caller.word(row, self.callers.number(caller));
        }
        let message = entry.message(text);
        let thread = match entry.thread {
            None if entry.component == catalog.known.envoy => thread_of(message, tabs_lost),
            thread => thread,
        };
        if let Some(thread) = thread {
            common.thread.number(row, thread);
        }
        if let Some(epoch) = entry.epoch {
            common.epoch.number(row, epoch);
        }
        if source.messages {
            common.message.text(row, message);
        }
        common.level.push(entry.level);
        common.event.push(event as u8);
        common.component.push(claim.component);
        common.line.push(entry.line as u32);
    }

    /// Find the format of a message; its fields are in the matcher.
    fn claim(
        &mut self,
        catalog: &Catalog,
        source: Source,
        entry: &Entry,
        message: &[u8],
        tabs_lost: bool,
        text: &[u8],
    ) -> Claim {
        let component = if entry.component == NONE { source.component } else { entry.component };
        let mut claim = Claim { format: None, component, labels: (0, 0) };
        let is_own = entry.layout.is_some_and(|at| catalog.layouts[at].own)
            || entry.json_layout.is_some_and(|at| catalog.json_layouts[at].own);
        if is_own {
            if entry.layout.is_some() {
                claim.format = catalog.claim_own(message, &mut self.matcher);
            }
            return claim;
        }
        let says_all = entry.json_layout.is_some_and(|at| catalog.json_layouts[at].shape.is_some());
        if says_all || entry.event == Some(catalog.known.unparsed) {
            return claim;
        }
        let scope = entry.scope.bytes(text).unwrap_or(b"");
        let asked = Asked { component, level: entry.level, scope, event: entry.event, by_start: false };
        for (n, (end, labels)) in Readings::new(message, tabs_lost).enumerate() {
            let body = &message[..end];
            if n == 0 {
                claim.labels = labels;
            }
            claim.format = catalog.claim(asked, body, &mut self.matcher);
            if claim.format.is_none()
                && n == 0
                && let Some(other) = other_writer(catalog, source, entry, scope)
            {
                let asked = Asked { component: other, by_start: true, ..asked };
                claim.format = catalog.claim(asked, body, &mut self.matcher);
                claim.component = if claim.format.is_some() { other } else { component };
            }
            if claim.format.is_some() {
                claim.labels = labels;
                break;
            }
        }
        claim
    }
}

/// Who else can have written a line that the source's own component does not know.
fn other_writer(catalog: &Catalog, source: Source, entry: &Entry, scope: &[u8]) -> Option<u8> {
    let known = &catalog.known;
    if entry.component != NONE || !entry.has_header() || !source.second_opinion {
        return None;
    }
    if source.component == known.pilot {
        return Some(known.agent);
    }
    (!matches!(scope, b"ads" | b"delta")).then_some(known.pilot)
}
