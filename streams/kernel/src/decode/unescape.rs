//! Escapes that mean a character which needs none: `\/` and `\u`, as encoders write slashes, `&` and what is not ASCII.

/// A record without them; None: it has no escape, or one of a character that has to stay escaped.
///
/// JSON that is wrong stays so: what an escape becomes is within a string, and does not end it.
pub fn unescaped(raw: &[u8]) -> Option<Vec<u8>> {
    if !raw.contains(&b'\\') {
        return None;
    }
    let (mut found, mut left, mut within) = (Vec::with_capacity(raw.len()), raw, false);
    loop {
        let same = left.iter().position(|&byte| byte == b'"' || byte == b'\\').unwrap_or(left.len());
        found.extend_from_slice(&left[..same]);
        left = match &left[same..] {
            [] => return Some(found),
            [b'"', rest @ ..] => {
                within = !within;
                found.push(b'"');
                rest
            }
            [b'\\', b'/', rest @ ..] if within => {
                found.push(b'/');
                rest
            }
            [b'\\', b'u', rest @ ..] if within => {
                let (letter, rest) = letter(rest)?;
                found.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes());
                rest
            }
            _ => return None,
        };
    }
}

/// The character whose first four digits these are, and what comes after it.
fn letter(digits: &[u8]) -> Option<(char, &[u8])> {
    let (first, rest) = unit(digits)?;
    let (code, rest) = match (first, rest) {
        (0xd800..=0xdbff, [b'\\', b'u', rest @ ..]) => {
            let (second, rest) = unit(rest)?;
            (0x1_0000 + ((first - 0xd800) << 10) + second.checked_sub(0xdc00).filter(|&low| low < 0x400)?, rest)
        }
        alone => alone,
    };
    let letter = char::from_u32(code).filter(|&its| its >= ' ' && its != '"' && its != '\\')?;
    Some((letter, rest))
}

/// A unit of UTF-16.
fn unit(digits: &[u8]) -> Option<(u32, &[u8])> {
    let (four, rest) = digits.split_at_checked(4)?;
    let digit = |whole: u32, &byte: &u8| Some(whole << 4 | char::from(byte).to_digit(16)?);
    Some((four.iter().try_fold(0, digit)?, rest))
}

#[cfg(test)]
mod tests {
    use super::unescaped;

    #[test]
    fn an_escape_is_the_character_it_means() {
        for (raw, expected) in [
            (r#"{"a\/b":"https:\/\/x\/"}"#, r#"{"a/b":"https://x/"}"#),
            (r#""\u0026\u003D\u002b\u007f""#, "\"&=+\u{7f}\""),
            (r#""\u017c\u20AC\ud83d\ude00\uffff""#, "\"ż€😀\u{ffff}\""),
        ] {
            assert_eq!(Some(expected.as_bytes()), unescaped(raw.as_bytes()).as_deref(), "{raw}");
        }
    }

    #[test]
    fn what_has_to_stay_escaped_is_declined() {
        for raw in [
            r#"{"a":"b"}"#, // nothing is escaped
            r#""\"""#,
            r#""\\""#,
            r#""\\/""#,
            r#""\n\/""#,
            r#""\u0022""#,
            r#""\u005c""#,
            r#""\u0000""#,
            r#""\u001f""#,
            r#""\ud83d""#,
            r#""\ud83dx""#,
            r#""\ud83d\u0041""#,
            r#""\ude00\ud83d""#,
            r#""\u12""#,
            r#""\u+123""#,
            r#""\u 123""#,
            r#""\U0041""#,
            r#""a"\/"#, // of no string
            r#"{"a":\u0031}"#,
            r#""\"#,
        ] {
            assert_eq!(None, unescaped(raw.as_bytes()), "{raw}");
        }
    }
}
