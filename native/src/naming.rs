//! Formats -> statements: which log statement printed a line that a hand-written format matches.
//!
//! The rule is that of `engine/reference/statement_names.py`: by the line's level and scope; else by which
//! of the format's fields it fills; else the newest of its statements that its text fits.

use std::sync::OnceLock;

use hashbrown::HashMap;

use crate::catalog::{Catalog, NONE, place};
use crate::dictionary::Dictionary;
use crate::labels::{gap, split_labels};
use crate::program::{Branch, Captures, Message, NOWHERE, Span, insert, steps_of, walk};
use crate::template::rows;

/// The data files, and what is made of them when the first line is named.
pub struct Naming {
    covered: String,
    by_fields: String,
    parsed: OnceLock<Parsed>,
}

#[derive(Default)]
struct Parsed {
    names: Vec<String>,
    places: Vec<Place>,
    /// By format the places of each level and scope, and that of all others.
    formats: Vec<(Vec<LevelScope>, u32)>,
}

/// A level, a scope and the number of their place.
type LevelScope = (u8, Box<[u8]>, u32);

/// The statements that lines of a format, level and scope can be of.
#[derive(Default)]
struct Place {
    /// Names and templates, the newest first.
    known: Vec<(u32, String)>,
    /// By filled fields the name.
    by_fields: Vec<(u64, u32)>,
    trees: OnceLock<Vec<(u32, Vec<Branch>)>>,
}

/// What a line of a format is named after.
pub struct Line<'a> {
    pub format: usize,
    pub level: u8,
    /// The scope's text, and its number with this worker.
    pub scope: Option<(&'a [u8], u32)>,
    pub fields: &'a [Span],
    /// The message, without Envoy's numbers.
    pub message: &'a [u8],
}

const NO_PLACE: u32 = u32::MAX;

impl Naming {
    pub fn new(covered: String, by_fields: String) -> Naming {
        Naming { covered, by_fields, parsed: OnceLock::new() }
    }

    fn parsed(&self, catalog: &Catalog) -> &Parsed {
        self.parsed.get_or_init(|| Parsed::new(catalog, &self.covered, &self.by_fields))
    }
}

impl Parsed {
    fn new(catalog: &Catalog, covered: &str, by_fields: &str) -> Parsed {
        let mut found = Parsed::default();
        let keys: HashMap<&str, usize> = catalog.format_keys.iter().enumerate().map(|(n, key)| (&**key, n)).collect();
        let mut numbers: HashMap<String, u32> = HashMap::new();
        let mut name = |text: &str, names: &mut Vec<String>| -> u32 {
            *numbers.entry(text.to_owned()).or_insert_with(|| {
                names.push(text.to_owned());
                names.len() as u32 - 1
            })
        };
        found.formats = catalog.format_keys.iter().map(|_| (Vec::new(), NO_PLACE)).collect();
        let level = |text: &str| place(&catalog.levels, text).map_or(NONE, |at| at as u8);
        for row in rows(covered) {
            let [key, of_level, scope, statement, template] = &row[..] else { continue };
            let Some(format) = keys.get(&**key) else { continue };
            let one = (name(statement, &mut found.names), template.clone());
            let (own, all) = &mut found.formats[*format];
            if *all == NO_PLACE {
                *all = found.places.len() as u32;
                found.places.push(Place::default());
            }
            let of_all = &mut found.places[*all as usize].known;
            if !of_all.contains(&one) {
                of_all.push(one.clone());
            }
            let at = own.iter().find(|(level_, scope_, _)| *level_ == level(of_level) && **scope_ == *scope.as_bytes());
            let at = at.map_or(found.places.len(), |(_, _, at)| *at as usize);
            if at == found.places.len() {
                found.places.push(Place::default());
                own.push((level(of_level), scope.as_bytes().into(), at as u32));
            }
            found.places[at].known.push(one);
        }
        for row in rows(by_fields) {
            let [key, of_level, scope, fields, statement] = &row[..] else { continue };
            let own = keys.get(&**key).map_or(&[][..], |format| &found.formats[*format].0);
            if let Some((_, _, at)) = own.iter().find(|one| one.0 == level(of_level) && *one.1 == *scope.as_bytes()) {
                let filled = fields.bytes().enumerate().fold(0, |bits, (n, sign)| bits | u64::from(sign == b'1') << n);
                let number = name(statement, &mut found.names);
                found.places[*at as usize].by_fields.push((filled, number));
            }
        }
        found
    }

    fn place(&self, line: &Line) -> Option<usize> {
        let (own, all) = self.formats.get(line.format)?;
        let scope = line.scope.map_or(&b"default"[..], |(scope, _)| scope);
        let own = own.iter().find(|(level, of, _)| *level == line.level && **of == *scope);
        let at = own.map_or(*all, |(_, _, at)| *at);
        (at != NO_PLACE).then_some(at as usize)
    }
}

