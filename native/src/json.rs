//! JSON as Python's `json` reads it, its numbers kept as the texts that they are; and as Go prints it.

use std::borrow::Cow;

/// Deeper than any log's: printed as JSON again.
const DEEP: usize = 32;
/// Nested so deep that nobody means it: `MAX_DEPTH` of the reference.
const DEEPEST: usize = 200;

#[derive(Debug)]
pub enum Json<'a> {
    /// A text, or a number.
    Text(Cow<'a, [u8]>),
    Bool(bool),
    Null,
    List(Vec<Json<'a>>),
    Object(Object<'a>),
}

/// Keys and values in their order; of a key that comes twice the first counts.
pub type Object<'a> = Vec<(Cow<'a, [u8]>, Json<'a>)>;

/// The value of a key.
pub fn get<'o, 'a>(object: &'o Object<'a>, key: &[u8]) -> Option<&'o Json<'a>> {
    object.iter().find(|(known, _)| **known == *key).map(|(_, value)| value)
}

/// The value of a key, or at a path `outer.inner`.
pub fn at<'o, 'a>(object: &'o Object<'a>, key: &[u8]) -> Option<&'o Json<'a>> {
    if let Some(value) = get(object, key) {
        return Some(value);
    }
    let mut steps = key.split(|byte| *byte == b'.');
    let mut value = get(object, steps.next()?)?;
    for step in steps {
        let Json::Object(inner) = value else { return None };
        value = get(inner, step)?;
    }
    Some(value)
}

/// The object that a text is.
pub fn parse(text: &[u8]) -> Option<Object<'_>> {
    let mut parser = Parser { text, at: 0 };
    let value = parser.value(0)?;
    parser.skip_blanks();
    match value {
        Json::Object(object) if parser.at == text.len() => Some(object),
        _ => None,
    }
}

struct Parser<'a> {
    text: &'a [u8],
    at: usize,
}

impl<'a> Parser<'a> {
    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn take(&mut self, sign: u8) -> Option<()> {
        (self.peek()? == sign).then(|| self.at += 1)
    }

    fn skip_blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn word(&mut self, word: &[u8]) -> Option<()> {
        self.text[self.at..].starts_with(word).then(|| self.at += word.len())
    }

    fn value(&mut self, depth: usize) -> Option<Json<'a>> {
        if depth > DEEPEST {
            return None;
        }
        match self.peek()? {
            b'"' => {
                self.at += 1;
                Some(Json::Text(self.string()?))
            }
            b'{' => self.object(depth),
            b'[' => self.list(depth),
            b't' => self.word(b"true").map(|()| Json::Bool(true)),
            b'f' => self.word(b"false").map(|()| Json::Bool(false)),
            b'n' => self.word(b"null").map(|()| Json::Null),
            _ => self.number(),
        }
    }

    fn object(&mut self, depth: usize) -> Option<Json<'a>> {
        self.at += 1;
        let mut pairs = Vec::new();
        self.skip_blanks();
        if self.take(b'}').is_some() {
            return Some(Json::Object(pairs));
        }
        loop {
            self.take(b'"')?;
            let key = self.string()?;
            self.skip_blanks();
            self.take(b':')?;
            self.skip_blanks();
            pairs.push((key, self.value(depth + 1)?));
            self.skip_blanks();
            if self.take(b'}').is_some() {
                return Some(Json::Object(pairs));
            }
            self.take(b',')?;
            self.skip_blanks();
        }
    }

    fn list(&mut self, depth: usize) -> Option<Json<'a>> {
        self.at += 1;
        let mut values = Vec::new();
        self.skip_blanks();
        if self.take(b']').is_some() {
            return Some(Json::List(values));
        }
        loop {
            values.push(self.value(depth + 1)?);
            self.skip_blanks();
            if self.take(b']').is_some() {
                return Some(Json::List(values));
            }
            self.take(b',')?;
            self.skip_blanks();
        }
    }

    fn digits(&mut self) -> Option<()> {
        let count = crate::numbers::digits(&self.text[self.at..]);
        self.at += count;
        (count > 0).then_some(())
    }

    fn number(&mut self) -> Option<Json<'a>> {
        let start = self.at;
        for word in [&b"NaN"[..], b"Infinity", b"-Infinity"] {
            if self.word(word).is_some() {
                return Some(Json::Text(word.into()));
            }
        }
        let _ = self.take(b'-');
        if self.take(b'0').is_none() {
            self.digits()?;
        }
        let whole = self.at;
        if self.take(b'.').is_some() && self.digits().is_none() {
            self.at = whole;
        }
        let mantissa = self.at;
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            if self.digits().is_none() {
                self.at = mantissa;
            }
        }
        Some(Json::Text(self.text[start..self.at].into()))
    }

    /// The text of a string whose first quote is behind.
    fn string(&mut self) -> Option<Cow<'a, [u8]>> {
        let start = self.at;
        let rest = &self.text[start..];
        let size = rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..0x20))?;
        self.at += size;
        if rest[size] == b'"' {
            self.at += 1;
            return Some(rest[..size].into());
        }
        let mut text = rest[..size].to_vec();
        loop {
            match self.peek()? {
                b'"' => {
                    self.at += 1;
                    return Some(text.into());
                }
                b'\\' => {
                    self.at += 1;
                    self.escape(&mut text)?;
                }
                0..0x20 => return None,
                _ => {
                    let rest = &self.text[self.at..];
                    let size = rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..0x20))?;
                    text.extend_from_slice(&rest[..size]);
                    self.at += size;
                }
            }
        }
    }

    fn escape(&mut self, text: &mut Vec<u8>) -> Option<()> {
        let letter = self.peek()?;
        self.at += 1;
        text.push(match letter {
            b'"' | b'\\' | b'/' => letter,
            b'b' => 8,
            b'f' => 12,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'u' => {
                let mut point = self.hex()?;
                if (0xD800..0xDC00).contains(&point) && self.text[self.at..].starts_with(b"\\u") {
                    let mark = self.at;
                    self.at += 2;
                    match self.hex() {
                        Some(low @ 0xDC00..0xE000) => point = 0x10000 + ((point - 0xD800) << 10) + (low - 0xDC00),
                        Some(_) => self.at = mark,
                        None => return None,
                    }
                }
                match char::from_u32(point) {
                    Some(sign) => text.extend_from_slice(sign.encode_utf8(&mut [0; 4]).as_bytes()),
                    // Half of a surrogate pair is no text.
                    None => text.extend_from_slice(format!("\\u{point:04x}").as_bytes()),
                }
                return Some(());
            }
            _ => return None,
        });
        Some(())
    }

    fn hex(&mut self) -> Option<u32> {
        let digits = self.text.get(self.at..self.at + 4)?;
        self.at += 4;
        digits.iter().try_fold(0, |value, byte| Some(value * 16 + char::from(*byte).to_digit(16)?))
    }
}

