//! Shapes: what the fields, labels and constants of a format's rows are worth, and in which columns.

use std::collections::HashMap;

use pyo3::prelude::*;

use crate::catalog::{Column, Event, Type, place};
use crate::data::{FormatData, LabelData};
use crate::kinds::Kind;
use crate::values::{Number, Value};

/// Of a column that the event does not have.
pub const ABSENT: u16 = u16::MAX;

/// Where the text of a field or label goes.
pub struct Target {
    pub kind: usize,
    /// The columns, by their place among those of the event.
    pub columns: Vec<u16>,
    /// Texts of the same kind and columns are taken apart once.
    pub group: usize,
    /// Of the values that are known of a text those of the event: the column's place among its own, and the value's.
    pub known: Box<[(u16, u16)]>,
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

/// The rows of one event that one format has claimed, or none.
pub struct Shape {
    pub event: usize,
    pub fields: Vec<Target>,
    pub constants: Vec<(u16, usize, Constant)>,
    pub labels: Vec<(Box<[u8]>, Target)>,
    /// Where the columns `pod`, `namespace` and `proxy` are, if the last is made of the others.
    pub proxy: Option<[u16; 3]>,
    /// The shape it is instead if a column is filled, and the column.
    pub switch: Option<(usize, usize)>,
}

pub struct ShapeBuilder<'a> {
    kinds: &'a [Kind],
    columns: &'a [Column],
    column_names: Vec<String>,
    events: &'a [Event],
    event_names: &'a [String],
    labels: Vec<LabelData>,
    labelled: Vec<usize>,
    groups: HashMap<(usize, Vec<usize>), usize>,
    group_columns: Vec<Vec<usize>>,
    shapes: Vec<Shape>,
}

impl<'a> ShapeBuilder<'a> {
    pub fn new(
        kinds: &'a [Kind],
        columns: &'a [Column],
        events: &'a [Event],
        event_names: &'a [String],
        labels: Vec<LabelData>,
        labelled: &[String],
    ) -> PyResult<Self> {
        let labelled = labelled.iter().map(|event| place(event_names, event)).collect::<PyResult<_>>()?;
        let column_names = columns.iter().map(|one| one.name.clone()).collect();
        let (groups, group_columns, shapes) = (HashMap::new(), Vec::new(), Vec::new());
        Ok(Self { kinds, columns, column_names, events, event_names, labels, labelled, groups, group_columns, shapes })
    }

    /// Make the shape of a format, of a JSON layout's fields, or of an event that nothing more is known of.
    pub fn shape(&mut self, event: usize, format: Option<&FormatData>, fields: &[LabelData]) -> PyResult<usize> {
        let shape = self.of_event(event, event, format, fields)?;
        self.shapes.push(shape);
        let number = self.shapes.len() - 1;
        let switch = format.and_then(|format| format.event_with.first());
        if let Some((column, other)) = switch {
            let column = place(&self.column_names, column)?;
            let other = self.of_event(place(self.event_names, other)?, event, format, fields)?;
            self.shapes.push(other);
            self.shapes[number].switch = Some((column, number + 1));
        }
        Ok(number)
    }

    /// The columns of the kinds of `labelled` are those of the event that the format says.
    fn of_event(
        &mut self,
        event: usize,
        said: usize,
        format: Option<&FormatData>,
        fields: &[LabelData],
    ) -> PyResult<Shape> {
        let mut labels: Vec<LabelData> = if self.labelled.contains(&said) { self.labels.clone() } else { Vec::new() };
        for own in format.map_or(&[][..], |format| &format.labels).iter().chain(fields) {
            match labels.iter_mut().find(|one| one.0 == own.0) {
                Some(known) => *known = own.clone(),
                None => labels.push(own.clone()),
            }
        }
        let mut filled = Vec::new();
        let mut shape =
            Shape { event, fields: Vec::new(), constants: Vec::new(), labels: Vec::new(), proxy: None, switch: None };
        for (column, kind) in format.map_or(&[][..], |format| &format.fields) {
            shape.fields.push(self.target(event, column, *kind, &mut filled)?);
        }
        for (column, value) in format.map_or(&[][..], |format| &format.sets) {
            let number = place(&self.column_names, column)?;
            filled.push(number);
            let constant = match value.extract::<i64>() {
                Ok(number) => Constant::Number(number),
                Err(_) => Constant::Text(value.extract::<String>()?.into_bytes().into()),
            };
            shape.constants.push((self.column(event, number), number, constant));
        }
        for (key, column, kind) in labels {
            let target = self.target(event, &column, kind, &mut filled)?;
            shape.labels.push((key.into_bytes().into(), target));
        }
        let [pod, namespace, proxy] =
            ["pod", "namespace", "proxy"].map(|name| place(&self.column_names, name).unwrap_or(usize::MAX));
        if filled.contains(&pod) && filled.contains(&namespace) && !filled.contains(&proxy) {
            shape.proxy = Some([pod, namespace, proxy].map(|column| self.column(event, column)));
        }
        Ok(shape)
    }

    fn target(&mut self, event: usize, column: &str, kind: usize, filled: &mut Vec<usize>) -> PyResult<Target> {
        let own = [column.to_owned()];
        let names = if self.kinds[kind].columns.is_empty() { &own[..] } else { &self.kinds[kind].columns };
        let numbers = names.iter().map(|name| place(&self.column_names, name)).collect::<PyResult<Vec<_>>>()?;
        filled.extend(&numbers);
        let columns: Vec<u16> = numbers.iter().map(|number| self.column(event, *number)).collect();
        let own = columns.iter().skip(self.kinds[kind].value.apart()).zip(0..);
        let known = own.filter(|(column, _)| **column != ABSENT).map(|(column, part)| (*column, part)).collect();
        let next = self.group_columns.len();
        let group = *self.groups.entry((kind, numbers.clone())).or_insert(next);
        if group == next {
            self.group_columns.push(numbers.clone());
        }
        let value = &self.kinds[kind].value;
        let put = match value {
            Value::Number(value, false) if columns[0] != ABSENT => Put::Number(*value),
            Value::Parse(_) if numbers.iter().any(|column| self.columns[*column].kind == Type::Text) => Put::Other,
            Value::Parse(_) | Value::Python(_) => Put::Known,
            _ => Put::Other,
        };
        Ok(Target { kind, width: columns.len() - value.apart(), columns, group, known, put })
    }

    fn column(&self, event: usize, column: usize) -> u16 {
        let place = self.events[event].columns.iter().position(|one| *one == column);
        place.map_or(ABSENT, |at| at as u16)
    }

    /// The shapes, and the columns of each group.
    pub fn finish(self) -> (Vec<Shape>, Vec<Vec<usize>>) {
        debug_assert!(self.columns.len() < usize::from(ABSENT));
        (self.shapes, self.group_columns)
    }
}
