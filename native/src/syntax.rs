//! The syntax of regular expressions, as far as the catalogue uses it: text -> a tree.

use std::iter::Peekable;
use std::str::Chars;

use crate::set::{Set, is_word};

/// No upper bound of a repeat.
pub const MANY: u32 = u32::MAX;

#[derive(Clone, Copy, PartialEq, Debug)]
pub enum How {
    Greedy,
    Lazy,
    Possessive,
}

pub enum Node {
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
pub enum Place {
    Start,
    End,
    /// The end, or before a line end that is the last character.
    LastLine,
    Boundary(bool),
}

impl Place {
    /// Whether a place in a text is one.
    pub fn is_at(self, text: &[u8], at: usize) -> bool {
        let is_word = |at: Option<usize>| at.and_then(|at| text.get(at)).is_some_and(|byte| is_word(*byte));
        match self {
            Place::Start => at == 0,
            Place::End => at == text.len(),
            Place::LastLine => at == text.len() || text[at..] == *b"\n",
            Place::Boundary(wanted) => (is_word(at.checked_sub(1)) != is_word(Some(at))) == wanted,
        }
    }
}

impl Node {
    /// Whether it can match without taking a byte.
    pub fn can_be_empty(&self) -> bool {
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

pub struct Parser<'a> {
    rest: Peekable<Chars<'a>>,
    names: Vec<(String, usize)>,
    groups: usize,
}

/// An expression, how many groups it has, and the names of some.
type Parsed = (Node, usize, Vec<(String, usize)>);

impl Parser<'_> {
    pub fn parse(text: &str) -> Result<Parsed, String> {
        let mut parser = Parser { rest: text.chars().peekable(), names: Vec::new(), groups: 0 };
        let node = parser.choice()?;
        match parser.rest.next() {
            None => Ok((node, parser.groups, parser.names)),
            Some(_) => Err(format!("{text:?}: a parenthesis too many")),
        }
    }

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
