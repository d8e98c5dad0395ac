//! Lines that are a JSON object: which layout's, and the entry that it makes.

use pyo3::PyResult;

use crate::catalog::{Known, NONE};
use crate::data::JsonLayoutData;
use crate::entry::{Body, Entry, More, Text, Time};
use crate::head_cache::HeadCache;
use crate::headers::{Heads, clock, is_envoy, optional};
use crate::json::{Json, Object, at, get, parse};
use crate::pattern::Scratch;
use crate::shapes::ShapeBuilder;
use crate::times::Clock;

pub struct JsonLayout {
    pub own: bool,
    time: Vec<u8>,
    level: Vec<u8>,
    scope: Vec<u8>,
    message: Vec<u8>,
    stack: Vec<u8>,
    needs: Vec<u8>,
    event: Option<usize>,
    component: u8,
    clock: Clock,
    /// If there are any, all that an object of this layout can have.
    keys: Vec<Vec<u8>>,
    fields: Vec<Vec<u8>>,
    /// The shape of its rows, if it says which keys are columns.
    pub shape: Option<usize>,
}

/// What a line that looks like a JSON object turned out to be.
#[derive(Default)]
pub struct JsonLine {
    pub entry: Option<Entry>,
    pub broken: bool,
}

impl JsonLayout {
    pub fn new(
        data: JsonLayoutData,
        builder: &mut ShapeBuilder,
        events: &[String],
        components: &[String],
        months: &[String],
    ) -> PyResult<JsonLayout> {
        let event = optional(events, &data.event)?;
        let shape = match event {
            Some(event) if !data.fields.is_empty() => Some(builder.shape(event, None, &data.fields)?),
            _ => None,
        };
        Ok(JsonLayout {
            own: data.own,
            time: data.time.into(),
            level: data.level.into(),
            scope: data.scope.into(),
            message: data.message.into(),
            stack: data.stack.into(),
            needs: data.needs.into(),
            event,
            component: optional(components, &data.component)?.map_or(NONE, |at| at as u8),
            clock: clock(&data.clock, &data.clock_pattern, months)?,
            keys: data.keys.into_iter().map(String::into_bytes).collect(),
            fields: data.fields.iter().map(|(key, _, _)| key.clone().into_bytes()).collect(),
            shape,
        })
    }

    fn is_of(&self, object: &Object) -> bool {
        if !self.keys.is_empty() {
            return !object.is_empty() && object.iter().all(|(key, _)| self.keys.iter().any(|known| **known == **key));
        }
        let or_time = |key: &Vec<u8>| get(object, if key.is_empty() { &self.time } else { key }).is_some();
        or_time(&self.time) && or_time(&self.message) && or_time(&self.needs)
    }

    fn entry(
        &self,
        number: usize,
        object: &Object,
        line: (usize, usize),
        lines: &JsonLines,
        cache: &HeadCache,
        scratch: &mut Scratch,
    ) -> Entry {
        let text = |key: &[u8]| {
            let mut out = Vec::new();
            if let Some(value) = get(object, key).filter(|value| !value.is_nothing()) {
                value.print(&mut out);
            }
            out
        };
        let written = text(&self.scope);
        let (mut scope, mut component) = (if written.is_empty() { None } else { Some(&written[..]) }, self.component);
        if is_envoy(&written, &lines.known.envoy_loggers) {
            (component, scope) = (lines.known.envoy, scope.map(|scope| scope.strip_prefix(b"envoy ").unwrap_or(scope)));
        }
        let scope = scope.map_or(Text::None, |scope| Text::Owned(scope.into()));
        let caller = text(b"caller");
        let time = if matches!(self.clock, Clock::None) {
            Time::None
        } else {
            let mut written = Vec::new();
            at(object, &self.time).unwrap_or(&Json::Null).print(&mut written);
            Time::of(&written, cache.clocks.time(&self.clock, &written, scratch))
        };
        let mut fields = Vec::new();
        for (number, key) in self.fields.iter().enumerate() {
            if let Some(value @ (Json::Text(_) | Json::Bool(_))) = at(object, key) {
                let mut out = Vec::new();
                value.print(&mut out);
                fields.push((number, out));
            }
        }
        let mut entry = Entry {
            json_layout: Some(number as u16),
            time,
            level: lines.heads.level_of_any_case(&text(&self.level)),
            scope,
            component,
            event: self.event.map(|event| event as u16),
            caller: if caller.is_empty() { Text::None } else { Text::Owned(caller.into()) },
            takes_lines: false,
            more: (!fields.is_empty()).then(|| Box::new(More { fields, ..More::default() })),
            ..Entry::of(line.0, line.1)
        };
        if !self.message.is_empty() {
            entry.body = Body::Owned(self.message_of(object));
        }
        entry
    }

