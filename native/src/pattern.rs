//! Regular expressions as Python's `re` reads them (flag ASCII), matched on bytes by backtracking.
//!
//! Headers, field kinds and times are data that the reference engine gives to `re`; the same text gives
//! the same match here: leftmost-first, with lookahead, atomic groups and possessive repeats.

use std::iter::Peekable;
use std::str::Chars;

use crate::set::{Set, is_word};

#[derive(Clone, Copy, PartialEq, Debug)]
enum How {
    Greedy,
    Lazy,
    Possessive,
}

enum Node {
    Set(Set),
    Bytes(Vec<u8>),
    Sequence(Vec<Node>),
    Choice(Vec<Node>),
    Repeat(Box<Node>, u32, u32, How),
    Group(usize, Box<Node>),
    Atomic(Box<Node>),
    Look(bool, Box<Node>),
    Place(Place),
}

/// What a place in a text has to be.
#[derive(Clone, Copy)]
enum Place {
    Start,
    End,
    /// The end, or before a line end that is the last character.
    LastLine,
    Boundary(bool),
}

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

impl Place {
    fn is_at(self, text: &[u8], at: usize) -> bool {
        let is_word = |at: Option<usize>| at.and_then(|at| text.get(at)).is_some_and(|byte| is_word(*byte));
        match self {
            Place::Start => at == 0,
            Place::End => at == text.len(),
            Place::LastLine => at == text.len() || text[at..] == *b"\n",
            Place::Boundary(wanted) => (is_word(at.checked_sub(1)) != is_word(Some(at))) == wanted,
        }
    }
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
const MANY: u32 = u32::MAX;

impl Scratch {
    /// Where a group begins and ends; nothing if it took no part.
    pub fn group(&self, number: usize) -> Option<(usize, usize)> {
        let (start, end) = (self.slots[2 * number], self.slots[2 * number + 1]);
        (start != UNSET && end != UNSET).then_some((start, end))
    }
}

impl Pattern {
    pub fn new(text: &str) -> Result<Pattern, String> {
        let mut parser = Parser { rest: text.chars().peekable(), names: Vec::new(), groups: 0 };
        let node = parser.choice()?;
        if parser.rest.next().is_some() {
            return Err(format!("{text:?}: a parenthesis too many"));
        }
        let mut pattern = Pattern { code: Vec::new(), slots: 2 * parser.groups, names: parser.names };
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

impl Node {
    fn can_be_empty(&self) -> bool {
        match self {
            Node::Set(_) => false,
            Node::Bytes(bytes) => bytes.is_empty(),
            Node::Sequence(nodes) => nodes.iter().all(Node::can_be_empty),
            Node::Choice(nodes) => nodes.iter().any(Node::can_be_empty),
            Node::Repeat(inner, least, _, _) => *least == 0 || inner.can_be_empty(),
            Node::Group(_, inner) | Node::Atomic(inner) => inner.can_be_empty(),
            Node::Look(..) | Node::Place(_) => true,
        }
    }
}

struct Parser<'a> {
    rest: Peekable<Chars<'a>>,
    names: Vec<(String, usize)>,
    groups: usize,
}

impl Parser<'_> {
    fn choice(&mut self) -> Result<Node, String> {
        let mut choices = vec![self.sequence()?];
        while self.rest.next_if_eq(&'|').is_some() {
            choices.push(self.sequence()?);
        }
        Ok(if choices.len() == 1 { choices.remove(0) } else { Node::Choice(choices) })
    }

    fn sequence(&mut self) -> Result<Node, String> {
        let mut nodes: Vec<Node> = Vec::new();
        while let Some(&sign) = self.rest.peek() {
            if sign == '|' || sign == ')' {
                break;
            }
            let node = self.atom()?;
            let node = self.repeated(node)?;
            match (nodes.last_mut(), node) {
                (Some(Node::Bytes(before)), Node::Bytes(more)) => before.extend(more),
                (_, node) => nodes.push(node),
            }
        }
        Ok(Node::Sequence(nodes))
    }

    fn atom(&mut self) -> Result<Node, String> {
        let sign = self.rest.next().ok_or("an expression that ends too soon")?;
        let node = match sign {
            '.' => Node::Set(Set::all()),
            '[' => Node::Set(self.class()?),
            '(' => self.group()?,
            '\\' => match self.rest.next().ok_or("a lone backslash")? {
                'Z' => Node::Place(Place::End),
                'A' => Node::Place(Place::Start),
                'b' => Node::Place(Place::Boundary(true)),
                'B' => Node::Place(Place::Boundary(false)),
                letter => match Set::of_escape(letter) {
                    Some(set) => Node::Set(set),
                    None => Node::Bytes(self.escaped(letter)?.to_string().into()),
                },
            },
            '^' => Node::Place(Place::Start),
            '$' => Node::Place(Place::LastLine),
            '*' | '+' | '?' => return Err(format!("{sign:?} is not supported here")),
            other => Node::Bytes(other.to_string().into()),
        };
        // A lone byte that is repeated is a set.
        Ok(match node {
            Node::Bytes(bytes) if bytes.len() == 1 && matches!(self.rest.peek(), Some('*' | '+' | '?' | '{')) => {
                Node::Set(Set::of(&bytes))
            }
            node => node,
        })
    }

