//! Numbers that Go prints: whole numbers, durations, sizes, counts. Text in, value out, as `formats/values.py` says.

use crate::set::is_blank;

/// A byte in each of eight.
const fn eight(byte: u8) -> u64 {
    u64::from_le_bytes([byte; 8])
}

/// The highest bit of each of eight bytes that is not below ten.
#[inline(always)]
fn beyond_nine(word: u64) -> u64 {
    (((word & eight(0x7F)) + eight(0x76)) | word) & eight(0x80)
}

/// The length of the digits at the head of a text, eight at a time: a loop would be mispredicted at each end.
#[inline]
pub fn digits(text: &[u8]) -> usize {
    let mut at = 0;
    while let Some(next) = text[at..].first_chunk::<8>() {
        let others = beyond_nine(u64::from_le_bytes(*next) ^ eight(b'0'));
        if others != 0 {
            return at + (others.trailing_zeros() >> 3) as usize;
        }
        at += 8;
    }
    text[at..].iter().position(|byte| !byte.is_ascii_digit()).map_or(text.len(), |size| at + size)
}

/// Powers of ten.
const POWERS: [i64; 9] = [1, 10, 100, 1000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000];

fn value_of(digits: &[u8]) -> i128 {
    digits.iter().fold(0, |value, byte| value * 10 + i128::from(byte - b'0'))
}

/// The value of one to eighteen digits.
#[inline(always)]
pub fn short(text: &[u8]) -> Option<i64> {
    if text.is_empty() || text.len() > 18 {
        return None;
    }
    let mut value = 0;
    for byte in text {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        value = value * 10 + i64::from(digit);
    }
    Some(value)
}

/// A whole number of 64 bits.
#[inline]
pub fn integer(text: &[u8]) -> Option<i64> {
    if let Some(value) = short(text) {
        return Some(value);
    }
    let (negative, number) = text.strip_prefix(b"-").map_or((false, text), |rest| (true, rest));
    if number.is_empty() || digits(number) < number.len() {
        return None;
    }
    let zeros = number.iter().position(|byte| *byte != b'0').unwrap_or(number.len());
    let number = &number[zeros..];
    if number.len() > 19 {
        return None;
    }
    let value = value_of(number);
    i64::try_from(if negative { -value } else { value }).ok()
}

/// `whole.fraction` units, exactly; of at most 19 digits each.
#[inline]
fn scaled(whole: &[u8], fraction: &[u8], unit: i128) -> i128 {
    if whole.len() < 9
        && fraction.len() < 9
        && unit <= 1_000_000_000
        && let (Some(value), Some(part)) = (short(whole), short(if fraction.is_empty() { b"0" } else { fraction }))
    {
        let unit = unit as i64;
        return i128::from(value * unit + part * unit / POWERS[fraction.len()]);
    }
    let part = if fraction.is_empty() { 0 } else { value_of(fraction) * unit / 10i128.pow(fraction.len() as u32) };
    value_of(whole) * unit + part
}

/// The unit at the head of a text, as letters of one or two characters, and its length in bytes.
fn unit(text: &[u8]) -> Option<(i128, usize)> {
    let letter = |text: &[u8]| match text {
        [first, ..] if first.is_ascii_lowercase() => 1,
        [0xC2, 0xB5, ..] | [0xCE, 0xBC, ..] => 2,
        _ => 0,
    };
    let first = letter(text);
    let size = first + letter(&text[first..]);
    let scale = match &text[..size] {
        b"ns" => 1,
        b"us" | b"\xC2\xB5s" | b"\xCE\xBCs" => 1_000,
        b"ms" => 1_000_000,
        b"s" => 1_000_000_000,
        b"m" => 60_000_000_000,
        b"h" => 3_600_000_000_000,
        _ => return None,
    };
    Some((scale, size))
}

/// Nanoseconds of a Go duration, exactly.
pub fn duration(text: &[u8]) -> Option<i64> {
    let (negative, mut rest) = text.strip_prefix(b"-").map_or((false, text), |rest| (true, rest));
    if rest == b"0" {
        return Some(0);
    }
    if rest.is_empty() {
        return None;
    }
    let mut total = 0i128;
    while !rest.is_empty() {
        let size = digits(rest);
        let (whole, after) = rest.split_at(size);
        let (part, after) = match after.strip_prefix(b".") {
            Some(after) => after.split_at(digits(after)),
            None => (&b""[..], after),
        };
        // Before the unit stands a number: a digit, or a point and a digit.
        if (whole.is_empty() && part.is_empty()) || whole.len() > 19 || part.len() > 19 {
            return None;
        }
        let (scale, size) = unit(after)?;
        total = total.saturating_add(scaled(whole, part, scale));
        rest = &after[size..];
    }
    let value = i64::try_from(total).ok()?;
    Some(if negative { -value } else { value })
}

/// A duration, but nothing for Go's largest one.
pub fn since_push(text: &[u8]) -> Option<i64> {
    duration(text).filter(|value| *value != i64::MAX)
}

/// The whole number and the fraction of a decimal number, and what follows.
fn decimal_parts(text: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let (whole, rest) = text.split_at(digits(text));
    let (part, rest) = match rest.strip_prefix(b".") {
        Some(after) if digits(after) > 0 => after.split_at(digits(after)),
        _ => (&b""[..], rest),
    };
    ((1..=19).contains(&whole.len()) && part.len() <= 19).then_some((whole, part, rest))
}

