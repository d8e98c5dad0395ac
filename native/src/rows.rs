//! Entries -> rows of a chunk's columns.

use crate::catalog::{Catalog, NONE};
use crate::chunk::{Piece, Source};
use crate::columns::Class;
use crate::dictionary::{Classes, Dictionary};
use crate::entry::{Entry, Time};
use crate::fill::{Filler, RowTexts};
use crate::labels::{Readings, labels_in, thread_of};
use crate::matcher::Matcher;
use crate::matching::Asked;
use crate::naming::{Line, Names};
use crate::numbers::integer;
use crate::pattern::Scratch;
use crate::program::Span;
use crate::second::{Found, Matched};
use crate::shapes::Shape;

/// Makes rows of entries; knows the texts of earlier ones.
pub struct Rows {
    pub matcher: Matcher,
    pub filler: Filler,
    pub scopes: Dictionary,
    pub callers: Dictionary,
    pub streams: Dictionary,
    pub names: Names,
    pub classes: Classes,
}

/// The format that has matched an entry, who wrote it, and its labels.
struct Match {
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

/// What goes into a row beside the columns of its event.
struct RowEnd<'a> {
    ids: Ids<'a>,
    class: u32,
    tabs_lost: bool,
}

impl Rows {
    pub fn add(&mut self, catalog: &Catalog, source: Source, entry: &Entry, text: &[u8], piece: &mut Piece) {
        let whole = entry.message(text);
        let tabs_lost = entry.layout.is_some_and(|at| catalog.layouts[usize::from(at)].tabs_lost);
        let component = if entry.component == NONE { source.component } else { entry.component };
        let ids = if component == catalog.known.envoy && whole.first() == Some(&b'[') {
            Ids::of(catalog, whole, &mut self.matcher.found.scratch)
        } else {
            Ids::default()
        };
        let message = &whole[ids.size..];
        let mut matched = self.find_match(catalog, source, entry, message, tabs_lost, text);
        piece.recognised |= entry.has_header();
        let class = match self.add_planned(catalog, entry, &matched, message, text, piece) {
            Some(class) => class,
            None => self.add_any(catalog, entry, component, &mut matched, message, text, piece),
        };
        self.common(catalog, source, entry, RowEnd { ids, class, tabs_lost }, text, piece);
    }

    /// Add the row of a message that took a path which others took before; its class.
    #[inline(always)]
    fn add_planned(
        &mut self,
        catalog: &Catalog,
        entry: &Entry,
        matched: &Match,
        message: &[u8],
        text: &[u8],
        piece: &mut Piece,
    ) -> Option<u32> {
        let (path, format) = (self.matcher.starts.path()?, matched.format?);
        let shape = &catalog.shapes[catalog.formats[format].shape];
        let plan = match &mut path.plan {
            Some(plan) => plan,
            none => none.insert(self.filler.plan(catalog, shape, &path.fields, message)),
        };
        if !plan.is_whole {
            self.matcher.expand();
            return None;
        }
        let row = piece.common.len() as u32;
        let to = piece.event(catalog, shape.event);
        self.filler.fill_planned(catalog, shape, plan, message, &self.matcher.found.spans, to);
        let known = plan.class.filter(|known| known.0 == matched.component && Some(known.1) == entry.head);
        if !shape.labels.is_empty() && (matched.labels.0 < matched.labels.1 || !entry.fields().is_empty()) {
            let mut labels = vec![None; shape.labels.len()];
            self.labels(catalog, shape, entry, &message[matched.labels.0..matched.labels.1], &mut labels);
            self.filler.fill_labels(catalog, shape, &labels, to);
        }
        to.rows.push(row);
        Some(known.map_or_else(|| self.class_of_path(catalog, entry, matched, shape, message, text), |known| known.2))
    }

    #[inline(never)]
    fn class_of_path(
        &mut self,
        catalog: &Catalog,
        entry: &Entry,
        matched: &Match,
        shape: &Shape,
        message: &[u8],
        text: &[u8],
    ) -> u32 {
        let hit = self.matcher.starts.hit;
        self.matcher.expand();
        let scope = self.scope(entry, text);
        let fields = &self.matcher.found.spans;
        let line = Line { format: matched.format.unwrap_or(0), level: entry.level, scope, fields, message };
        let (statement, always) = self.names.of(catalog, &line);
        let class = self.class(entry, matched, shape.event, scope, statement);
        self.matcher.starts.hit = hit;
        if let (true, Some(head), Some(path)) = (always, entry.head, self.matcher.starts.path())
            && let Some(plan) = &mut path.plan
        {
            plan.class = Some((matched.component, head, class));
        }
        class
    }

