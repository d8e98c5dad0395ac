//! Texts of fields and labels -> values in the columns of their event.

use pyo3::prelude::*;
use pyo3::types::PyTuple;

use crate::catalog::{Catalog, Type};
use crate::columns::{Column, EventRows};
use crate::dictionary::Dictionary;
use crate::program::{NOWHERE, Span};
use crate::set::trim;
use crate::shapes::{ABSENT, Constant, Put, Shape, Target};
use crate::values::{Part, Value, numbered};

/// A value that is known of a text.
enum Known {
    Null,
    Number(i64),
    Word(u32),
    Text(Box<[u8]>),
}

/// Texts of one kind, and what each is worth: each is taken apart once.
#[derive(Default)]
struct Group {
    texts: Dictionary,
    values: Vec<Known>,
    bytes: usize,
}

/// What a worker knows of texts: the words of each column, and of each group of them the values.
pub struct Filler {
    pub words: Vec<Dictionary>,
    groups: Vec<Group>,
    /// What a function of Python has raised.
    pub error: Option<PyErr>,
}

/// The texts of a row: of its fields in the message, and of its labels.
pub struct RowTexts<'a> {
    pub message: &'a [u8],
    pub fields: &'a [Span],
    /// By number of the shape's label its text.
    pub labels: &'a [Option<&'a [u8]>],
}

impl Filler {
    pub fn new(catalog: &Catalog) -> Filler {
        Filler {
            words: catalog.columns.iter().map(|_| Dictionary::default()).collect(),
            groups: Vec::new(),
            error: None,
        }
    }

    /// The bytes that are held for later chunks.
    pub fn size(&self) -> usize {
        self.groups.iter().map(|group| group.texts.size() + group.bytes).sum()
    }

    /// Whether a row of a shape has a value in a column.
    pub fn has(&mut self, catalog: &Catalog, shape: &Shape, column: usize, row: &RowTexts) -> bool {
        let constant = shape.constants.iter().any(|(_, one, _)| *one == column);
        constant
            || targets(shape, row).any(|(target, text)| {
                let columns = &target.ids;
                let Some(place) = columns.iter().position(|one| *one == column) else { return false };
                match &catalog.kinds[target.kind].value {
                    Value::Connection if place == 0 => !text.is_empty(),
                    Value::Connection if place == 1 => numbered(text).1.is_some(),
                    value => {
                        let size = if let Value::Connection = value { numbered(text).0 } else { text.len() };
                        !matches!(self.known(catalog, target, &text[..size])[place - value.apart()], Known::Null)
                    }
                }
            })
    }

    /// Add a row of a shape to those of its event.
    pub fn fill(&mut self, catalog: &Catalog, shape: &Shape, row: &RowTexts, to: &mut EventRows) {
        let at = to.rows.len();
        for (target, text) in fields(shape, row) {
            self.put(catalog, target, text, at, &mut to.columns);
        }
        for (place, column, value) in &shape.constants {
            if *place == ABSENT {
                continue;
            }
            match value {
                Constant::Number(value) => to.columns[*place as usize].number(at, *value),
                Constant::Text(text) => self.put_text(catalog, *column, text, at, &mut to.columns[*place as usize]),
            }
        }
        for (number, text) in row.labels.iter().enumerate() {
            if let Some(text) = text {
                self.put(catalog, &shape.labels[number].1, text, at, &mut to.columns);
            }
        }
        if let Some([pod, namespace, proxy]) = shape.proxy
            && ![pod, namespace, proxy].contains(&ABSENT)
        {
            self.put_proxy(catalog, [pod, namespace, proxy].map(usize::from), at, shape.event, &mut to.columns);
        }
    }

    fn put_proxy(
        &mut self,
        catalog: &Catalog,
        [pod, namespace, proxy]: [usize; 3],
        at: usize,
        event: usize,
        columns: &mut [Column],
    ) {
        let ids = &catalog.events[event].columns;
        let text = |place: usize| match &columns[place] {
            Column::Words(codes) => {
                let code = codes.get(at).filter(|code| **code >= 0)?;
                Some(self.words[ids[place]].texts.get(*code as usize))
            }
            _ => None,
        };
        if let (Some(pod), Some(namespace)) = (text(pod), text(namespace)) {
            let name = [pod, b".", namespace].concat();
            self.put_text(catalog, ids[proxy], &name, at, &mut columns[proxy]);
        }
    }

    #[inline]
    fn put_text(&mut self, catalog: &Catalog, column: usize, text: &[u8], at: usize, to: &mut Column) {
        if catalog.columns[column].kind == Type::Text {
            to.text(at, text);
        } else {
            to.word(at, self.words[column].number(text));
        }
    }

    #[inline(always)]
    fn put(&mut self, catalog: &Catalog, target: &Target, text: &[u8], at: usize, to: &mut [Column]) {
        match target.put {
            Put::Number(value) => {
                if let Some(value) = value(text) {
                    to[target.columns[0] as usize].number(at, value);
                }
            }
            Put::Known => self.put_known(catalog, target, text, at, to),
            Put::Other => self.put_other(catalog, target, text, at, to),
        }
    }

