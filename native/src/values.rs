//! Texts of fields -> values of columns: what `formats/values.py` and `formats/field_parsers.py` do, by their names.
//!
//! A kind whose function is not known here is taken apart by that function itself, once for each distinct text.

use std::borrow::Cow;

use memchr::memmem;
use pyo3::prelude::*;

use crate::catalog::Names;
use crate::numbers::{boolean, count, decimal, digits, duration, integer, since_push, size};
use crate::set::{is_word, trim};

/// One value of a column.
#[derive(Debug, PartialEq)]
pub enum Part<'a> {
    Null,
    Int(i64),
    Text(Cow<'a, [u8]>),
}

/// Values with one number.
pub type Number = fn(&[u8]) -> Option<i64>;
/// Values of several columns, or of text.
pub type Parse = for<'a> fn(&'a [u8], &Names, &mut Vec<Part<'a>>);

pub enum Value {
    /// A number, and whether it is the value of two columns.
    Number(Number, bool),
    /// The text without the blanks at its ends.
    Text,
    /// The same, but a lone dash is nothing.
    Dashed,
    Parse(Parse),
    /// A node ID, a dash and the number of a connection.
    Connection,
    Python(Py<PyAny>),
}

impl Value {
    /// How many of its values are taken from a text before the rest of it is looked up.
    pub fn apart(&self) -> usize {
        if matches!(self, Value::Connection) { 2 } else { 0 }
    }

    pub fn new(name: &str, function: Bound<'_, PyAny>) -> Value {
        let second: Number = |text| decimal(text, 1_000_000_000);
        let milli: Number = |text| decimal(text, 1_000_000);
        match name {
            "text" => Value::Text,
            "dashed" => Value::Dashed,
            "connection" => Value::Connection,
            "integer" => Value::Number(integer, false),
            "duration" => Value::Number(duration, false),
            "since_push" => Value::Number(since_push, false),
            "size" => Value::Number(size, false),
            "seconds" => Value::Number(second, false),
            "millis" => Value::Number(milli, false),
            "count" => Value::Number(count, false),
            "boolean" => Value::Number(boolean, false),
            "quoted_duration" => Value::Number(quoted_duration, false),
            "twice duration" => Value::Number(duration, true),
            "twice integer" => Value::Number(integer, true),
            "unquote" => Value::Parse(|text, _, parts| parts.push(or_null(unquote(text)))),
            "unquoted" => Value::Parse(|text, _, parts| parts.push(or_null(unquoted(text)))),
            "http_version" => Value::Parse(|text, _, parts| parts.push(or_null([b"HTTP/", text].concat().into()))),
            "node" => Value::Parse(|text, _, parts| node(text, parts)),
            "proxy" => Value::Parse(|text, _, parts| proxy(Cow::Borrowed(text), parts)),
            "pod_key" => Value::Parse(|text, _, parts| {
                let (namespace, pod) = split_last(text, b'/').unwrap_or((b"", text));
                proxy(Cow::Owned([pod, b".", namespace].concat()), parts);
            }),
            "service_key" => Value::Parse(|text, _, parts| {
                let (namespace, service) = split_last(text, b'/').unwrap_or((b"", text));
                parts.extend([some(namespace), some(service)]);
            }),
            "cluster" => Value::Parse(|text, _, parts| cluster(text, parts)),
            "upstream_cluster" => Value::Parse(upstream_cluster),
            "listener" => Value::Parse(|text, _, parts| listener(text, parts)),
            "config" => Value::Parse(config),
            "xds_type" => Value::Parse(|text, names, parts| parts.push(xds_type(text.into(), names))),
            "unquoted_xds_type" => Value::Parse(|text, names, parts| parts.push(xds_type(unquoted(text), names))),
            "push_type" => Value::Parse(push_type),
            "grpc_code" => Value::Parse(|text, names, parts| parts.push(grpc_code(text, names))),
            "error" => Value::Parse(|text, names, parts| error(text.into(), names, parts)),
            "unquoted_error" => Value::Parse(|text, names, parts| error(unquoted(text), names, parts)),
            _ => Value::Python(function.unbind()),
        }
    }
}

fn some(text: &[u8]) -> Part<'_> {
    if text.is_empty() { Part::Null } else { Part::Text(text.into()) }
}

fn or_null(text: Cow<'_, [u8]>) -> Part<'_> {
    if text.is_empty() { Part::Null } else { Part::Text(text) }
}

fn or_none(value: Option<i64>) -> Part<'static> {
    value.map_or(Part::Null, Part::Int)
}

