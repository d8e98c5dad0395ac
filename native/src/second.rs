//! The second tier: which statement of the sources matches a message that no hand-written format does.
//!
//! The rule of choice is that of `formats/statements/table.py`, and the reference is `engine/reference/statements.py`.
//! Nothing is built until a line needs it; then the tables are parsed once, and each statement that a message is
//! held against is compiled once.

use std::sync::{Mutex, OnceLock, PoisonError};

use hashbrown::HashMap;
use pyo3::prelude::*;

use crate::catalog::{Catalog, NONE};
use crate::data::LabelData;
use crate::labels::{gap, split_labels};
use crate::matcher::Matcher;
use crate::matching::Asked;
use crate::shapes::{Groups, Said, Shape};
use crate::statement_index::{Index, Line, Reading};
use crate::template::{has_odd_blanks, rows, with_single_blanks};

/// What Python hands over of the second tier.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub struct SecondData<'py> {
    /// Gives the texts of the tables of statements.
    pub load: Bound<'py, PyAny>,
    /// By component the group whose statements can matched its lines.
    pub groups: std::collections::HashMap<String, String>,
    /// Group, scope (empty: any) and event of lines that no statement matches.
    pub scopes: Vec<(String, String, String)>,
    /// A statement with fewer letters matches only lines of its own scope and level.
    pub plain: usize,
    pub longest: usize,
    /// By name the numbers of kinds, and by column that of its kind.
    pub kinds: std::collections::HashMap<String, usize>,
    pub columns: std::collections::HashMap<String, usize>,
    /// The data files of the statements of hand-written formats.
    pub covered: String,
    pub by_fields: String,
}

pub struct Second {
    load: Py<PyAny>,
    groups: Vec<Option<usize>>,
    scopes: HashMap<(usize, Vec<u8>), usize>,
    plain: usize,
    longest: usize,
    loaded: OnceLock<Loaded>,
    indexes: Vec<[OnceLock<Index>; 3]>,
    shape_groups: Mutex<Groups>,
}

/// All statements, and the numbers of their scopes.
struct Loaded {
    statements: Vec<Statement>,
    scopes: HashMap<Box<[u8]>, u32>,
}

/// One log statement.
pub struct Statement {
    pub component: Option<u8>,
    pub group: usize,
    pub scope: u32,
    pub level: u8,
    text: String,
    pub template: String,
    labels: String,
    event: usize,
    shape: OnceLock<Option<Shape>>,
}

/// What matches a message after all.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Matched {
    Format(usize),
    Statement(usize),
    /// The scope alone says the event.
    Event(usize),
}

/// What matches a message, the text that it was held against if that is another, and where its labels are.
pub struct Found {
    pub matched: Matched,
    pub body: Option<Vec<u8>>,
    pub labels: (usize, usize),
}

const SHARED: &str = "shared";
/// The level of a statement that no line has.
const NO_LEVEL: u8 = NONE - 1;

impl Second {
    pub fn new(data: &SecondData, components: &[String], event: impl Fn(&str) -> PyResult<usize>) -> PyResult<Second> {
        let mut group_names: Vec<String> = data.groups.values().cloned().collect();
        group_names.sort_unstable();
        group_names.dedup();
        let number = |name: &str| group_names.iter().position(|one| one == name);
        let scopes = data.scopes.iter().filter_map(|(group, scope, name)| {
            let group = number(group)?;
            Some(event(name).map(|event| ((group, scope.as_bytes().to_vec()), event)))
        });
        Ok(Second {
            load: data.load.clone().unbind(),
            groups: components.iter().map(|one| data.groups.get(one).and_then(|group| number(group))).collect(),
            scopes: scopes.collect::<PyResult<_>>()?,
            plain: data.plain,
            longest: data.longest,
            loaded: OnceLock::new(),
            indexes: group_names.iter().map(|_| Default::default()).collect(),
            shape_groups: Mutex::default(),
        })
    }

    /// The group numbers from which on those of statements' texts are.
    pub fn number_groups_after(&self, groups: Groups) {
        *self.shape_groups.lock().unwrap_or_else(PoisonError::into_inner) = groups;
    }

    /// What matches a message that no format matches as it stands; its fields are in `matcher`.
    pub fn find_match(
        &self,
        catalog: &Catalog,
        asked: Asked,
        message: &[u8],
        matcher: &mut Matcher,
    ) -> PyResult<Option<Found>> {
        let by_scope = |found: &Second| {
            let event = found.by_scope(asked)?;
            Some(Found { matched: Matched::Event(event), body: None, labels: (0, 0) })
        };
        if message.len() > self.longest {
            return Ok(by_scope(self));
        }
        let readings = readings_of(message);
        if has_odd_blanks(message) {
            for (end, labels) in &readings {
                if let Some(single) = with_single_blanks(&message[..*end])
                    && let Some(format) = catalog.find_match(asked, &single, matcher)
                {
                    return Ok(Some(Found { matched: Matched::Format(format), body: Some(single), labels: *labels }));
                }
            }
        }
        let loaded = match self.loaded.get() {
            Some(known) => known,
            None => self.load(catalog)?,
        };
        for (end, labels) in readings {
            if let Some((matched, body)) = self.statement(catalog, loaded, asked, &message[..end], matcher) {
                return Ok(Some(Found { matched: Matched::Statement(matched), body, labels }));
            }
        }
        Ok(by_scope(self))
    }

    fn by_scope(&self, asked: Asked) -> Option<usize> {
        let group = (*self.groups.get(asked.component as usize)?)?;
        let part = memchr::memmem::find(asked.scope, b"::").map_or(asked.scope, |at| &asked.scope[..at]);
        let of = |scope: &[u8]| self.scopes.get(&(group, scope.to_vec())).copied();
        of(part).or_else(|| of(b""))
    }

