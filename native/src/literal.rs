//! Literal text of formats: compared at a place, or searched.

use std::sync::Arc;

use memchr::memmem::Finder;

use crate::set::inner;

/// Literal text, its ends as words: most are distinguished by the first.
#[derive(Clone, Default)]
pub struct Literal {
    pub text: Box<[u8]>,
    head: u64,
    mask: u64,
    tail: u64,
    inner: (u64, u64),
}

impl Literal {
    pub fn new(text: &[u8]) -> Literal {
        let mut word = [0; 8];
        let size = text.len().min(8);
        word[..size].copy_from_slice(&text[..size]);
        let mask = if size == 8 { u64::MAX } else { (1 << (8 * size)) - 1 };
        let tail = text.last_chunk::<8>().map_or(0, |eight| u64::from_le_bytes(*eight));
        Literal { text: text.into(), head: u64::from_le_bytes(word), mask, tail, inner: inner(text) }
    }

    /// Whether a text begins with it.
    #[inline(always)]
    pub fn begins(&self, text: &[u8]) -> bool {
        let size = self.text.len();
        let Some(eight) = text.first_chunk::<8>() else { return self.begins_short(text) };
        (u64::from_le_bytes(*eight) ^ self.head) & self.mask == 0
            && (size <= 8
                || text.get(..size).is_some_and(|text| {
                    text.last_chunk::<8>().is_some_and(|last| u64::from_le_bytes(*last) == self.tail)
                        && (size <= 16
                            || (inner(text) == self.inner
                                && (size <= 32 || text[16..size - 16] == self.text[16..size - 16])))
                }))
    }

    /// The same for a text of less than eight bytes.
    #[inline]
    fn begins_short(&self, text: &[u8]) -> bool {
        self.text.len() <= text.len() && text.iter().zip(&self.text).all(|(one, other)| one == other)
    }
}

impl PartialEq for Literal {
    fn eq(&self, other: &Literal) -> bool {
        self.text == other.text
    }
}

/// Literal text that is searched.
#[derive(Clone)]
pub struct Sought(Arc<Finder<'static>>);

impl Sought {
    pub fn new(text: &[u8]) -> Sought {
        Sought(Arc::new(Finder::new(text).into_owned()))
    }

    pub fn size(&self) -> usize {
        self.0.needle().len()
    }

    pub fn find(&self, text: &[u8]) -> Option<usize> {
        self.0.find(text)
    }
}

impl PartialEq for Sought {
    fn eq(&self, other: &Sought) -> bool {
        self.0.needle() == other.0.needle()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_literal_of_any_size_is_compared_as_a_whole() {
        let text: Vec<u8> = (0..48).map(|byte| b'a' + byte % 26).collect();
        for size in 0..=40 {
            let literal = Literal::new(&text[..size]);
            for end in 0..=48 {
                assert_eq!(literal.begins(&text[..end]), end >= size, "{size} {end}");
            }
            for at in 0..size {
                let mut other = text.clone();
                other[at] = b'#';
                assert!(!literal.begins(&other), "{size} {at}");
            }
        }
    }
}
