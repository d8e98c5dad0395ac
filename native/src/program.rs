//! Templates of formats -> steps, and the tree of the formats that a message may be of.
//!
//! The rules are those of `formats/template.py`: from left to right, no step is ever taken back, so a
//! message is read once. Formats that begin alike share the steps of their common beginning.

use memchr::memmem::Finder;

use crate::kinds::Kind;
use crate::pattern::Scratch;
use crate::set::{Set, begins, trim_end};

/// A template as data.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Token {
    Literal(String),
    Field { kept: bool, kind: usize },
    Maybe(Vec<Vec<Token>>),
}

/// Where a field's text stands in a message; `NOWHERE` of an alternative that was not taken.
pub type Span = (u32, u32);
pub const NOWHERE: Span = (u32::MAX, 0);

pub struct Step {
    key: Key,
    finder: Option<Box<Finder<'static>>>,
}

#[derive(PartialEq)]
enum Key {
    Literal(Box<[u8]>),
    /// A field of a kind that knows its own end.
    Closed {
        kind: usize,
        kept: bool,
    },
    /// A field up to the first place where a text stands.
    Until {
        set: Set,
        text: Box<[u8]>,
        kept: bool,
    },
    /// A field up to the text that, but for blanks, ends the message.
    UntilLast {
        set: Set,
        text: Box<[u8]>,
        kept: bool,
    },
    Run {
        set: Set,
        kept: bool,
    },
    Maybe(Vec<Choice>),
}

/// An alternative: its steps, and the fields of it and of those before and behind it.
struct Choice {
    steps: Vec<Step>,
    before: usize,
    behind: usize,
}

impl PartialEq for Choice {
    fn eq(&self, other: &Choice) -> bool {
        self.steps == other.steps
    }
}

impl PartialEq for Step {
    fn eq(&self, other: &Step) -> bool {
        self.key == other.key
    }
}

/// What follows a step: the end of a format, or more steps. The rank is that of its first format.
pub enum Branch {
    Accept(usize, usize),
    Step(usize, Step, Vec<Branch>),
}

impl Branch {
    fn rank(&self) -> usize {
        match self {
            Branch::Accept(rank, _) | Branch::Step(rank, _, _) => *rank,
        }
    }
}

/// Where a message's text is matched: the text up to its end, and its end without blanks.
pub struct Message<'a> {
    pub text: &'a [u8],
    pub last: usize,
}

impl<'a> Message<'a> {
    pub fn new(text: &'a [u8]) -> Message<'a> {
        Message { text, last: trim_end(text).len() }
    }
}

/// The steps of a whole template.
pub fn steps_of(tokens: &[Token], kinds: &[Kind]) -> Result<Vec<Step>, String> {
    steps(tokens, kinds, true)
}

fn steps(tokens: &[Token], kinds: &[Kind], whole: bool) -> Result<Vec<Step>, String> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let is_last = |n: usize| whole && n + 1 == tokens.len();
        let literal = |text: &str, last: bool| -> Box<[u8]> {
            if last { trim_end(text.as_bytes()).into() } else { text.as_bytes().into() }
        };
        let key = match &tokens[at] {
            Token::Literal(text) => Key::Literal(literal(text, is_last(at))),
            Token::Maybe(choices) => Key::Maybe(alternatives(choices, kinds)?),
            Token::Field { kept, kind } => match (&kinds[*kind].chars, tokens.get(at + 1)) {
                (None, _) => Key::Closed { kind: *kind, kept: *kept },
                (Some(set), Some(Token::Literal(text))) => {
                    at += 1;
                    let (set, text, kept) = (*set, literal(text, is_last(at)), *kept);
                    if is_last(at) { Key::UntilLast { set, text, kept } } else { Key::Until { set, text, kept } }
                }
                (Some(set), after) => {
                    if after.is_some() && set.is_all() {
                        return Err("a field that runs to the end: only literal text can follow it".into());
                    }
                    Key::Run { set: *set, kept: *kept }
                }
            },
        };
        let finder = match &key {
            Key::Until { text, .. } => Some(Box::new(Finder::new(text).into_owned())),
            _ => None,
        };
        found.push(Step { key, finder });
        at += 1;
    }
    Ok(found)
}

fn alternatives(choices: &[Vec<Token>], kinds: &[Kind]) -> Result<Vec<Choice>, String> {
    let counts: Vec<usize> = choices.iter().map(|one| fields(one)).collect();
    choices
        .iter()
        .enumerate()
        .map(|(n, one)| {
            let steps = steps(one, kinds, false)?;
            Ok(Choice { steps, before: counts[..n].iter().sum(), behind: counts[n + 1..].iter().sum() })
        })
        .collect()
}

/// How many fields of a template are kept.
pub fn fields(tokens: &[Token]) -> usize {
    tokens
        .iter()
        .map(|token| match token {
            Token::Literal(_) => 0,
            Token::Field { kept, .. } => usize::from(*kept),
            Token::Maybe(choices) => choices.iter().map(|one| fields(one)).sum(),
        })
        .sum()
}

