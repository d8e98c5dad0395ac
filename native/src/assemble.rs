//! Pieces, in their order -> tables: lines and rows are counted on, words of workers become one dictionary per column.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use pyo3::prelude::*;

use crate::arrow::{Array, DataType, Repeated, words_array};
use crate::catalog::{Catalog, Type, invalid};
use crate::chunk::Piece;
use crate::columns::{Column, CommonRows, Gaps, Known, Shared};
use crate::dictionary::{Dictionary, Texts};
use crate::renumber::{Renumbering, TableWords, WorkerWords};
use crate::times::klog;

/// Rows of pieces are put together until a chunk of a table has this many.
const FEW: usize = 4096;
/// So many entries wait for their year at most.
const MOST_HELD: usize = 1 << 20;

/// A table while it grows.
pub struct Table {
    pub names: Vec<String>,
    pub types: Vec<DataType>,
    /// By column which dictionary its words are of, and its words so far.
    words: Vec<Option<(usize, TableWords)>>,
    /// The chunks that are full, their dictionaries apart, and the rows and columns of the next one.
    chunks: Vec<(usize, Vec<Array>)>,
    open: (usize, Vec<Column>),
}

/// The tables of pieces that follow one another in a source.
pub struct Assembly {
    catalog: Arc<Catalog>,
    common_names: Vec<String>,
    key_names: Vec<String>,
    /// The sources of the tables so far; the last one is being read.
    sources: Vec<String>,
    lines: u64,
    pub entries: usize,
    /// The dictionaries of all workers: of each column, then the common ones.
    all: Vec<Dictionary>,
    workers: HashMap<u64, WorkerWords>,
    /// First the table of all entries, then by event.
    tables: Vec<Option<Table>>,
    /// Columns of one value or of none, which tables share.
    repeated: Repeated,
    last_time: Option<i64>,
    /// Pieces whose first entries wait for a year.
    held: VecDeque<Piece>,
}

/// Dictionaries of common columns, behind those of the catalogue's columns.
#[derive(Clone, Copy)]
enum CommonWords {
    Scope,
    Caller,
    Stream,
    Statement,
    Level,
    Event,
    Component,
    Source,
}

impl Assembly {
    pub fn new(catalog: Arc<Catalog>, source: String, common_names: Vec<String>, key_names: Vec<String>) -> Assembly {
        let mut new = Assembly {
            common_names,
            key_names,
            sources: vec![source],
            lines: 0,
            entries: 0,
            all: Vec::new(),
            workers: HashMap::new(),
            tables: Vec::new(),
            repeated: Repeated::default(),
            last_time: None,
            held: VecDeque::new(),
            catalog,
        };
        new.begin();
        new
    }

    /// Begin new tables.
    fn begin(&mut self) {
        let catalog = &self.catalog;
        self.entries = 0;
        self.sources.drain(..self.sources.len() - 1);
        self.all = (0..catalog.columns.len() + 8).map(|_| Dictionary::default()).collect();
        let events: Vec<&str> = catalog.events.iter().map(|event| event.name.as_str()).collect();
        let levels: Vec<&str> = catalog.levels.iter().map(String::as_str).collect();
        let components: Vec<&str> = catalog.components.iter().map(String::as_str).collect();
        for (words, texts) in [
            (CommonWords::Level, levels),
            (CommonWords::Event, events),
            (CommonWords::Component, components),
            (CommonWords::Source, self.sources.iter().map(String::as_str).collect()),
        ] {
            let dictionary = &mut self.all[catalog.columns.len() + words as usize];
            texts.iter().for_each(|text| {
                dictionary.number(text.as_bytes());
            });
        }
        for worker in self.workers.values_mut() {
            worker.of_all.iter_mut().for_each(Vec::clear);
            worker.of_table.clear();
        }
        self.tables = (0..=catalog.events.len()).map(|_| None).collect();
        self.repeated.clear();
    }

    /// Begin another source: its lines are counted from one, and no time of the one before is of use to it.
    pub fn begin_source(&mut self, source: String) {
        self.settle(true);
        self.last_time = None;
        self.lines = 0;
        let sources = &mut self.all[self.catalog.columns.len() + CommonWords::Source as usize];
        sources.number(source.as_bytes());
        self.sources.push(source);
    }

    /// Take in the next piece.
    pub fn add(&mut self, mut piece: Piece) {
        let known = self.workers.entry(piece.worker).or_default();
        let count = piece.words.len();
        known.texts.resize_with(count, Texts::default);
        known.of_all.resize_with(count, Vec::new);
        for (texts, more) in known.texts.iter_mut().zip(std::mem::take(&mut piece.words)) {
            texts.extend(&more);
        }
        known.classes.append(&mut piece.classes);
        for one in std::mem::take(&mut piece.groups) {
            let (width, words) = known.groups.entry(one.group).or_default();
            *width = one.width;
            words.extend(one.words);
        }
        self.held.push_back(piece);
        self.settle(false);
    }