    /// The message, the keys that are not the header's as labels behind it, and the stack.
    fn message_of(&self, object: &Object) -> Vec<u8> {
        let mut out = Vec::new();
        if let Some(message) = get(object, &self.message) {
            message.print(&mut out);
        }
        let mut own: Vec<&[u8]> = vec![&self.time, &self.level, &self.scope, &self.message, &self.stack, b"caller"];
        let mut sign = b'\t';
        for (key, value) in object {
            let before = own.len();
            own.retain(|one| *one != &**key);
            if own.len() < before {
                continue;
            }
            out.push(sign);
            sign = b' ';
            out.extend_from_slice(key);
            out.push(b'=');
            value.print(&mut out);
        }
        if let Some(stack) = get(object, &self.stack) {
            out.push(b'\n');
            stack.print(&mut out);
        }
        out
    }
}

/// What is needed to read JSON lines.
pub struct JsonLines<'c> {
    pub layouts: &'c [JsonLayout],
    pub heads: &'c Heads,
    pub known: &'c Known,
}

impl JsonLines<'_> {
    /// The entry of a line that is a JSON object with a header's keys.
    pub fn read(&self, text: &[u8], span: (usize, usize), cache: &HeadCache, scratch: &mut Scratch) -> JsonLine {
        let line = &text[span.0..span.1];
        let Some(object) = parse(line) else { return self.broken(text, span, cache, scratch) };
        let found = self.layouts.iter().enumerate().find(|(_, layout)| layout.is_of(&object));
        let entry = found.map(|(number, layout)| layout.entry(number, &object, span, self, cache, scratch));
        JsonLine { entry, broken: false }
    }

    /// JSON that Envoy of Istio 1.8 and 1.9 wrote without escaping the message.
    fn broken(&self, text: &[u8], span: (usize, usize), cache: &HeadCache, scratch: &mut Scratch) -> JsonLine {
        let line = &text[span.0..span.1];
        let pattern = &self.heads.broken_json;
        if pattern.matches(line, 0, scratch).is_none() {
            let keys: [&[u8]; 3] = [b"\"msg\"", b"\"level\"", b"\"severity\""];
            let broken = line.starts_with(b"{\"") && keys.iter().any(|key| memchr::memmem::find(line, key).is_some());
            return JsonLine { entry: None, broken };
        }
        let group = |name: &str| {
            let (_, number) = pattern.names.iter().find(|(known, _)| known == name)?;
            let (start, end) = scratch.group(*number)?;
            (start < end).then(|| &line[start..end])
        };
        let owned = |text: Option<&[u8]>| text.map_or(Text::None, |text| Text::Owned(text.into()));
        let mut message = group("message").unwrap_or(b"").to_vec();
        if let Some(thread) = group("thread") {
            message.extend_from_slice(b"\tthread=");
            message.extend_from_slice(thread);
        }
        let scope = group("scope").map(|scope| scope.strip_prefix(b"envoy ").unwrap_or(scope));
        let (level, caller) = (group("level").unwrap_or(b""), owned(group("caller")));
        let time = group("time").unwrap_or(b"").to_vec();
        let entry = Entry {
            json_layout: self.layouts.iter().position(|layout| !layout.own).map(|at| at as u16),
            time: Time::None,
            level: self.heads.level_of_any_case(level),
            scope: owned(scope.filter(|scope| !scope.is_empty())),
            component: self.known.envoy,
            caller,
            takes_lines: false,
            body: Body::Owned(message),
            ..Entry::of(span.0, span.1)
        };
        let time = Time::of(&time, cache.clocks.time(&Clock::Iso, &time, scratch));
        JsonLine { entry: Some(Entry { time, ..entry }), broken: false }
    }
}