fn split_last(text: &[u8], sign: u8) -> Option<(&[u8], &[u8])> {
    let at = memchr::memrchr(sign, text)?;
    Some((&text[..at], &text[at + 1..]))
}

fn quoted_duration(text: &[u8]) -> Option<i64> {
    duration(if text.starts_with(b"\"") { inner(text) } else { text })
}

fn inner(text: &[u8]) -> &[u8] {
    text.get(1..text.len().saturating_sub(1)).unwrap_or(b"")
}

fn unquoted(text: &[u8]) -> Cow<'_, [u8]> {
    if text.starts_with(b"\"") { unquote(text) } else { trim(text).into() }
}

/// The text of a Go or proto string literal, its escapes resolved; bytes that are no UTF-8 stay visible.
pub fn unquote(text: &[u8]) -> Cow<'_, [u8]> {
    let text = inner(text);
    if !text.contains(&b'\\') {
        return text.into();
    }
    let mut raw = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = memchr::memchr(b'\\', rest) {
        raw.extend_from_slice(&rest[..at]);
        let size = escape(&rest[at..], &mut raw);
        rest = &rest[at + size..];
    }
    raw.extend_from_slice(rest);
    crate::lines::visible(&raw).into_owned().into()
}

/// Append what the escape at the head of a text stands for; its length.
fn escape(text: &[u8], raw: &mut Vec<u8>) -> usize {
    let number = |from: usize, size: usize, radix: u32| {
        let digits = text.get(from..from + size)?;
        let all = digits.iter().all(|byte| char::from(*byte).is_digit(radix));
        all.then(|| u32::from_str_radix(std::str::from_utf8(digits).ok()?, radix).ok())?
    };
    if let Some(byte) = number(1, 3, 8) {
        raw.push((byte & 0xFF) as u8);
        return 4;
    }
    let point = match text.get(1) {
        None => {
            raw.push(b'\\');
            return 1;
        }
        Some(b'x') => {
            if let Some(byte) = number(2, 2, 16) {
                raw.push(byte as u8);
                return 4;
            }
            None
        }
        Some(b'u') => number(2, 4, 16).map(|point| (point, 6)),
        Some(b'U') => number(2, 8, 16).map(|point| (point, 10)),
        Some(_) => None,
    };
    if let Some((point, size)) = point {
        match char::from_u32(point) {
            Some(sign) => raw.extend_from_slice(sign.encode_utf8(&mut [0; 4]).as_bytes()),
            None if point < 0x11_0000 => {
                raw.extend([0xED, 0x80 | (point >> 6 & 0x3F) as u8, 0x80 | (point & 0x3F) as u8])
            }
            None => raw.extend_from_slice(&text[..size]),
        }
        return size;
    }
    raw.push(match text[1] {
        b'n' => b'\n',
        b't' => b'\t',
        b'r' => b'\r',
        b'a' => 7,
        b'b' => 8,
        b'f' => 12,
        b'v' => 11,
        other => other,
    });
    2
}

/// Where a connection ID is cut: the node's length, and the number behind it.
pub fn numbered(text: &[u8]) -> (usize, Option<i64>) {
    match split_last(text, b'-') {
        Some((name, number)) if !number.is_empty() && digits(number) == number.len() => (name.len(), integer(number)),
        _ => (text.len(), None),
    }
}

fn proxy<'a>(text: Cow<'a, [u8]>, parts: &mut Vec<Part<'a>>) {
    let at = memchr::memrchr(b'.', &text);
    let piece = |from: usize, to: usize| match &text {
        Cow::Borrowed(text) => some(&text[from..to]),
        Cow::Owned(text) if from < to => Part::Text(text[from..to].to_vec().into()),
        Cow::Owned(_) => Part::Null,
    };
    let pod = piece(0, at.unwrap_or(text.len()));
    let namespace = at.map_or(Part::Null, |at| piece(at + 1, text.len()));
    parts.extend([or_null(text), pod, namespace]);
}

pub fn node<'a>(text: &'a [u8], parts: &mut Vec<Part<'a>>) {
    parts.push(some(text));
    let fields: Vec<&[u8]> = text.split(|byte| *byte == b'~').take(5).collect();
    if let [kind, ip, key, domain] = fields[..] {
        parts.extend([some(kind), some(ip)]);
        proxy(key.into(), parts);
        parts.push(some(domain));
    } else {
        parts.extend([Part::Null, Part::Null]);
        proxy(text.into(), parts);
        parts.push(Part::Null);
    }
}

