//! Dates and timestamps read by hand, from bytes and without allocation, in the proleptic Gregorian calendar.
//!
//! ISO 8601 and RFC 3339 are read here; a date format of the contract's own goes through jiff and must reproduce the
//! text exactly, so that no lenience of a parser decides what a date is.

use std::fmt;

use jiff::civil;
use jiff::fmt::strtime::BrokenDownTime;

/// Why a text is not a date or timestamp.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DateFault {
    /// It is not written as one is.
    Malformed,
    /// It is, but there is no such day.
    NoSuchDay,
    /// There is no such time of day.
    NoSuchTime,
    /// It has more than six digits of a second.
    TooFine,
    /// There is no offset from UTC.
    NoOffset,
}

const DAY_SECONDS: i64 = 86_400;
const SECOND: i64 = 1_000_000;
/// Days from 0000-03-01, where the arithmetic begins, to 1970-01-01.
const EPOCH: i32 = 719_468;
/// Days of four hundred years, after which the calendar repeats itself.
const ERA: i32 = 146_097;

/// `YYYY-MM-DD` of the years 1 to 9999, as days since 1970-01-01.
pub(crate) fn date(bytes: &[u8]) -> Result<i32, DateFault> {
    let [y0, y1, y2, y3, b'-', m0, m1, b'-', d0, d1] = *bytes else {
        return Err(DateFault::Malformed);
    };
    let (Some(century), Some(years), Some(month), Some(day)) =
        (pair(y0, y1), pair(y2, y3), pair(m0, m1), pair(d0, d1))
    else {
        return Err(DateFault::Malformed);
    };
    let year = century * 100 + years;
    if year == 0 || !(1..=12).contains(&month) || day == 0 || day > month_length(year, month) {
        return Err(DateFault::NoSuchDay);
    }
    Ok(days(year, month, day))
}

/// A date in the contract's own format.
pub(crate) fn formatted_date(bytes: &[u8], format: &str) -> Result<i32, DateFault> {
    let text = std::str::from_utf8(bytes).map_err(|_| DateFault::Malformed)?;
    let parsed = BrokenDownTime::parse(format, text).map_err(|_| DateFault::Malformed)?;
    let date = parsed.to_date().map_err(|_| DateFault::NoSuchDay)?;
    let mut echo = Echo(text);
    BrokenDownTime::from(date)
        .format(format, &mut echo)
        .map_err(|_| DateFault::Malformed)?;
    if !echo.0.is_empty() {
        return Err(DateFault::Malformed);
    }
    if date.year() < 1 {
        return Err(DateFault::NoSuchDay);
    }
    Ok(days(
        i32::from(date.year()),
        i32::from(date.month()),
        i32::from(date.day()),
    ))
}

/// A day written in a format, or nothing where the format cannot be used for writing.
pub(crate) fn write_formatted(format: &str, date: civil::Date) -> Option<String> {
    let mut text = String::new();
    BrokenDownTime::from(date).format(format, &mut text).ok()?;
    Some(text)
}

/// `YYYY-MM-DDThh:mm:ss[.ffffff](Z|±hh:mm)`, as microseconds since 1970-01-01T00:00Z.
pub(crate) fn timestamp(bytes: &[u8]) -> Result<i64, DateFault> {
    let Some((day, [b'T' | b't', clock @ ..])) = bytes.split_at_checked(10) else {
        return Err(DateFault::Malformed);
    };
    let [h0, h1, b':', m0, m1, b':', s0, s1, rest @ ..] = clock else {
        return Err(DateFault::Malformed);
    };
    let day = date(day)?;
    let (Some(hour), Some(minute), Some(second)) = (pair(*h0, *h1), pair(*m0, *m1), pair(*s0, *s1))
    else {
        return Err(DateFault::Malformed);
    };
    let (fraction, zone) = fraction(rest)?;
    let offset = offset(zone)?;
    if hour > 23 || minute > 59 || second > 59 {
        return Err(DateFault::NoSuchTime);
    }
    let seconds =
        i64::from(day) * DAY_SECONDS + i64::from(hour * 3600 + minute * 60 + second - offset);
    Ok(seconds * SECOND + fraction)
}

