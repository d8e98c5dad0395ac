//! Regular expressions as Python's `re` reads them (flag ASCII), matched on bytes by backtracking.
//!
//! Headers, field kinds and times are data that the reference engine gives to `re`; the same text gives
//! the same match here: leftmost-first, with lookahead, atomic groups and possessive repeats.

use crate::set::Set;
use crate::syntax::{How, MANY, Node, Parser, Place};

enum Op {
    Set(Set),
    Bytes(Box<[u8]>),
    Run { set: Set, least: u32, most: u32, how: How },
    Split(usize, usize),
    Jump(usize),
    Save(usize),
    Atomic(usize),
    Look(bool, usize),
    Place(Place),
    Accept,
}

/// A compiled expression and the names of its groups.
pub struct Pattern {
    code: Vec<Op>,
    slots: usize,
    pub names: Vec<(String, usize)>,
}

enum Frame {
    Branch(usize, usize),
    /// A run that can give back bytes down to the first place, or take more up to it.
    Shrink(usize, usize, usize),
    Grow(usize, usize, usize),
    Restore(usize, usize),
}

/// Memory of a match, used again; after a match the groups are in `slots`.
#[derive(Default)]
pub struct Scratch {
    stack: Vec<Frame>,
    slots: Vec<usize>,
}

const UNSET: usize = usize::MAX;

impl Scratch {
    /// Where a group begins and ends; nothing if it took no part.
    pub fn group(&self, number: usize) -> Option<(usize, usize)> {
        let (start, end) = (self.slots[2 * number], self.slots[2 * number + 1]);
        (start != UNSET && end != UNSET).then_some((start, end))
    }
}

impl Pattern {
    pub fn new(text: &str) -> Result<Pattern, String> {
        let (node, groups, names) = Parser::parse(text)?;
        let mut pattern = Pattern { code: Vec::new(), slots: 2 * groups, names };
        pattern.emit(&node)?;
        pattern.code.push(Op::Accept);
        Ok(pattern)
    }

    /// Where the match that begins at `at` ends.
    pub fn matches(&self, text: &[u8], at: usize, scratch: &mut Scratch) -> Option<usize> {
        scratch.stack.clear();
        scratch.slots.clear();
        scratch.slots.resize(self.slots, UNSET);
        self.run(0, text, at, scratch)
    }

    /// The first match that begins at `from` or later, as its start and end.
    pub fn search(&self, text: &[u8], from: usize, scratch: &mut Scratch) -> Option<(usize, usize)> {
        (from..=text.len()).find_map(|at| self.matches(text, at, scratch).map(|end| (at, end)))
    }

    fn emit(&mut self, node: &Node) -> Result<(), String> {
        match node {
            Node::Set(set) => self.code.push(Op::Set(*set)),
            Node::Bytes(bytes) => self.code.push(Op::Bytes(bytes.clone().into())),
            Node::Sequence(nodes) => nodes.iter().try_for_each(|one| self.emit(one))?,
            Node::Choice(nodes) => self.emit_choice(nodes)?,
            Node::Repeat(inner, least, most, how) => self.emit_repeat(inner, *least, *most, *how)?,
            Node::Group(number, inner) => {
                self.code.push(Op::Save(2 * number));
                self.emit(inner)?;
                self.code.push(Op::Save(2 * number + 1));
            }
            Node::Atomic(inner) => {
                let at = self.emit_inner(inner)?;
                self.code[at] = Op::Atomic(self.code.len());
            }
            Node::Look(wanted, inner) => {
                let at = self.emit_inner(inner)?;
                self.code[at] = Op::Look(*wanted, self.code.len());
            }
            Node::Place(place) => self.code.push(Op::Place(*place)),
        }
        Ok(())
    }

    fn emit_inner(&mut self, inner: &Node) -> Result<usize, String> {
        let at = self.code.len();
        self.code.push(Op::Accept);
        self.emit(inner)?;
        self.code.push(Op::Accept);
        Ok(at)
    }

    fn emit_choice(&mut self, nodes: &[Node]) -> Result<(), String> {
        let mut ends = Vec::new();
        for (n, node) in nodes.iter().enumerate() {
            if n + 1 == nodes.len() {
                self.emit(node)?;
                continue;
            }
            let split = self.code.len();
            self.code.push(Op::Accept);
            self.emit(node)?;
            ends.push(self.code.len());
            self.code.push(Op::Accept);
            self.code[split] = Op::Split(split + 1, self.code.len());
        }
        for end in ends {
            self.code[end] = Op::Jump(self.code.len());
        }
        Ok(())
    }

    fn emit_repeat(&mut self, inner: &Node, least: u32, most: u32, how: How) -> Result<(), String> {
        if let Node::Set(set) = inner {
            self.code.push(Op::Run { set: *set, least, most, how });
            return Ok(());
        }
        if inner.can_be_empty() && most == MANY {
            return Err("a repeat of what can be empty".into());
        }
        let atomic = (how == How::Possessive).then_some(self.code.len());
        if atomic.is_some() {
            self.code.push(Op::Accept);
        }
        for _ in 0..least {
            self.emit(inner)?;
        }
        let mut splits = Vec::new();
        for _ in 0..if most == MANY { 1 } else { most - least } {
            splits.push(self.code.len());
            self.code.push(Op::Accept);
            self.emit(inner)?;
            if most == MANY {
                self.code.push(Op::Jump(splits[0]));
            }
        }
        let end = self.code.len();
        for at in splits {
            self.code[at] = if how == How::Lazy { Op::Split(end, at + 1) } else { Op::Split(at + 1, end) };
        }
        if let Some(at) = atomic {
            self.code.push(Op::Accept);
            self.code[at] = Op::Atomic(self.code.len());
        }
        Ok(())
    }

