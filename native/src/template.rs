//! Templates of statements, as the data files hold them -> tokens; the cells of those files.

use std::collections::HashMap;
use std::sync::LazyLock;

use memchr::memmem::Finder;

use crate::program::Token;
use crate::set::BLANKS;

/// Kinds by name, and the usual kind of each column.
pub struct Words {
    pub kinds: HashMap<String, usize>,
    pub columns: HashMap<String, usize>,
}

/// A template, taken apart.
pub struct Template {
    pub tokens: Vec<Token>,
    /// Column and kind of each field that is kept.
    pub fields: Vec<(String, usize)>,
    /// The literal texts, in order, empty ones too: a field stands between each two.
    pub literals: Vec<String>,
}

impl Words {
    /// Take a template apart; nothing of one that names what is not known.
    pub fn template(&self, text: &str) -> Option<Template> {
        let mut found = Template { tokens: Vec::new(), fields: Vec::new(), literals: vec![String::new()] };
        let mut rest = text;
        while let Some(at) = rest.find(['{', '}']) {
            let literal = found.literals.last_mut()?;
            literal.push_str(&rest[..at]);
            if let Some(brace @ ("{{" | "}}")) = rest.get(at..at + 2) {
                literal.push_str(&brace[..1]);
                rest = &rest[at + 2..];
                continue;
            }
            let stop = at + rest[at..].find('}')?;
            let (column, kind) = rest[at + 1..stop].split_once(':').unwrap_or((&rest[at + 1..stop], ""));
            let kind = if kind.is_empty() { *self.columns.get(column)? } else { *self.kinds.get(kind)? };
            found.end_literal();
            found.tokens.push(Token::Field { kept: !column.is_empty(), kind });
            if !column.is_empty() {
                found.fields.push((column.to_owned(), kind));
            }
            found.literals.push(String::new());
            rest = &rest[stop + 1..];
        }
        found.literals.last_mut()?.push_str(rest);
        found.end_literal();
        Some(found)
    }

    /// A label that is a column: `key>column[:kind]`.
    pub fn label(&self, text: &str) -> Option<(String, String, usize)> {
        let (key, target) = text.split_once('>')?;
        let (column, kind) = target.split_once(':').unwrap_or((target, ""));
        let kind = if kind.is_empty() { *self.columns.get(column)? } else { *self.kinds.get(kind)? };
        Some((key.to_owned(), column.to_owned(), kind))
    }
}

impl Template {
    fn end_literal(&mut self) {
        if let Some(literal) = self.literals.last().filter(|literal| !literal.is_empty()) {
            self.tokens.push(Token::Literal(literal.clone()));
        }
    }
}

/// The rows of a data file, behind its header: cells parted by tabs.
pub fn rows(text: &str) -> impl Iterator<Item = Vec<String>> {
    text.split_terminator('\n').skip(1).map(|line| line.split('\t').map(cell).collect())
}

fn cell(text: &str) -> String {
    if !text.contains('\\') {
        return text.to_owned();
    }
    let mut found = String::with_capacity(text.len());
    let mut signs = text.chars();
    while let Some(sign) = signs.next() {
        let escaped = if sign == '\\' { signs.clone().next() } else { None };
        match escaped {
            Some('t') => found.push('\t'),
            Some('n') => found.push('\n'),
            Some('r') => found.push('\r'),
            Some('\\') => found.push('\\'),
            _ => {
                found.push(sign);
                continue;
            }
        }
        signs.next();
    }
    found
}

static TWO_BLANKS: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(b"  "));

/// Whether a text begins with a blank, or has tabs or runs of blanks.
pub fn has_odd_blanks(text: &[u8]) -> bool {
    text.first().is_some_and(|first| BLANKS.contains(first))
        || memchr::memchr(b'\t', text).is_some()
        || TWO_BLANKS.find(text).is_some()
}

/// A text whose runs of blanks and tabs are one blank each, and that begins with none; nothing if it is so already.
pub fn with_single_blanks(text: &[u8]) -> Option<Vec<u8>> {
    let is_gap = |byte: &u8| matches!(byte, b' ' | b'\t');
    if !has_odd_blanks(text) {
        return None;
    }
    let mut found = Vec::with_capacity(text.len());
    for (n, byte) in text.iter().enumerate() {
        if !is_gap(byte) {
            found.push(*byte);
        } else if n == 0 || !is_gap(&text[n - 1]) {
            found.push(b' ');
        }
    }
    let start = found.iter().position(|byte| !BLANKS.contains(byte)).unwrap_or(found.len());
    found.drain(..start);
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_become_single() {
        assert_eq!(with_single_blanks(b"a b"), None);
        assert_eq!(with_single_blanks(b"\t a  b\t\tc \t").as_deref(), Some(&b"a b c "[..]));
    }

    #[test]
    fn cells_are_unescaped() {
        assert_eq!(cell(r"a\tb\\n\x"), "a\tb\\n\\x");
    }

    #[test]
    fn templates_are_taken_apart() {
        let words = Words {
            kinds: HashMap::from([("text".to_owned(), 1)]),
            columns: HashMap::from([("cluster".to_owned(), 2)]),
        };
        let found = words.template("{{x}} {cluster} is {:text}").unwrap();
        assert_eq!(found.literals, ["{x} ", " is ", ""]);
        assert_eq!(found.fields, [("cluster".to_owned(), 2)]);
        assert_eq!(found.tokens.len(), 4);
        assert!(words.template("{nothing}").is_none());
    }
}
