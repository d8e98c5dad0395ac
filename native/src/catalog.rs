//! The catalogue, compiled: formats by what their messages begin with, and where the values of each go.

use hashbrown::{HashMap, HashSet};

use memchr::memmem::Finder;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::data::{CatalogData, FormatData, LabelData, tokens};
use crate::gc::Gc;
use crate::headers::{Heads, Layout};
use crate::json_lines::JsonLayout;
use crate::kinds::Kind;
use crate::naming::Naming;
use crate::pattern::Pattern;
use crate::program::{Branch, begun, insert, steps_of};
use crate::second::Second;
use crate::shapes::{Known as KnownOfShapes, Shape, ShapeBuilder};
use crate::template::Words;

/// Names that values are looked up by.
pub struct Names {
    pub xds_types: HashMap<Vec<u8>, Vec<u8>>,
    pub grpc_codes: HashMap<Vec<u8>, i64>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Type {
    Int64,
    Duration,
    Boolean,
    /// Text that repeats: a dictionary.
    Words,
    Text,
}

pub struct Column {
    pub name: String,
    pub kind: Type,
}

pub struct Event {
    pub name: String,
    pub columns: Vec<usize>,
}

pub struct Format {
    pub component: usize,
    pub event: usize,
    /// The shape of its rows.
    pub shape: usize,
    pub levels: u32,
    pub scopes: Vec<Box<[u8]>>,
    pub needs_scope: bool,
}

/// A format that no literal text begins.
pub struct Free {
    pub sign: Finder<'static>,
    pub tree: Vec<Branch>,
}

/// The formats of one component.
#[derive(Default)]
pub struct Dispatch {
    pub starts: HashMap<(usize, [u8; WIDEST]), usize>,
    pub free: Vec<Free>,
    pub fallback: Vec<Branch>,
}

/// The longest beginning that formats are looked up by.
pub const WIDEST: usize = 16;
/// No level, no component.
pub const NONE: u8 = u8::MAX;

pub struct Catalog {
    pub kinds: Vec<Kind>,
    pub columns: Vec<Column>,
    pub events: Vec<Event>,
    pub components: Vec<String>,
    pub levels: Vec<String>,
    pub formats: Vec<Format>,
    pub shapes: Vec<Shape>,
    /// By event the shape of rows that no format has matched.
    pub bare: Vec<usize>,
    pub heads: Heads,
    pub layouts: Vec<Layout>,
    pub json_layouts: Vec<JsonLayout>,
    pub gc: Gc,
    pub names: Names,
    pub known: Known,
    /// What the statements of formats are found by.
    pub format_keys: Vec<String>,
    pub words: Words,
    pub naming: Naming,
    pub second: Second,
    labels: Vec<LabelData>,
    labelled: Vec<usize>,
    pub envoy_ids: Pattern,
    pub trees: Vec<Vec<Branch>>,
    pub dispatch: Vec<Dispatch>,
    pub by_event: HashMap<(usize, usize), usize>,
    pub own: Option<Vec<Branch>>,
    pub start_sizes: Vec<usize>,
}

/// Events, components and scopes that the engine itself asks for.
pub struct Known {
    pub other: usize,
    pub unparsed: usize,
    pub go_gc: usize,
    pub pilot: u8,
    pub agent: u8,
    pub envoy: u8,
    pub ztunnel: u8,
    pub agent_scopes: HashSet<Vec<u8>>,
    pub envoy_loggers: HashSet<Vec<u8>>,
}

pub fn invalid(text: impl std::fmt::Display) -> PyErr {
    PyValueError::new_err(text.to_string())
}

pub fn start_key(text: &[u8], size: usize) -> (usize, [u8; WIDEST]) {
    let mut key = [0; WIDEST];
    key[..size].copy_from_slice(&text[..size]);
    (size, key)
}

pub fn place(names: &[String], name: &str) -> PyResult<usize> {
    names.iter().position(|one| one == name).ok_or_else(|| invalid(format!("{name:?} is not known")))
}

impl Catalog {
    pub fn new(data: CatalogData) -> PyResult<Catalog> {
        let kinds = data.kinds.into_iter().map(Kind::new).collect::<Result<Vec<_>, _>>().map_err(invalid)?;
        let columns: Vec<Column> =
            data.columns.into_iter().map(|(name, kind)| Column { name, kind: Type::new(&kind) }).collect();
        let column_names: Vec<String> = columns.iter().map(|one| one.name.clone()).collect();
        let events = data.events.into_iter().map(|(name, own)| {
            let columns = own.iter().map(|column| place(&column_names, column)).collect::<PyResult<_>>()?;
            Ok(Event { name, columns })
        });
        let events = events.collect::<PyResult<Vec<Event>>>()?;
        let event_names: Vec<String> = events.iter().map(|one| one.name.clone()).collect();
        let bytes = |names: Vec<String>| names.into_iter().map(String::into_bytes).collect();
        let component = |name: &str| place(&data.components, name).map(|at| at as u8);
        let known = Known {
            other: place(&event_names, "other")?,
            unparsed: place(&event_names, "unparsed")?,
            go_gc: place(&event_names, "go_gc")?,
            pilot: component("pilot")?,
            agent: component("agent")?,
            envoy: component("envoy")?,
            ztunnel: component("ztunnel")?,
            agent_scopes: bytes(data.agent_scopes),
            envoy_loggers: bytes(data.envoy_loggers),
        };
        let labelled = data.labelled.iter().map(|event| place(&event_names, event)).collect::<PyResult<Vec<_>>>()?;
        let known_of_shapes = KnownOfShapes {
            kinds: &kinds,
            columns: &columns,
            events: &events,
            labels: &data.labels,
            labelled: &labelled,
        };
        let mut builder = ShapeBuilder::new(known_of_shapes);
        let second = Second::new(&data.second, &data.components, |event| place(&event_names, event))?;
        let bare = (0..events.len()).map(|event| builder.shape(event, None, &[])).collect::<PyResult<_>>()?;
        let json_layouts = data
            .json_layouts
            .into_iter()
            .map(|one| JsonLayout::new(one, &mut builder, &event_names, &data.components, &data.months));
        let json_layouts = json_layouts.collect::<PyResult<_>>()?;
        let layouts = data
            .layouts
            .into_iter()
            .map(|one| Layout::new(one, &event_names, &data.components, &data.months, &data.gc.layout));
        let layouts = layouts.collect::<PyResult<Vec<Layout>>>()?;
        let level_places: HashMap<Vec<u8>, u8> = data
            .level_words
            .iter()
            .map(|(word, level)| Ok((word.clone().into_bytes(), place(&data.levels, level)? as u8)))
            .collect::<PyResult<_>>()?;
        let heads = Heads::new(
            &layouts,
            level_places,
            &data.inner_header,
            (&data.inner_sign, data.inner_sign_at),
            &data.broken_json,
            known.envoy,
        )?;
        let mut compiler = Compiler {
            kinds: &kinds,
            components: &data.components,
            levels: &data.levels,
            events: &event_names,
            formats: Vec::new(),
            keys: Vec::new(),
        };
        let mut trees = vec![Vec::new()];
        let mut dispatch: Vec<Dispatch> = data.components.iter().map(|_| Dispatch::default()).collect();
        let mut by_event = HashMap::new();
        for one in &data.formats {
            compiler.add(one, &mut builder)?;
        }
        for (rank, number) in data.order.into_iter().enumerate() {
            let one = &data.formats[number];
            let Format { component, event, .. } = compiler.formats[number];
            let add = |tree: &mut Vec<Branch>, start: &[u8]| -> PyResult<()> {
                insert(tree, begun(compiler.steps(one)?, start, &kinds), number, rank);
                Ok(())
            };
            let tree = *by_event.entry((component, event)).or_insert_with(|| new_tree(&mut trees));
            add(&mut trees[tree], b"")?;
            let to = &mut dispatch[component];
            if one.is_fallback {
                add(&mut to.fallback, b"")?;
                continue;
            }
            let mut seen = HashSet::new();
            for start in &one.starts {
                let start = start.as_bytes();
                let ascii = start.iter().take(WIDEST).take_while(|byte| byte.is_ascii()).count();
                let Some(size) = data.start_sizes.iter().find(|size| ascii >= **size) else {
                    if seen.insert(&b""[..]) {
                        let mut tree = Vec::new();
                        add(&mut tree, b"")?;
                        to.free.push(Free { sign: Finder::new(&one.sign).into_owned(), tree });
                    }
                    continue;
                };
                if seen.insert(start) {
                    let tree = *to.starts.entry(start_key(start, *size)).or_insert_with(|| new_tree(&mut trees));
                    add(&mut trees[tree], start)?;
                }
            }
        }
        let own = match &data.own_format {
            Some(own) => {
                let mut tree = Vec::new();
                insert(&mut tree, compiler.steps(own)?, compiler.formats.len(), 0);
                compiler.add(own, &mut builder)?;
                Some(tree)
            }
            None => None,
        };
        let Compiler { formats, keys, .. } = compiler;
        let ShapeBuilder { shapes, groups, .. } = builder;
        second.number_groups_after(groups);
        let text = |map: std::collections::HashMap<String, String>| {
            map.into_iter().map(|(key, value)| (key.into_bytes(), value.into_bytes())).collect()
        };
        Ok(Catalog {
            bare,
            heads,
            layouts,
            json_layouts,
            gc: Gc::new(&data.gc)?,
            names: Names {
                xds_types: text(data.xds_types),
                grpc_codes: data.grpc_codes.into_iter().map(|(name, code)| (name.into_bytes(), code)).collect(),
            },
            known,
            format_keys: keys,
            words: Words { kinds: data.second.kinds, columns: data.second.columns },
            naming: Naming::new(data.second.covered, data.second.by_fields),
            second,
            labels: data.labels,
            labelled,
            envoy_ids: Pattern::new(&data.envoy_ids).map_err(invalid)?,
            trees,
            dispatch,
            by_event,
            own,
            start_sizes: data.start_sizes,
            formats,
            shapes,
            kinds,
            columns,
            events,
            components: data.components,
            levels: data.levels,
        })
    }

