//! The second tier: which statement of the sources claims a message that no hand-written format does.
//!
//! The rule of choice is that of `formats/statements/table.py`, and the reference is `engine/reference/statements.py`.
//! Nothing is built until a line needs it; then the tables are parsed once, and each statement that a message is
//! held against is compiled once.

use std::collections::HashSet;
use std::sync::{Mutex, OnceLock, PoisonError};

use hashbrown::HashMap;
use pyo3::prelude::*;

use crate::catalog::{Catalog, NONE};
use crate::claim::Asked;
use crate::data::LabelData;
use crate::labels::{gap, split_labels};
use crate::matcher::Matcher;
use crate::program::{Branch, Captures, Message, insert, steps_of, walk};
use crate::shapes::{Groups, Said, Shape};
use crate::template::{Template, Words, has_odd_blanks, rows, with_single_blanks};

/// What Python hands over of the second tier.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub struct SecondData<'py> {
    /// Gives the texts of the tables of statements.
    pub load: Bound<'py, PyAny>,
    /// By component the group whose statements can claim its lines.
    pub groups: std::collections::HashMap<String, String>,
    /// Group, scope (empty: any) and event of lines that no statement claims.
    pub scopes: Vec<(String, String, String)>,
    /// A statement with fewer letters claims only lines of its own scope and level.
    pub plain: usize,
    pub longest: usize,
    /// By name the numbers of kinds, and by column that of its kind.
    pub kinds: std::collections::HashMap<String, usize>,
    pub columns: std::collections::HashMap<String, usize>,
    /// The data files of the statements of hand-written formats.
    pub covered: String,
    pub told: String,
}

pub struct Second {
    load: Py<PyAny>,
    groups: Vec<Option<usize>>,
    scopes: HashMap<(usize, Vec<u8>), usize>,
    plain: usize,
    longest: usize,
    loaded: OnceLock<Loaded>,
    indexes: Vec<[OnceLock<Index>; 3]>,
    shape_groups: Mutex<Groups>,
}

/// All statements, and the numbers of their scopes.
struct Loaded {
    statements: Vec<Statement>,
    scopes: HashMap<Box<[u8]>, u32>,
}

/// One log statement.
struct Statement {
    component: Option<u8>,
    group: usize,
    scope: u32,
    level: u8,
    text: String,
    template: String,
    labels: String,
    event: usize,
    shape: OnceLock<Option<Shape>>,
}

/// How statements are read: as they stand, or with their runs of blanks as one; of these those that it changes alone.
#[derive(Clone, Copy, PartialEq)]
enum Reading {
    Exact,
    Changed,
    Single,
}

/// The statements of a group, found by their text.
#[derive(Default)]
struct Index {
    known: Vec<Known>,
    starts: HashMap<(usize, [u8; 16]), Vec<u32>>,
    words: HashMap<Box<[u8]>, Vec<u32>>,
    /// A bit for each three letters that one of the words begins with.
    word_starts: Vec<u64>,
    free: Vec<u32>,
    /// By scope and level the highest rank of a statement that begins with a field.
    loose: HashMap<(u32, u8), u64>,
}

/// A statement, and what it is tried by.
struct Known {
    statement: u32,
    scope: u32,
    level: u8,
    component: Option<u8>,
    is_plain: bool,
    /// Its rank among those of the same scope, level and component.
    rank: u64,
    template: String,
    tree: OnceLock<Vec<Branch>>,
}

/// What claims a message after all.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Claimed {
    Format(usize),
    Statement(usize),
    /// The scope alone says the event.
    Event(usize),
}

/// What claims a message, the text that it was held against if that is another, and where its labels are.
pub struct Found {
    pub claimed: Claimed,
    pub body: Option<Vec<u8>>,
    pub labels: (usize, usize),
}

const STEPS: [usize; 5] = [16, 12, 8, 4, 2];
const SHARED: &str = "shared";
/// The level of a statement that no line has.
const NO_LEVEL: u8 = NONE - 1;