fn cluster<'a>(text: &'a [u8], parts: &mut Vec<Part<'a>>) {
    parts.push(some(text));
    let fields: Vec<&[u8]> = text.split(|byte| *byte == b'|').take(5).collect();
    if let [direction, port, subset, host] = fields[..] {
        parts.extend([some(direction), or_none(integer(port)), some(subset), some(host)]);
    } else {
        parts.extend([Part::Null, Part::Null, Part::Null, Part::Null]);
    }
}

fn upstream_cluster<'a>(text: &'a [u8], _: &Names, parts: &mut Vec<Part<'a>>) {
    let name = if text == b"-" { b"" } else { trim(text) };
    let first = parts.len();
    cluster(name.strip_suffix(b";").unwrap_or(name), parts);
    parts[first] = some(name);
}

fn listener<'a>(text: &'a [u8], parts: &mut Vec<Part<'a>>) {
    parts.push(some(text));
    let split = split_last(text, b'_').filter(|(_, port)| !port.is_empty() && digits(port) == port.len());
    let found = split.and_then(|(name, port)| {
        let name = name.strip_prefix(b"[").unwrap_or(name);
        let name = name.strip_suffix(b"]").unwrap_or(name);
        let all = name.iter().all(|byte| byte.is_ascii_hexdigit() || matches!(byte, b':' | b'.'));
        (all && name.iter().any(|byte| matches!(byte, b':' | b'.'))).then_some((name, port))
    });
    match found {
        Some((name, port)) => parts.extend([some(name), or_none(integer(port))]),
        None => parts.extend([Part::Null, Part::Null]),
    }
}

fn config<'a>(text: &'a [u8], _: &Names, parts: &mut Vec<Part<'a>>) {
    let more = text.strip_suffix(b" more configs").and_then(|rest| {
        let (before, number) = split_last(rest, b' ')?;
        let key = before.strip_suffix(b" and")?;
        (!number.is_empty() && digits(number) == number.len()).then_some((key, integer(number)))
    });
    let (key, more) = more.unwrap_or((text, None));
    let mut fields = trim(key).splitn(3, |byte| *byte == b'/');
    let kind = fields.next().unwrap_or(b"");
    let (first, second) = (fields.next().unwrap_or(b""), fields.next());
    let (namespace, name) = second.map_or((&b""[..], first), |name| (first, name));
    parts.extend([some(kind), some(namespace), some(name), or_none(more)]);
}

fn xds_type<'a>(text: Cow<'a, [u8]>, names: &Names) -> Part<'a> {
    if !text.contains(&b'/') {
        return or_null(text);
    }
    let last = text.rsplit(|byte| matches!(byte, b'.' | b'/')).next().unwrap_or(b"");
    match names.xds_types.get(last) {
        Some(short) => Part::Text(short.clone().into()),
        None => Part::Text(text),
    }
}

fn push_type<'a>(text: &'a [u8], _: &Names, parts: &mut Vec<Part<'a>>) {
    let name: &[u8] = if memmem::find(text, b"INC").is_some() {
        b"incremental"
    } else if text.ends_with(b"request") {
        b"request"
    } else {
        b"full"
    };
    parts.push(some(name));
}

fn grpc_code(text: &[u8], names: &Names) -> Part<'static> {
    if let Some(code) = names.grpc_codes.get(text) {
        return Part::Int(*code);
    }
    let text = text.strip_prefix(b"Code(").unwrap_or(text);
    or_none(integer(text.strip_suffix(b")").unwrap_or(text)))
}

fn error<'a>(text: Cow<'a, [u8]>, names: &Names, parts: &mut Vec<Part<'a>>) {
    const STATUS: &[u8] = b"code = ";
    let mut code = Part::Null;
    for at in memmem::find_iter(&text, STATUS) {
        let rest = &text[at + STATUS.len()..];
        let word = rest.iter().position(|byte| !is_word(*byte)).unwrap_or(rest.len());
        if word > 0 {
            let inside = rest[word..].strip_prefix(b"(").map_or(0, digits);
            let closed = inside > 0 && rest.get(word + 1 + inside) == Some(&b')');
            code = grpc_code(&rest[..if closed { word + inside + 2 } else { word }], names);
            break;
        }
    }
    let text = match text {
        Cow::Borrowed(text) => some(trim(text)),
        Cow::Owned(text) => or_null(trim(&text).to_vec().into()),
    };
    parts.extend([text, code]);
}
