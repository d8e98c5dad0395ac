//! Header layouts: which a line begins with, and what its fields are.

use hashbrown::HashMap;

use memchr::memchr;
use memchr::memmem::Finder;
use pyo3::PyResult;

use crate::catalog::{NONE, invalid, place};
use crate::data::LayoutData;
use crate::entry::{Entry, More, Text, Time};
use crate::head_cache::{HeadCache, middle};
use crate::numbers::integer;
use crate::pattern::{Pattern, Scratch};
use crate::times::{Clock, Custom};

/// The fields of a header, by the names of groups before an underscore.
const FIELDS: [&str; 7] = ["time", "level", "scope", "logger", "caller", "thread", "epoch"];

pub struct Layout {
    pattern: Pattern,
    /// By field the groups that can hold it.
    groups: [Vec<usize>; 7],
    starts: String,
    pub clock: Clock,
    pub event: Option<usize>,
    component: u8,
    keeps: bool,
    pub takes_lines: bool,
    pub tabs_lost: bool,
    pub own: bool,
    pub is_gc: bool,
    name: String,
    joins: Vec<String>,
}

pub fn clock(name: &str, pattern: &str, months: &[String]) -> PyResult<Clock> {
    Ok(match name {
        "" => Clock::None,
        "iso" => Clock::Iso,
        "bracket" => Clock::Bracket,
        "slog" => Clock::Slog,
        "klog" => Clock::Klog,
        "epoch" => Clock::Epoch,
        _ => {
            let pattern = Pattern::new(pattern).map_err(invalid)?;
            Clock::Custom(Box::new(Custom { pattern, months: months.to_vec() }))
        }
    })
}

/// The place of a name; nothing for an empty one.
pub fn optional(names: &[String], name: &str) -> PyResult<Option<usize>> {
    if name.is_empty() { Ok(None) } else { place(names, name).map(Some) }
}

impl Layout {
    pub fn new(
        data: LayoutData,
        events: &[String],
        components: &[String],
        months: &[String],
        gc: &str,
    ) -> PyResult<Layout> {
        let pattern =
            Pattern::new(&data.pattern).map_err(|error| invalid(format!("layout {:?}: {error}", data.name)))?;
        let groups = FIELDS.map(|field| {
            let of = pattern.names.iter().filter(|(name, _)| name.split('_').next() == Some(field));
            of.map(|(_, number)| *number).collect()
        });
        Ok(Layout {
            pattern,
            groups,
            starts: data.starts,
            clock: clock(&data.clock, &data.clock_pattern, months)?,
            event: optional(events, &data.event)?,
            component: optional(components, &data.component)?.map_or(NONE, |at| at as u8),
            keeps: data.keeps,
            takes_lines: data.takes_lines,
            tabs_lost: data.tabs_lost,
            own: data.own,
            is_gc: data.name == gc,
            name: data.name,
            joins: data.joins,
        })
    }
}

impl Layout {
    /// Whether a line of this layout goes on with the open entry, if the latest line with a layout was of another.
    pub fn joins(&self, latest: Option<&Layout>) -> bool {
        self.joins.iter().any(|name| name == "*" || latest.is_some_and(|latest| latest.name == *name))
    }
}

/// The layouts by the first byte of a line, and what headers and JSON lines have in common.
pub struct Heads {
    by_first: Vec<Candidates>,
    levels: HashMap<Vec<u8>, u8>,
    inner: Pattern,
    inner_sign: Finder<'static>,
    inner_sign_at: usize,
    pub broken_json: Pattern,
    /// The component of headers with a logger.
    envoy: u8,
}

/// The layouts that a line with a certain first byte can have: a user's own are tried first.
#[derive(Clone, Default)]
struct Candidates {
    own: Vec<usize>,
    others: Vec<usize>,
}

impl Candidates {
    fn is_some(&self) -> bool {
        !self.own.is_empty() || !self.others.is_empty()
    }
}

impl Heads {
    pub fn new(
        layouts: &[Layout],
        levels: HashMap<Vec<u8>, u8>,
        inner: &str,
        sign: (&str, usize),
        broken: &str,
        envoy: u8,
    ) -> PyResult<Heads> {
        let mut by_first = vec![Candidates::default(); 256];
        for (number, layout) in layouts.iter().enumerate() {
            for (first, of) in by_first.iter_mut().enumerate() {
                let begins = layout.starts.chars().any(|sign| sign.to_string().as_bytes()[0] as usize == first);
                if begins || (layout.own && layout.starts.is_empty()) {
                    if layout.own { of.own.push(number) } else { of.others.push(number) }
                }
            }
        }
        let pattern = |text: &str| Pattern::new(text).map_err(invalid);
        if !sign.0.ends_with('\t') {
            return Err(invalid("the sign of a header in the middle of a line ends in a tab"));
        }
        Ok(Heads {
            by_first,
            levels,
            inner: pattern(inner)?,
            inner_sign: Finder::new(sign.0).into_owned(),
            inner_sign_at: sign.1,
            envoy,
            broken_json: pattern(&format!("(?:{broken})\\Z"))?,
        })
    }

    /// Whether a line can begin with a header.
    #[inline]
    pub fn can_begin(&self, line: &[u8]) -> bool {
        line.first().is_some_and(|first| *first == b'{' || self.by_first[*first as usize].is_some())
    }

    /// Whether layouts are tried on lines of any first character, and on empty ones.
    pub fn any(&self, layouts: &[Layout]) -> bool {
        layouts.iter().any(|layout| layout.own && layout.starts.is_empty())
    }