    /// Put pieces that wait for nothing any more into the tables.
    fn settle(&mut self, all: bool) {
        let times = |piece: &Piece| match &piece.common.time {
            Column::Numbers(values, gaps) => (0..values.len()).find(|row| !gaps.has(*row)).map(|row| values[row]),
            _ => None,
        };
        let first = self.last_time.or_else(|| self.held.iter().find_map(times));
        let waits = self.held.iter().any(|piece| !piece.undated.is_empty()) && first.is_none();
        let entries: usize = self.held.iter().map(|piece| piece.common.len()).sum();
        if waits && !all && entries < MOST_HELD {
            return;
        }
        while let Some(mut piece) = self.held.pop_front() {
            self.date(&mut piece, first);
            self.put(piece);
        }
    }

    /// Give times without a year that of the last time before them, or else of the first behind them.
    fn date(&mut self, piece: &mut Piece, first: Option<i64>) {
        let rows = piece.common.len();
        let mut dated = Vec::new();
        let time_at = |row: usize| match &piece.common.time {
            Column::Numbers(values, gaps) if !gaps.has(row) => Some(values[row]),
            _ => None,
        };
        let mut next = 0;
        for (row, text) in &piece.undated {
            let last = (next..*row as usize).rev().find_map(time_at);
            self.last_time = last.or(self.last_time);
            next = *row as usize;
            dated.extend(self.last_time.or(first).and_then(|near| klog(text, near)).map(|time| (*row as usize, time)));
        }
        self.last_time = (next..rows).rev().find_map(time_at).or(self.last_time);
        if !dated.is_empty() {
            let mut times: Vec<Option<i64>> = (0..rows).map(time_at).collect();
            dated.into_iter().for_each(|(row, time)| times[row] = Some(time));
            let mut column = Column::Empty;
            times.iter().enumerate().filter_map(|(row, time)| Some((row, (*time)?))).for_each(|(row, time)| {
                column.number(row, time);
            });
            column.close(rows);
            piece.common.time = column;
        }
    }

    fn put(&mut self, mut piece: Piece) {
        let catalog = self.catalog.clone();
        for (number, event) in std::mem::take(&mut piece.events).into_iter().enumerate() {
            if let Some(event) = event {
                let class = event.rows.iter().map(|row| piece.common.class[*row as usize]).collect();
                let class = Arc::new(class);
                let keys = self.key_names.iter();
                let keys = keys.map(|name| self.common(&mut piece.common, name, Some(&event.rows), &class));
                let columns = keys.chain(event.columns).collect();
                self.append(&catalog, number + 1, event.rows.len(), columns, piece.worker);
            }
        }
        let rows = piece.common.len();
        if rows > 0 {
            let message = std::mem::take(&mut piece.common.message);
            let class = Arc::new(std::mem::take(&mut piece.common.class));
            let mut columns: Vec<Column> =
                self.common_names.iter().map(|name| self.common(&mut piece.common, name, None, &class)).collect();
            if let Some(place) = self.common_names.iter().position(|name| name == "message") {
                columns[place] = message;
            }
            self.append(&catalog, 0, rows, columns, piece.worker);
        }
        self.entries += rows;
        self.lines += piece.lines;
        if piece.last_of_worker {
            self.workers.remove(&piece.worker);
        }
    }

    /// A common column of all rows of a piece, or of some.
    fn common(&self, of: &mut CommonRows, name: &str, rows: Option<&[u32]>, class: &Arc<Vec<u32>>) -> Column {
        let count = rows.map_or(of.len(), <[u32]>::len);
        let at = |n: usize| rows.map_or(n, |rows| rows[n] as usize);
        let shared = |what: Shared| Column::Ids(class.clone(), Known::Class(what));
        match name {
            "row" => Column::Numbers((0..count).map(|n| (self.entries + at(n)) as i64).collect(), Gaps::default()),
            "line" => {
                let line = |n: usize| i64::from(of.line[at(n)]);
                Column::Numbers((0..count).map(|n| line(n) + self.lines as i64).collect(), Gaps::default())
            }
            "timestamp" => of.time.gather(rows),
            "level" => shared(Shared::Level),
            "event" => shared(Shared::Event),
            "component" => shared(Shared::Component),
            "scope" => shared(Shared::Scope),
            "statement" => shared(Shared::Statement),
            "caller" => of.caller.gather(rows),
            "thread" => of.thread.gather(rows),
            "epoch" => of.epoch.gather(rows),
            "envoy_connection" => of.envoy_connection.gather(rows),
            "envoy_stream" => of.envoy_stream.gather(rows),
            "source" => Column::Same(self.sources.len() as u32 - 1),
            _ => Column::Empty,
        }
    }

