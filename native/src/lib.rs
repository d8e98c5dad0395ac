//! The native engine: bytes of logs -> Arrow tables, by the catalogue that Python hands over.
//!
//! How a byte becomes a column stands in `istiolog_pd/engine/README.md`.

#![deny(unsafe_code)]

#[allow(unsafe_code)]
mod arrow;
mod assemble;
mod catalog;
mod chunk;
mod columns;
mod data;
mod dictionary;
mod entries;
mod entry;
mod fill;
#[cfg(test)]
mod fuzz;
mod gc;
mod head_cache;
mod headers;
mod json;
mod json_lines;
mod kinds;
mod labels;
mod lines;
mod literal;
mod matcher;
mod matching;
mod naming;
mod numbers;
mod path;
mod pattern;
mod plan;
mod program;
mod python;
mod renumber;
mod rows;
mod second;
mod set;
mod shapes;
mod statement_index;
mod syntax;
mod template;
mod times;
mod values;