impl Second {
    pub fn new(data: &SecondData, components: &[String], event: impl Fn(&str) -> PyResult<usize>) -> PyResult<Second> {
        let mut group_names: Vec<String> = data.groups.values().cloned().collect();
        group_names.sort_unstable();
        group_names.dedup();
        let number = |name: &str| group_names.iter().position(|one| one == name);
        let scopes = data.scopes.iter().filter_map(|(group, scope, name)| {
            let group = number(group)?;
            Some(event(name).map(|event| ((group, scope.as_bytes().to_vec()), event)))
        });
        Ok(Second {
            load: data.load.clone().unbind(),
            groups: components.iter().map(|one| data.groups.get(one).and_then(|group| number(group))).collect(),
            scopes: scopes.collect::<PyResult<_>>()?,
            plain: data.plain,
            longest: data.longest,
            loaded: OnceLock::new(),
            indexes: group_names.iter().map(|_| Default::default()).collect(),
            shape_groups: Mutex::default(),
        })
    }

    /// The group numbers from which on those of statements' texts are.
    pub fn number_groups_after(&self, groups: Groups) {
        *self.shape_groups.lock().unwrap_or_else(PoisonError::into_inner) = groups;
    }

    /// What claims a message that no format claims as it stands; its fields are in `matcher`.
    pub fn claim(
        &self,
        catalog: &Catalog,
        asked: Asked,
        message: &[u8],
        matcher: &mut Matcher,
    ) -> PyResult<Option<Found>> {
        let by_scope = |found: &Second| {
            let event = found.by_scope(asked)?;
            Some(Found { claimed: Claimed::Event(event), body: None, labels: (0, 0) })
        };
        if message.len() > self.longest {
            return Ok(by_scope(self));
        }
        let readings = readings_of(message);
        if has_odd_blanks(message) {
            for (end, labels) in &readings {
                if let Some(single) = with_single_blanks(&message[..*end])
                    && let Some(format) = catalog.claim(asked, &single, matcher)
                {
                    return Ok(Some(Found { claimed: Claimed::Format(format), body: Some(single), labels: *labels }));
                }
            }
        }
        let loaded = match self.loaded.get() {
            Some(known) => known,
            None => self.load(catalog)?,
        };
        for (end, labels) in readings {
            if let Some((claimed, body)) = self.statement(catalog, loaded, asked, &message[..end], matcher) {
                return Ok(Some(Found { claimed: Claimed::Statement(claimed), body, labels }));
            }
        }
        Ok(by_scope(self))
    }

    fn by_scope(&self, asked: Asked) -> Option<usize> {
        let group = (*self.groups.get(asked.component as usize)?)?;
        let part = memchr::memmem::find(asked.scope, b"::").map_or(asked.scope, |at| &asked.scope[..at]);
        let of = |scope: &[u8]| self.scopes.get(&(group, scope.to_vec())).copied();
        of(part).or_else(|| of(b""))
    }

    /// The event of what claims a message, its shape, and the component that a statement is of.
    pub fn shape<'a>(&'a self, catalog: &'a Catalog, claimed: Claimed) -> Option<&'a Shape> {
        match claimed {
            Claimed::Format(number) => catalog.shapes.get(catalog.formats[number].shape),
            Claimed::Event(event) => catalog.shapes.get(catalog.bare[event]),
            Claimed::Statement(number) => {
                let one = self.statement_at(number)?;
                let shape = one.shape.get_or_init(|| {
                    let mut groups = self.shape_groups.lock().unwrap_or_else(PoisonError::into_inner);
                    let labels: Vec<LabelData> =
                        one.labels.split(' ').filter_map(|label| catalog.words.label(label)).collect();
                    let fields = catalog.words.template(&one.template)?.fields;
                    let said = Said { fields: &fields, sets: &[], labels: &labels };
                    catalog.known_of_shapes().shape(one.event, one.event, &said, &mut groups).ok()
                });
                shape.as_ref()
            }
        }
    }

