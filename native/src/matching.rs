//! Messages -> the formats that matched them: by a path that others took, else by trees of what they begin with.

use crate::catalog::{Catalog, NONE, start_key};
use crate::matcher::Matcher;
use crate::path::Path;
use crate::program::{Message, walk};

/// What of an entry decides which formats its message can be of.
#[derive(Clone, Copy)]
pub struct Asked<'a> {
    pub component: u8,
    pub level: u8,
    pub scope: &'a [u8],
    pub event: Option<usize>,
    pub by_start: bool,
}

impl Catalog {
    /// The trees of the formats that begin as a message does, the longest beginnings first.
    pub fn starts(&self, component: u8, text: &[u8], trees: &mut Vec<usize>) {
        let starts = &self.dispatch[component as usize].starts;
        let sizes = self.start_sizes.iter().filter(|size| **size <= text.len());
        trees.extend(sizes.filter_map(|size| starts.get(&start_key(text, *size))));
    }

    /// The format that matches a message; its fields are in `matcher`.
    pub fn find_match(&self, asked: Asked, text: &[u8], matcher: &mut Matcher) -> Option<usize> {
        let format = self.match_by_path(asked, text, matcher);
        matcher.expand();
        format
    }

    /// The same; of a message that takes a path there are only the fields that the path does not know.
    pub fn match_by_path(&self, asked: Asked, text: &[u8], matcher: &mut Matcher) -> Option<usize> {
        matcher.starts.hit = None;
        let message = Message::new(text);
        let accept = |number: usize| !self.formats[number].needs_scope || self.in_scope(number, asked);
        let Matcher { found, starts, .. } = matcher;
        if let Some(event) = asked.event {
            let tree = *self.by_event.get(&(asked.component as usize, event))?;
            return walk(&self.trees[tree], &self.kinds, &message, found, &accept);
        }
        let (place, start) = starts.of(self, asked.component, text);
        for n in 0..start.paths.len() {
            if start.paths[n].fits(&self.kinds, &message, found) {
                let format = start.paths[n].format;
                start.paths.swap(n, n / 2);
                starts.hit = Some((place, n / 2));
                return Some(format);
            }
        }
        for n in 0..start.trees.len() {
            if let Some(format) = walk(&self.trees[start.trees[n]], &self.kinds, &message, found, &accept) {
                if n == 0 && !self.formats[format].needs_scope {
                    start.learn(self, &message, format);
                }
                return Some(format);
            }
        }
        if asked.by_start {
            return None;
        }
        let dispatch = &self.dispatch[asked.component as usize];
        for free in &dispatch.free {
            if free.sign.find(text).is_some()
                && let Some(format) = walk(&free.tree, &self.kinds, &message, found, &accept)
            {
                return Some(format);
            }
        }
        let accept = |number: usize| self.in_scope(number, asked);
        walk(&dispatch.fallback, &self.kinds, &message, found, &accept)
    }

    /// The path of a message through a tree to the format that matched it.
    pub fn path(&self, tree: usize, message: &Message, format: usize) -> Option<Path> {
        Path::find(&self.trees[tree], &self.kinds, message, format)
    }

    /// What a user's own access format makes of a message.
    pub fn match_own(&self, text: &[u8], matcher: &mut Matcher) -> Option<usize> {
        walk(self.own.as_ref()?, &self.kinds, &Message::new(text), &mut matcher.found, &|_| true)
    }

    fn in_scope(&self, number: usize, asked: Asked) -> bool {
        let format = &self.formats[number];
        let scope: &[u8] = if asked.scope.is_empty() { b"default" } else { asked.scope };
        asked.level != NONE && format.levels >> asked.level & 1 == 1 && format.scopes.iter().any(|one| **one == *scope)
    }
}