    fn append(&mut self, catalog: &Catalog, number: usize, rows: usize, mut columns: Vec<Column>, worker: u64) {
        let table = self.tables[number].get_or_insert_with(|| {
            let names = if number == 0 { &self.common_names } else { &self.key_names };
            let event = number.checked_sub(1).map(|event| &catalog.events[event].columns[..]);
            Table::new(catalog, names, event.unwrap_or(&[]))
        });
        let worker = self.workers.entry(worker).or_default();
        for (place, column) in columns.iter_mut().enumerate() {
            let Some((dictionary, words)) = &mut table.words[place] else { continue };
            let is_fixed = *dictionary >= catalog.columns.len() + CommonWords::Level as usize;
            let mut to = Renumbering { dictionary: *dictionary, is_fixed, all: &mut self.all[*dictionary], words };
            match column {
                Column::Words(codes) => worker.renumber(codes, (number, place), &mut to),
                Column::Ids(ids, known) => {
                    *column = Column::Words(worker.words_of(ids, *known, (number, place), &mut to));
                }
                Column::Same(word) => {
                    *column = Column::Words(vec![to.words.number(*word as usize); rows]);
                }
                Column::Empty | Column::Numbers(..) | Column::Texts(..) => {}
            }
        }
        table.add(rows, columns, &mut self.repeated);
    }

    /// The tables so far, and begin new ones: that of all entries, and those of events by their number.
    pub fn take(&mut self, last: bool) -> PyResult<Vec<Option<Vec<Array>>>> {
        if last {
            self.settle(true);
        }
        // What finds a text's number is as large as the texts, and is gone before they are copied.
        let texts: Vec<Texts> = std::mem::take(&mut self.all).into_iter().map(|one| one.texts).collect();
        let tables = std::mem::take(&mut self.tables).into_iter();
        let built =
            tables.map(|table| table.map(|table| table.build(&texts, &mut self.repeated)).transpose()).collect();
        self.begin();
        built
    }
}

impl Table {
    fn new(catalog: &Catalog, names: &[String], own: &[usize]) -> Table {
        let mut table = Table {
            names: Vec::new(),
            types: Vec::new(),
            words: Vec::new(),
            chunks: Vec::new(),
            open: (0, Vec::new()),
        };
        let common = catalog.columns.len();
        let mut add = |name: &str, kind: DataType, dictionary: Option<usize>| {
            table.names.push(name.to_owned());
            table.types.push(kind);
            table.words.push(dictionary.map(|dictionary| (dictionary, TableWords::default())));
        };
        for name in names {
            let words = match name.as_str() {
                "scope" => CommonWords::Scope,
                "caller" => CommonWords::Caller,
                "envoy_stream" => CommonWords::Stream,
                "statement" => CommonWords::Statement,
                "level" => CommonWords::Level,
                "event" => CommonWords::Event,
                "component" => CommonWords::Component,
                "source" => CommonWords::Source,
                _ => {
                    let kind = match name.as_str() {
                        "timestamp" => DataType::Timestamp,
                        "message" => DataType::Text,
                        _ => DataType::Int64,
                    };
                    add(name, kind, None);
                    continue;
                }
            };
            add(name, DataType::Words, Some(common + words as usize));
        }
        for column in own {
            let kind = match catalog.columns[*column].kind {
                Type::Int64 => DataType::Int64,
                Type::Duration => DataType::Duration,
                Type::Boolean => DataType::Boolean,
                Type::Words => DataType::Words,
                Type::Text => DataType::Text,
            };
            add(&catalog.columns[*column].name, kind, (kind == DataType::Words).then_some(*column));
        }
        table
    }

    /// Add the rows of a piece; a chunk that has enough is made Arrow's while it is in the processor's cache.
    fn add(&mut self, rows: usize, columns: Vec<Column>, repeated: &mut Repeated) {
        if self.open.0 == 0 {
            self.open = (rows, columns);
        } else {
            for (column, more) in self.open.1.iter_mut().zip(columns) {
                column.append(self.open.0, more, rows);
            }
            self.open.0 += rows;
        }
        if self.open.0 >= FEW {
            self.close(repeated);
        }
    }

    fn close(&mut self, repeated: &mut Repeated) {
        let (rows, columns) = std::mem::take(&mut self.open);
        let columns = columns.into_iter().zip(&self.types);
        self.chunks.push((rows, columns.map(|(column, kind)| Array::of(column, rows, *kind, repeated)).collect()));
    }

    /// The table's chunks, as arrays of structures.
    fn build(mut self, texts: &[Texts], repeated: &mut Repeated) -> PyResult<Vec<Array>> {
        if self.open.0 > 0 {
            self.close(repeated);
        }
        let words = |((of, words), name): (&(usize, TableWords), &String)| {
            words_array(&texts[*of], &words.order).map(Arc::new).ok_or_else(|| {
                invalid(format!(
                    "column `{name}` has more than 2 GB of distinct texts: read the log in batches, by `scan`"
                ))
            })
        };
        let columns = self.words.iter().zip(&self.names);
        let dictionaries: Vec<Option<Arc<Array>>> = columns
            .map(|(one, name)| one.as_ref().map(|one| words((one, name))).transpose())
            .collect::<PyResult<_>>()?;
        let chunks = self.chunks.into_iter();
        Ok(chunks.map(|(rows, columns)| Array::of_columns(rows, columns, &dictionaries, &self.names)).collect())
    }
}