    /// The text of a statement.
    pub fn text(&self, number: usize) -> &str {
        self.statement_at(number).map_or("", |one| &one.text)
    }

    /// The component that a statement is of; nothing of one that several programs print.
    pub fn component(&self, number: usize) -> Option<u8> {
        self.statement_at(number)?.component
    }

    fn statement_at(&self, number: usize) -> Option<&Statement> {
        self.loaded.get()?.statements.get(number)
    }

    #[cold]
    fn load(&self, catalog: &Catalog) -> PyResult<&Loaded> {
        let texts: Vec<String> = Python::attach(|py| self.load.call0(py)?.extract(py))?;
        let mut scopes: HashMap<Box<[u8]>, u32> = HashMap::new();
        let mut statements = Vec::new();
        for row in texts.iter().flat_map(|text| rows(text)) {
            let [component, scope, level, text, template, labels, _, _, _, event] = &row[..] else {
                return Err(crate::catalog::invalid(format!("a statement of {} cells", row.len())));
            };
            let position = catalog.components.iter().position(|one| one == component);
            let group = position.or_else(|| catalog.components.iter().position(|one| one == "pilot"));
            let group = group.and_then(|at| self.groups[at]);
            let next = scopes.len() as u32;
            statements.push(Statement {
                component: if component == SHARED { None } else { position.map(|at| at as u8) },
                group: group.ok_or_else(|| crate::catalog::invalid(format!("no group of {component:?}")))?,
                scope: *scopes.entry(scope.as_bytes().into()).or_insert(next),
                level: catalog.levels.iter().position(|one| one == level).map_or(NO_LEVEL, |at| at as u8),
                text: text.clone(),
                template: template.clone(),
                labels: labels.clone(),
                event: catalog.known_of_shapes().event(event)?,
                shape: OnceLock::new(),
            });
        }
        Ok(self.loaded.get_or_init(|| Loaded { statements, scopes }))
    }

    fn index(&self, catalog: &Catalog, statements: &[Statement], group: usize, how: Reading) -> &Index {
        self.indexes[group][how as usize].get_or_init(|| Index::new(&catalog.words, statements, group, how, self.plain))
    }

    /// The statement that claims a message without labels, and that message with single blanks if it was held so.
    fn statement(
        &self,
        catalog: &Catalog,
        loaded: &Loaded,
        asked: Asked,
        message: &[u8],
        matcher: &mut Matcher,
    ) -> Option<(usize, Option<Vec<u8>>)> {
        let statements = &loaded.statements;
        let group = (*self.groups.get(asked.component as usize)?)?;
        let scope: &[u8] = if asked.scope.is_empty() { b"default" } else { asked.scope };
        let scope = loaded.scopes.get(scope).copied().unwrap_or(u32::MAX);
        let is_shared = [catalog.known.pilot, catalog.known.agent].contains(&asked.component);
        let mut line = Line { catalog, asked, scope, is_shared, best: 0, claim: None };
        if let Some(found) = line.claim(self.index(catalog, statements, group, Reading::Exact), message, matcher) {
            return Some((found, None));
        }
        // A message that single blanks do not change is of no statement that they do not change.
        let single = with_single_blanks(message);
        let how = if single.is_some() { Reading::Single } else { Reading::Changed };
        let index = self.index(catalog, statements, group, how);
        let found = line.claim(index, single.as_deref().unwrap_or(message), matcher)?;
        Some((found, single))
    }
}

