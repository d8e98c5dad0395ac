//! Columns -> Arrow arrays, handed over by Arrow's C data interface. The only module with `unsafe` code.
//!
//! An array owns its memory (`Arc`s of vectors, which never move); what is exported holds them until the
//! consumer calls `release`, once, as the interface demands. Nothing is ever read through a pointer here.

use std::collections::HashMap;
use std::ffi::{CStr, CString, c_char, c_void};
use std::ptr::null_mut;
use std::sync::Arc;

use crate::columns::{Column, Gaps};
use crate::dictionary::Texts;

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub enum DataType {
    Timestamp,
    Duration,
    Int64,
    Boolean,
    Text,
    /// Numbers of 32 bits into a dictionary of texts.
    Words,
    Struct,
}

impl DataType {
    fn format(self) -> &'static CStr {
        match self {
            DataType::Timestamp => c"tsn:UTC",
            DataType::Duration => c"tDn",
            DataType::Int64 => c"l",
            DataType::Boolean => c"b",
            DataType::Text => c"u",
            DataType::Words => c"i",
            DataType::Struct => c"+s",
        }
    }
}

trait Memory: Send + Sync {
    fn start(&self) -> *const c_void;
}

impl<T: Send + Sync> Memory for Vec<T> {
    fn start(&self) -> *const c_void {
        self.as_ptr().cast()
    }
}

type Buffer = Option<Arc<dyn Memory>>;

/// An Arrow array: its rows, nulls and memory.
#[derive(Clone)]
pub struct Array {
    kind: DataType,
    rows: usize,
    nulls: usize,
    buffers: Vec<Buffer>,
    children: Vec<Array>,
    names: Arc<Vec<CString>>,
    dictionary: Option<Arc<Array>>,
}

fn buffer<T: Send + Sync + 'static>(values: Vec<T>) -> Buffer {
    Some(Arc::new(values))
}

fn all_valid(rows: usize) -> Vec<u8> {
    vec![u8::MAX; rows.div_ceil(8)]
}

/// The validity of rows: nothing if all of them have a value.
fn validity(rows: usize, gaps: &Gaps) -> (Buffer, usize) {
    let nulls = gaps.count();
    if nulls == 0 {
        return (None, 0);
    }
    let mut bits = all_valid(rows);
    gaps.clear_in(&mut bits);
    (buffer(bits), nulls)
}

/// Some texts of a dictionary as an array; nothing if they are more than its 32 bits can count.
pub fn words_array(texts: &Texts, order: &[u32]) -> Option<Array> {
    let (mut bytes, mut ends) = (Vec::new(), Vec::with_capacity(order.len() + 1));
    ends.push(0i32);
    for number in order {
        bytes.extend_from_slice(texts.get(*number as usize));
        ends.push(i32::try_from(bytes.len()).ok()?);
    }
    Some(Array::new(DataType::Text, order.len(), 0, vec![None, buffer(ends), buffer(bytes)]))
}

impl Array {
    fn new(kind: DataType, rows: usize, nulls: usize, buffers: Vec<Buffer>) -> Array {
        let names = Arc::new(Vec::new());
        Array { kind, rows, nulls, buffers, children: Vec::new(), names, dictionary: None }
    }

    /// A column as an array; columns of one value, or of none, share their memory.
    pub fn of(column: Column, rows: usize, kind: DataType, repeated: &mut Repeated) -> Array {
        match column {
            Column::Empty | Column::Ids(..) | Column::Same(_) => repeated.nulls(rows, kind),
            Column::Numbers(values, gaps) if gaps.count() == 0 && is_one(&values) => {
                repeated.of(rows, kind, values[0], || match kind {
                    DataType::Boolean => buffer(packed(&values)),
                    _ => buffer(values),
                })
            }
            Column::Words(codes) if is_one(&codes) && codes[0] < 0 => repeated.nulls(rows, kind),
            Column::Words(codes) if is_one(&codes) => repeated.of(rows, kind, i64::from(codes[0]), || buffer(codes)),
            Column::Numbers(values, gaps) => {
                let (valid, nulls) = validity(rows, &gaps);
                let values = if kind == DataType::Boolean { buffer(packed(&values)) } else { buffer(values) };
                Array::new(kind, rows, nulls, vec![valid, values])
            }
            Column::Words(mut codes) => {
                let nulls = codes.iter().map(|code| usize::from(*code < 0)).sum();
                let mut valid = None;
                if nulls > 0 {
                    let mut bits = all_valid(rows);
                    for (row, code) in codes.iter_mut().enumerate().filter(|(_, code)| **code < 0) {
                        *code = 0;
                        bits[row >> 3] &= !(1 << (row & 7));
                    }
                    valid = buffer(bits);
                }
                Array::new(kind, rows, nulls, vec![valid, buffer(codes)])
            }
            Column::Texts(ends, mut bytes, gaps) => {
                let (valid, nulls) = validity(rows, &gaps);
                let mut offsets = Vec::with_capacity(rows + 1);
                offsets.push(0);
                offsets.extend(ends);
                bytes.shrink_to_fit();
                Array::new(kind, rows, nulls, vec![valid, buffer(offsets), buffer(bytes)])
            }
        }
    }

