//! Tokens of JSON from left to right; None where one is not plain, and then the cursor is of no more use.

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGHS: u64 = 0x8080_8080_8080_8080;
/// Bytes looked at in one go.
const WORD: usize = 8;

/// A place in a record's text.
pub struct Cursor<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Cursor<'a> {
    pub fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    /// The next byte after white space.
    #[inline]
    pub fn next(&mut self) -> Option<u8> {
        loop {
            let byte = self.peek()?;
            self.at += 1;
            if !is_blank(byte) {
                return Some(byte);
            }
        }
    }

    /// Pass white space and `byte`.
    #[inline]
    pub fn expect(&mut self, byte: u8) -> Option<()> {
        (self.next()? == byte).then_some(())
    }

    /// Whether nothing but white space is left.
    pub fn is_done(&self) -> bool {
        self.text.as_bytes()[self.at..].iter().all(|&byte| is_blank(byte))
    }

    /// A string without escapes and control characters.
    #[inline]
    pub fn string(&mut self) -> Option<&'a str> {
        self.expect(b'"')?;
        self.rest_of_string()
    }

    /// A string into `text`, which `null` leaves as it is.
    #[inline]
    pub fn string_or_null(&mut self, text: &mut Option<&'a str>) -> Option<()> {
        match self.next()? {
            b'"' => *text = Some(self.rest_of_string()?),
            b'n' => self.word("ull")?,
            _ => return None,
        }
        Some(())
    }

    /// Pass a value that is not kept: a string, a number, `true`, `false` or `null`. What is nested is not plain.
    pub fn scalar(&mut self) -> Option<()> {
        match self.next()? {
            b'"' => self.rest_of_string().map(|_| ()),
            b't' => self.word("rue"),
            b'f' => self.word("alse"),
            b'n' => self.word("ull"),
            b'-' => {
                let first = self.peek()?;
                self.at += 1;
                self.number(first)
            }
            first => self.number(first),
        }
    }

    #[inline]
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    #[inline]
    fn rest_of_string(&mut self) -> Option<&'a str> {
        let from = self.at;
        let end = from + plain(&self.text.as_bytes()[from..]);
        if self.text.as_bytes().get(end) != Some(&b'"') {
            return None;
        }
        self.at = end + 1;
        self.text.get(from..end)
    }

    fn word(&mut self, rest: &str) -> Option<()> {
        let found = self.text.as_bytes()[self.at..].starts_with(rest.as_bytes());
        self.at += rest.len();
        found.then_some(())
    }

    /// The rest of a number by the grammar of RFC 8259 after its sign and first digit: no leading zero, no bare point.
    fn number(&mut self, first: u8) -> Option<()> {
        match first {
            b'0' => {}
            b'1'..=b'9' => self.at += self.digits(),
            _ => return None,
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.some_digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.some_digits()?;
        }
        Some(())
    }

    fn digits(&self) -> usize {
        self.text.as_bytes()[self.at..].iter().take_while(|byte| byte.is_ascii_digit()).count()
    }

    fn some_digits(&mut self) -> Option<()> {
        let digits = self.digits();
        self.at += digits;
        (digits > 0).then_some(())
    }
}

#[inline]
fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

/// How many bytes come before the first quote, backslash or control character.
#[inline]
fn plain(bytes: &[u8]) -> usize {
    let mut at = 0;
    while let Some(word) = bytes.get(at..at + WORD) {
        let ends = ends(u64::from_le_bytes(word.try_into().expect("eight bytes")));
        if ends != 0 {
            return at + ends.trailing_zeros() as usize / WORD;
        }
        at += WORD;
    }
    at + bytes[at..].iter().take_while(|&&byte| !is_end(byte)).count()
}

/// The high bit of the first byte of a little-endian word for which `is_end`; those above it may be set in error, by
/// a borrow (Mycroft's test for a zero byte).
#[inline]
fn ends(word: u64) -> u64 {
    let quote = word ^ (ONES * u64::from(b'"'));
    let backslash = word ^ (ONES * u64::from(b'\\'));
    let control = word.wrapping_sub(ONES * u64::from(b' ')) & !word;
    let either = quote.wrapping_sub(ONES) & !quote | backslash.wrapping_sub(ONES) & !backslash;
    (either | control) & HIGHS
}

fn is_end(byte: u8) -> bool {
    byte == b'"' || byte == b'\\' || byte < b' '
}

#[cfg(test)]
mod tests {
    use super::{is_end, plain};

    #[test]
    fn a_scan_stops_at_the_first_end_wherever_it_is() {
        let others = [b' ', b'!', b'#', b'[', b']', b'a', 0x7f, 0x80, 0xa2, 0xdc, 0xff];
        for end in (0..=u8::MAX).filter(|&byte| is_end(byte)) {
            for at in 0..20 {
                for other in others {
                    let mut bytes = vec![other; at];
                    bytes.extend([end, other, b'"', end, 0, other, 0, 0, 0]);
                    assert_eq!(at, plain(&bytes), "{end:#x} after {at} of {other:#x}");
                }
            }
        }
    }

    #[test]
    fn a_scan_passes_every_other_byte() {
        for other in (0..=u8::MAX).filter(|&byte| !is_end(byte)) {
            assert_eq!(19, plain(&[other; 19]), "{other:#x}");
        }
    }
}
