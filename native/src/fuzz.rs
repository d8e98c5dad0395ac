//! Random texts, the same in each run: what is read of them is bounded, and what is quick says what is exact.
//!
//! `tests/fuzz.py` does the same with the engine as a whole.

use crate::dictionary::Dictionary;
use crate::json::parse;
use crate::labels::{Readings, gap, labels_in, split_labels};
use crate::lines::{Damages, cleaned, lines};
use crate::literal::Literal;
use crate::numbers::{duration, duration_end, integer, size, size_end};
use crate::set::{quick_hash, same};
use crate::times::Clocks;

const TEXTS: u64 = 20_000;
const WORDS: [&[u8]; 24] = [
    b"0",
    b"7",
    b"19",
    b"000",
    b"999999999999999",
    b".",
    b"-",
    b"kB",
    b"MB",
    b"ms",
    b"\xC2\xB5s",
    b"h",
    b"=",
    b"a=",
    b"\t",
    b" ",
    b"\n",
    b"\r",
    b"\0",
    b"\xFF",
    b"{\"a\":",
    b"[",
    b"}",
    b"2026-01-01T00:00:00.1Z",
];

/// Numbers that look random (splitmix64).
struct Chance(u64);

impl Chance {
    fn below(&mut self, most: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % most
    }

    fn text(&mut self) -> Vec<u8> {
        let count = self.below(9);
        (0..count).flat_map(|_| WORDS[self.below(WORDS.len() as u64) as usize].to_vec()).collect()
    }
}

fn texts() -> impl Iterator<Item = Vec<u8>> {
    (0..TEXTS).map(|seed| Chance(seed).text())
}

#[test]
fn lines_are_text_and_none_is_lost() {
    for raw in texts() {
        let mut damage = Damages::default();
        let text = cleaned(&raw, 0, &mut damage).into_owned();
        assert!(std::str::from_utf8(&text).is_ok(), "{raw:?}");
        assert_eq!(lines(&text).count(), lines(&raw).count(), "{raw:?}");
        assert!(damage.no_utf8.lines <= lines(&raw).count() as u64);
    }
}

#[test]
fn numbers_end_where_they_are_read_to() {
    for text in texts() {
        if let Some(end) = duration_end(&text, 0) {
            assert!(end <= text.len() && end > 0, "{text:?}");
        }
        if let Some(end) = size_end(&text, 0) {
            assert!(end <= text.len() && end > 0, "{text:?}");
        }
        let (_, _, _) = (duration(&text), integer(&text), Clocks::default().at_head(&text));
        parse(&text);
    }
}

#[test]
fn sizes_are_exact() {
    for seed in 0..TEXTS {
        let mut chance = Chance(seed);
        let (whole, tenth) = (chance.below(1 << (1 + seed % 40)), chance.below(10));
        let (unit, power) = [("kB", 1), ("MB", 2), ("B", 0), ("k", 1)][chance.below(4) as usize];
        let scale = 1000i128.pow(power);
        let exact = i128::from(whole) * scale + i128::from(tenth) * scale / 10;
        assert_eq!(
            size(format!("{whole}.{tenth}{unit}").as_bytes()).map(i128::from),
            i64::try_from(exact).ok().map(i128::from)
        );
    }
}

#[test]
fn labels_and_readings_stand_in_the_message() {
    for text in texts() {
        labels_in(&text, |key, value| assert!(key.1 <= value.0 && value.1 <= text.len()));
        assert!(split_labels(&text).0 <= text.len());
        let no_tab = !text.contains(&b'\t');
        for wide in [false, true] {
            assert!(gap(&text, wide).is_none_or(|(start, end)| start < end && end <= text.len()));
            let known: Vec<_> = Readings::new(&text, wide, no_tab).collect();
            assert_eq!(known, Readings::new(&text, wide, false).collect::<Vec<_>>(), "{text:?}");
        }
    }
}

#[test]
fn texts_are_distinguished() {
    let mut dictionary = Dictionary::default();
    let mut known: Vec<Vec<u8>> = Vec::new();
    for (seed, text) in texts().enumerate().take(3000) {
        let number = dictionary.number(&text) as usize;
        match known.get(number) {
            Some(one) => assert_eq!(*one, text),
            None => known.push(text.clone()),
        }
        let other = Chance(seed as u64 / 2).text();
        assert_eq!(same(&text, &other), text == other);
        assert!(quick_hash(&text) == quick_hash(&other) || text != other);
        assert_eq!(Literal::new(&other).begins(&text), text.starts_with(&other), "{text:?} {other:?}");
    }
}
