//! Distinct texts, each with a number.

use std::collections::HashMap;
use std::hash::BuildHasher;

use hashbrown::{DefaultHashBuilder, HashTable};

use crate::columns::Class;
use crate::set::{quick_hash, same};

/// Texts in the order of their numbers.
#[derive(Clone, Default)]
pub struct Texts {
    pub bytes: Vec<u8>,
    pub ends: Vec<usize>,
}

impl Texts {
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    #[inline]
    pub fn get(&self, number: usize) -> &[u8] {
        let start = if number == 0 { 0 } else { self.ends[number - 1] };
        &self.bytes[start..self.ends[number]]
    }

    /// Whether the text of a number, if there is one, is this.
    #[inline(always)]
    fn is(&self, number: usize, text: &[u8]) -> bool {
        number < self.ends.len() && same(self.get(number), text)
    }

    pub fn push(&mut self, text: &[u8]) {
        self.bytes.extend_from_slice(text);
        self.ends.push(self.bytes.len());
    }

    /// The texts from a number on.
    pub fn after(&self, first: usize) -> Texts {
        let start = if first == 0 { 0 } else { self.ends[first - 1] };
        Texts { bytes: self.bytes[start..].to_vec(), ends: self.ends[first..].iter().map(|end| end - start).collect() }
    }

    pub fn extend(&mut self, more: &Texts) {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(&more.bytes);
        self.ends.extend(more.ends.iter().map(|end| start + end));
    }
}

/// Gives each distinct text a number, counted from zero.
#[derive(Default)]
pub struct Dictionary {
    pub texts: Texts,
    table: HashTable<(u32, u32)>,
    hasher: DefaultHashBuilder,
    /// By a part of a text's quick hash the number of a text that was asked for lately.
    recent: Vec<u32>,
}

/// The logarithm of the number of recent texts.
const RECENT: u32 = 12;

/// What the table takes for a hash: made of the half that is kept, so that no text is read again when the table grows.
fn spread(mark: u32) -> u64 {
    u64::from(mark).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

impl Dictionary {
    #[inline]
    pub fn number(&mut self, text: &[u8]) -> u32 {
        let place = (quick_hash(text) >> (64 - RECENT)) as usize;
        match self.recent.get(place) {
            Some(number) if self.texts.is(*number as usize, text) => *number,
            _ => self.number_of_any(place, text),
        }
    }

    #[cold]
    fn number_of_any(&mut self, place: usize, text: &[u8]) -> u32 {
        self.recent.resize(1 << RECENT, 0);
        let mark = (self.hasher.hash_one(text) >> 32) as u32;
        let texts = &self.texts;
        let known = self.table.find(spread(mark), |(known, number)| *known == mark && texts.is(*number as usize, text));
        let number = known.map_or(texts.len() as u32, |(_, number)| *number);
        if known.is_none() {
            self.texts.push(text);
            self.table.insert_unique(spread(mark), (mark, number), |(mark, _)| spread(*mark));
        }
        self.recent[place] = number;
        number
    }

    /// The bytes and the number of its texts.
    pub fn size(&self) -> usize {
        self.texts.bytes.len() + 16 * self.texts.len()
    }
}

/// Gives each class a number, counted from zero.
#[derive(Default)]
pub struct Classes {
    pub list: Vec<Class>,
    numbers: HashMap<Class, u32, DefaultHashBuilder>,
    last: usize,
}

impl Classes {
    pub fn number(&mut self, class: Class) -> u32 {
        if self.list.get(self.last) != Some(&class) {
            let next = self.list.len() as u32;
            self.last = *self.numbers.entry(class).or_insert(next) as usize;
            if self.last == next as usize {
                self.list.push(class);
            }
        }
        self.last as u32
    }
}