impl Index {
    fn new(words: &Words, statements: &[Statement], group: usize, how: Reading, plain: usize) -> Index {
        let mut index = Index { word_starts: vec![0; STARTS / 64], ..Index::default() };
        let mut loose: Vec<(u32, HashSet<String>)> = Vec::new();
        for (number, one) in statements.iter().enumerate().filter(|(_, one)| one.group == group) {
            let changed = with_single_blanks(one.template.as_bytes()).and_then(|text| String::from_utf8(text).ok());
            let template = match (how, changed) {
                (Reading::Exact, _) | (Reading::Single, None) => one.template.clone(),
                (_, Some(changed)) => changed,
                (Reading::Changed, None) => continue,
            };
            let Some(Template { literals, .. }) = words.template(&template).filter(|_| !template.is_empty()) else {
                continue;
            };
            let text = literals.concat();
            let rank = (text.chars().count() as u64) << NUMBERS | ((1 << NUMBERS) - 1 - number as u64);
            let at = index.known.len() as u32;
            let first = literals[0].as_bytes();
            match STEPS.iter().find(|step| first.len() >= **step) {
                Some(step) => index.starts.entry(key(first, *step)).or_default().push(at),
                None => {
                    loose.push((at, whole_words(&literals)));
                    let most = index.loose.entry((one.scope, one.level)).or_default();
                    *most = rank.max(*most);
                }
            }
            let is_plain = text.chars().filter(|sign| sign.is_alphabetic()).count() < plain;
            index.known.push(Known {
                statement: number as u32,
                scope: one.scope,
                level: one.level,
                component: one.component,
                is_plain,
                rank,
                template,
                tree: OnceLock::new(),
            });
        }
        let mut counts: HashMap<String, usize> = HashMap::new();
        loose.iter().flat_map(|(_, words)| words).for_each(|word| *counts.entry(word.clone()).or_default() += 1);
        for (at, words) in loose {
            let rarest = words.into_iter().min_by_key(|word| (counts[word], usize::MAX - word.len(), word.clone()));
            match rarest {
                Some(word) => {
                    let start = word_start(word.as_bytes());
                    index.word_starts[start / 64] |= 1 << (start % 64);
                    index.words.entry(word.into_bytes().into()).or_default().push(at);
                }
                None => index.free.push(at),
            }
        }
        // The best first, so that few are held against a message.
        let Index { known, starts, words, .. } = &mut index;
        for found in starts.values_mut().chain(words.values_mut()) {
            found.sort_by_key(|at| std::cmp::Reverse(known[*at as usize].rank));
        }
        index
    }
}

fn key(text: &[u8], size: usize) -> (usize, [u8; 16]) {
    let mut key = [0; 16];
    key[..size].copy_from_slice(&text[..size]);
    (size, key)
}

/// How many beginnings of words are told apart.
const STARTS: usize = 1 << 15;

/// The number of the beginning of a word of at least three letters.
fn word_start(word: &[u8]) -> usize {
    let letter = |n: usize| word[n] as usize & 31;
    letter(0) << 10 | letter(1) << 5 | letter(2)
}

/// What of a message its statement may be of, as its end, and the labels behind it; the likeliest first.
fn readings_of(message: &[u8]) -> Vec<(usize, (usize, usize))> {
    let mut readings = Vec::with_capacity(4);
    let mut add = |one| {
        if !readings.contains(&one) {
            readings.push(one);
        }
    };
    if memchr::memchr(b'=', message).is_none() {
        add((message.len(), (0, 0)));
        memchr::memchr(b'\n', message).into_iter().for_each(|end| add((end, (0, 0))));
        return readings;
    }
    let to_end = |(start, end): (usize, usize), size: usize| (start, (end, size));
    if memchr::memchr(b'\t', message).is_none() {
        add(gap(message, true).map_or((message.len(), (0, 0)), |gap| to_end(gap, message.len())));
    }
    add(split_labels(message));
    let first = &message[..memchr::memchr(b'\n', message).unwrap_or(message.len())];
    if first.len() < message.len() {
        add(split_labels(first));
    }
    add(gap(first, false).map_or((first.len(), (0, 0)), |gap| to_end(gap, first.len())));
    readings
}

/// Where words of at least three letters stand in a text.
fn words(text: &[u8]) -> impl Iterator<Item = (usize, usize)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        loop {
            let start = at + text[at..].iter().position(u8::is_ascii_alphabetic)?;
            let size = text[start..].iter().position(|byte| !byte.is_ascii_alphabetic());
            at = size.map_or(text.len(), |size| start + size);
            if at - start >= 3 {
                return Some((start, at));
            }
        }
    })
}

