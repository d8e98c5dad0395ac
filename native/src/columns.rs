//! Columns of a chunk while they are filled: a row is null until a value is there, and the first one counts.

use std::sync::Arc;

/// Places where a column has no value, as ranges.
#[derive(Clone, Default)]
pub struct Gaps(Vec<(u32, u32)>);

impl Gaps {
    fn add(&mut self, from: usize, to: usize) {
        if from < to {
            match self.0.last_mut() {
                Some(last) if last.1 as usize == from => last.1 = to as u32,
                _ => self.0.push((from as u32, to as u32)),
            }
        }
    }

    /// Whether a row is in one of them.
    pub fn has(&self, row: usize) -> bool {
        let after = self.0.partition_point(|(_, to)| (*to as usize) <= row);
        self.0.get(after).is_some_and(|(from, _)| *from as usize <= row)
    }

    pub fn count(&self) -> usize {
        self.0.iter().map(|(from, to)| (to - from) as usize).sum()
    }

    /// Clear the bits of rows without a value.
    pub fn clear_in(&self, bits: &mut [u8]) {
        for (from, to) in &self.0 {
            for row in *from as usize..*to as usize {
                bits[row >> 3] &= !(1 << (row & 7));
            }
        }
    }
}

/// A column of a chunk.
#[derive(Default)]
pub enum Column {
    /// No value so far.
    #[default]
    Empty,
    Numbers(Vec<i64>, Gaps),
    /// Numbers of words; -1 is null.
    Words(Vec<i32>),
    /// Where each text ends, the texts, and where there is none.
    Texts(Vec<i32>, Vec<u8>, Gaps),
    /// Words by what the worker knows of each number; several columns share the numbers.
    Ids(Arc<Vec<u32>>, Known),
    /// The same word in each row.
    Same(u32),
}

/// No number.
pub const NO_ID: u32 = u32::MAX;

/// What a worker knows of a number.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub enum Known {
    /// A word of what entries of a class share.
    Class(Shared),
    /// Of the texts of a group that value.
    Text { group: usize, part: usize },
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub enum Shared {
    Level,
    Event,
    Component,
    Scope,
    Statement,
}

/// What many entries have in common.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Class {
    pub level: u8,
    pub event: u8,
    pub component: u8,
    /// Words of the worker; -1: none.
    pub scope: i32,
    pub statement: i32,
}

impl Column {
    /// Set a number; a row whose predecessors all have one is the usual case.
    #[inline(always)]
    pub fn number(&mut self, row: usize, value: i64) {
        match self {
            Column::Numbers(values, _) if values.len() == row => values.push(value),
            _ => self.number_behind_gap(row, value),
        }
    }

    #[cold]
    fn number_behind_gap(&mut self, row: usize, value: i64) {
        if let Column::Empty = self {
            *self = Column::Numbers(Vec::new(), Gaps::default());
        }
        if let Column::Numbers(values, gaps) = self
            && values.len() <= row
        {
            gaps.add(values.len(), row);
            values.resize(row, 0);
            values.push(value);
        }
    }

    /// Set a word.
    #[inline(always)]
    pub fn word(&mut self, row: usize, code: u32) {
        match self {
            Column::Words(codes) if codes.len() == row => codes.push(code as i32),
            _ => self.word_behind_gap(row, code),
        }
    }

    #[cold]
    fn word_behind_gap(&mut self, row: usize, code: u32) {
        if let Column::Empty = self {
            *self = Column::Words(Vec::new());
        }
        if let Column::Words(codes) = self
            && codes.len() <= row
        {
            codes.resize(row, -1);
            codes.push(code as i32);
        }
    }

    /// Set a text.
    #[inline]
    pub fn text(&mut self, row: usize, text: &[u8]) {
        if let Column::Empty = self {
            *self = Column::Texts(Vec::new(), Vec::new(), Gaps::default());
        }
        if let Column::Texts(ends, bytes, gaps) = self {
            if ends.len() < row {
                gaps.add(ends.len(), row);
                ends.resize(row, bytes.len() as i32);
            }
            if ends.len() == row {
                bytes.extend_from_slice(text);
                ends.push(bytes.len() as i32);
            }
        }
    }

    /// Fill up with nulls to so many rows.
    pub fn close(&mut self, rows: usize) {
        match self {
            Column::Empty => {}
            Column::Numbers(values, gaps) => {
                gaps.add(values.len(), rows);
                values.resize(rows, 0);
            }
            Column::Words(codes) => codes.resize(rows, -1),
            Column::Texts(ends, bytes, gaps) => {
                gaps.add(ends.len(), rows);
                ends.resize(rows, bytes.len() as i32);
            }
            Column::Ids(..) | Column::Same(_) => {}
        }
    }

