//! Numbers of workers' words -> numbers of a column's own dictionary, in order of first appearance.

use std::collections::HashMap;

use crate::catalog::NONE;
use crate::columns::{Class, Known, NO_ID, Shared};
use crate::dictionary::{Dictionary, Texts};

/// The words of a column, as numbers of the dictionary of all.
#[derive(Default)]
pub struct TableWords {
    pub order: Vec<u32>,
    /// By number in the dictionary of all the number here; -1: none yet.
    of: Vec<i32>,
}

/// What is known of a worker's words.
#[derive(Default)]
pub struct WorkerWords {
    pub texts: Vec<Texts>,
    pub classes: Vec<Class>,
    /// Of groups of texts how many values each has, and their words.
    pub groups: HashMap<usize, (usize, Vec<i32>)>,
    /// By dictionary the numbers in the dictionary of all.
    pub of_all: Vec<Vec<i32>>,
    /// By table and column the numbers there of words, or of what is known by its number.
    pub of_table: HashMap<(usize, usize, Option<Known>), Vec<i32>>,
}

/// Where words of a worker become words of a column.
pub struct Renumbering<'a> {
    pub dictionary: usize,
    /// Whether words are numbers of the dictionary of all.
    pub is_fixed: bool,
    pub all: &'a mut Dictionary,
    pub words: &'a mut TableWords,
}

/// A number that is not known yet.
const UNKNOWN: i32 = i32::MIN;

impl WorkerWords {
    /// Numbers of words -> numbers of a column's own; -1 stays.
    pub fn renumber(&mut self, codes: &mut [i32], (table, place): (usize, usize), to: &mut Renumbering) {
        let WorkerWords { texts, of_all, of_table, .. } = self;
        let texts = &texts[to.dictionary];
        let of_all = &mut of_all[to.dictionary];
        let direct = of_table.entry((table, place, None)).or_default();
        of_all.resize(texts.len(), -1);
        direct.resize(texts.len(), UNKNOWN);
        for code in codes.iter_mut().filter(|code| **code >= 0) {
            let word = *code as usize;
            if direct[word] == UNKNOWN {
                direct[word] = to.number(word, texts, of_all);
            }
            *code = direct[word];
        }
    }

    /// The words of what is known by its number.
    pub fn words_of(
        &mut self,
        ids: &[u32],
        known: Known,
        (table, place): (usize, usize),
        to: &mut Renumbering,
    ) -> Vec<i32> {
        let WorkerWords { texts, classes, groups, of_all, of_table } = self;
        let none = (1, Vec::<i32>::new());
        let (width, values) = match known {
            Known::Text { group, .. } => groups.get(&group).unwrap_or(&none),
            Known::Class(_) => &none,
        };
        let word = |id: usize| match known {
            Known::Text { part, .. } => values[id * width + part],
            Known::Class(shared) => classes[id].word(shared),
        };
        let count = if let Known::Class(_) = known { classes.len() } else { values.len() / width };
        let direct = of_table.entry((table, place, Some(known))).or_default();
        direct.resize(count, UNKNOWN);
        let (texts, of_all) = match texts.get(to.dictionary) {
            Some(texts) => (texts, &mut of_all[to.dictionary]),
            None => (&Texts::default(), &mut Vec::new()),
        };
        of_all.resize(texts.len(), -1);
        let mut number = |id: u32| {
            if id == NO_ID {
                return -1;
            }
            let found = direct[id as usize];
            if found != UNKNOWN {
                return found;
            }
            let word = word(id as usize);
            let found = if word < 0 { -1 } else { to.number(word as usize, texts, of_all) };
            direct[id as usize] = found;
            found
        };
        ids.iter().map(|id| number(*id)).collect()
    }
}

impl Renumbering<'_> {
    #[cold]
    fn number(&mut self, word: usize, texts: &Texts, of_all: &mut [i32]) -> i32 {
        if self.is_fixed {
            return self.words.number(word);
        }
        if of_all[word] < 0 {
            of_all[word] = self.all.number(texts.get(word)) as i32;
        }
        self.words.number(of_all[word] as usize)
    }
}

impl Class {
    fn word(&self, shared: Shared) -> i32 {
        let fixed = |value: u8| if value == NONE { -1 } else { i32::from(value) };
        match shared {
            Shared::Level => fixed(self.level),
            Shared::Event => fixed(self.event),
            Shared::Component => fixed(self.component),
            Shared::Scope => self.scope,
            Shared::Statement => self.statement,
        }
    }
}

impl TableWords {
    pub fn number(&mut self, of_all: usize) -> i32 {
        if self.of.len() <= of_all {
            self.of.resize(of_all + 1, -1);
        }
        if self.of[of_all] < 0 {
            self.of[of_all] = self.order.len() as i32;
            self.order.push(of_all as u32);
        }
        self.of[of_all]
    }
}
