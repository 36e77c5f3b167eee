//! Event time from RFC 3339, in the one form that shops send.

/// What the last digit of a fraction stands for, in us, by the number of digits.
const MICROS: [i64; 7] = [1_000_000, 100_000, 10_000, 1_000, 100, 10, 1];
const S_US: i64 = 1_000_000;
/// Years 1 to 9999: what a datetime of Python can hold.
const FIRST_US: i64 = -62_135_596_800 * S_US;
const END_US: i64 = 253_402_300_800 * S_US;

/// Microseconds since 1970 UTC of `YYYY-MM-DDTHH:MM:SS[.f]` with `Z` or an offset, or None for any other text.
///
/// A fraction has one to six digits: Python rounds longer ones, and takes other separators, which are declined here.
pub fn at_us(text: &str) -> Option<i64> {
    let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2, b'T', h1, h2, b':', n1, n2, b':', s1, s2, rest @ ..] =
        text.as_bytes()
    else {
        return None;
    };
    let year = below(100, *y1, *y2)? * 100 + below(100, *y3, *y4)?;
    let (month, day) = (below(13, *m1, *m2)?, below(32, *d1, *d2)?);
    if year == 0 || month == 0 || day == 0 || day > days_of(year, month) {
        return None;
    }
    let (hour, minute, second) = (below(24, *h1, *h2)?, below(60, *n1, *n2)?, below(60, *s1, *s2)?);
    let (fraction_us, zone) = fraction(rest)?;
    let local_s = ((days_since_1970(year, month, day) * 24 + hour) * 60 + minute) * 60 + second;
    let at_us = (local_s - offset_s(zone)?) * S_US + fraction_us;
    (FIRST_US..END_US).contains(&at_us).then_some(at_us)
}

/// Two digits whose number is below `end`.
fn below(end: i64, tens: u8, ones: u8) -> Option<i64> {
    if !tens.is_ascii_digit() || !ones.is_ascii_digit() {
        return None;
    }
    let number = i64::from(tens - b'0') * 10 + i64::from(ones - b'0');
    (number < end).then_some(number)
}

/// Microseconds of the fraction, if there is one, and what comes after it.
fn fraction(rest: &[u8]) -> Option<(i64, &[u8])> {
    let [b'.', rest @ ..] = rest else {
        return Some((0, rest));
    };
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if digits == 0 {
        return None;
    }
    let number = rest[..digits.min(MICROS.len())].iter().fold(0, |number, digit| number * 10 + i64::from(digit - b'0'));
    Some((number * MICROS.get(digits)?, &rest[digits..]))
}

/// Seconds ahead of UTC.
fn offset_s(zone: &[u8]) -> Option<i64> {
    match zone {
        [b'Z'] => Some(0),
        [sign @ (b'+' | b'-'), h1, h2, b':', m1, m2] => {
            let offset_s = (below(24, *h1, *h2)? * 60 + below(60, *m1, *m2)?) * 60;
            Some(if *sign == b'-' { -offset_s } else { offset_s })
        }
        _ => None,
    }
}

fn days_of(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Of the Gregorian calendar, by Hinnant's `days_from_civil` for years from 1 on: a year begins in March.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    year * 365 + year / 4 - year / 100 + year / 400 + day_of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::at_us;

    /// 2024-05-06T07:08:09Z.
    const MORNING_US: i64 = 1_714_979_289_000_000;

    #[test]
    fn a_time_is_the_instant_that_python_reads() {
        for (text, expected) in [
            ("2024-05-06T07:08:09Z", MORNING_US),
            ("2024-05-06T07:08:09.1Z", MORNING_US + 100_000),
            ("2024-05-06T07:08:09.000001Z", MORNING_US + 1),
            ("2024-05-06T07:08:09.123456Z", MORNING_US + 123_456),
            ("2024-05-06T07:08:09.123+02:00", MORNING_US + 123_000 - 7_200_000_000),
            ("2024-05-06T07:08:09-00:00", MORNING_US),
            ("2024-05-06T07:08:09+23:59", 1_714_892_949_000_000),
            ("2024-05-06T07:08:09-23:59", 1_715_065_629_000_000),
            ("1970-01-01T00:00:00Z", 0),
            ("1969-12-31T23:59:59.999999Z", -1),
            ("2000-02-29T00:00:00Z", 951_782_400_000_000),
            ("2024-02-29T00:00:00Z", 1_709_164_800_000_000),
            ("0001-01-01T00:00:00Z", -62_135_596_800_000_000),
            ("0001-01-01T23:59:00+23:59", -62_135_596_800_000_000),
            ("9999-12-31T23:59:59.999999Z", 253_402_300_799_999_999),
        ] {
            assert_eq!(Some(expected), at_us(text), "{text}");
        }
    }

    #[test]
    fn a_time_in_any_other_form_is_declined() {
        for text in [
            "",
            "2024-05-06",
            "2024-05-06T07:08:09",
            "2024-05-06T07:08Z",
            "2024-05-06T07:08:09.Z",
            "2024-05-06T07:08:09.1",
            "2024-05-06T07:08:09.1234567Z",
            "2024-05-06T07:08:09.12345678901234567890Z",
            "2024-05-06T07:08:09,1Z",
            "2024-05-06t07:08:09Z",
            "2024-05-06T07:08:09z",
            "2024-05-06 07:08:09Z",
            "2024-05-06T07:08:09 Z",
            "2024-05-06T07:08:09+0200",
            "2024-05-06T07:08:09+02",
            "2024-05-06T07:08:09+24:00",
            "2024-05-06T07:08:09+02:60",
            "2024-05-06T07:08:09Z ",
            " 2024-05-06T07:08:09Z",
            "2024-05-06T07:08:09+02:00Z",
            "2024-05-06T07:08:09+02:0é",
            "2024-05-06T07:08:60Z",
            "2024-05-06T07:60:00Z",
            "2024-05-06T24:00:00Z",
            "2024-05-06T-1:00:00Z",
            "0000-01-01T00:00:00Z",
            "2024-00-01T00:00:00Z",
            "2024-13-01T00:00:00Z",
            "2024-05-00T00:00:00Z",
            "2024-05-32T00:00:00Z",
            "2024-04-31T00:00:00Z",
            "2023-02-29T00:00:00Z",
            "1900-02-29T00:00:00Z",
            "2024-02-30T00:00:00Z",
            "0001-01-01T00:00:00+00:01",
            "9999-12-31T23:59:59.999999-00:01",
            "1714979289",
        ] {
            assert_eq!(None, at_us(text), "{text}");
        }
    }

    #[test]
    fn every_day_of_400_years_follows_the_one_before() {
        let mut expected_us = at_us("1599-12-31T00:00:00Z").unwrap();
        for year in 1600..2000 {
            for month in 1..=12 {
                for day in 1..=31 {
                    if let Some(day_us) = at_us(&format!("{year}-{month:02}-{day:02}T00:00:00Z")) {
                        expected_us += 86_400_000_000;
                        assert_eq!(expected_us, day_us, "{year}-{month:02}-{day:02}");
                    }
                }
            }
        }
        assert_eq!(Some(expected_us + 86_400_000_000), at_us("2000-01-01T00:00:00Z"));
    }
}