/// A decimal number of some unit.
pub fn decimal(text: &[u8], unit: i64) -> Option<i64> {
    let (whole, part, rest) = decimal_parts(text)?;
    if !rest.is_empty() {
        return None;
    }
    i64::try_from(scaled(whole, part, i128::from(unit))).ok()
}

/// Bytes of `1.5kB`, `999B` or a bare count.
#[inline]
pub fn size(text: &[u8]) -> Option<i64> {
    if let [number @ .., b'k', b'B'] = text
        && let Some((whole, part)) = number.split_last_chunk::<2>()
        && let ([b'.', tenth], Some(whole)) = (part, short(whole))
        && tenth.is_ascii_digit()
    {
        return Some(whole * 1000 + i64::from(tenth - b'0') * 100); // most are written so
    }
    let (whole, part, rest) = decimal_parts(text)?;
    let power = match rest.first() {
        Some(letter) => b"kMGTPE".iter().position(|unit| unit == letter).map_or(0, |place| place + 1),
        None => 0,
    };
    let rest = &rest[usize::from(power > 0)..];
    if !matches!(rest, b"" | b"B") {
        return None;
    }
    const UNITS: [i128; 7] =
        [1, 1_000, 1_000_000, 1_000_000_000, 1_000_000_000_000, 1_000_000_000_000_000, 1_000_000_000_000_000_000];
    i64::try_from(scaled(whole, part, UNITS[power])).ok()
}

/// A number, or the length of the list or map that stands in its place.
pub fn count(text: &[u8]) -> Option<i64> {
    let Some(rest) = text.strip_suffix(b"]") else { return integer(text) };
    let start = text.iter().position(|byte| *byte == b'[').map_or(0, |at| at + 1);
    let inside = rest.get(start..).unwrap_or(b"");
    Some(inside.split(|byte| is_blank(*byte)).filter(|word| !word.is_empty()).count() as i64)
}

pub fn boolean(text: &[u8]) -> Option<i64> {
    match text {
        b"true" => Some(1),
        b"false" => Some(0),
        _ => None,
    }
}

/// Where the duration at `at` ends, as the expression of durations has it.
pub fn duration_end(text: &[u8], at: usize) -> Option<usize> {
    let start = at + usize::from(text.get(at) == Some(&b'-'));
    let mut end = start;
    loop {
        let whole = digits(&text[end..]);
        let mut stop = end + whole;
        if text.get(stop) == Some(&b'.') {
            let part = digits(&text[stop + 1..]);
            if whole == 0 && part == 0 {
                break;
            }
            stop += 1 + part;
        } else if whole == 0 {
            break;
        }
        let rest = &text[stop..];
        let units: [&[u8]; 8] = [b"ns", b"us", b"\xC2\xB5s", b"\xCE\xBCs", b"ms", b"s", b"m", b"h"];
        match units.iter().find(|unit| rest.starts_with(unit)) {
            Some(unit) => end = stop + unit.len(),
            None => break,
        }
    }
    if end > start {
        return Some(end);
    }
    (text.get(at) == Some(&b'0')).then_some(at + 1)
}

/// Where the size at `at` ends.
#[inline]
pub fn size_end(text: &[u8], at: usize) -> Option<usize> {
    let whole = digits(&text[at..]);
    if whole == 0 {
        return None;
    }
    let mut end = at + whole;
    if text.get(end) == Some(&b'.') {
        let part = digits(&text[end + 1..]);
        end += if part > 0 { part + 1 } else { 0 };
    }
    end += usize::from(matches!(text.get(end), Some(b'k' | b'M' | b'G' | b'T' | b'P' | b'E')));
    Some(end + usize::from(text.get(end) == Some(&b'B')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_beyond_64_bits_are_none() {
        assert_eq!(integer(b"9223372036854775807"), Some(i64::MAX));
        assert_eq!(integer(b"9223372036854775808"), None);
        assert_eq!(integer(b"-9223372036854775808"), Some(i64::MIN));
        assert_eq!(duration(b"99999999999h"), None);
        assert_eq!(size(b"9999999999999999999EB"), None);
    }

    #[test]
    fn digits_are_counted_and_read_at_any_length() {
        for text in
            ["7", "42", "305", "1999", "12345", "654321", "1234567", "98765432", "123456789", "1234567890123456"]
        {
            assert_eq!(short(text.as_bytes()), text.parse().ok(), "{text}");
            for end in ["", "k", ".5 and more", "\u{b5}seconds", "/:;<=>?@ more"] {
                assert_eq!(digits(format!("{text}{end}").as_bytes()), text.len(), "{text}{end}");
            }
            for at in 0..text.len() {
                for byte in [0, b'/', b':', b'-', b'p', 0xB0, 0xFF] {
                    let mut other = text.as_bytes().to_vec();
                    other[at] = byte;
                    assert_eq!((short(&other), digits(&other)), (None, at), "{other:?}");
                }
            }
        }
        assert_eq!((short(b""), short(&[b'1'; 19])), (None, None));
    }

    #[test]
    fn durations_are_exact() {
        assert_eq!(duration(b"1h2m3.5s"), Some(3_723_500_000_000));
        assert_eq!(duration("386.974\u{b5}s".as_bytes()), Some(386_974));
        assert_eq!(duration_end(b"100.2ms since", 0), Some(7));
    }

    #[test]
    fn a_list_stands_for_its_length() {
        assert_eq!(count(b"map[a:1 b:2]"), Some(2));
        assert_eq!(count(b"[]"), Some(0));
    }
}
