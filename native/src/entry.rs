//! An entry: a header line with its continuation lines, or text that has no header.

use crate::catalog::NONE;

/// A text of a header: where it stands in the chunk's text, or a copy.
#[derive(Clone, Default)]
pub enum Text {
    #[default]
    None,
    Span(u32, u32),
    Owned(Box<[u8]>),
}

impl Text {
    pub fn bytes<'a>(&'a self, text: &'a [u8]) -> Option<&'a [u8]> {
        match self {
            Text::None => None,
            Text::Span(start, end) => Some(&text[*start as usize..*end as usize]),
            Text::Owned(bytes) => Some(bytes),
        }
    }
}

#[derive(Clone, Copy)]
pub enum Time {
    /// The layout has none.
    None,
    /// What stands there is no time.
    Unknown,
    Known(i64),
    /// A time without a year, where it stands in the chunk's text.
    Klog(u32, u32),
}

impl Time {
    /// The time of a text, as it was read.
    pub fn of(text: &[u8], time: Option<i64>) -> Time {
        match time {
            Some(time) => Time::Known(time),
            None if text.is_empty() => Time::None,
            None => Time::Unknown,
        }
    }
}

/// The text of an entry: of one piece, or put together.
#[derive(Clone)]
pub enum Body {
    Span(usize, usize),
    Owned(Vec<u8>),
}

/// Entries are moved a lot: what few of them have is kept apart.
pub struct Entry {
    pub line: u64,
    /// Nothing: no header.
    pub layout: Option<u16>,
    pub json_layout: Option<u16>,
    /// The number of the header's text with this worker, if it is remembered; equal ones say the same.
    pub head: Option<u16>,
    pub body: Body,
    pub time: Time,
    pub level: u8,
    pub scope: Text,
    pub component: u8,
    pub event: Option<u16>,
    pub caller: Text,
    pub more: Option<Box<More>>,
    pub takes_lines: bool,
    /// The next part goes on in the middle of the last one's line.
    pub cut: bool,
    /// It is known that there is no tab in its text.
    pub no_tab: bool,
}

/// What few headers say.
#[derive(Default)]
pub struct More {
    pub thread: Option<i64>,
    pub epoch: Option<i64>,
    /// Keys of a JSON line that are columns, by their number, with their texts.
    pub fields: Vec<(usize, Vec<u8>)>,
}

impl Entry {
    /// An entry of which nothing is known but where its text stands.
    pub fn of(start: usize, end: usize) -> Entry {
        Entry {
            line: 0,
            layout: None,
            json_layout: None,
            head: None,
            body: Body::Span(start, end),
            time: Time::None,
            level: NONE,
            scope: Text::None,
            component: NONE,
            event: None,
            caller: Text::None,
            more: None,
            takes_lines: true,
            cut: false,
            no_tab: false,
        }
    }

    /// The texts of keys of a JSON line.
    pub fn fields(&self) -> &[(usize, Vec<u8>)] {
        self.more.as_ref().map_or(&[], |more| &more.fields)
    }

    pub fn has_header(&self) -> bool {
        self.layout.is_some() || self.json_layout.is_some()
    }

    pub fn message<'a>(&'a self, text: &'a [u8]) -> &'a [u8] {
        match &self.body {
            Body::Span(start, end) => &text[*start..*end],
            Body::Owned(bytes) => bytes,
        }
    }

    /// Take one more line, or the rest of a line that was cut.
    pub fn add(&mut self, text: &[u8], (start, end): (usize, usize)) {
        let gap = usize::from(!self.cut);
        self.no_tab = false;
        if let Body::Span(_, stop) = &mut self.body
            && *stop + gap == start
            && (self.cut || text[*stop] == b'\n')
        {
            *stop = end;
        } else {
            let body = self.owned(text);
            if gap == 1 {
                body.push(b'\n');
            }
            body.extend_from_slice(&text[start..end]);
        }
        self.cut = false;
    }

    /// Put text right behind what there is.
    pub fn append(&mut self, text: &[u8], (start, end): (usize, usize)) {
        let cut = std::mem::replace(&mut self.cut, true);
        self.add(text, (start, end));
        self.cut = cut;
    }

    fn owned(&mut self, text: &[u8]) -> &mut Vec<u8> {
        if let Body::Span(start, end) = self.body {
            self.body = Body::Owned(text[start..end].to_vec());
        }
        match &mut self.body {
            Body::Owned(bytes) => bytes,
            Body::Span(..) => unreachable!("it was just made owned"),
        }
    }
}