    fn of_nulls(rows: usize, kind: DataType) -> Array {
        let none = buffer(vec![0u8; rows.div_ceil(8)]);
        let buffers = match kind {
            DataType::Text => vec![none, buffer(vec![0i32; rows + 1]), buffer(Vec::<u8>::new())],
            DataType::Words => vec![none, buffer(vec![0i32; rows])],
            DataType::Boolean => vec![none.clone(), none],
            _ => vec![none, buffer(vec![0i64; rows])],
        };
        Array::new(kind, rows, rows, buffers)
    }

    /// A record batch of columns and their dictionaries.
    pub fn of_columns(
        rows: usize,
        mut children: Vec<Array>,
        dictionaries: &[Option<Arc<Array>>],
        names: &[String],
    ) -> Array {
        children.iter_mut().zip(dictionaries).for_each(|(column, words)| column.dictionary.clone_from(words));
        let names = names.iter().map(|name| CString::new(name.as_str()).unwrap_or_default()).collect();
        Array { children, names: Arc::new(names), ..Array::new(DataType::Struct, rows, 0, vec![None]) }
    }
}

/// Whether all of some values are one; there is one at least.
fn is_one<T: PartialEq>(values: &[T]) -> bool {
    !values.is_empty() && values[1..] == values[..values.len() - 1]
}

/// Arrays of one value, or of none, by their kind: shorter ones share the memory of the longest.
#[derive(Default)]
pub struct Repeated(HashMap<(DataType, Option<i64>), Array>);

impl Repeated {
    fn nulls(&mut self, rows: usize, kind: DataType) -> Array {
        self.longest(rows, (kind, None), || Array::of_nulls(rows, kind))
    }

    fn of(&mut self, rows: usize, kind: DataType, value: i64, values: impl FnOnce() -> Buffer) -> Array {
        self.longest(rows, (kind, Some(value)), || Array::new(kind, rows, 0, vec![None, values()]))
    }

    fn longest(&mut self, rows: usize, key: (DataType, Option<i64>), made: impl FnOnce() -> Array) -> Array {
        let known = self.0.get(&key).filter(|known| known.rows >= rows).cloned();
        let array = known.unwrap_or_else(|| {
            let new = made();
            self.0.insert(key, new.clone());
            new
        });
        Array { rows, nulls: if key.1.is_none() { rows } else { 0 }, ..array }
    }

    pub fn clear(&mut self) {
        self.0.clear();
    }
}

fn packed(values: &[i64]) -> Vec<u8> {
    let mut bits = vec![0; values.len().div_ceil(8)];
    for (row, _) in values.iter().enumerate().filter(|(_, value)| **value != 0) {
        bits[row >> 3] |= 1 << (row & 7);
    }
    bits
}

/// `struct ArrowSchema` of the C data interface.
#[repr(C)]
pub struct FfiSchema {
    format: *const c_char,
    name: *const c_char,
    metadata: *const c_char,
    flags: i64,
    count: i64,
    children: *mut *mut FfiSchema,
    dictionary: *mut FfiSchema,
    release: Option<unsafe extern "C" fn(*mut FfiSchema)>,
    private: *mut c_void,
}

