//! Lines of Go's GC trace: written in pieces, so that other entries can stand inside one.

use memchr::memmem::{self, Finder};
use pyo3::PyResult;

use crate::catalog::invalid;
use crate::data::GcData;
use crate::pattern::{Pattern, Scratch};

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum State {
    No,
    /// The head of a line.
    Part,
    Whole,
}

enum Piece {
    Text(Vec<u8>),
    Pattern(Pattern),
}

pub struct Gc {
    /// Each way a line can be written.
    lines: Vec<Vec<Piece>>,
    forced: Vec<u8>,
    pub patience: u64,
    /// Stands in every whole line.
    sign: Finder<'static>,
}

impl Gc {
    pub fn new(data: &GcData) -> PyResult<Gc> {
        let piece = |text: &String| {
            Ok(if text.starts_with('[') {
                Piece::Pattern(Pattern::new(text).map_err(invalid)?)
            } else {
                Piece::Text(text.clone().into_bytes())
            })
        };
        let lines = data.tails.iter().map(|tail| data.pieces.iter().chain(tail).map(piece).collect());
        Ok(Gc {
            lines: lines.collect::<PyResult<_>>()?,
            forced: data.forced.clone().into_bytes(),
            patience: data.patience,
            sign: Finder::new(data.pieces.last().map_or("", String::as_str)).into_owned(),
        })
    }

    /// Whether a text is a whole line, or the head of one.
    pub fn state(&self, text: &[u8], scratch: &mut Scratch) -> State {
        self.lines.iter().map(|pieces| self.state_of(pieces, text, scratch)).max().unwrap_or(State::No)
    }

    fn state_of(&self, pieces: &[Piece], text: &[u8], scratch: &mut Scratch) -> State {
        let mut at = 0;
        for piece in pieces {
            if at == text.len() {
                return State::Part;
            }
            match piece {
                Piece::Pattern(pattern) => match pattern.matches(text, at, scratch) {
                    Some(end) => at = end,
                    None => return State::No,
                },
                Piece::Text(piece) if text[at..].starts_with(piece) => at += piece.len(),
                Piece::Text(piece) => return if piece.starts_with(&text[at..]) { State::Part } else { State::No },
            }
        }
        let rest = &text[at..];
        if rest.is_empty() || rest == self.forced {
            return State::Whole;
        }
        if self.forced.starts_with(rest) { State::Part } else { State::No }
    }

    /// Where from a place on a text next holds what stands in every whole line; its length, if nowhere.
    pub fn next_sign(&self, text: &[u8], from: usize) -> usize {
        self.sign.find(&text[from..]).map_or(text.len(), |at| from + at)
    }

    /// Where a whole line stands at the end of a line of something else.
    #[inline]
    pub fn inside(&self, text: &[u8], scratch: &mut Scratch) -> Option<usize> {
        self.sign.find(text)?;
        let at = memmem::rfind(text, b"gc ").filter(|at| *at > 0)?;
        (self.state(&text[at..], scratch) == State::Whole).then_some(at)
    }
}
