//! Memory of matching: what was found of a message, and what messages that begin alike are tried with.

use crate::catalog::{Catalog, NONE, WIDEST, start_key};
use crate::program::Captures;

/// Memory of matching that is used again.
#[derive(Default)]
pub struct Matcher {
    pub found: Captures,
    /// What was found of the best statement so far.
    pub second: Captures,
    pub starts: Starts,
}

/// Which trees messages of the same beginning are tried with: most messages begin as others did.
#[derive(Default)]
pub struct Starts {
    known: Vec<(u8, u8, [u8; WIDEST], Vec<usize>)>,
}

const STARTS: usize = 512;

impl Starts {
    pub fn of(&mut self, catalog: &Catalog, component: u8, text: &[u8]) -> &[usize] {
        let size = text.len().min(WIDEST);
        let (_, key) = start_key(text, size);
        let both = u128::from_le_bytes(key);
        let hash = (both as u64 ^ ((both >> 64) as u64).rotate_left(29)).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32;
        let place = (hash as usize + component as usize) % STARTS;
        if self.known.is_empty() {
            self.known = (0..STARTS).map(|_| (NONE, 0, [0; WIDEST], Vec::new())).collect();
        }
        let entry = &mut self.known[place];
        if (entry.0, entry.1, &entry.2) != (component, size as u8, &key) {
            (entry.0, entry.1, entry.2) = (component, size as u8, key);
            entry.3.clear();
            catalog.starts(component, text, &mut entry.3);
        }
        &entry.3
    }
}