    fn run(&self, mut pc: usize, text: &[u8], mut at: usize, scratch: &mut Scratch) -> Option<usize> {
        let base = scratch.stack.len();
        loop {
            let fits = match &self.code[pc] {
                Op::Set(set) => {
                    let fits = text.get(at).is_some_and(|byte| set.has(*byte));
                    at += 1;
                    fits
                }
                Op::Bytes(bytes) => {
                    let fits = text.get(at..).is_some_and(|rest| rest.starts_with(bytes));
                    at += bytes.len();
                    fits
                }
                Op::Run { set, least, most, how } => {
                    let room = text.len().saturating_sub(at).min(*most as usize);
                    let floor = at + *least as usize;
                    let end = at + set.run(&text[at.min(text.len())..][..room]);
                    let fits = end >= floor;
                    if fits && end > floor && *how == How::Greedy {
                        scratch.stack.push(Frame::Shrink(pc + 1, floor, end - 1));
                    } else if fits && end > floor && *how == How::Lazy {
                        scratch.stack.push(Frame::Grow(pc + 1, floor + 1, end));
                    }
                    at = if *how == How::Lazy { floor } else { end };
                    fits
                }
                Op::Split(first, second) => {
                    scratch.stack.push(Frame::Branch(*second, at));
                    pc = *first;
                    continue;
                }
                Op::Jump(to) => {
                    pc = *to;
                    continue;
                }
                Op::Save(slot) => {
                    scratch.stack.push(Frame::Restore(*slot, scratch.slots[*slot]));
                    scratch.slots[*slot] = at;
                    true
                }
                Op::Atomic(end) => {
                    let mark = scratch.stack.len();
                    match self.run(pc + 1, text, at, scratch) {
                        Some(stop) => {
                            Self::settle(scratch, mark);
                            (pc, at) = (*end, stop);
                            continue;
                        }
                        None => false,
                    }
                }
                Op::Look(wanted, end) => {
                    let mark = scratch.stack.len();
                    let found = self.run(pc + 1, text, at, scratch).is_some();
                    if found == *wanted {
                        Self::settle(scratch, mark);
                        pc = *end;
                        continue;
                    }
                    while scratch.stack.len() > mark {
                        Self::back(scratch, mark);
                    }
                    false
                }
                Op::Place(place) => place.is_at(text, at),
                Op::Accept => return Some(at),
            };
            if fits {
                pc += 1;
                continue;
            }
            (pc, at) = Self::back(scratch, base)?;
        }
    }

    /// Drop the ways back into what is done; what groups held before it is still restored if all of it is undone.
    fn settle(scratch: &mut Scratch, mark: usize) {
        let mut kept = mark;
        for n in mark..scratch.stack.len() {
            if matches!(scratch.stack[n], Frame::Restore(..)) {
                scratch.stack.swap(kept, n);
                kept += 1;
            }
        }
        scratch.stack.truncate(kept);
    }

    fn back(scratch: &mut Scratch, base: usize) -> Option<(usize, usize)> {
        while scratch.stack.len() > base {
            match scratch.stack.pop()? {
                Frame::Restore(slot, old) => scratch.slots[slot] = old,
                Frame::Branch(pc, at) => return Some((pc, at)),
                Frame::Shrink(pc, floor, at) => {
                    if at > floor {
                        scratch.stack.push(Frame::Shrink(pc, floor, at - 1));
                    }
                    return Some((pc, at));
                }
                Frame::Grow(pc, at, end) => {
                    if at < end {
                        scratch.stack.push(Frame::Grow(pc, at + 1, end));
                    }
                    return Some((pc, at));
                }
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn end(pattern: &str, text: &str) -> Option<usize> {
        Pattern::new(pattern).unwrap().matches(text.as_bytes(), 0, &mut Scratch::default())
    }

    #[test]
    fn the_first_choice_that_fits_is_taken() {
        assert_eq!(end("a|ab", "ab"), Some(1));
        assert_eq!(end("(?:a|ab)c", "abc"), Some(3));
    }

    #[test]
    fn what_is_atomic_or_possessive_gives_nothing_back() {
        assert_eq!(end("a*ab", "aab"), Some(3));
        assert_eq!(end("a*+ab", "aab"), None);
        assert_eq!(end("(?>a|ab)c", "abc"), None);
    }

    #[test]
    fn lookahead_takes_nothing() {
        assert_eq!(end("(?![AX]DS)[A-Z]{2,6}", "CDS"), Some(3));
        assert_eq!(end("(?![AX]DS)[A-Z]{2,6}", "ADS"), None);
        assert_eq!(end("a(?=b)", "ab"), Some(1));
    }

    #[test]
    fn groups_are_as_they_were_where_a_way_was_given_up() {
        let pattern = Pattern::new("(?:(?P<a>x)y|xz)").unwrap();
        let mut scratch = Scratch::default();
        assert_eq!(pattern.matches(b"xz", 0, &mut scratch), Some(2));
        assert_eq!(scratch.group(0), None);
    }
}