    fn group(&mut self) -> Result<Node, String> {
        let mut ahead = self.rest.clone();
        let kind: String = ahead.by_ref().take(2).collect();
        let node = if !kind.starts_with('?') {
            self.groups += 1;
            let number = self.groups - 1;
            Node::Group(number, Box::new(self.choice()?))
        } else {
            self.rest.next();
            match self.rest.next() {
                Some(':') => self.choice()?,
                Some('>') => Node::Atomic(Box::new(self.choice()?)),
                Some('=') => Node::Look(true, Box::new(self.choice()?)),
                Some('!') => Node::Look(false, Box::new(self.choice()?)),
                Some('P') => {
                    self.rest.next_if_eq(&'<').ok_or("only named groups begin with (?P")?;
                    let name: String = std::iter::from_fn(|| self.rest.next_if(|sign| *sign != '>')).collect();
                    self.rest.next();
                    self.groups += 1;
                    let number = self.groups - 1;
                    self.names.push((name, number));
                    Node::Group(number, Box::new(self.choice()?))
                }
                other => return Err(format!("a group of an unknown kind: {other:?}")),
            }
        };
        self.rest.next_if_eq(&')').ok_or("a group that is not closed")?;
        Ok(node)
    }

    fn repeated(&mut self, node: Node) -> Result<Node, String> {
        let (least, most) = match self.rest.peek() {
            Some('*') => (0, MANY),
            Some('+') => (1, MANY),
            Some('?') => (0, 1),
            Some('{') => {
                let text: String = self.rest.clone().skip(1).take_while(|sign| *sign != '}').collect();
                let (low, high) = text.split_once(',').unwrap_or((&text, &text));
                let Ok(least) = low.parse() else { return Ok(node) };
                let most = if high.is_empty() { MANY } else { high.parse().map_err(|_| "a bad repeat")? };
                self.rest.nth(text.len());
                (least, most)
            }
            _ => return Ok(node),
        };
        self.rest.next();
        let how = match self.rest.peek() {
            Some('?') => How::Lazy,
            Some('+') => How::Possessive,
            _ => How::Greedy,
        };
        if how != How::Greedy {
            self.rest.next();
        }
        Ok(Node::Repeat(Box::new(node), least, most, how))
    }

    fn class(&mut self) -> Result<Set, String> {
        let negated = self.rest.next_if_eq(&'^').is_some();
        let mut set = Set::default();
        let mut first = true;
        loop {
            let sign = self.rest.next().ok_or("a class that is not closed")?;
            if sign == ']' && !first {
                break;
            }
            first = false;
            let low = match sign {
                '\\' => {
                    let letter = self.rest.next().ok_or("a lone backslash")?;
                    if let Some(of) = Set::of_escape(letter) {
                        set = set.or(&of);
                        continue;
                    }
                    self.escaped(letter)?
                }
                other => other,
            };
            let mut high = low;
            let mut ahead = self.rest.clone();
            if ahead.next() == Some('-') && ahead.next().is_some_and(|sign| sign != ']') {
                self.rest.next();
                high = self.rest.next().ok_or("a class that is not closed")?;
                if high == '\\' {
                    let letter = self.rest.next().ok_or("a lone backslash")?;
                    high = self.escaped(letter)?;
                }
            }
            if !low.is_ascii() || !high.is_ascii() {
                return Err("a class of other characters than those of ASCII".into());
            }
            (low as u8..=high as u8).for_each(|byte| set.add(byte));
        }
        Ok(if negated { set.not() } else { set })
    }

    /// The character that an escape stands for.
    fn escaped(&mut self, letter: char) -> Result<char, String> {
        let digits = match letter {
            'x' => 2,
            'u' => 4,
            't' => return Ok('\t'),
            'n' => return Ok('\n'),
            'r' => return Ok('\r'),
            'f' => return Ok('\x0c'),
            'v' => return Ok('\x0b'),
            other if other.is_ascii_alphanumeric() => return Err(format!("\\{other} is not supported")),
            other => return Ok(other),
        };
        let text: String = self.rest.by_ref().take(digits).collect();
        let point = u32::from_str_radix(&text, 16).ok().and_then(char::from_u32);
        point.ok_or_else(|| format!("\\{letter}{text} is no character"))
    }
}