/// Add a format to a tree; of formats that claim one message that of the lowest rank counts, and they come in its order.
pub fn insert(branches: &mut Vec<Branch>, steps: Vec<Step>, format: usize, rank: usize) {
    let mut steps = steps.into_iter();
    let Some(first) = steps.next() else {
        branches.push(Branch::Accept(rank, format));
        return;
    };
    for branch in branches.iter_mut() {
        if let Branch::Step(_, step, inner) = branch
            && *step == first
        {
            return insert(inner, steps.collect(), format, rank);
        }
    }
    let mut inner = Vec::new();
    insert(&mut inner, steps.collect(), format, rank);
    branches.push(Branch::Step(rank, first, inner));
}

/// Memory of a match: the fields found, and what expressions need.
#[derive(Default)]
pub struct Captures {
    pub spans: Vec<Span>,
    best: Vec<Span>,
    pub scratch: Scratch,
}

/// The format of a tree with the lowest rank that a message is of, if `accept` takes it; its fields are in `found`.
pub fn walk(
    branches: &[Branch],
    kinds: &[Kind],
    message: &Message,
    found: &mut Captures,
    accept: &dyn Fn(usize) -> bool,
) -> Option<usize> {
    found.spans.clear();
    let (_, format) = walk_from(branches, kinds, message, 0, (usize::MAX, None), found, accept);
    std::mem::swap(&mut found.spans, &mut found.best);
    format
}

/// The rank of the best format so far, and the format.
type Best = (usize, Option<usize>);

fn walk_from(
    branches: &[Branch],
    kinds: &[Kind],
    message: &Message,
    at: usize,
    mut best: Best,
    found: &mut Captures,
    accept: &dyn Fn(usize) -> bool,
) -> Best {
    let count = found.spans.len();
    for branch in branches {
        if branch.rank() >= best.0 {
            break;
        }
        match branch {
            Branch::Accept(rank, format) => {
                if at >= message.last && accept(*format) {
                    best = (*rank, Some(*format));
                    found.best.clone_from(&found.spans);
                }
            }
            Branch::Step(_, step, inner) => {
                if let Some(next) = step.take(kinds, message, at, found) {
                    best = walk_from(inner, kinds, message, next, best, found, accept);
                }
                found.spans.truncate(count);
            }
        }
    }
    best
}

impl Step {
    /// Where the step ends that begins at `at`; nothing if the text does not fit.
    #[inline]
    fn take(&self, kinds: &[Kind], message: &Message, at: usize, found: &mut Captures) -> Option<usize> {
        let text = message.text;
        match &self.key {
            Key::Literal(literal) => begins(&text[at..], literal).then(|| at + literal.len()),
            Key::Closed { kind, kept } => {
                let end = kinds[*kind].end(text, at, &mut found.scratch)?;
                found.keep(*kept, at, end);
                Some(end)
            }
            Key::Until { set, text: literal, kept } => {
                let end = self.stop(set, literal, &text[at..])? + at;
                found.keep(*kept, at, end);
                Some(end + literal.len())
            }
            Key::UntilLast { set, text: literal, kept } => {
                let end =
                    if literal.is_empty() { message.last.max(at) } else { message.last.checked_sub(literal.len())? };
                if end < at || !text[end..].starts_with(literal) || set.run(&text[at..end]) < end - at {
                    return None;
                }
                found.keep(*kept, at, end);
                Some(end + literal.len())
            }
            Key::Run { set, kept } => {
                let end = at + set.run(&text[at..]);
                found.keep(*kept, at, end);
                Some(end)
            }
            Key::Maybe(choices) => {
                let count = found.spans.len();
                for choice in choices {
                    found.spans.resize(count + choice.before, NOWHERE);
                    let end = choice.steps.iter().try_fold(at, |at, step| step.take(kinds, message, at, found));
                    if let Some(end) = end {
                        found.spans.resize(found.spans.len() + choice.behind, NOWHERE);
                        return Some(end);
                    }
                    found.spans.truncate(count);
                }
                let all = choices.first().map_or(0, |one| fields_of(&one.steps) + one.behind);
                found.spans.resize(count + all, NOWHERE);
                Some(at)
            }
        }
    }

    /// Where the literal first stands behind characters of the set.
    #[inline]
    fn stop(&self, set: &Set, literal: &[u8], text: &[u8]) -> Option<usize> {
        let finder = self.finder.as_ref()?;
        if set.is_all() {
            return finder.find(text);
        }
        let run = set.run(text);
        if literal.first().is_some_and(|first| !set.has(*first)) {
            return begins(&text[run..], literal).then_some(run);
        }
        finder.find(&text[..text.len().min(run + literal.len())])
    }
}

fn fields_of(steps: &[Step]) -> usize {
    steps
        .iter()
        .map(|step| match &step.key {
            Key::Literal(_) => 0,
            Key::Closed { kept, .. } | Key::Run { kept, .. } => usize::from(*kept),
            Key::Until { kept, .. } | Key::UntilLast { kept, .. } => usize::from(*kept),
            Key::Maybe(choices) => choices.first().map_or(0, |one| fields_of(&one.steps) + one.behind),
        })
        .sum()
}

impl Captures {
    #[inline]
    fn keep(&mut self, kept: bool, at: usize, end: usize) {
        if kept {
            self.spans.push((at as u32, end as u32));
        }
    }
}
