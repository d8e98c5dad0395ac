//! Plans: what of a row is known as soon as its message takes a path, and what is left to do.

use crate::catalog::{Catalog, Type};
use crate::columns::EventRows;
use crate::fill::Filler;
use crate::program::{NOWHERE, Span};
use crate::shapes::{ABSENT, Constant, Put, Shape};

/// What of a row is known from the path that its message takes, and what is left to do.
pub struct Plan {
    /// Whether a row can be made by it.
    pub is_whole: bool,
    numbers: Vec<(u16, i64)>,
    words: Vec<(u16, u32)>,
    /// By field that is known its number among the texts of its group.
    ids: Vec<(u16, u32)>,
    /// The fields that are not known.
    fields: Vec<u16>,
    /// The component, header and class of the last message that took the path.
    pub class: Option<(u8, u16, u32)>,
}

impl Filler {
    /// What is known of a row whose message takes a path.
    pub fn plan(&mut self, catalog: &Catalog, shape: &Shape, known: &[Option<Span>], message: &[u8]) -> Plan {
        let mut plan = Plan {
            is_whole: shape.is_plain && known.len() == shape.fields.len(),
            numbers: Vec::new(),
            words: Vec::new(),
            ids: Vec::new(),
            fields: Vec::new(),
            class: None,
        };
        for (n, (target, span)) in shape.fields.iter().zip(known).enumerate() {
            let Some(span) = span else {
                plan.fields.push(n as u16);
                continue;
            };
            if *span == NOWHERE {
                continue;
            }
            let text = &message[span.0 as usize..span.1 as usize];
            match target.put {
                Put::Number(value) => plan.numbers.extend(value(text).map(|value| (target.columns[0], value))),
                Put::Known => plan.ids.push((n as u16, self.id(catalog, target, text))),
                Put::Other => plan.is_whole = false,
            }
        }
        for (place, column, value) in shape.constants.iter().filter(|(place, _, _)| *place != ABSENT) {
            match value {
                Constant::Number(value) => plan.numbers.push((*place, *value)),
                Constant::Text(_) if catalog.columns[*column].kind == Type::Text => plan.is_whole = false,
                Constant::Text(text) => plan.words.push((*place, self.words[*column].number(text))),
            }
        }
        plan
    }

    /// Add a row by a plan; `spans`: the fields that are not known.
    #[inline(always)]
    pub fn fill_planned(
        &mut self,
        catalog: &Catalog,
        shape: &Shape,
        plan: &Plan,
        message: &[u8],
        spans: &[Span],
        to: &mut EventRows,
    ) {
        let at = to.rows.len();
        for (place, value) in &plan.numbers {
            to.columns[usize::from(*place)].number(at, *value);
        }
        for (place, word) in &plan.words {
            to.columns[usize::from(*place)].word(at, *word);
        }
        for (field, id) in &plan.ids {
            self.put_id(&shape.fields[usize::from(*field)], *id, at, to);
        }
        for (field, span) in plan.fields.iter().zip(spans).filter(|(_, span)| **span != NOWHERE) {
            let text = &message[span.0 as usize..span.1 as usize];
            self.put(catalog, &shape.fields[usize::from(*field)], text, at, to);
        }
    }
}
