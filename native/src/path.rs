//! Paths: the steps that messages took through a tree, without the alternatives that they did not take.
//!
//! Most messages with the same beginning take one of a few paths. A path is kept only if its own literals rule out
//! every alternative beside it, so a message that fits it is matched as the tree would matched it.

use crate::kinds::Kind;
use crate::literal::Literal;
use crate::plan::Plan;
use crate::program::{Branch, Captures, Key, Message, NOWHERE, Span, Step};
use crate::set::is_blank;

/// A way through a tree to the end of a format.
pub struct Path {
    parts: Vec<Part>,
    pub format: usize,
    /// By field where it stands in every message that takes the path, if that is known.
    pub fields: Box<[Option<Span>]>,
    pub plan: Option<Plan>,
}

/// Literal text, fields that are known or absent, and a field; the last part has none.
#[derive(Clone, Default)]
struct Part {
    literal: Literal,
    known: Vec<Span>,
    field: Option<Step>,
}

impl Path {
    /// Whether a message takes this path; those of its fields that are not known are in `found`.
    #[inline]
    pub fn fits(&self, kinds: &[Kind], message: &Message, found: &mut Captures) -> bool {
        found.spans.clear();
        let mut at = 0;
        for part in &self.parts {
            if !part.literal.begins(&message.text[at..]) {
                return false;
            }
            at += part.literal.text.len();
            if let Some(field) = &part.field {
                match field.take(kinds, message, at, found) {
                    Some(next) => at = next,
                    None => return false,
                }
            }
        }
        at >= message.last
    }

    /// Put the known fields between those that were found.
    pub fn expand(&self, found: &mut Captures) {
        let mut spans = std::mem::take(&mut found.spans).into_iter();
        let of = |known: &Option<Span>| known.or_else(|| spans.next()).unwrap_or(NOWHERE);
        found.spans = self.fields.iter().map(of).collect();
    }

    /// The path that a message has taken to a format; nothing if it does not rule out all others.
    pub fn find(tree: &[Branch], kinds: &[Kind], message: &Message, format: usize) -> Option<Path> {
        let begin = Trace { parts: vec![Part::default()], others: Vec::new() };
        let (trace, rank) = begin.follow(tree, kinds, message, 0, format)?;
        let mut others = trace.others.iter().filter(|other| other.rank < Some(rank));
        if !others.all(|other| other.is_excluded(&trace.parts)) {
            return None;
        }
        let of = |part: &Part| {
            let kept = part.field.as_ref().is_some_and(Step::is_kept).then_some(None);
            part.known.iter().copied().map(Some).chain(kept).collect::<Vec<_>>()
        };
        let fields = trace.parts.iter().flat_map(of).collect();
        Some(Path { parts: trace.parts, format, fields, plan: None })
    }
}

/// What would have been taken instead at a place of a part's literal: another, or the end of a format.
#[derive(Clone)]
struct Other {
    /// That of its first format; none: it is part of the same format.
    rank: Option<usize>,
    part: usize,
    offset: usize,
    literal: Option<Box<[u8]>>,
}

impl Other {
    fn is_excluded(&self, parts: &[Part]) -> bool {
        let taken = &parts[self.part].literal.text[self.offset..];
        let is_end = taken.is_empty() && self.part + 1 == parts.len();
        let is_blank = |text: &[u8]| text.iter().all(|byte| is_blank(*byte));
        match &self.literal {
            Some(other) if is_end => !is_blank(other),
            Some(other) => taken.iter().zip(other).any(|(one, other)| one != other),
            None => !is_blank(taken),
        }
    }
}

#[derive(Clone)]
struct Trace {
    parts: Vec<Part>,
    others: Vec<Other>,
}