    #[inline(never)]
    fn put_other(&mut self, catalog: &Catalog, target: &Target, text: &[u8], at: usize, to: &mut [Column]) {
        let first = target.columns[0] as usize;
        match &catalog.kinds[target.kind].value {
            Value::Number(value, twice) => {
                if let Some(value) = value(text) {
                    for column in target.columns[..1 + usize::from(*twice)].iter().filter(|column| **column != ABSENT) {
                        to[*column as usize].number(at, value);
                    }
                }
            }
            value @ (Value::Text | Value::Dashed) => {
                let text = if matches!(value, Value::Dashed) && text == b"-" { b"" } else { trim(text) };
                if !text.is_empty() && first != ABSENT as usize {
                    self.put_text(catalog, target.ids[0], text, at, &mut to[first]);
                }
            }
            Value::Connection => {
                let (size, number) = numbered(text);
                if !text.is_empty() && first != ABSENT as usize {
                    self.put_text(catalog, target.ids[0], text, at, &mut to[first]);
                }
                if let Some(number) = number
                    && target.columns[1] != ABSENT
                {
                    to[target.columns[1] as usize].number(at, number);
                }
                self.put_known(catalog, target, &text[..size], at, to);
            }
            Value::Parse(parse) => {
                let mut parts = Vec::new();
                parse(text, &catalog.names, &mut parts);
                for (n, part) in parts.into_iter().enumerate().filter(|(n, _)| target.columns[*n] != ABSENT) {
                    let column = &mut to[target.columns[n] as usize];
                    match part {
                        Part::Null => {}
                        Part::Int(value) => column.number(at, value),
                        Part::Text(text) => self.put_text(catalog, target.ids[n], &text, at, column),
                    }
                }
            }
            Value::Python(_) => self.put_known(catalog, target, text, at, to),
        }
    }

    /// Put what is known of a text into its columns.
    #[inline(always)]
    fn put_known(&mut self, catalog: &Catalog, target: &Target, text: &[u8], at: usize, to: &mut [Column]) {
        let values = self.known(catalog, target, text);
        for (column, part) in &target.known {
            let column = &mut to[*column as usize];
            match &values[*part as usize] {
                Known::Null => {}
                Known::Number(value) => column.number(at, *value),
                Known::Word(code) => column.word(at, *code),
                Known::Text(text) => column.text(at, text),
            }
        }
    }

    /// What is known of a text.
    #[inline]
    fn known(&mut self, catalog: &Catalog, target: &Target, text: &[u8]) -> &[Known] {
        if self.groups.len() <= target.group {
            self.groups.resize_with(target.group + 1, Group::default);
        }
        let group = &mut self.groups[target.group];
        let first = group.texts.number(text) as usize * target.width;
        if first == group.values.len() {
            self.learn(catalog, target, text);
        }
        &self.groups[target.group].values[first..first + target.width]
    }

    #[cold]
    fn learn(&mut self, catalog: &Catalog, target: &Target, text: &[u8]) {
        let mut parts = Vec::with_capacity(target.width);
        match &catalog.kinds[target.kind].value {
            Value::Parse(parse) => parse(text, &catalog.names, &mut parts),
            Value::Python(function) => self.ask(function, text, &mut parts),
            Value::Connection => crate::values::node(text, &mut parts),
            Value::Number(value, _) => parts.push(value(text).map_or(Part::Null, Part::Int)),
            Value::Dashed if text == b"-" => {}
            Value::Text | Value::Dashed => parts.push(Part::Text(trim(text).into())),
        }
        parts.resize_with(target.width, || Part::Null);
        let columns = &target.ids[target.ids.len() - target.width..];
        for (part, column) in parts.into_iter().zip(columns) {
            let known = match part {
                Part::Null => Known::Null,
                Part::Int(value) => Known::Number(value),
                Part::Text(text) if text.is_empty() => Known::Null,
                Part::Text(text) if catalog.columns[*column].kind == Type::Text => {
                    self.groups[target.group].bytes += text.len();
                    Known::Text(text.into_owned().into())
                }
                Part::Text(text) => Known::Word(self.words[*column].number(&text)),
            };
            self.groups[target.group].values.push(known);
        }
    }

    /// Let Python's function take a text apart.
    fn ask(&mut self, function: &Py<PyAny>, text: &[u8], parts: &mut Vec<Part>) {
        let text = String::from_utf8_lossy(text);
        let asked = Python::attach(|py| -> PyResult<()> {
            let found = function.bind(py).call1((text,))?;
            match found.cast::<PyTuple>() {
                Ok(found) => found.iter().try_for_each(|one| part(&one).map(|one| parts.push(one))),
                Err(_) => part(&found).map(|one| parts.push(one)),
            }
        });
        if let Err(error) = asked {
            self.error.get_or_insert(error);
        }
    }
}

fn part(value: &Bound<'_, PyAny>) -> PyResult<Part<'static>> {
    if value.is_none() {
        return Ok(Part::Null);
    }
    if let Ok(number) = value.extract::<i64>() {
        return Ok(Part::Int(number));
    }
    Ok(Part::Text(value.extract::<String>()?.into_bytes().into()))
}

/// The fields of a row that are there.
#[inline]
fn fields<'s>(shape: &'s Shape, row: &'s RowTexts) -> impl Iterator<Item = (&'s Target, &'s [u8])> {
    let there = shape.fields.iter().zip(row.fields).filter(|(_, span)| **span != NOWHERE);
    there.map(|(target, span)| (target, &row.message[span.0 as usize..span.1 as usize]))
}

/// The fields and labels of a row that are there.
fn targets<'s>(shape: &'s Shape, row: &'s RowTexts) -> impl Iterator<Item = (&'s Target, &'s [u8])> {
    let labels = shape.labels.iter().zip(row.labels).filter_map(|((_, target), text)| Some((target, (*text)?)));
    fields(shape, row).chain(labels)
}
