//! Numbers read by hand, from bytes and without allocation: the hot path of a load.
//!
//! Leading zeros are accepted; a `+`, white space, digit separators and exponents (but for doubles) are not.

use crate::decimal::Decimal;

/// Why a text is not the number that was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NumberFault {
    /// It is not written as such a number is.
    Malformed,
    /// It is, but the type cannot hold it.
    OutOfRange,
    /// It has more digits after the point than the scale.
    TooFine,
}

/// `-?[0-9]+` within 64 bits.
#[inline]
pub(crate) fn whole(bytes: &[u8]) -> Result<i64, NumberFault> {
    let (negative, digits) = sign(bytes);
    if digits.is_empty() {
        return Err(NumberFault::Malformed);
    }
    // Eighteen digits cannot overflow, so that the common case needs no checked arithmetic.
    if digits.len() <= 18 {
        let mut value = 0_i64;
        for byte in digits {
            let digit = byte.wrapping_sub(b'0');
            if digit > 9 {
                return Err(NumberFault::Malformed);
            }
            value = value * 10 + i64::from(digit);
        }
        return Ok(if negative { -value } else { value });
    }
    if !all_digits(digits) {
        return Err(NumberFault::Malformed);
    }
    // Built up below zero, where there is room for one more than above.
    let mut value = 0_i64;
    for byte in digits {
        value = value
            .checked_mul(10)
            .and_then(|value| value.checked_sub(i64::from(byte - b'0')))
            .ok_or(NumberFault::OutOfRange)?;
    }
    if negative {
        Ok(value)
    } else {
        value.checked_neg().ok_or(NumberFault::OutOfRange)
    }
}

/// `-?[0-9]+` within 32 bits.
#[inline]
pub(crate) fn integer(bytes: &[u8]) -> Result<i32, NumberFault> {
    match whole(bytes) {
        Ok(value) => i32::try_from(value).map_err(|_| NumberFault::OutOfRange),
        Err(fault) => Err(fault),
    }
}

/// `-?[0-9]+(\.[0-9]+)?` with at most `precision - scale` digits before the point, leading zeros aside, and at most
/// `scale` after it. The result has the scale asked for.
pub(crate) fn decimal(bytes: &[u8], precision: u8, scale: u8) -> Result<Decimal, NumberFault> {
    let (negative, unsigned) = sign(bytes);
    let (before, after) = match unsigned.iter().position(|byte| *byte == b'.') {
        Some(point) => (&unsigned[..point], Some(&unsigned[point + 1..])),
        None => (unsigned, None),
    };
    let fraction = after.unwrap_or_default();
    if before.is_empty()
        || !all_digits(before)
        || !all_digits(fraction)
        || after.is_some_and(<[u8]>::is_empty)
    {
        return Err(NumberFault::Malformed);
    }
    let zeros = before.iter().take_while(|byte| **byte == b'0').count();
    let significant = &before[zeros..];
    if significant.len() > usize::from(precision.saturating_sub(scale)) {
        return Err(NumberFault::OutOfRange);
    }
    if fraction.len() > usize::from(scale) {
        return Err(NumberFault::TooFine);
    }
    // At most `precision`, so at most 38 digits from here on: no overflow.
    let mut digits = 0_u128;
    for byte in significant.iter().chain(fraction) {
        digits = digits * 10 + u128::from(byte - b'0');
    }
    digits *= 10_u128.pow(u32::from(scale) - fraction.len() as u32);
    Ok(Decimal {
        negative: negative && digits != 0,
        digits,
        scale,
    })
}

/// `-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?`, finite, and not so small that it would become zero.
pub(crate) fn double(bytes: &[u8]) -> Result<f64, NumberFault> {
    let (_, unsigned) = sign(bytes);
    let mut rest = skip_digits(unsigned).ok_or(NumberFault::Malformed)?;
    if let Some(fraction) = rest.strip_prefix(b".") {
        rest = skip_digits(fraction).ok_or(NumberFault::Malformed)?;
    }
    let mantissa = &unsigned[..unsigned.len() - rest.len()];
    if let [b'e' | b'E', exponent @ ..] = rest {
        let exponent = exponent
            .strip_prefix(b"+")
            .or_else(|| exponent.strip_prefix(b"-"))
            .unwrap_or(exponent);
        rest = skip_digits(exponent).ok_or(NumberFault::Malformed)?;
    }
    if !rest.is_empty() {
        return Err(NumberFault::Malformed);
    }
    let text = std::str::from_utf8(bytes).map_err(|_| NumberFault::Malformed)?;
    let value: f64 = text.parse().map_err(|_| NumberFault::Malformed)?;
    let vanished = value == 0.0 && mantissa.iter().any(|byte| (b'1'..=b'9').contains(byte));
    if value.is_finite() && !vanished {
        Ok(value)
    } else {
        Err(NumberFault::OutOfRange)
    }
}

fn sign(bytes: &[u8]) -> (bool, &[u8]) {
    match bytes {
        [b'-', rest @ ..] => (true, rest),
        _ => (false, bytes),
    }
}

fn all_digits(bytes: &[u8]) -> bool {
    bytes.iter().all(u8::is_ascii_digit)
}

/// What follows the digits at the beginning; nothing where there are none.
fn skip_digits(bytes: &[u8]) -> Option<&[u8]> {
    let count = bytes
        .iter()
        .take_while(|byte| byte.is_ascii_digit())
        .count();
    (count > 0).then(|| &bytes[count..])
}