/// Microseconds and what follows them.
fn fraction(bytes: &[u8]) -> Result<(i64, &[u8]), DateFault> {
    let Some(digits) = bytes.strip_prefix(b".") else {
        return Ok((0, bytes));
    };
    let count = digits
        .iter()
        .take_while(|byte| byte.is_ascii_digit())
        .count();
    match count {
        0 => Err(DateFault::Malformed),
        1..=6 => {
            let value = digits[..count]
                .iter()
                .fold(0_i64, |value, byte| value * 10 + i64::from(byte - b'0'));
            Ok((value * 10_i64.pow(6 - count as u32), &digits[count..]))
        }
        _ => Err(DateFault::TooFine),
    }
}

/// Seconds east of UTC.
fn offset(bytes: &[u8]) -> Result<i32, DateFault> {
    let (sign, h0, h1, m0, m1) = match *bytes {
        [b'Z' | b'z'] => return Ok(0),
        [] => return Err(DateFault::NoOffset),
        [b'+', h0, h1, b':', m0, m1] => (1, h0, h1, m0, m1),
        [b'-', h0, h1, b':', m0, m1] => (-1, h0, h1, m0, m1),
        _ => return Err(DateFault::Malformed),
    };
    match (pair(h0, h1), pair(m0, m1)) {
        (Some(hours @ 0..=23), Some(minutes @ 0..=59)) => Ok(sign * (hours * 3600 + minutes * 60)),
        (Some(_), Some(_)) => Err(DateFault::NoSuchTime),
        _ => Err(DateFault::Malformed),
    }
}

fn pair(tens: u8, ones: u8) -> Option<i32> {
    let (tens, ones) = (tens.wrapping_sub(b'0'), ones.wrapping_sub(b'0'));
    (tens <= 9 && ones <= 9).then(|| i32::from(tens) * 10 + i32::from(ones))
}

const fn is_leap(year: i32) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

const fn month_length(year: i32, month: i32) -> i32 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days since 1970-01-01 of a day that exists. Years are counted from March, so that the leap day is a year's last.
const fn days(year: i32, month: i32, day: i32) -> i32 {
    let year = if month <= 2 { year - 1 } else { year };
    let month = (month + 9) % 12;
    let of_year = (153 * month + 2) / 5 + day - 1;
    year * 365 + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + of_year - EPOCH
}

/// Year, month and day of a count of days since 1970-01-01.
fn civil_from(days: i32) -> (i64, i32, i32) {
    let days = i64::from(days) + i64::from(EPOCH);
    let (era, of_era) = (
        days.div_euclid(ERA.into()),
        days.rem_euclid(ERA.into()) as i32,
    );
    // The last day of a cycle of 4, of 100 and of 400 years must not count as a year of its own.
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let (month, carry) = if month < 10 {
        (month + 3, 0)
    } else {
        (month - 9, 1)
    };
    (era * 400 + i64::from(year) + carry, month, day)
}

/// Writes days since 1970-01-01 as `2021-01-31`.
pub(crate) fn write_date(f: &mut fmt::Formatter<'_>, days: i32) -> fmt::Result {
    let (year, month, day) = civil_from(days);
    write!(f, "{year:04}-{month:02}-{day:02}")
}

/// Writes microseconds since 1970-01-01T00:00Z as `2021-01-31T10:00:00.5Z`, with the digits of a second it needs.
pub(crate) fn write_timestamp(f: &mut fmt::Formatter<'_>, microseconds: i64) -> fmt::Result {
    let (seconds, fraction) = (
        microseconds.div_euclid(SECOND),
        microseconds.rem_euclid(SECOND),
    );
    let (day, clock) = (
        seconds.div_euclid(DAY_SECONDS),
        seconds.rem_euclid(DAY_SECONDS),
    );
    // 2^63 microseconds are 107 million days: they fit.
    write_date(f, day as i32)?;
    write!(
        f,
        "T{:02}:{:02}:{:02}",
        clock / 3600,
        clock / 60 % 60,
        clock % 60
    )?;
    if fraction != 0 {
        let digits = format!("{fraction:06}");
        write!(f, ".{}", digits.trim_end_matches('0'))?;
    }
    f.write_str("Z")
}

/// Takes what is written to it off the front of a text, as long as both agree.
struct Echo<'a>(&'a str);

impl jiff::fmt::Write for Echo<'_> {
    fn write_str(&mut self, written: &str) -> Result<(), jiff::Error> {
        match self.0.strip_prefix(written) {
            Some(rest) => {
                self.0 = rest;
                Ok(())
            }
            None => Err(jiff::Error::from_args(format_args!("written differently"))),
        }
    }
}