/// The words that stand in any message of a template: those that no field can lengthen.
fn whole_words(literals: &[String]) -> HashSet<String> {
    let mut found = HashSet::new();
    for (n, literal) in literals.iter().enumerate() {
        for (start, end) in words(literal.as_bytes()) {
            let after_field = start == 0 && n > 0;
            let before_field = end == literal.len() && n + 1 < literals.len();
            if !after_field && !before_field {
                found.insert(literal[start..end].to_owned());
            }
        }
    }
    found
}

/// A message, and the best statement that it has been found to fit.
struct Line<'a> {
    catalog: &'a Catalog,
    asked: Asked<'a>,
    scope: u32,
    /// Whether statements that several programs print are its component's own.
    is_shared: bool,
    best: u64,
    claim: Option<usize>,
}

const OWN_SCOPE: u64 = 1 << 63;
const OWN_LEVEL: u64 = 1 << 62;
const OWN: u64 = 1 << 61;
const ALL_OWN: u64 = OWN_SCOPE | OWN_LEVEL | OWN;
const NUMBERS: u32 = 24;

impl Line<'_> {
    fn claim(&mut self, index: &Index, message: &[u8], matcher: &mut Matcher) -> Option<usize> {
        let text = Message::new(message);
        let Matcher { found, second: best, .. } = matcher;
        let mut try_all = |known: &[u32], line: &mut Self| {
            known.iter().for_each(|known| line.try_on(&index.known[*known as usize], &text, found, best));
        };
        for step in STEPS.iter().filter(|step| **step <= message.len()) {
            if let Some(known) = index.starts.get(&key(message, *step)) {
                try_all(known, self);
            }
        }
        if !self.is_settled(index) {
            let mut seen: HashSet<u32> = HashSet::new();
            for (start, end) in words(message) {
                let beginning = word_start(&message[start..end]);
                if index.word_starts[beginning / 64] >> (beginning % 64) & 1 == 1
                    && let Some(known) = index.words.get(&message[start..end])
                    && seen.insert(known[0])
                {
                    try_all(known, self);
                }
            }
            try_all(&index.free, self);
        }
        std::mem::swap(&mut found.spans, &mut best.spans);
        self.claim
    }

    /// Hold the message against a statement, if it would be a better one.
    #[inline]
    fn try_on(&mut self, known: &Known, text: &Message, found: &mut Captures, best: &mut Captures) {
        let (own_scope, own_level) = (known.scope == self.scope, known.level == self.asked.level);
        if known.is_plain && !(own_scope && own_level) {
            return;
        }
        let own = known.component.map_or(self.is_shared, |component| component == self.asked.component);
        let flag = |is: bool, bit: u64| if is { bit } else { 0 };
        let rank = flag(own_scope, OWN_SCOPE) | flag(own_level, OWN_LEVEL) | flag(own, OWN) | known.rank;
        if rank <= self.best {
            return;
        }
        let tree = known.tree.get_or_init(|| {
            let mut tree = Vec::new();
            let template = self.catalog.words.template(&known.template);
            if let Some(steps) = template.and_then(|one| steps_of(&one.tokens, &self.catalog.kinds).ok()) {
                insert(&mut tree, steps, 0, 0);
            }
            tree
        });
        if walk(tree, &self.catalog.kinds, text, found, &|_| true).is_some() {
            (self.best, self.claim) = (rank, Some(known.statement as usize));
            std::mem::swap(&mut found.spans, &mut best.spans);
        }
    }

    /// Whether no statement that begins with a field can be better.
    fn is_settled(&self, index: &Index) -> bool {
        let most = index.loose.get(&(self.scope, self.asked.level)).copied().unwrap_or(0);
        self.best & ALL_OWN == ALL_OWN && self.best & !ALL_OWN > most
    }
}
