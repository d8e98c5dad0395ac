//! The catalogue as Python hands it over: see `engine/catalog_data.py`, which says what each part is.

use std::collections::HashMap;

use pyo3::prelude::*;
use pyo3::types::{PyList, PyString, PyTuple};

use crate::kinds::KindData;
use crate::program::Token;
use crate::second::SecondData;

#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub struct CatalogData<'py> {
    pub kinds: Vec<KindData<'py>>,
    /// Name and type of each column.
    pub columns: Vec<(String, String)>,
    /// Name of each event, and the columns of its own.
    pub events: Vec<(String, Vec<String>)>,
    pub components: Vec<String>,
    pub levels: Vec<String>,
    /// What headers write -> level.
    pub level_words: HashMap<String, String>,
    pub formats: Vec<FormatData<'py>>,
    /// The order in which formats are tried.
    pub order: Vec<usize>,
    pub start_sizes: Vec<usize>,
    pub labels: Vec<LabelData>,
    pub labelled: Vec<String>,
    pub layouts: Vec<LayoutData>,
    pub json_layouts: Vec<JsonLayoutData>,
    pub own_format: Option<FormatData<'py>>,
    pub agent_scopes: Vec<String>,
    pub envoy_loggers: Vec<String>,
    pub xds_types: HashMap<String, String>,
    pub grpc_codes: HashMap<String, i64>,
    pub inner_header: String,
    pub inner_sign: String,
    pub inner_sign_at: usize,
    pub broken_json: String,
    /// What Envoy prints before a message about a connection or a stream.
    pub envoy_ids: String,
    pub gc: GcData,
    pub months: Vec<String>,
    pub second: SecondData<'py>,
}

/// Key, column and kind of a label that is a column.
pub type LabelData = (String, String, usize);

#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub struct FormatData<'py> {
    pub component: String,
    pub event: String,
    pub tokens: Bound<'py, PyList>,
    /// Column and kind of each field that is kept.
    pub fields: Vec<(String, usize)>,
    pub levels: Vec<String>,
    pub scopes: Vec<String>,
    pub sets: Vec<(String, Bound<'py, PyAny>)>,
    pub labels: Vec<LabelData>,
    pub event_with: Vec<(String, String)>,
    pub needs_scope: bool,
    pub is_fallback: bool,
    /// What its statements are found by; empty: it has none.
    pub key: String,
    /// The texts that its messages can begin with, and one that all of them hold.
    pub starts: Vec<String>,
    pub sign: String,
}

#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub struct LayoutData {
    pub name: String,
    pub pattern: String,
    pub starts: String,
    pub clock: String,
    /// Of another clock the expression of its times.
    pub clock_pattern: String,
    pub event: String,
    pub component: String,
    pub keeps: bool,
    pub takes_lines: bool,
    pub tabs_lost: bool,
    pub own: bool,
    /// The layouts whose open entry takes a line of this one in (`*`: of any).
    pub joins: Vec<String>,
}

#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub struct JsonLayoutData {
    pub own: bool,
    pub time: String,
    pub level: String,
    pub scope: String,
    pub message: String,
    pub stack: String,
    pub needs: String,
    pub event: String,
    pub component: String,
    pub clock: String,
    pub clock_pattern: String,
    pub keys: Vec<String>,
    pub fields: Vec<LabelData>,
}

#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub struct GcData {
    pub layout: String,
    pub pieces: Vec<String>,
    pub tails: Vec<Vec<String>>,
    pub forced: String,
    pub patience: u64,
}

/// The tokens of a template: a text, a tuple of whether it is kept and its kind, or a list of alternatives.
pub fn tokens(list: &Bound<'_, PyList>) -> PyResult<Vec<Token>> {
    list.iter()
        .map(|one| {
            if let Ok(text) = one.cast::<PyString>() {
                return Ok(Token::Literal(text.extract()?));
            }
            if let Ok(field) = one.cast::<PyTuple>() {
                let (kept, kind) = field.extract()?;
                return Ok(Token::Field { kept, kind });
            }
            let choices = one.cast::<PyList>()?;
            let choices = choices.iter().map(|choice| tokens(choice.cast::<PyList>()?));
            Ok(Token::Maybe(choices.collect::<PyResult<_>>()?))
        })
        .collect()
}
