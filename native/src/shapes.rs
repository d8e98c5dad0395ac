//! Shapes: what the fields, labels and constants of a format's rows are worth, and in which columns.

use std::collections::HashMap;

use pyo3::prelude::*;

use crate::catalog::{Column, Event, Type, invalid};
use crate::data::{FormatData, LabelData};
use crate::kinds::Kind;
use crate::values::{Number, Value};

/// Of a column that the event does not have.
pub const ABSENT: u16 = u16::MAX;

/// Where the text of a field or label goes.
pub struct Target {
    pub kind: usize,
    /// The columns, by their place among those of the event, and by their place among all.
    pub columns: Vec<u16>,
    pub ids: Vec<usize>,
    /// Texts of the same kind and columns are taken apart once.
    pub group: usize,
    /// Of the values that are known of a text those of the event: the column's place among its own, and the value's.
    pub known: Box<[(u16, u16)]>,
    /// The same of words that get into their columns when the chunk is closed: nothing else of the row fills those.
    pub late: Box<[(u16, u16)]>,
    /// How many values are known of a text.
    pub width: usize,
    pub put: Put,
}

/// How the text of a field gets into its columns.
#[derive(Clone, Copy)]
pub enum Put {
    Number(Number),
    /// By what is known of it.
    Known,
    Other,
}

pub enum Constant {
    Number(i64),
    Text(Box<[u8]>),
}

/// The rows of one event that one format has matched, or none.
pub struct Shape {
    pub event: usize,
    pub fields: Vec<Target>,
    pub constants: Vec<(u16, usize, Constant)>,
    pub labels: Vec<(Box<[u8]>, Target)>,
    /// Where the columns `pod`, `namespace` and `proxy` are, if the last is made of the others.
    pub proxy: Option<[u16; 3]>,
    /// The shape it is instead if a column is filled, and the column.
    pub switch: Option<(usize, usize)>,
    /// Whether no column can be filled twice by fields and constants, nor by others.
    pub is_plain: bool,
}

/// The number of each kind of text with the columns that it fills.
pub type Groups = HashMap<(usize, Vec<usize>), usize>;

/// What shapes are made of.
#[derive(Clone, Copy)]
pub struct Known<'a> {
    pub kinds: &'a [Kind],
    pub columns: &'a [Column],
    pub events: &'a [Event],
    /// The labels that lines of the events in `labelled` can have, whatever their format says.
    pub labels: &'a [LabelData],
    pub labelled: &'a [usize],
}

/// What a format says of its lines.
#[derive(Default)]
pub struct Said<'s, 'py> {
    pub fields: &'s [(String, usize)],
    pub sets: &'s [(String, Bound<'py, PyAny>)],
    pub labels: &'s [LabelData],
}

/// Makes shapes, and numbers their groups.
pub struct ShapeBuilder<'a> {
    known: Known<'a>,
    pub groups: Groups,
    pub shapes: Vec<Shape>,
}

impl<'a> ShapeBuilder<'a> {
    pub fn new(known: Known<'a>) -> Self {
        Self { known, groups: Groups::new(), shapes: Vec::new() }
    }

    /// Make the shape of a format, of a JSON layout's fields, or of an event that nothing more is known of.
    pub fn shape(&mut self, event: usize, format: Option<&FormatData>, fields: &[LabelData]) -> PyResult<usize> {
        let labels = format.map_or(fields, |format| &format.labels);
        let said = format.map_or(Said { labels, ..Said::default() }, |format| Said {
            fields: &format.fields,
            sets: &format.sets,
            labels,
        });
        let shape = self.known.shape(event, event, &said, &mut self.groups)?;
        self.shapes.push(shape);
        let number = self.shapes.len() - 1;
        let switch = format.and_then(|format| format.event_with.first());
        if let Some((column, other)) = switch {
            let column = self.known.column(column)?;
            let other = self.known.event(other)?;
            let other = self.known.shape(other, event, &said, &mut self.groups)?;
            self.shapes.push(other);
            self.shapes[number].switch = Some((column, number + 1));
            self.shapes[number].is_plain = false;
        }
        Ok(number)
    }
}

