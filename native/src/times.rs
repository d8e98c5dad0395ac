//! Times as headers write them -> nanoseconds since 1970 in UTC, exactly.

use crate::numbers::{digits, short};
use crate::pattern::{Pattern, Scratch};

pub const SECOND: i64 = 1_000_000_000;
/// The last whole second of 64 bits of nanoseconds, less a day for the zone.
const LAST_SECOND: i64 = i64::MAX / SECOND - 86_400;

/// How a layout writes its times.
pub enum Clock {
    None,
    Iso,
    Bracket,
    Slog,
    Klog,
    /// Seconds since 1970, or as `Iso`.
    Epoch,
    Custom(Box<Custom>),
}

/// A time by the directives of strftime: its expression, whose groups are the parts of a time.
pub struct Custom {
    pub pattern: Pattern,
    pub months: Vec<String>,
}

/// Parses times; remembers the last minute, which most lines share.
#[derive(Default)]
pub struct Clocks {
    minute: [u8; 17],
    base: i64,
}

/// Days since 1970 of a date of the Gregorian calendar.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year - era * 400;
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// Seconds since 1970; nothing for a time that does not exist, or that 64 bits of nanoseconds cannot hold.
fn seconds(date: [i64; 3], time: [i64; 3]) -> Option<i64> {
    let ([year, month, day], [hour, minute, second]) = (date, time);
    if !(1678..=2261).contains(&year) || !(1..=12).contains(&month) || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let most = match month {
        2 => 28 + i64::from(leap),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    (1..=most).contains(&day).then(|| days(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second)
}

/// Nanoseconds of the digits behind a decimal point; of more than nine the first nine.
fn fraction(text: &[u8]) -> Option<i64> {
    const SCALES: [i64; 10] = [1_000_000_000, 100_000_000, 10_000_000, 1_000_000, 100_000, 10_000, 1000, 100, 10, 1];
    let text = &text[..text.len().min(9)];
    let value = if text.is_empty() { 0 } else { short(text)? };
    Some(value * SCALES[text.len()])
}

impl Clocks {
    /// The time at the head of a line that is written as nearly all are, `2018-12-24T15:48:45.929503Z`, and its length.
    #[inline]
    pub fn at_head(&mut self, line: &[u8]) -> Option<(i64, usize)> {
        let head = line.get(..20)?;
        if head[..17] != self.minute {
            self.learn(head)?;
        }
        let (tens, ones) = (head[17].wrapping_sub(b'0'), head[18].wrapping_sub(b'0'));
        if tens > 5 || ones > 9 {
            return None;
        }
        let time = self.base + i64::from(tens * 10 + ones) * SECOND;
        if head[19] == b'Z' {
            return Some((time, 20));
        }
        let rest = &line[20..];
        let size = digits(rest);
        if head[19] != b'.' || size == 0 || size > 9 || rest.get(size) != Some(&b'Z') {
            return None;
        }
        Some((time + fraction(&rest[..size])?, 21 + size))
    }

    fn learn(&mut self, head: &[u8]) -> Option<()> {
        let base = seconds_of(&head[..10], b'-', &[&head[11..17], b"00"].concat())?;
        if head[10] != b'T' {
            return None;
        }
        self.minute.copy_from_slice(&head[..17]);
        self.base = base.checked_mul(SECOND)?;
        Some(())
    }

    /// A time by a layout's clock; of klog there is none yet.
    pub fn time(&self, clock: &Clock, text: &[u8], scratch: &mut Scratch) -> Option<i64> {
        match clock {
            Clock::Iso => iso(text),
            Clock::Bracket => {
                let (date, rest) = (text.get(..10)?, text.get(11..)?);
                without_zone(date, b'-', rest, b",.")
            }
            Clock::Slog => without_zone(text.get(..10)?, b'/', text.get(11..)?, b"."),
            Clock::Epoch => epoch(text),
            Clock::Custom(custom) => custom.time(text, scratch),
            Clock::None | Clock::Klog => None,
        }
    }
}

fn seconds_of(date: &[u8], dash: u8, time: &[u8]) -> Option<i64> {
    if date.len() != 10 || time.len() != 8 || date[4] != dash || date[7] != dash || time[2] != b':' || time[5] != b':' {
        return None;
    }
    seconds(
        [short(&date[..4])?, short(&date[5..7])?, short(&date[8..])?],
        [short(&time[..2])?, short(&time[3..5])?, short(&time[6..])?],
    )
}

/// `HH:MM:SS` and perhaps a fraction behind a point.
fn without_zone(date: &[u8], dash: u8, time: &[u8], points: &[u8]) -> Option<i64> {
    let second = seconds_of(date, dash, time.get(..8)?)?;
    let part = match time.get(8) {
        None => 0,
        Some(sign) if points.contains(sign) && time.len() > 9 => {
            time[9..].iter().all(u8::is_ascii_digit).then_some(())?;
            fraction(&time[9..])?
        }
        _ => return None,
    };
    second.checked_mul(SECOND)?.checked_add(part)
}

/// `2018-12-24T15:48:45.929503Z`, any fraction, `Z` or an offset.
fn iso(text: &[u8]) -> Option<i64> {
    if *text.get(10)? != b'T' {
        return None;
    }
    let (rest, offset) = match text.strip_suffix(b"Z") {
        Some(rest) => (rest, 0),
        None => {
            let (rest, zone) = text.split_at_checked(text.len().checked_sub(6)?)?;
            (rest, zone_seconds(zone, true)?)
        }
    };
    without_zone(rest.get(..10)?, b'-', rest.get(11..)?, b".")?.checked_sub(offset * SECOND)
}

/// `1588611111.25` or `1.58861111125e+09`: seconds since 1970, exactly; a time in words is read as `iso`.
fn epoch(text: &[u8]) -> Option<i64> {
    let (whole, rest) = text.split_at(digits(text));
    let (part, rest) = match rest.strip_prefix(b".") {
        Some(after) => after.split_at(digits(after)),
        None => (&b""[..], rest),
    };
    let has_point = text.get(whole.len()) == Some(&b'.');
    let power = match rest {
        [] => Some(0),
        [b'e' | b'E', power @ ..] => short(power.strip_prefix(b"+").unwrap_or(power)).filter(|_| power.len() <= 3),
        _ => None,
    };
    let is_number = (1..=19).contains(&whole.len()) && part.len() <= 18 && has_point != part.is_empty();
    let Some(power) = power.filter(|power| is_number && *power <= 99) else { return iso(text) };
    // The digits of whole and fraction, with the point moved by the power and to nanoseconds.
    let shift = power + 9 - part.len() as i64;
    let value = [whole, part].concat().iter().fold(0i128, |value, byte| value * 10 + i128::from(byte - b'0'));
    let time = if value == 0 {
        Some(0)
    } else if shift >= 0 {
        10i128.checked_pow(shift as u32).and_then(|scale| value.checked_mul(scale))
    } else {
        Some(value / 10i128.pow(-shift as u32))
    };
    time.filter(|time| *time < i128::from(LAST_SECOND) * i128::from(SECOND)).map(|time| time as i64)
}

fn zone_seconds(zone: &[u8], colon: bool) -> Option<i64> {
    let sign = match zone.first()? {
        b'-' => -1,
        b'+' => 1,
        _ => return None,
    };
    if colon && zone[3] != b':' {
        return None;
    }
    Some(sign * (short(&zone[1..3])? * 3600 + short(&zone[zone.len() - 2..])? * 60))
}

/// `0110 12:34:56.789012` has no year: of the years about `near` the one that brings it nearest.
pub fn klog(text: &[u8], near: i64) -> Option<i64> {
    const YEAR: i64 = 3_652_425 * 86_400 * (SECOND / 10_000);
    let year = 1970 + near.div_euclid(YEAR);
    (year - 1..=year + 1)
        .filter_map(|year| {
            let date = format!("{year:04}-{}-{}", ascii(text.get(..2)?), ascii(text.get(2..4)?));
            without_zone(date.as_bytes(), b'-', text.get(5..)?, b".")
        })
        .min_by_key(|time| i128::from(*time).abs_diff(i128::from(near)))
}

fn ascii(text: &[u8]) -> &str {
    std::str::from_utf8(text).unwrap_or("")
}

impl Custom {
    fn time(&self, text: &[u8], scratch: &mut Scratch) -> Option<i64> {
        if self.pattern.matches(text, 0, scratch)? != text.len() {
            return None;
        }
        let part = |name: &str| {
            let (_, number) = self.pattern.names.iter().find(|(known, _)| known == name)?;
            let (start, end) = scratch.group(*number)?;
            Some(&text[start..end])
        };
        let number = |name: &str| part(name).map(|text| short(text.trim_ascii_start()));
        let month = match part("name") {
            Some(name) => {
                let place = self.months.iter().position(|month| month.as_bytes() == name)?;
                Some(Some(place as i64 + 1))
            }
            None => number("month"),
        };
        let second = if let Some(epoch) = number("epoch") {
            epoch?
        } else {
            let clock = |name| number(name).unwrap_or(Some(0));
            seconds([number("year")??, month??, number("day")??], [clock("hour")?, clock("minute")?, clock("second")?])?
        };
        if second > LAST_SECOND {
            return None;
        }
        let zone = part("zone").map_or(Some(0), |zone| zone_seconds(zone, false))?;
        (second - zone).checked_mul(SECOND)?.checked_add(fraction(part("fraction").unwrap_or(b""))?)
    }
}
