//! The statements of a group, found by the text that they begin with or else by their rarest word.

use std::sync::OnceLock;

use hashbrown::{HashMap, HashSet};

use crate::catalog::Catalog;
use crate::matcher::Matcher;
use crate::matching::Asked;
use crate::program::{Branch, Captures, Message, insert, steps_of, walk};
use crate::second::Statement;
use crate::template::{Template, Words, with_single_blanks};

const STEPS: [usize; 5] = [16, 12, 8, 4, 2];

/// How statements are read: as they stand, or with their runs of blanks as one; of these those that it changes alone.
#[derive(Clone, Copy, PartialEq)]
pub enum Reading {
    Exact,
    Changed,
    Single,
}

/// The statements of a group, found by their text.
#[derive(Default)]
pub struct Index {
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

impl Index {
    pub fn new(words: &Words, statements: &[Statement], group: usize, how: Reading, plain: usize) -> Index {
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

/// How many beginnings of words are distinguished.
const STARTS: usize = 1 << 15;

/// The number of the beginning of a word of at least three letters.
fn word_start(word: &[u8]) -> usize {
    let letter = |n: usize| word[n] as usize & 31;
    letter(0) << 10 | letter(1) << 5 | letter(2)
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
pub struct Line<'a> {
    pub catalog: &'a Catalog,
    pub asked: Asked<'a>,
    pub scope: u32,
    /// Whether statements that several programs print are its component's own.
    pub is_shared: bool,
    pub best: u64,
    pub matched: Option<usize>,
}

const OWN_SCOPE: u64 = 1 << 63;
const OWN_LEVEL: u64 = 1 << 62;
const OWN: u64 = 1 << 61;
const ALL_OWN: u64 = OWN_SCOPE | OWN_LEVEL | OWN;
const NUMBERS: u32 = 24;

impl Line<'_> {
    pub fn find_match(&mut self, index: &Index, message: &[u8], matcher: &mut Matcher) -> Option<usize> {
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
        self.matched
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
            (self.best, self.matched) = (rank, Some(known.statement as usize));
            std::mem::swap(&mut found.spans, &mut best.spans);
        }
    }

    /// Whether no statement that begins with a field can be better.
    fn is_settled(&self, index: &Index) -> bool {
        let most = index.loose.get(&(self.scope, self.asked.level)).copied().unwrap_or(0);
        self.best & ALL_OWN == ALL_OWN && self.best & !ALL_OWN > most
    }
}