    pub fn level(&self, text: &[u8]) -> u8 {
        let known = self.levels.get(text).or_else(|| self.levels.get(&text.to_ascii_lowercase()));
        known.copied().unwrap_or(NONE)
    }

    /// A level written in any case.
    pub fn level_of_any_case(&self, text: &[u8]) -> u8 {
        self.levels.get(&text.to_ascii_lowercase()).copied().unwrap_or(NONE)
    }

    /// Whether a console header can stand in the middle of a line: in most it cannot. `tab`: the line's last tab.
    #[inline]
    pub fn may_hold_another(&self, line: &[u8], tab: Option<usize>) -> bool {
        let Some(line) = tab.and_then(|tab| line.get(..=tab)) else { return false };
        let at = self.inner_sign_at;
        if line.len() < at + self.inner_sign.needle().len() {
            return false;
        }
        // The place is one of characters.
        let at = if line[..at].is_ascii() {
            at
        } else {
            match line.iter().enumerate().filter(|(_, byte)| **byte & 0xC0 != 0x80).nth(at) {
                Some((at, _)) => at,
                None => return false,
            }
        };
        let rest = &line[at..];
        memchr(self.inner_sign.needle()[0], rest).is_some_and(|first| self.inner_sign.find(&rest[first..]).is_some())
    }

    /// Where the console headers in the middle of a line begin.
    pub fn inner_headers(&self, line: &[u8], scratch: &mut Scratch) -> Vec<usize> {
        let mut found = Vec::new();
        let mut at = 1;
        while let Some((start, end)) = self.inner.search(line, at, scratch) {
            found.push(start);
            at = end;
        }
        found
    }

    /// The entry that begins with the text at `start`.
    #[inline(always)]
    pub fn entry(
        &self,
        layouts: &[Layout],
        cache: &mut HeadCache,
        scratch: &mut Scratch,
        text: &[u8],
        span: (usize, usize),
        tab: Option<usize>,
    ) -> Option<Entry> {
        let line = &text[span.0..span.1];
        let Candidates { own, others } = &self.by_first[line.first().map_or(0, |first| usize::from(*first))];
        for number in own {
            let layout = &layouts[*number];
            if let Some(end) = layout.pattern.matches(line, 0, scratch) {
                let places = (span.0, span.0 + end, span.1);
                return Some(self.entry_of(*number, layout, cache, scratch, text, places));
            }
        }
        if others.is_empty() {
            return None;
        }
        let head = cache.clocks.at_head(line);
        let key = head.and_then(|(_, size)| {
            let tab = tab.and_then(|tab| tab.checked_sub(size));
            cache.last_middle(&line[size..], tab).or_else(|| middle(&line[size..]))
        });
        if let (Some((time, size)), Some(key)) = (head, key) {
            if let Some(entry) = cache.entry(layouts, time, &line[size..size + key], (span.0 + size, span.1)) {
                return Some(Entry { no_tab: tab.is_none_or(|tab| tab < size + key), ..entry });
            }
        }
        for number in others {
            let layout = &layouts[*number];
            let Some(end) = layout.pattern.matches(line, 0, scratch) else { continue };
            let entry = self.entry_of(*number, layout, cache, scratch, text, (span.0, span.0 + end, span.1));
            if let (Some((_, size)), Some(key)) = (head, key)
                && size + key == end
                && !layout.keeps
                && matches!(layout.clock, Clock::Iso)
            {
                cache.remember(&line[size..end], *number, &entry, span.0 + size);
            }
            return Some(entry);
        }
        None
    }

    #[allow(clippy::too_many_arguments)]
    fn entry_of(
        &self,
        number: usize,
        layout: &Layout,
        cache: &HeadCache,
        scratch: &mut Scratch,
        text: &[u8],
        (start, head, end): (usize, usize, usize),
    ) -> Entry {
        let spans: [Option<(usize, usize)>; 7] =
            std::array::from_fn(|field| layout.groups[field].iter().find_map(|group| scratch.group(*group)));
        let part = |field: usize| spans[field].map(|(from, to)| &text[start + from..start + to]);
        let place = |field: usize| spans[field].map(|(from, to)| ((start + from) as u32, (start + to) as u32));
        let span = |field: usize| place(field).map_or(Text::None, |(from, to)| Text::Span(from, to));
        let number_of = |field: usize| part(field).and_then(integer);
        let (level, is_envoy) = (part(1).map_or(NONE, |level| self.level(level)), spans[3].is_some());
        let (thread, epoch) = (number_of(5), number_of(6));
        let time = match layout.clock {
            Clock::None => Time::None,
            Clock::Klog => place(0).map_or(Time::Klog(0, 0), |(from, to)| Time::Klog(from, to)),
            _ => {
                let written = part(0).unwrap_or(b"");
                Time::of(written, cache.clocks.time(&layout.clock, written, scratch))
            }
        };
        let more = More { thread, epoch, fields: Vec::new() };
        Entry {
            layout: Some(number as u16),
            time,
            level,
            scope: if is_envoy { span(3) } else { span(2) },
            component: if is_envoy { self.envoy } else { layout.component },
            event: layout.event.map(|event| event as u16),
            caller: span(4),
            more: (thread.is_some() || epoch.is_some()).then(|| Box::new(more)),
            takes_lines: layout.takes_lines,
            ..Entry::of(if layout.keeps { start } else { head }, end)
        }
    }
}

/// Whether a scope names a logger of Envoy, as JSON has it.
pub fn is_envoy(scope: &[u8], loggers: &hashbrown::HashSet<Vec<u8>>) -> bool {
    scope.starts_with(b"envoy ") || loggers.contains(scope)
}