/// A bit for each field that has a text.
#[inline]
fn filled(fields: &[Span]) -> u64 {
    fields.iter().enumerate().fold(0, |bits, (n, span)| bits | u64::from(*span != NOWHERE) << n)
}

impl Place {
    /// The name that the filled fields tell.
    fn by_filled(&self, filled: u64) -> Option<u32> {
        self.by_fields.iter().find(|(bits, _)| *bits == filled).map(|(_, name)| *name)
    }

    /// The newest of the statements that a message fits.
    #[cold]
    fn fitting(&self, catalog: &Catalog, message: &[u8], found: &mut Captures) -> Option<u32> {
        let trees = self.trees.get_or_init(|| {
            let templates = self.known.iter().filter(|(_, template)| !template.is_empty());
            let tree = |template: &str| {
                let template = catalog.words.template(template)?;
                let mut tree = Vec::new();
                insert(&mut tree, steps_of(&template.tokens, &catalog.kinds).ok()?, 0, 0);
                Some(tree)
            };
            templates.filter_map(|(name, template)| Some((*name, tree(template)?))).collect()
        });
        let first_line = memchr::memchr(b'\n', message).unwrap_or(message.len());
        let behind_blanks = gap(message, true).map_or(message.len(), |(start, _)| start);
        let mut seen = usize::MAX;
        for end in [split_labels(message).0, behind_blanks, message.len(), first_line] {
            if end == seen {
                continue;
            }
            seen = end;
            let body = Message::new(&message[..end]);
            for (name, tree) in trees {
                if walk(tree, &catalog.kinds, &body, found, &|_| true).is_some() {
                    return Some(*name);
                }
            }
        }
        None
    }
}

/// What a worker knows of the names of its lines.
#[derive(Default)]
pub struct Names {
    pub texts: Dictionary,
    words: Vec<u32>,
    /// By number of a statement of the second tier its word.
    second: HashMap<usize, u32>,
    /// By format, level and scope: the place, and the word if there is but one.
    places: HashMap<(u32, u8, u32), Known>,
    last: Option<((u32, u8, u32), Known)>,
    /// The last place and filled fields that gave a name, and its word.
    last_by_fields: Option<((usize, u64), u32)>,
    scratch: Captures,
}

#[derive(Clone, Copy)]
enum Known {
    Nothing,
    Word(u32),
    Several(usize),
}

impl Names {
    /// The number of the statement that a line of a format is of, if one is known, and whether all lines of this
    /// format, level and scope that fill these fields are of it.
    pub fn of(&mut self, catalog: &Catalog, line: &Line) -> (Option<u32>, bool) {
        let key = (line.format as u32, line.level, line.scope.map_or(u32::MAX, |(_, number)| number));
        let known = match self.last {
            Some((last, known)) if last == key => known,
            _ => self.look_up(catalog, line, key),
        };
        match known {
            Known::Nothing => (None, true),
            Known::Word(word) => (Some(word), true),
            Known::Several(at) => {
                let filled = filled(line.fields);
                if let Some((last, word)) = self.last_by_fields
                    && last == (at, filled)
                {
                    return (Some(word), true);
                }
                let parsed = catalog.naming.parsed(catalog);
                let place = &parsed.places[at];
                match place.by_filled(filled) {
                    Some(name) => {
                        let word = self.word(parsed, name);
                        self.last_by_fields = Some(((at, filled), word));
                        (Some(word), true)
                    }
                    None => {
                        let name = place.fitting(catalog, line.message, &mut self.scratch);
                        (name.map(|name| self.word(parsed, name)), false)
                    }
                }
            }
        }
    }

    /// The same of a line that a statement of the second tier matches.
    pub fn of_second(&mut self, catalog: &Catalog, number: usize) -> u32 {
        let texts = &mut self.texts;
        *self.second.entry(number).or_insert_with(|| texts.number(catalog.second.text(number).as_bytes()))
    }

    fn look_up(&mut self, catalog: &Catalog, line: &Line, key: (u32, u8, u32)) -> Known {
        let known = match self.places.get(&key) {
            Some(known) => *known,
            None => {
                let parsed = catalog.naming.parsed(catalog);
                let known = match parsed.place(line) {
                    None => Known::Nothing,
                    Some(at) => match &parsed.places[at].known[..] {
                        [(name, _)] => Known::Word(self.word(parsed, *name)),
                        _ => Known::Several(at),
                    },
                };
                self.places.insert(key, known);
                known
            }
        };
        self.last = Some((key, known));
        known
    }

    #[inline]
    fn word(&mut self, parsed: &Parsed, name: u32) -> u32 {
        if self.words.len() <= name as usize {
            self.words.resize(parsed.names.len(), u32::MAX);
        }
        let word = &mut self.words[name as usize];
        if *word == u32::MAX {
            *word = self.texts.number(parsed.names[name as usize].as_bytes());
        }
        *word
    }
}