    /// The event of what matches a message, its shape, and the component that a statement is of.
    pub fn shape<'a>(&'a self, catalog: &'a Catalog, matched: Matched) -> Option<&'a Shape> {
        match matched {
            Matched::Format(number) => catalog.shapes.get(catalog.formats[number].shape),
            Matched::Event(event) => catalog.shapes.get(catalog.bare[event]),
            Matched::Statement(number) => {
                let one = self.statement_at(number)?;
                let shape = one.shape.get_or_init(|| {
                    let mut groups = self.shape_groups.lock().unwrap_or_else(PoisonError::into_inner);
                    let labels: Vec<LabelData> =
                        one.labels.split(' ').filter_map(|label| catalog.words.label(label)).collect();
                    let fields = catalog.words.template(&one.template)?.fields;
                    let said = Said { fields: &fields, sets: &[], labels: &labels };
                    catalog.known_of_shapes().shape(one.event, one.event, &said, &mut groups).ok()
                });
                shape.as_ref()
            }
        }
    }

    /// The text of a statement.
    pub fn text(&self, number: usize) -> &str {
        self.statement_at(number).map_or("", |one| &one.text)
    }

    /// The component that a statement is of; nothing of one that several programs print.
    pub fn component(&self, number: usize) -> Option<u8> {
        self.statement_at(number)?.component
    }

    fn statement_at(&self, number: usize) -> Option<&Statement> {
        self.loaded.get()?.statements.get(number)
    }

    #[cold]
    fn load(&self, catalog: &Catalog) -> PyResult<&Loaded> {
        let texts: Vec<String> = Python::attach(|py| self.load.call0(py)?.extract(py))?;
        let mut scopes: HashMap<Box<[u8]>, u32> = HashMap::new();
        let mut statements = Vec::new();
        for row in texts.iter().flat_map(|text| rows(text)) {
            let [component, scope, level, text, template, labels, _, _, _, event] = &row[..] else {
                return Err(crate::catalog::invalid(format!("a statement of {} cells", row.len())));
            };
            let position = catalog.components.iter().position(|one| one == component);
            let group = position.or_else(|| catalog.components.iter().position(|one| one == "pilot"));
            let group = group.and_then(|at| self.groups[at]);
            let next = scopes.len() as u32;
            statements.push(Statement {
                component: if component == SHARED { None } else { position.map(|at| at as u8) },
                group: group.ok_or_else(|| crate::catalog::invalid(format!("no group of {component:?}")))?,
                scope: *scopes.entry(scope.as_bytes().into()).or_insert(next),
                level: catalog.levels.iter().position(|one| one == level).map_or(NO_LEVEL, |at| at as u8),
                text: text.clone(),
                template: template.clone(),
                labels: labels.clone(),
                event: catalog.known_of_shapes().event(event)?,
                shape: OnceLock::new(),
            });
        }
        Ok(self.loaded.get_or_init(|| Loaded { statements, scopes }))
    }

    fn index(&self, catalog: &Catalog, statements: &[Statement], group: usize, how: Reading) -> &Index {
        self.indexes[group][how as usize].get_or_init(|| Index::new(&catalog.words, statements, group, how, self.plain))
    }

    /// The statement that matches a message without labels, and that message with single blanks if it was held so.
    fn statement(
        &self,
        catalog: &Catalog,
        loaded: &Loaded,
        asked: Asked,
        message: &[u8],
        matcher: &mut Matcher,
    ) -> Option<(usize, Option<Vec<u8>>)> {
        let statements = &loaded.statements;
        let group = (*self.groups.get(asked.component as usize)?)?;
        let scope: &[u8] = if asked.scope.is_empty() { b"default" } else { asked.scope };
        let scope = loaded.scopes.get(scope).copied().unwrap_or(u32::MAX);
        let is_shared = [catalog.known.pilot, catalog.known.agent].contains(&asked.component);
        let mut line = Line { catalog, asked, scope, is_shared, best: 0, matched: None };
        if let Some(found) = line.find_match(self.index(catalog, statements, group, Reading::Exact), message, matcher) {
            return Some((found, None));
        }
        // A message that single blanks do not change is of no statement that they do not change.
        let single = with_single_blanks(message);
        let how = if single.is_some() { Reading::Single } else { Reading::Changed };
        let index = self.index(catalog, statements, group, how);
        let found = line.find_match(index, single.as_deref().unwrap_or(message), matcher)?;
        Some((found, single))
    }
}

/// What of a message its statement may be of, as its end, and the labels behind it; the likeliest first.
fn readings_of(message: &[u8]) -> Vec<(usize, (usize, usize))> {
    let mut readings = Vec::with_capacity(4);
    let mut add = |one| {
        if !readings.contains(&one) {
            readings.push(one);
        }
    };
    if memchr::memchr(b'=', message).is_none() {
        add((message.len(), (0, 0)));
        memchr::memchr(b'\n', message).into_iter().for_each(|end| add((end, (0, 0))));
        return readings;
    }
    let to_end = |(start, end): (usize, usize), size: usize| (start, (end, size));
    if memchr::memchr(b'\t', message).is_none() {
        add(gap(message, true).map_or((message.len(), (0, 0)), |gap| to_end(gap, message.len())));
    }
    add(split_labels(message));
    let first = &message[..memchr::memchr(b'\n', message).unwrap_or(message.len())];
    if first.len() < message.len() {
        add(split_labels(first));
    }
    add(gap(first, false).map_or((first.len(), (0, 0)), |gap| to_end(gap, first.len())));
    readings
}
