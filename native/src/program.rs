//! Templates of formats -> steps, and the tree of the formats that a message may be of.
//!
//! The rules are those of `formats/template.py`: from left to right, no step is ever taken back, so a
//! message is read once. Formats that begin alike share the steps of their common beginning.

use crate::kinds::Kind;
use crate::literal::{Literal, Sought};
use crate::pattern::Scratch;
use crate::set::{Set, trim_end};

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

#[derive(Clone, PartialEq)]
pub struct Step(pub Key);

#[derive(Clone, PartialEq)]
pub enum Key {
    Literal(Literal),
    /// Fields that stand where they do in every message that begins as the steps before say.
    Known(Box<[Span]>),
    /// A field of a kind that knows its own end.
    Closed {
        kind: usize,
        kept: bool,
    },
    /// A field of as many characters of a set as there are.
    Run {
        set: Set,
        kept: bool,
    },
    /// A field up to the first place where a text stands that the field's characters could be.
    Until {
        set: Set,
        text: Sought,
        kept: bool,
    },
    /// A field up to the text that, but for blanks, ends the message.
    UntilLast {
        set: Set,
        text: Box<[u8]>,
        kept: bool,
    },
    /// Alternatives, and how many fields they have.
    Maybe(Vec<Choice>, usize),
}

/// An alternative: its steps, and the fields of those before and behind it.
#[derive(Clone, PartialEq)]
pub struct Choice {
    pub steps: Vec<Step>,
    pub before: usize,
    pub behind: usize,
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
        let literal = |n: usize| match tokens.get(n) {
            Some(Token::Literal(text)) if whole && n + 1 == tokens.len() => Some((trim_end(text.as_bytes()), true)),
            Some(Token::Literal(text)) => Some((text.as_bytes(), false)),
            _ => None,
        };
        match &tokens[at] {
            Token::Literal(_) => found.extend(literal(at).map(|(text, _)| Key::Literal(Literal::new(text)))),
            Token::Maybe(choices) => found.push(Key::Maybe(alternatives(choices, kinds)?, choices_fields(choices))),
            Token::Field { kept, kind } => match (kinds[*kind].chars, literal(at + 1)) {
                (None, _) => found.push(Key::Closed { kind: *kind, kept: *kept }),
                (Some(set), Some((text, is_last))) => {
                    at += 1;
                    let (kept, ends) = (*kept, text.first().is_some_and(|first| !set.has(*first)));
                    if ends || (text.is_empty() && !set.has_blank()) {
                        found.extend([Key::Run { set, kept }, Key::Literal(Literal::new(text))]);
                    } else if is_last {
                        found.push(Key::UntilLast { set, text: text.into(), kept });
                    } else {
                        let text = Sought::new(text);
                        found.push(Key::Until { set, text, kept });
                    }
                }
                (Some(set), None) => {
                    if at + 1 < tokens.len() && set.is_all() {
                        return Err("a field that runs to the end: only literal text can follow it".into());
                    }
                    found.push(Key::Run { set, kept: *kept });
                }
            },
        }
        at += 1;
    }
    found.retain(|key| !matches!(key, Key::Literal(literal) if literal.text.is_empty()));
    Ok(found.into_iter().map(Step).collect())
}

/// The steps for messages that begin with a text, as one literal and the fields known to stand in it.
///
/// A field counts as known if literal text of the format follows it in that beginning.
pub fn begun(steps: Vec<Step>, start: &[u8], kinds: &[Kind]) -> Vec<Step> {
    let (mut at, mut spans, mut known) = (0, Vec::new(), (0, 0, 0));
    let mut scratch = Scratch::default();
    for (n, Step(key)) in steps.iter().enumerate() {
        match key {
            Key::Literal(literal) if start[at..].starts_with(&literal.text) => {
                at += literal.text.len();
                known = (n + 1, at, spans.len());
            }
            Key::Closed { kind, kept } => {
                let Some(end) = kinds[*kind].end(start, at, &mut scratch) else { break };
                spans.extend(kept.then_some((at as u32, end as u32)));
                at = end;
            }
            _ => break,
        }
    }
    let (count, size, fields) = known;
    if fields == 0 {
        return steps;
    }
    spans.truncate(fields);
    let head = [Step(Key::Literal(Literal::new(&start[..size]))), Step(Key::Known(spans.into()))];
    head.into_iter().chain(steps.into_iter().skip(count)).collect()
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
            Token::Maybe(choices) => choices_fields(choices),
        })
        .sum()
}

fn choices_fields(choices: &[Vec<Token>]) -> usize {
    choices.iter().map(|one| fields(one)).sum()
}