    /// What shapes are made of.
    pub fn known_of_shapes(&self) -> KnownOfShapes<'_> {
        KnownOfShapes {
            kinds: &self.kinds,
            columns: &self.columns,
            events: &self.events,
            labels: &self.labels,
            labelled: &self.labelled,
        }
    }
}

fn new_tree(trees: &mut Vec<Vec<Branch>>) -> usize {
    trees.push(Vec::new());
    trees.len() - 1
}

struct Compiler<'a> {
    kinds: &'a [Kind],
    components: &'a [String],
    levels: &'a [String],
    events: &'a [String],
    formats: Vec<Format>,
    keys: Vec<String>,
}

impl Compiler<'_> {
    fn steps(&self, one: &FormatData) -> PyResult<Vec<crate::program::Step>> {
        steps_of(&tokens(&one.tokens)?, self.kinds).map_err(invalid)
    }

    fn add(&mut self, one: &FormatData, builder: &mut ShapeBuilder) -> PyResult<()> {
        let levels = one.levels.iter().map(|level| place(self.levels, level)).collect::<PyResult<Vec<_>>>()?;
        let event = place(self.events, &one.event)?;
        self.keys.push(one.key.clone());
        self.formats.push(Format {
            component: place(self.components, &one.component)?,
            event,
            shape: builder.shape(event, Some(one), &[])?,
            levels: levels.iter().fold(0, |bits, level| bits | 1 << level),
            scopes: one.scopes.iter().map(|scope| scope.as_bytes().into()).collect(),
            needs_scope: one.needs_scope,
        });
        Ok(())
    }
}

impl Type {
    fn new(name: &str) -> Type {
        match name {
            "int64" => Type::Int64,
            "duration" => Type::Duration,
            "boolean" => Type::Boolean,
            "category" => Type::Words,
            _ => Type::Text,
        }
    }
}
