//! Memory of matching: what was found of a message, and what messages that begin alike are tried with.

use crate::catalog::{Catalog, NONE, WIDEST, start_key};
use crate::path::Path;
use crate::program::{Captures, Message};

/// Memory of matching that is used again.
#[derive(Default)]
pub struct Matcher {
    pub found: Captures,
    /// What was found of the best statement so far.
    pub second: Captures,
    pub starts: Starts,
}

/// What messages of the same beginning are tried with: most messages begin as others did.
#[derive(Default)]
pub struct Starts {
    known: Vec<Start>,
    /// The place of the path that the last message took, if it took one: its fields are still to be completed.
    pub hit: Option<(usize, usize)>,
}

/// A beginning: the trees of formats that begin so, and the paths that messages took through the first of them.
pub struct Start {
    component: u8,
    size: u8,
    key: [u8; WIDEST],
    pub trees: Vec<usize>,
    pub paths: Vec<Path>,
    found: usize,
}

const STARTS: usize = 512;
/// Paths of a beginning, and the messages among which they are looked for.
const PATHS: usize = 6;
const LOOKED_AT: usize = 64;

impl Starts {
    pub fn of(&mut self, catalog: &Catalog, component: u8, text: &[u8]) -> (usize, &mut Start) {
        let size = text.len().min(WIDEST);
        let key = text.first_chunk::<WIDEST>().copied().unwrap_or_else(|| start_key(text, size).1);
        let both = u128::from_le_bytes(key);
        let hash = (both as u64 ^ ((both >> 64) as u64).rotate_left(29)).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32;
        let place = (hash as usize + component as usize) % STARTS;
        if self.known.is_empty() {
            let none = || Start { component: NONE, size: 0, key, trees: Vec::new(), paths: Vec::new(), found: 0 };
            self.known.resize_with(STARTS, none);
        }
        let start = &mut self.known[place];
        if (start.component, start.size, &start.key) != (component, size as u8, &key) {
            (start.component, start.size, start.key, start.found) = (component, size as u8, key, 0);
            start.trees.clear();
            start.paths.clear();
            catalog.starts(component, text, &mut start.trees);
        }
        (place, start)
    }

    /// The path that the last message took.
    #[inline]
    pub fn path(&mut self) -> Option<&mut Path> {
        let (place, number) = self.hit?;
        Some(&mut self.known[place].paths[number])
    }
}

impl Matcher {
    /// Complete the fields of a message that took a path.
    pub fn expand(&mut self) {
        if let Some(path) = self.starts.path() {
            path.expand(&mut self.found);
        }
        self.starts.hit = None;
    }
}

impl Start {
    /// Remember the path of a message to the format that matched it, if the beginning is a frequent one.
    pub fn learn(&mut self, catalog: &Catalog, message: &Message, format: usize) {
        self.found += 1;
        if self.found > 1 && self.found < LOOKED_AT && self.paths.len() < PATHS {
            self.paths.extend(catalog.path(self.trees[0], message, format));
        }
    }
}
