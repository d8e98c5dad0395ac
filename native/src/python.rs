//! The classes that Python sees.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyCapsule};

use crate::arrow::{Array, FfiArray, FfiSchema};
use crate::assemble::Assembly as Tables;
use crate::catalog::{Catalog as Formats, place};
use crate::chunk::{Piece as Parsed, Source, Worker as Parser};
use crate::data::CatalogData;

/// A number that no other worker has.
pub fn next_number() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The catalogue, compiled.
#[pyclass(frozen, module = "istiolog_pd.engine._native")]
struct Catalog(Arc<Formats>);

#[pymethods]
impl Catalog {
    #[new]
    fn new(data: CatalogData) -> PyResult<Catalog> {
        Ok(Catalog(Arc::new(Formats::new(data)?)))
    }
}

/// Reads chunks, one at a time; knows the texts of earlier ones.
#[pyclass(frozen, module = "istiolog_pd.engine._native")]
struct Worker {
    catalog: Arc<Formats>,
    parser: Mutex<Parser>,
}

/// Some bytes of a block: whole entries.
type Segment<'py> = (Bound<'py, PyBytes>, usize, usize);

fn texts<'a>(segments: &'a [Segment<'_>]) -> PyResult<Vec<&'a [u8]>> {
    let text = |(block, start, end): &'a Segment| block.as_bytes().get(*start..*end);
    let found: Option<Vec<&[u8]>> = segments.iter().map(text).collect();
    found.ok_or_else(|| PyValueError::new_err("a segment outside of its block"))
}

#[pymethods]
impl Worker {
    #[new]
    fn new(catalog: &Catalog) -> Worker {
        let parser = Mutex::new(Parser::new(&catalog.0, next_number()));
        Worker { catalog: catalog.0.clone(), parser }
    }

    /// Read a chunk.
    fn parse(
        &self,
        py: Python<'_>,
        segments: Vec<Segment<'_>>,
        component: &str,
        second_opinion: bool,
        messages: bool,
    ) -> PyResult<Piece> {
        let component = place(&self.catalog.components, component)? as u8;
        let source = Source { component, second_opinion, messages };
        let texts = texts(&segments)?;
        let parsed = py.detach(|| locked(&self.parser).parse(&self.catalog, &texts, source))?;
        Ok(Piece::of(parsed, &self.catalog))
    }

    /// Of the first entries of a chunk, at most so many, those that only istiod, a sidecar or ztunnel writes; and all.
    fn sample(&self, py: Python<'_>, segments: Vec<Segment<'_>>, most: usize) -> PyResult<(u64, u64, u64, usize)> {
        let texts = texts(&segments)?;
        let (counts, seen) = py.detach(|| locked(&self.parser).sample(&self.catalog, &texts, most));
        Ok((counts[0], counts[1], counts[2], seen))
    }
}

/// What was read of a chunk; an assembly takes it in.
#[pyclass(frozen, module = "istiolog_pd.engine._native")]
struct Piece {
    parsed: Mutex<Option<Parsed>>,
    #[pyo3(get)]
    lines: u64,
    #[pyo3(get)]
    entries: usize,
    #[pyo3(get)]
    recognised: bool,
    /// Whether its last line has its line end.
    #[pyo3(get)]
    complete: bool,
    /// The event of its last entry.
    #[pyo3(get)]
    last_event: String,
    /// First line and number of lines with NUL bytes, with bytes that are no UTF-8, of broken JSON, and of no time.
    #[pyo3(get)]
    damage: [(u64, u64); 4],
    /// By component how many lines its statements have matched.
    #[pyo3(get)]
    matches: Vec<(String, u64)>,
}

impl Piece {
    fn of(parsed: Parsed, catalog: &Formats) -> Piece {
        let damage = [parsed.damage.nul, parsed.damage.no_utf8, parsed.damage.broken_json, parsed.no_time];
        Piece {
            lines: parsed.lines,
            entries: parsed.common.len(),
            recognised: parsed.recognised,
            complete: parsed.complete,
            last_event: parsed
                .last_event
                .map_or(String::new(), |event| catalog.events[usize::from(event)].name.clone()),
            damage: damage.map(|one| (one.line, one.lines)),
            matches: catalog.components.iter().cloned().zip(parsed.matches.iter().copied()).collect(),
            parsed: Mutex::new(Some(parsed)),
        }
    }
}

/// Puts pieces together, in the order of their source.
#[pyclass(frozen, module = "istiolog_pd.engine._native")]
struct Assembly {
    catalog: Arc<Formats>,
    tables: Mutex<Tables>,
}

#[pymethods]
impl Assembly {
    #[new]
    fn new(catalog: &Catalog, source: String, common: Vec<String>, keys: Vec<String>) -> Assembly {
        let tables = Mutex::new(Tables::new(catalog.0.clone(), source, common, keys));
        Assembly { catalog: catalog.0.clone(), tables }
    }

    /// Take in the next piece, which is used up.
    fn add(&self, py: Python<'_>, piece: &Piece) -> PyResult<()> {
        let parsed = locked(&piece.parsed).take();
        let parsed = parsed.ok_or_else(|| PyValueError::new_err("a piece is taken in once"))?;
        py.detach(|| locked(&self.tables).add(parsed));
        Ok(())
    }

    /// Begin another source, whose entries follow in the same tables; its name is new.
    fn begin_source(&self, py: Python<'_>, source: String) {
        py.detach(|| locked(&self.tables).begin_source(source));
    }

    /// Entries in the tables so far; those that wait for their year are not counted.
    #[getter]
    fn entries(&self) -> usize {
        locked(&self.tables).entries
    }

    /// The record batches of all entries and of each event so far; new tables are begun.
    fn take(&self, py: Python<'_>, last: bool) -> PyResult<Taken> {
        let mut built = py.detach(|| locked(&self.tables).take(last))?.into_iter();
        let batches = |arrays: Vec<Array>| arrays.into_iter().map(Batch).collect::<Vec<_>>();
        let common = built.next().flatten().map_or(Vec::new(), batches);
        let events = self.catalog.events.iter().zip(built);
        let events = events.filter_map(|(event, arrays)| Some((event.name.clone(), batches(arrays?))));
        Ok((common, events.collect()))
    }
}

/// The record batches of all entries, and of each event by its name.
type Taken = (Vec<Batch>, Vec<(String, Vec<Batch>)>);

/// A record batch, for whoever knows Arrow's PyCapsule interface.
#[pyclass(frozen, module = "istiolog_pd.engine._native")]
struct Batch(Array);

#[pymethods]
impl Batch {
    #[pyo3(signature = (requested_schema=None))]
    fn __arrow_c_array__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<Bound<'py, PyAny>>,
    ) -> PyResult<(Bound<'py, PyCapsule>, Bound<'py, PyCapsule>)> {
        let _ = requested_schema; // there is no other
        let schema = PyCapsule::new(py, FfiSchema::of(&self.0), Some(c"arrow_schema".to_owned()))?;
        let array = PyCapsule::new(py, FfiArray::of(&self.0), Some(c"arrow_array".to_owned()))?;
        Ok((schema, array))
    }
}

#[pymodule]
fn _native(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("__version__", env!("CARGO_PKG_VERSION"))?;
    module.add_class::<Catalog>()?;
    module.add_class::<Worker>()?;
    module.add_class::<Piece>()?;
    module.add_class::<Assembly>()?;
    module.add_class::<Batch>()
}