    /// The scope of an entry, and its word.
    fn scope<'a>(&mut self, entry: &'a Entry, text: &'a [u8]) -> Option<(&'a [u8], u32)> {
        entry.scope.bytes(text).map(|scope| (scope, self.scopes.number(scope)))
    }

    fn class(
        &mut self,
        entry: &Entry,
        matched: &Match,
        event: usize,
        scope: Option<(&[u8], u32)>,
        statement: Option<u32>,
    ) -> u32 {
        let word = |word: Option<u32>| word.map_or(-1, |word| word as i32);
        self.classes.number(Class {
            level: entry.level,
            event: event as u8,
            component: matched.component,
            scope: word(scope.map(|(_, scope)| scope)),
            statement: word(statement),
        })
    }

    /// Add the row of any entry; its class.
    #[allow(clippy::too_many_arguments)]
    fn add_any(
        &mut self,
        catalog: &Catalog,
        entry: &Entry,
        component: u8,
        matched: &mut Match,
        message: &[u8],
        text: &[u8],
        piece: &mut Piece,
    ) -> u32 {
        let scope = self.scope(entry, text);
        let found = if matched.format.is_none() && entry.event.is_none() {
            self.second(catalog, entry, component, scope.map(|(scope, _)| scope), message, matched, piece)
        } else {
            None
        };
        let format = matched.format;
        let event = entry.event.map(usize::from).or(format.map(|number| catalog.formats[number].event));
        let event = event.unwrap_or(catalog.known.other);
        let json_shape = entry.json_layout.and_then(|at| catalog.json_layouts[usize::from(at)].shape);
        let second = found.as_ref().and_then(|found| catalog.second.shape(catalog, found.matched));
        let (mut shape, is_matched) = match (second, format.map(|number| &catalog.formats[number])) {
            (Some(shape), _) => (shape, true),
            (None, Some(format)) if format.event == event => (&catalog.shapes[format.shape], true),
            _ => (&catalog.shapes[json_shape.unwrap_or(catalog.bare[event])], false),
        };
        let mut labels = Vec::new();
        if !shape.labels.is_empty() && (!entry.fields().is_empty() || matched.labels.0 < matched.labels.1) {
            labels.resize(shape.labels.len(), None);
            self.labels(catalog, shape, entry, &message[matched.labels.0..matched.labels.1], &mut labels);
        }
        let body = found.as_ref().and_then(|found| found.body.as_deref()).unwrap_or(message);
        let fields: &[Span] = if is_matched { &self.matcher.found.spans } else { &[] };
        let texts = RowTexts { message: body, fields, labels: &labels };
        if let Some((column, other)) = shape.switch
            && self.filler.has(catalog, shape, column, &texts)
        {
            shape = &catalog.shapes[other];
        }
        let row = piece.common.len() as u32;
        let to = piece.event(catalog, shape.event);
        self.filler.fill(catalog, shape, &texts, to);
        to.rows.push(row);
        let statement = match found.as_ref().map(|found| found.matched) {
            Some(Matched::Statement(number)) => Some(self.names.of_second(catalog, number)),
            Some(Matched::Event(_)) => None,
            _ => format.filter(|_| is_matched).and_then(|format| {
                self.names.of(catalog, &Line { format, level: entry.level, scope, fields, message: body }).0
            }),
        };
        self.class(entry, matched, shape.event, scope, statement)
    }

    /// What matches a message that no format matches as it stands.
    #[allow(clippy::too_many_arguments)]
    #[cold]
    fn second(
        &mut self,
        catalog: &Catalog,
        entry: &Entry,
        component: u8,
        scope: Option<&[u8]>,
        message: &[u8],
        matched: &mut Match,
        piece: &mut Piece,
    ) -> Option<Found> {
        let asked = Asked { component, level: entry.level, scope: scope.unwrap_or(b""), event: None, by_start: false };
        let found = catalog.second.find_match(catalog, asked, message, &mut self.matcher);
        let found = found.unwrap_or_else(|error| {
            self.filler.error.get_or_insert(error);
            None
        })?;
        matched.labels = found.labels;
        let of = match found.matched {
            Matched::Statement(number) => catalog.second.component(number),
            Matched::Format(number) => {
                matched.format = Some(number);
                Some(catalog.formats[number].component as u8)
            }
            Matched::Event(_) => None,
        };
        if let Some(of) = of {
            piece.matches[of as usize] += 1;
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
        if !entry.fields().is_empty() {
            entry.fields().iter().for_each(|(number, text)| take(*number, text));
            return;
        }
        labels_in(text, |key, value| {
            let key = &text[key.0..key.1];
            if let Some(number) = shape.labels.iter().position(|(known, _)| **known == *key) {
                take(number, &text[value.0..value.1]);
            }
        });
    }

    #[inline(always)]
    fn common(
        &mut self,
        catalog: &Catalog,
        source: Source,
        entry: &Entry,
        end: RowEnd,
        text: &[u8],
        piece: &mut Piece,
    ) {
        let (row, common) = (piece.common.len(), &mut piece.common);
        match entry.time {
            Time::Known(time) => common.time.number(row, time),
            Time::Klog(from, to) => piece.undated.push((row as u32, text[from as usize..to as usize].into())),
            Time::Unknown => piece.no_time.note(entry.line),
            Time::None => {}
        }
        if let Some(caller) = entry.caller.bytes(text) {
            common.caller.word(row, self.callers.number(caller));
        }
        let message = entry.message(text);
        let more = entry.more.as_deref();
        let thread = match more.and_then(|more| more.thread) {
            None if entry.component == catalog.known.envoy => thread_of(message, end.tabs_lost),
            thread => thread,
        };
        if let Some(thread) = thread {
            common.thread.number(row, thread);
        }
        if let Some(epoch) = more.and_then(|more| more.epoch) {
            common.epoch.number(row, epoch);
        }
        if let Some(connection) = end.ids.connection {
            common.envoy_connection.number(row, connection);
        }
        if let Some(stream) = end.ids.stream {
            common.envoy_stream.word(row, self.streams.number(stream));
        }
        if source.messages {
            common.message.text(row, message);
        }
        common.class.push(end.class);
        common.line.push(entry.line as u32);
    }

    /// Find the format of a message; its fields are in the matcher.
    fn find_match(
        &mut self,
        catalog: &Catalog,
        source: Source,
        entry: &Entry,
        message: &[u8],
        tabs_lost: bool,
        text: &[u8],
    ) -> Match {
        let component = if entry.component == NONE { source.component } else { entry.component };
        let mut matched = Match { format: None, component, labels: (0, 0) };
        self.matcher.starts.hit = None;
        let is_own = entry.layout.is_some_and(|at| catalog.layouts[usize::from(at)].own)
            || entry.json_layout.is_some_and(|at| catalog.json_layouts[usize::from(at)].own);
        if is_own {
            if entry.layout.is_some() {
                matched.format = catalog.match_own(message, &mut self.matcher);
            }
            return matched;
        }
        let says_all = entry.json_layout.is_some_and(|at| catalog.json_layouts[usize::from(at)].shape.is_some());
        if says_all || entry.event == Some(catalog.known.unparsed as u16) {
            return matched;
        }
        let scope = entry.scope.bytes(text).unwrap_or(b"");
        let asked =
            Asked { component, level: entry.level, scope, event: entry.event.map(usize::from), by_start: false };
        for (n, (end, labels)) in Readings::new(message, tabs_lost, entry.no_tab).enumerate() {
            let body = &message[..end];
            if n == 0 {
                matched.labels = labels;
            }
            matched.format = catalog.match_by_path(asked, body, &mut self.matcher);
            if matched.format.is_none()
                && n == 0
                && let Some(other) = other_writer(catalog, source, entry, scope)
            {
                let asked = Asked { component: other, by_start: true, ..asked };
                matched.format = catalog.match_by_path(asked, body, &mut self.matcher);
                matched.component = if matched.format.is_some() { other } else { component };
            }
            if matched.format.is_some() {
                matched.labels = labels;
                break;
            }
        }
        matched
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