/// Add a format to a tree; of formats that matched one message that of the lowest rank counts, and they come in its order.
///
/// Literals that begin alike share what they have in common, so that one comparison rules out all of them.
pub fn insert(branches: &mut Vec<Branch>, steps: Vec<Step>, format: usize, rank: usize) {
    let mut steps = steps.into_iter();
    let Some(first) = steps.next() else {
        branches.push(Branch::Accept(rank, format));
        return;
    };
    for branch in branches.iter_mut() {
        let Branch::Step(_, step, inner) = branch else { continue };
        if *step == first {
            return insert(inner, steps.collect(), format, rank);
        }
        let (Key::Literal(one), Key::Literal(other)) = (&step.0, &first.0) else { continue };
        let common = one.text.iter().zip(&other.text).take_while(|(one, other)| one == other).count();
        if common > 0 {
            let part = |text: &[u8]| (!text.is_empty()).then(|| Step(Key::Literal(Literal::new(text))));
            let rest = part(&other.text[common..]).into_iter().chain(steps).collect();
            if let Some(behind) = part(&one.text[common..]) {
                *step = Step(Key::Literal(Literal::new(&other.text[..common])));
                *inner = vec![Branch::Step(inner[0].rank(), behind, std::mem::take(inner))];
            }
            return insert(inner, rest, format, rank);
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
    mut branches: &[Branch],
    kinds: &[Kind],
    message: &Message,
    mut at: usize,
    mut best: Best,
    found: &mut Captures,
    accept: &dyn Fn(usize) -> bool,
) -> Best {
    // Most steps are followed by one other.
    while let [Branch::Step(rank, step, inner)] = branches {
        match step.take(kinds, message, at, found) {
            Some(next) if *rank < best.0 => (branches, at) = (inner, next),
            _ => return best,
        }
    }
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
    /// Whether the text of its field is kept.
    pub fn is_kept(&self) -> bool {
        match &self.0 {
            Key::Closed { kept, .. }
            | Key::Run { kept, .. }
            | Key::Until { kept, .. }
            | Key::UntilLast { kept, .. } => *kept,
            Key::Literal(_) | Key::Known(_) | Key::Maybe(..) => false,
        }
    }

    /// Where the step ends that begins at `at`; nothing if the text does not fit.
    #[inline(always)]
    pub fn take(&self, kinds: &[Kind], message: &Message, at: usize, found: &mut Captures) -> Option<usize> {
        match &self.0 {
            Key::Literal(literal) => literal.begins(&message.text[at..]).then(|| at + literal.text.len()),
            Key::Run { set, kept } => {
                let end = at + set.run(&message.text[at..]);
                found.keep(*kept, at, end);
                Some(end)
            }
            Key::Closed { kind, kept } => {
                let end = kinds[*kind].end(message.text, at, &mut found.scratch)?;
                found.keep(*kept, at, end);
                Some(end)
            }
            Key::Known(spans) => {
                found.spans.extend_from_slice(spans);
                Some(at)
            }
            Key::Maybe(choices, fields) => Some(maybe(choices, *fields, kinds, message, at, found)),
            _ => self.search(message, at, found),
        }
    }

    /// Where a field ends that is searched for the text behind it.
    fn search(&self, message: &Message, at: usize, found: &mut Captures) -> Option<usize> {
        let text = message.text;
        match &self.0 {
            Key::Until { set, text: sought, kept } => {
                let (size, rest) = (sought.size(), &text[at..]);
                let room = if set.is_all() { rest } else { &rest[..rest.len().min(set.run(rest) + size)] };
                let end = at + sought.find(room)?;
                found.keep(*kept, at, end);
                Some(end + size)
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
            _ => None,
        }
    }
}

/// Where the first alternative ends that fits; where it begins, if none does.
fn maybe(
    choices: &[Choice],
    fields: usize,
    kinds: &[Kind],
    message: &Message,
    at: usize,
    found: &mut Captures,
) -> usize {
    let count = found.spans.len();
    for choice in choices {
        let (mut end, mut steps) = (at, &choice.steps[..]);
        if let [Step(Key::Literal(literal)), rest @ ..] = steps {
            if !literal.begins(&message.text[at..]) {
                continue;
            }
            (end, steps) = (at + literal.text.len(), rest);
        }
        found.skip(choice.before);
        let mut fits = true;
        for step in steps {
            match step.take(kinds, message, end, found) {
                Some(next) => end = next,
                None => {
                    fits = false;
                    break;
                }
            }
        }
        if fits {
            found.skip(choice.behind);
            return end;
        }
        found.spans.truncate(count);
    }
    found.skip(fields);
    at
}

impl Captures {
    #[inline(always)]
    fn keep(&mut self, kept: bool, at: usize, end: usize) {
        if kept {
            self.spans.push((at as u32, end as u32));
        }
    }

    #[inline(always)]
    fn skip(&mut self, fields: usize) {
        (0..fields).for_each(|_| self.spans.push(NOWHERE));
    }
}
