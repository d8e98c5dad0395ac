//! Columns of a chunk while they are filled: a row is null until a value is there, and the first one counts.

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
        }
    }

    /// Some rows of numbers or words, or all; of a column that is closed.
    pub fn gather(&self, rows: Option<&[u32]>) -> Column {
        match (self, rows) {
            (Column::Numbers(values, gaps), None) => Column::Numbers(values.clone(), gaps.clone()),
            (Column::Numbers(values, gaps), Some(rows)) if gaps.count() == 0 => {
                Column::Numbers(rows.iter().map(|row| values[*row as usize]).collect(), Gaps::default())
            }
            (Column::Numbers(values, gaps), Some(rows)) => {
                let mut found = Column::Empty;
                for (n, row) in rows.iter().enumerate().filter(|(_, row)| !gaps.has(**row as usize)) {
                    found.number(n, values[*row as usize]);
                }
                found.close(rows.len());
                found
            }
            (Column::Words(codes), None) => Column::Words(codes.clone()),
            (Column::Words(codes), Some(rows)) => Column::Words(rows.iter().map(|row| codes[*row as usize]).collect()),
            (Column::Empty | Column::Texts(..), _) => Column::Empty,
        }
    }

    /// Add so many rows of another part of the same column to so many.
    pub fn append(&mut self, rows: usize, more: Column, count: usize) {
        match more {
            Column::Empty => {}
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
}

/// What every entry has.
#[derive(Default)]
pub struct CommonRows {
    pub time: Column,
    pub level: Vec<u8>,
    pub scope: Column,
    pub event: Vec<u8>,
    pub line: Vec<u32>,
    pub component: Vec<u8>,
    pub caller: Column,
    pub thread: Column,
    pub epoch: Column,
    pub message: Column,
    pub statement: Column,
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
        self.scope = Column::Words(Vec::with_capacity(rows));
        self.level.reserve(rows);
        self.event.reserve(rows);
        self.component.reserve(rows);
        self.line.reserve(rows);
    }

    /// Fill up with nulls.
    pub fn close(&mut self) {
        let rows = self.len();
        for column in [
            &mut self.time,
            &mut self.scope,
            &mut self.caller,
            &mut self.thread,
            &mut self.epoch,
            &mut self.message,
            &mut self.statement,
            &mut self.envoy_connection,
            &mut self.envoy_stream,
        ] {
            column.close(rows);
        }
    }
}
