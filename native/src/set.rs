//! Sets of bytes: the characters of a field or of a class.

/// A set of bytes. Of what is not ASCII all bytes are in it, or none.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub struct Set([u64; 4]);

/// Every byte, and every byte but blanks: what most free fields are made of.
const ALL: Set = Set([u64::MAX; 4]);
const NOT_BLANK: Set = Set([!0x1_0000_3E00, u64::MAX, u64::MAX, u64::MAX]);

/// The blanks of ASCII, as Python's `\s` has them.
pub const BLANKS: &[u8] = b" \t\n\r\x0b\x0c";

#[inline]
pub fn is_blank(byte: u8) -> bool {
    byte == b' ' || (b'\t'..=b'\r').contains(&byte)
}

impl Set {
    pub fn of(bytes: &[u8]) -> Set {
        let mut set = Set::default();
        bytes.iter().for_each(|byte| set.add(*byte));
        set
    }

    pub fn all() -> Set {
        ALL
    }

    /// `\s`, `\w`, `\d` and their opposites.
    pub fn of_escape(letter: char) -> Option<Set> {
        let set = match letter.to_ascii_lowercase() {
            's' => Set::of(BLANKS),
            'd' => Set::of(b"0123456789"),
            'w' => (0..128u8).filter(|byte| is_word(*byte)).fold(Set::default(), |mut set, byte| {
                set.add(byte);
                set
            }),
            _ => return None,
        };
        Some(if letter.is_ascii_uppercase() { set.not() } else { set })
    }

    pub fn add(&mut self, byte: u8) {
        self.0[byte as usize >> 6] |= 1 << (byte & 63);
    }

    pub fn or(&self, other: &Set) -> Set {
        Set(std::array::from_fn(|n| self.0[n] | other.0[n]))
    }

    pub fn not(&self) -> Set {
        Set(self.0.map(|bits| !bits))
    }

    #[inline]
    pub fn has(&self, byte: u8) -> bool {
        self.0[byte as usize >> 6] >> (byte & 63) & 1 == 1
    }

    pub fn has_blank(&self) -> bool {
        BLANKS.iter().any(|byte| self.has(*byte))
    }

    pub fn is_all(&self) -> bool {
        *self == ALL
    }

    /// How many bytes at the head of a text are in the set.
    #[inline]
    pub fn run(&self, text: &[u8]) -> usize {
        if *self == NOT_BLANK {
            return first_blank(text);
        }
        if *self == ALL {
            return text.len();
        }
        text.iter().position(|byte| !self.has(*byte)).unwrap_or(text.len())
    }
}

/// How many bytes at the head of a text are no blanks, eight at a time.
#[inline]
fn first_blank(text: &[u8]) -> usize {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let mut at = 0;
    while let Some(eight) = text[at..].first_chunk::<8>() {
        let word = u64::from_le_bytes(*eight);
        // The highest bit of each byte below 0x21: blanks, and controls that are none.
        let mut low = word.wrapping_sub(0x21 * ONES) & !word & (0x80 * ONES);
        while low != 0 {
            let place = at + (low.trailing_zeros() >> 3) as usize;
            if is_blank(text[place]) {
                return place;
            }
            low &= low - 1;
        }
        at += 8;
    }
    text[at..].iter().position(|byte| is_blank(*byte)).map_or(text.len(), |size| at + size)
}

/// The first and the last eight bytes of a text; of a shorter one its bytes, some of them twice.
#[inline(always)]
fn ends(text: &[u8]) -> (u64, u64) {
    if let (Some(first), Some(last)) = (text.first_chunk::<8>(), text.last_chunk::<8>()) {
        (u64::from_le_bytes(*first), u64::from_le_bytes(*last))
    } else if let (Some(first), Some(last)) = (text.first_chunk::<4>(), text.last_chunk::<4>()) {
        (u32::from_le_bytes(*first).into(), u32::from_le_bytes(*last).into())
    } else if let [first, .., last] = text {
        (u64::from(*first) | u64::from(text[1]) << 8, (*last).into())
    } else {
        (text.first().copied().map_or(0, u64::from), 0)
    }
}

/// The second eight bytes of a text, and the last but eight; of a text of at most 16 bytes there are none.
#[inline(always)]
pub fn inner(text: &[u8]) -> (u64, u64) {
    match (text.split_first_chunk::<8>(), text.split_last_chunk::<8>()) {
        (Some((_, behind)), Some((before, _))) if text.len() > 16 => {
            // Both are longer than eight bytes.
            let word = |eight: Option<&[u8; 8]>| eight.map_or(0, |eight| u64::from_le_bytes(*eight));
            (word(behind.first_chunk()), word(before.last_chunk()))
        }
        _ => (0, 0),
    }
}

/// Whether two texts are equal; most are short, and distinguished without a call.
#[inline(always)]
pub fn same(one: &[u8], other: &[u8]) -> bool {
    let size = one.len();
    size == other.len()
        && ends(one) == ends(other)
        && (size <= 16 || (inner(one) == inner(other) && (size <= 32 || one[16..size - 16] == other[16..size - 16])))
}

/// A hash of a text's ends that is quick, and no defence against texts that are made to collide.
#[inline(always)]
pub fn quick_hash(text: &[u8]) -> u64 {
    const ODD: u64 = 0x9E37_79B9_7F4A_7C15;
    let ((first, last), (second, third)) = (ends(text), inner(text));
    let hash = (first ^ text.len() as u64).wrapping_mul(ODD).rotate_left(29) ^ last;
    let hash = hash.wrapping_mul(ODD).rotate_left(29) ^ second;
    (hash.wrapping_mul(ODD).rotate_left(29) ^ third).wrapping_mul(ODD)
}

/// Whether a text begins with another.
#[inline(always)]
pub fn begins(text: &[u8], with: &[u8]) -> bool {
    text.get(..with.len()).is_some_and(|head| same(head, with))
}

#[inline]
pub fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// A text without the blanks at its end.
#[inline]
pub fn trim_end(text: &[u8]) -> &[u8] {
    let mut end = text.len();
    while end > 0 && is_blank(text[end - 1]) {
        end -= 1;
    }
    &text[..end]
}

/// A text without the blanks at its ends.
#[inline]
pub fn trim(text: &[u8]) -> &[u8] {
    let text = trim_end(text);
    let start = text.iter().position(|byte| !is_blank(*byte)).unwrap_or(text.len());
    &text[start..]
}

/// The bytes of the keys of labels behind their first: `[\w.-]`.
const KEY: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = (byte as u8).is_ascii_alphanumeric() || matches!(byte as u8, b'_' | b'.' | b'-');
        byte += 1;
    }
    table
};

/// The length of the `key=` at the head of a text, without the `=`: `[A-Za-z_][\w.-]*=`.
#[inline]
pub fn label_key(text: &[u8]) -> Option<usize> {
    let first = *text.first()?;
    if !(first.is_ascii_alphabetic() || first == b'_') {
        return None;
    }
    let size = text.iter().position(|byte| !KEY[usize::from(*byte)])?;
    (text[size] == b'=').then_some(size)
}