/// `struct ArrowArray` of the C data interface.
#[repr(C)]
pub struct FfiArray {
    length: i64,
    null_count: i64,
    offset: i64,
    n_buffers: i64,
    n_children: i64,
    buffers: *mut *const c_void,
    children: *mut *mut FfiArray,
    dictionary: *mut FfiArray,
    release: Option<unsafe extern "C" fn(*mut FfiArray)>,
    private: *mut c_void,
}

/// What an exported schema or array owns: freed by its `release`.
struct Owned<T> {
    _memory: Vec<Buffer>,
    _names: Option<CString>,
    pointers: Vec<*const c_void>,
    children: Vec<*mut T>,
    dictionary: *mut T,
}

const NULLABLE: i64 = 2;

// SAFETY: the structures are only moved, and their pointers are to memory that they own or that is static.
unsafe impl Send for FfiSchema {}
// SAFETY: as above; the memory is that of vectors which nothing writes to any more.
unsafe impl Send for FfiArray {}

impl FfiSchema {
    pub fn of(array: &Array) -> FfiSchema {
        FfiSchema::named(array, CString::default())
    }

    fn named(array: &Array, name: CString) -> FfiSchema {
        let children = array.children.iter().zip(array.names.iter());
        let children = children.map(|(child, name)| Box::into_raw(Box::new(FfiSchema::named(child, name.clone()))));
        let mut owned = Box::new(Owned {
            _memory: Vec::new(),
            pointers: Vec::new(),
            children: children.collect(),
            dictionary: array.dictionary.as_ref().map_or(null_mut(), |of| Box::into_raw(Box::new(FfiSchema::of(of)))),
            _names: None,
        });
        let text = name.as_ptr();
        owned._names = Some(name); // moving a CString does not move its text
        FfiSchema {
            format: array.kind.format().as_ptr(),
            name: text,
            metadata: std::ptr::null(),
            flags: NULLABLE,
            count: owned.children.len() as i64,
            children: owned.children.as_mut_ptr(),
            dictionary: owned.dictionary,
            release: Some(release_schema),
            private: Box::into_raw(owned).cast(),
        }
    }
}

impl FfiArray {
    pub fn of(array: &Array) -> FfiArray {
        let child = |of: &Array| Box::into_raw(Box::new(FfiArray::of(of)));
        let mut owned = Box::new(Owned {
            pointers: array
                .buffers
                .iter()
                .map(|one| one.as_ref().map_or(std::ptr::null(), |one| one.start()))
                .collect(),
            _memory: array.buffers.clone(),
            children: array.children.iter().map(child).collect(),
            dictionary: array.dictionary.as_ref().map_or(null_mut(), |of| child(of)),
            _names: None,
        });
        FfiArray {
            length: array.rows as i64,
            null_count: array.nulls as i64,
            offset: 0,
            n_buffers: owned.pointers.len() as i64,
            n_children: owned.children.len() as i64,
            buffers: owned.pointers.as_mut_ptr(),
            children: owned.children.as_mut_ptr(),
            dictionary: owned.dictionary,
            release: Some(release_array),
            private: Box::into_raw(owned).cast(),
        }
    }
}

unsafe extern "C" fn release_schema(schema: *mut FfiSchema) {
    // SAFETY: the consumer gives back what `FfiSchema::named` made, once; a child that it has moved away has no `release`.
    unsafe {
        let owned = Box::from_raw((*schema).private.cast::<Owned<FfiSchema>>());
        (*schema).release = None;
        for child in owned.children.iter().copied().chain((!owned.dictionary.is_null()).then_some(owned.dictionary)) {
            drop(Box::from_raw(child));
        }
    }
}

unsafe extern "C" fn release_array(array: *mut FfiArray) {
    // SAFETY: as for schemas.
    unsafe {
        let owned = Box::from_raw((*array).private.cast::<Owned<FfiArray>>());
        (*array).release = None;
        for child in owned.children.iter().copied().chain((!owned.dictionary.is_null()).then_some(owned.dictionary)) {
            drop(Box::from_raw(child));
        }
    }
}

impl Drop for FfiSchema {
    fn drop(&mut self) {
        if let Some(release) = self.release {
            // SAFETY: nobody has taken it over, or `release` would be gone.
            unsafe { release(self) }
        }
    }
}

impl Drop for FfiArray {
    fn drop(&mut self) {
        if let Some(release) = self.release {
            // SAFETY: nobody has taken it over, or `release` would be gone.
            unsafe { release(self) }
        }
    }
}