impl Trace {
    fn follow(
        &self,
        branches: &[Branch],
        kinds: &[Kind],
        message: &Message,
        at: usize,
        format: usize,
    ) -> Option<(Trace, usize)> {
        for (taken, branch) in branches.iter().enumerate() {
            let mut trace = self.clone();
            for (_, other) in branches.iter().enumerate().filter(|(n, _)| *n != taken) {
                trace.exclude_branch(other);
            }
            let found = match branch {
                Branch::Accept(rank, one) => (*one == format && at >= message.last).then_some((trace, *rank)),
                Branch::Step(_, step, inner) => step
                    .take(kinds, message, at, &mut Captures::default())
                    .and_then(|next| trace.and(step, kinds, message, at).follow(inner, kinds, message, next, format)),
            };
            if found.is_some() {
                return found;
            }
        }
        None
    }

    /// Note a literal, or an end, that must not stand here; an empty literal can never be ruled out.
    fn exclude(&mut self, rank: Option<usize>, literal: Option<&[u8]>) {
        let offset = self.last().literal.text.len();
        self.others.push(Other { rank, part: self.parts.len() - 1, offset, literal: literal.map(Into::into) });
    }

    fn exclude_branch(&mut self, branch: &Branch) {
        match branch {
            Branch::Accept(rank, _) => self.exclude(Some(*rank), None),
            Branch::Step(rank, step, inner) => {
                if self.exclude_step(Some(*rank), step) {
                    inner.iter().for_each(|branch| self.exclude_branch(branch));
                }
            }
        }
    }

    /// Exclude an alternative of an optional part, by the literal text that it begins with.
    fn exclude_steps(&mut self, rank: Option<usize>, steps: &[Step]) {
        let mut heads = Vec::new();
        add_heads(&steps.iter().collect::<Vec<_>>(), Vec::new(), &mut heads);
        heads.iter().for_each(|head| self.exclude(rank, Some(head)));
    }

    /// Exclude what a step would take; whether it may take nothing, so that what follows it is to be excluded too.
    fn exclude_step(&mut self, rank: Option<usize>, step: &Step) -> bool {
        match &step.0 {
            Key::Literal(literal) => self.exclude(rank, Some(&literal.text)),
            Key::Known(_) => return true,
            Key::Maybe(choices, _) => {
                choices.iter().for_each(|choice| self.exclude_steps(rank, &choice.steps));
                return true;
            }
            _ => self.exclude(rank, Some(b"")),
        }
        false
    }

    fn last(&mut self) -> &mut Part {
        let last = self.parts.len() - 1;
        &mut self.parts[last]
    }

    /// Add a step as a message takes it.
    fn and(mut self, step: &Step, kinds: &[Kind], message: &Message, at: usize) -> Trace {
        match &step.0 {
            Key::Literal(literal) => {
                let part = self.last();
                part.literal = Literal::new(&[&part.literal.text[..], &literal.text].concat());
            }
            Key::Known(spans) => self.last().known.extend_from_slice(spans),
            Key::Maybe(choices, fields) => {
                for choice in choices {
                    let (mut at, mut trace) = (Some(at), self.clone());
                    trace.last().known.extend(vec![NOWHERE; choice.before]);
                    for step in &choice.steps {
                        let Some(from) = at else { break };
                        at = step.take(kinds, message, from, &mut Captures::default());
                        trace = trace.and(step, kinds, message, from);
                    }
                    if at.is_some() {
                        trace.last().known.extend(vec![NOWHERE; choice.behind]);
                        return trace;
                    }
                    self.exclude_steps(None, &choice.steps);
                }
                self.last().known.extend(vec![NOWHERE; *fields]);
            }
            _ => {
                self.last().field = Some(step.clone());
                self.parts.push(Part::default());
            }
        }
        self
    }
}

/// Add every literal text that some steps can begin with.
fn add_heads(steps: &[&Step], mut head: Vec<u8>, heads: &mut Vec<Vec<u8>>) {
    match steps {
        [Step(Key::Literal(literal)), rest @ ..] => {
            head.extend_from_slice(&literal.text);
            add_heads(rest, head, heads);
        }
        [Step(Key::Maybe(choices, _)), rest @ ..] => {
            for choice in choices {
                let steps: Vec<&Step> = choice.steps.iter().chain(rest.iter().copied()).collect();
                add_heads(&steps, head.clone(), heads);
            }
            add_heads(rest, head, heads);
        }
        _ => heads.push(head),
    }
}