/// The pairs of an object as a dictionary of Python has them: each key once, with its first value.
fn pairs<'o, 'a>(object: &'o Object<'a>) -> Vec<(&'o [u8], &'o Json<'a>)> {
    let mut found: Vec<(&[u8], &Json)> = Vec::with_capacity(object.len());
    let is_repeated = object.iter().enumerate().any(|(n, (key, _))| object[..n].iter().any(|(known, _)| known == key));
    if !is_repeated {
        return object.iter().map(|(key, value)| (&**key, value)).collect();
    }
    for (key, value) in object.iter().rev() {
        match found.iter_mut().find(|(known, _)| *known == &**key) {
            Some(known) => known.1 = value,
            None => found.push((key, value)),
        }
    }
    found
}

impl Json<'_> {
    /// Append the value as Go's `%v` prints it.
    pub fn print(&self, out: &mut Vec<u8>) {
        self.print_at(0, out);
    }

    /// Whether it counts as nothing: null, false, or empty.
    pub fn is_nothing(&self) -> bool {
        match self {
            Json::Text(text) => text.is_empty(),
            Json::Bool(value) => !value,
            Json::Null => true,
            Json::List(values) => values.is_empty(),
            Json::Object(object) => object.is_empty(),
        }
    }

    fn print_at(&self, depth: usize, out: &mut Vec<u8>) {
        match self {
            Json::Text(text) => out.extend_from_slice(text),
            Json::Bool(value) => out.extend_from_slice(if *value { b"true" } else { b"false" }),
            Json::Null => out.extend_from_slice(b"null"),
            _ if depth > DEEP => self.dump(out),
            Json::List(values) => {
                out.push(b'[');
                for (n, value) in values.iter().enumerate() {
                    out.extend_from_slice(if n > 0 { b" " } else { b"" });
                    value.print_at(depth + 1, out);
                }
                out.push(b']');
            }
            Json::Object(object) => {
                out.extend_from_slice(b"map[");
                for (n, (key, value)) in pairs(object).into_iter().enumerate() {
                    out.extend_from_slice(if n > 0 { b" " } else { b"" });
                    out.extend_from_slice(key);
                    out.push(b':');
                    value.print_at(depth + 1, out);
                }
                out.push(b']');
            }
        }
    }

    /// Append the value as JSON, as Python's `json.dumps` writes it.
    fn dump(&self, out: &mut Vec<u8>) {
        match self {
            Json::Text(text) => quote(text, out),
            Json::Bool(_) | Json::Null => self.print_at(0, out),
            Json::List(values) => {
                out.push(b'[');
                for (n, value) in values.iter().enumerate() {
                    out.extend_from_slice(if n > 0 { b", " } else { b"" });
                    value.dump(out);
                }
                out.push(b']');
            }
            Json::Object(object) => {
                out.push(b'{');
                for (n, (key, value)) in pairs(object).into_iter().enumerate() {
                    out.extend_from_slice(if n > 0 { b", " } else { b"" });
                    quote(key, out);
                    out.extend_from_slice(b": ");
                    value.dump(out);
                }
                out.push(b'}');
            }
        }
    }
}

fn quote(text: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    for sign in String::from_utf8_lossy(text).chars() {
        match sign {
            '"' => out.extend_from_slice(b"\\\""),
            '\\' => out.extend_from_slice(b"\\\\"),
            '\n' => out.extend_from_slice(b"\\n"),
            '\r' => out.extend_from_slice(b"\\r"),
            '\t' => out.extend_from_slice(b"\\t"),
            '\x08' => out.extend_from_slice(b"\\b"),
            '\x0c' => out.extend_from_slice(b"\\f"),
            ' '..='~' => out.push(sign as u8),
            _ => {
                for unit in sign.encode_utf16(&mut [0; 2]) {
                    out.extend_from_slice(format!("\\u{unit:04x}").as_bytes());
                }
            }
        }
    }
    out.push(b'"');
}