impl Known<'_> {
    pub fn column(&self, name: &str) -> PyResult<usize> {
        let found = self.columns.iter().position(|one| one.name == name);
        found.ok_or_else(|| invalid(format!("{name:?} is not known")))
    }

    pub fn event(&self, name: &str) -> PyResult<usize> {
        let found = self.events.iter().position(|one| one.name == name);
        found.ok_or_else(|| invalid(format!("{name:?} is not known")))
    }

    /// The columns of the kinds of `labelled` are those of the event that the format says.
    pub fn shape(&self, event: usize, named: usize, said: &Said, groups: &mut Groups) -> PyResult<Shape> {
        let mut labels: Vec<&LabelData> =
            if self.labelled.contains(&named) { self.labels.iter().collect() } else { Vec::new() };
        for own in said.labels {
            match labels.iter_mut().find(|one| one.0 == own.0) {
                Some(known) => *known = own,
                None => labels.push(own),
            }
        }
        let mut filled = Vec::new();
        let mut shape = Shape {
            event,
            fields: Vec::new(),
            constants: Vec::new(),
            labels: Vec::new(),
            proxy: None,
            switch: None,
            is_plain: false,
        };
        for (column, kind) in said.fields {
            shape.fields.push(self.target(event, column, *kind, &mut filled, groups)?);
        }
        for (column, value) in said.sets {
            let number = self.column(column)?;
            filled.push(number);
            let constant = match value.extract::<i64>() {
                Ok(number) => Constant::Number(number),
                Err(_) => Constant::Text(value.extract::<String>()?.into_bytes().into()),
            };
            shape.constants.push((self.place(event, number), number, constant));
        }
        let is_twice = |n: usize| filled[..n].contains(&filled[n]);
        shape.is_plain = !(1..filled.len()).any(is_twice);
        for (key, column, kind) in labels {
            let target = self.target(event, column, *kind, &mut filled, groups)?;
            shape.labels.push((key.as_bytes().into(), target));
        }
        let [pod, namespace, proxy] = ["pod", "namespace", "proxy"].map(|name| self.column(name).unwrap_or(usize::MAX));
        if filled.contains(&pod) && filled.contains(&namespace) && !filled.contains(&proxy) {
            shape.proxy = Some([pod, namespace, proxy].map(|column| self.place(event, column)));
            shape.is_plain = false;
            filled.extend([pod, namespace]);
        }
        let count = |column: usize| filled.iter().filter(|one| **one == column).count();
        let labels = shape.labels.iter_mut().map(|(_, target)| target);
        for target in shape.fields.iter_mut().chain(labels) {
            let apart = target.ids.len() - target.width;
            let is_late = |part: u16| {
                let column = target.ids[apart + usize::from(part)];
                self.columns[column].kind == Type::Words && count(column) == 1
            };
            let (late, known): (Vec<_>, Vec<_>) = target.known.iter().copied().partition(|(_, part)| is_late(*part));
            (target.late, target.known) = (late.into(), known.into());
        }
        Ok(shape)
    }

    fn target(
        &self,
        event: usize,
        column: &str,
        kind: usize,
        filled: &mut Vec<usize>,
        groups: &mut Groups,
    ) -> PyResult<Target> {
        let own = [column.to_owned()];
        let names = if self.kinds[kind].columns.is_empty() { &own[..] } else { &self.kinds[kind].columns };
        let ids = names.iter().map(|name| self.column(name)).collect::<PyResult<Vec<_>>>()?;
        filled.extend(&ids);
        let columns: Vec<u16> = ids.iter().map(|number| self.place(event, *number)).collect();
        let value = &self.kinds[kind].value;
        let own = columns.iter().skip(value.apart()).zip(0..);
        let known = own.filter(|(column, _)| **column != ABSENT).map(|(column, part)| (*column, part)).collect();
        let put = match value {
            Value::Number(value, false) if columns[0] != ABSENT => Put::Number(*value),
            Value::Parse(_) if ids.iter().any(|column| self.columns[*column].kind == Type::Text) => Put::Other,
            Value::Parse(_) | Value::Python(_) => Put::Known,
            _ => Put::Other,
        };
        let next = groups.len();
        let group = *groups.entry((kind, ids.clone())).or_insert(next);
        Ok(Target { kind, width: columns.len() - value.apart(), columns, ids, group, known, late: Box::default(), put })
    }

    fn place(&self, event: usize, column: usize) -> u16 {
        let place = self.events[event].columns.iter().position(|one| *one == column);
        place.map_or(ABSENT, |at| at as u16)
    }
}