    /// Some rows of numbers or words, or all, which are then gone here; of a column that is closed.
    pub fn gather(&mut self, rows: Option<&[u32]>) -> Column {
        let Some(rows) = rows else { return std::mem::take(self) };
        match self {
            Column::Numbers(values, gaps) if gaps.count() == 0 => {
                Column::Numbers(rows.iter().map(|row| values[*row as usize]).collect(), Gaps::default())
            }
            Column::Numbers(values, gaps) => {
                let mut found = Column::Empty;
                for (n, row) in rows.iter().enumerate().filter(|(_, row)| !gaps.has(**row as usize)) {
                    found.number(n, values[*row as usize]);
                }
                found.close(rows.len());
                found
            }
            Column::Words(codes) => Column::Words(rows.iter().map(|row| codes[*row as usize]).collect()),
            Column::Empty | Column::Texts(..) | Column::Ids(..) | Column::Same(_) => Column::Empty,
        }
    }

    /// Add so many rows of another part of the same column to so many.
    pub fn append(&mut self, rows: usize, more: Column, count: usize) {
        match more {
            Column::Empty | Column::Ids(..) | Column::Same(_) => {}
            Column::Numbers(values, gaps) => {
                let there = values.iter().enumerate().filter(|(n, _)| !gaps.has(*n));
                there.for_each(|(n, value)| self.number(rows + n, *value));
            }
            Column::Words(codes) => {
                let there = codes.iter().enumerate().filter(|(_, code)| **code >= 0);
                there.for_each(|(n, code)| self.word(rows + n, *code as u32));
            }
            Column::Texts(ends, bytes, gaps) => {
                let mut start = 0;
                for (n, end) in ends.iter().enumerate() {
                    if !gaps.has(n) {
                        self.text(rows + n, &bytes[start..*end as usize]);
                    }
                    start = *end as usize;
                }
            }
        }
        self.close(rows + count);
    }
}

/// The rows of one event in a chunk, and its own columns.
#[derive(Default)]
pub struct EventRows {
    pub rows: Vec<u32>,
    pub columns: Vec<Column>,
    pub groups: Vec<GroupRows>,
}

/// By row the number of a text of a group: its values get into their columns when the chunk is closed.
pub struct GroupRows {
    pub group: usize,
    /// The columns' places, and which of the values of a text each gets.
    pub columns: Box<[(u16, u16)]>,
    pub ids: Vec<u32>,
}

impl EventRows {
    /// Set what text of a group a row has.
    #[inline(always)]
    pub fn id(&mut self, group: usize, columns: &[(u16, u16)], row: usize, id: u32) {
        match self.groups.iter_mut().find(|one| one.group == group) {
            Some(known) if known.ids.len() == row => known.ids.push(id),
            Some(known) => known.put(row, id),
            None => {
                let mut new = GroupRows { group, columns: columns.into(), ids: Vec::new() };
                new.put(row, id);
                self.groups.push(new);
            }
        }
    }

    /// Fill up with nulls. `word`: of a text of a group the word of one of its values, -1 if it has none.
    pub fn close(&mut self, word: impl Fn(usize, u32, usize) -> i32) {
        let rows = self.rows.len();
        for column in &mut self.columns {
            column.close(rows);
        }
        for GroupRows { group, columns, mut ids } in std::mem::take(&mut self.groups) {
            ids.resize(rows, NO_ID);
            let ids = Arc::new(ids);
            for (place, part) in columns {
                let part = usize::from(part);
                let column = &mut self.columns[usize::from(place)];
                if let Column::Empty = column {
                    *column = Column::Ids(ids.clone(), Known::Text { group, part });
                    continue;
                }
                // Texts of several kinds are in the column.
                if let Column::Ids(others, Known::Text { group, part }) = column {
                    let known = |id: &u32| if *id == NO_ID { -1 } else { word(*group, *id, *part) };
                    *column = Column::Words(others.iter().map(known).collect());
                }
                if let Column::Words(codes) = column {
                    let empty = codes.iter_mut().zip(&*ids).filter(|(code, id)| **code < 0 && **id != NO_ID);
                    empty.for_each(|(code, id)| *code = word(group, *id, part));
                }
            }
        }
    }
}

impl GroupRows {
    #[cold]
    fn put(&mut self, row: usize, id: u32) {
        if self.ids.len() <= row {
            self.ids.resize(row, NO_ID);
            self.ids.push(id);
        }
    }
}

/// What every entry has.
#[derive(Default)]
pub struct CommonRows {
    pub time: Column,
    pub class: Vec<u32>,
    pub line: Vec<u32>,
    pub caller: Column,
    pub thread: Column,
    pub epoch: Column,
    pub message: Column,
    pub envoy_connection: Column,
    pub envoy_stream: Column,
}

impl CommonRows {
    pub fn len(&self) -> usize {
        self.line.len()
    }

    /// Make room for so many rows.
    pub fn reserve(&mut self, rows: usize) {
        self.time = Column::Numbers(Vec::with_capacity(rows), Gaps::default());
        self.class.reserve(rows);
        self.line.reserve(rows);
    }

    /// Fill up with nulls.
    pub fn close(&mut self) {
        let rows = self.len();
        for column in [
            &mut self.time,
            &mut self.caller,
            &mut self.thread,
            &mut self.epoch,
            &mut self.message,
            &mut self.envoy_connection,
            &mut self.envoy_stream,
        ] {
            column.close(rows);
        }
    }
}
