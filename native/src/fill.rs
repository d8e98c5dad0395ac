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

impl Known {
    fn word(&self) -> i32 {
        if let Known::Word(word) = self { *word as i32 } else { -1 }
    }
}

/// Texts of one kind, and what each is worth: each is taken apart once.
#[derive(Default)]
struct Group {
    texts: Dictionary,
    values: Vec<Known>,
    /// How many values a text has, and of how many texts earlier pieces have given the words.
    width: usize,
    given: usize,
    bytes: usize,
}

/// Of texts of a group, in the order of their numbers, the words of their values; -1: none.
pub struct GroupWords {
    pub group: usize,
    pub width: usize,
    pub words: Vec<i32>,
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

    /// The words of the values of texts that no earlier piece has given.
    pub fn new_words(&mut self) -> Vec<GroupWords> {
        let mut found = Vec::new();
        for (group, known) in
            self.groups.iter_mut().enumerate().filter(|(_, known)| known.given < known.texts.texts.len())
        {
            let words = known.values[known.given * known.width..].iter().map(Known::word).collect();
            known.given = known.texts.texts.len();
            found.push(GroupWords { group, width: known.width, words });
        }
        found
    }

    /// The word of a value of a text, -1 if it has none.
    pub fn word(&self, group: usize, id: u32, part: usize) -> i32 {
        let group = &self.groups[group];
        group.values[id as usize * group.width + part].word()
    }

    /// Put the texts of labels into their columns.
    pub fn fill_labels(&mut self, catalog: &Catalog, shape: &Shape, labels: &[Option<&[u8]>], to: &mut EventRows) {
        let at = to.rows.len();
        for ((_, target), text) in shape.labels.iter().zip(labels) {
            if let Some(text) = text {
                self.put(catalog, target, text, at, to);
            }
        }
    }

    /// Add a row of a shape to those of its event.
    pub fn fill(&mut self, catalog: &Catalog, shape: &Shape, row: &RowTexts, to: &mut EventRows) {
        let at = to.rows.len();
        for (target, text) in fields(shape, row) {
            self.put(catalog, target, text, at, to);
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
        self.fill_labels(catalog, shape, row.labels, to);
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
    pub fn put(&mut self, catalog: &Catalog, target: &Target, text: &[u8], at: usize, to: &mut EventRows) {
        match target.put {
            Put::Number(value) => {
                if let Some(value) = value(text) {
                    to.columns[target.columns[0] as usize].number(at, value);
                }
            }
            Put::Known => {
                let id = self.id(catalog, target, text);
                self.put_id(target, id, at, to);
            }
            Put::Other => self.put_other(catalog, target, text, at, to),
        }
    }

    #[inline(never)]
    fn put_other(&mut self, catalog: &Catalog, target: &Target, text: &[u8], at: usize, row: &mut EventRows) {
        let to = &mut row.columns;
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
                let id = self.id(catalog, target, &text[..size]);
                self.put_id(target, id, at, row);
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
            Value::Python(_) => {
                let id = self.id(catalog, target, text);
                self.put_id(target, id, at, row);
            }
        }
    }

    /// Put what is known of a text, by its number, into its columns.
    #[inline(always)]
    pub fn put_id(&self, target: &Target, id: u32, at: usize, to: &mut EventRows) {
        if !target.late.is_empty() {
            to.id(target.group, &target.late, at, id);
        }
        if target.known.is_empty() {
            return;
        }
        let first = id as usize * target.width;
        for (column, part) in &target.known {
            let column = &mut to.columns[*column as usize];
            match &self.groups[target.group].values[first + *part as usize] {
                Known::Null => {}
                Known::Number(value) => column.number(at, *value),
                Known::Word(code) => column.word(at, *code),
                Known::Text(text) => column.text(at, text),
            }
        }
    }

    /// What is known of a text.
    fn known(&mut self, catalog: &Catalog, target: &Target, text: &[u8]) -> &[Known] {
        let first = self.id(catalog, target, text) as usize * target.width;
        &self.groups[target.group].values[first..first + target.width]
    }

    /// The number of a text in its group.
    #[inline]
    pub fn id(&mut self, catalog: &Catalog, target: &Target, text: &[u8]) -> u32 {
        if self.groups.len() <= target.group {
            self.groups.resize_with(target.group + 1, Group::default);
        }
        let group = &mut self.groups[target.group];
        let id = group.texts.number(text);
        if id as usize * target.width == group.values.len() {
            self.learn(catalog, target, text);
        }
        id
    }

    #[cold]
    fn learn(&mut self, catalog: &Catalog, target: &Target, text: &[u8]) {
        self.groups[target.group].width = target.width;
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
