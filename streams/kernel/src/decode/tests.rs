//! What is accepted and what is declined; each accepted sample is what msgspec 0.19 reads from it.

use super::{decode, decode_escaped, Click};

/// 2024-05-06T07:08:09Z.
const AT_US: i64 = 1_714_979_289_000_000;

fn with(more: &str) -> String {
    format!(r#"{{"event_id":"e","timestamp":"2024-05-06T07:08:09Z","visitor_id":"v","event_type":"t"{more}}}"#)
}

fn plain() -> Click<'static> {
    Click { event_id: "e", at_us: AT_US, visitor_id: "v", event_type: "t", ..Click::default() }
}

#[test]
fn every_field_has_its_own_text() {
    let more = concat!(
        r#","session_id":"s","customer_id":"c","page_url":"p","referrer":"r","utm_source":"us","utm_medium":"um","#,
        r#""utm_campaign":"uc","channel":"ch","country":"co","device":"d","user_agent":"ua","order_id":"o""#
    );
    let expected = Click {
        session_id: Some("s"),
        customer_id: Some("c"),
        page_url: Some("p"),
        referrer: Some("r"),
        utm_source: Some("us"),
        utm_medium: Some("um"),
        utm_campaign: Some("uc"),
        channel: Some("ch"),
        country: Some("co"),
        device: Some("d"),
        user_agent: Some("ua"),
        order_id: Some("o"),
        ..plain()
    };
    assert_eq!(Some(expected), decode(with(more).as_bytes()));
}

#[test]
fn white_space_may_be_anywhere_between_tokens() {
    let raw = " \t\r\n{ \"event_id\"\t:\n\"e\" ,\"timestamp\": \"2024-05-06T07:08:09Z\"\r, \"visitor_id\" :\"v\"\n,\
               \"event_type\":\"t\" , \"x\" : 1 } \n";
    assert_eq!(Some(plain()), decode(raw.as_bytes()));
}

#[test]
fn what_is_not_kept_changes_nothing() {
    for value in [
        "\"\"",
        "\"€😀\"",
        "\"\u{7f}\"",
        "\"{[,]}:\"",
        "0",
        "-0",
        "7",
        "10",
        "-12.50",
        "1E+05",
        "0.0e-0",
        "1e999",
        "true",
        "false",
        "null",
        "[]",
        "{ }",
        "[ 1 , \"]\", [ ] , {\"\":[null]}]",
        "{\"event_id\":\"f\",\"event_id\" : {\"a\":[1.5e3,true]}}",
    ] {
        assert_eq!(Some(plain()), decode(with(&format!(",\"x\":{value}")).as_bytes()), "{value}");
        assert_eq!(Some(plain()), decode(with(&format!(",\"\":{value} ,\"é\":1")).as_bytes()), "{value}");
    }
    assert_eq!(Some(plain()), decode(with(r#","x":1,"x":2,"Event_id":3,"event_id ":"z""#).as_bytes()));
}

#[test]
fn null_is_absent_and_an_empty_text_is_not() {
    let expected = Click { country: Some(""), ..plain() };
    assert_eq!(Some(expected), decode(with(r#","session_id":null,"country":"","device": null "#).as_bytes()));
}

#[test]
fn a_text_may_be_of_any_characters_but_escaped_ones() {
    let expected = Click { page_url: Some("zażółć/€/😀\u{7f}\u{feff}"), ..plain() };
    let raw = with(",\"page_url\":\"zażółć/€/😀\u{7f}\u{feff}\"");
    assert_eq!(Some(expected), decode(raw.as_bytes()));
}

#[test]
fn what_is_not_plain_is_declined() {
    for more in [
        ",",
        ",,\"x\":1",
        " \"x\":1",
        ",\"x\"",
        ",\"x\" 1",
        ",\"x\":",
        ",x:1",
        ",1:1",
        ",\"x\":1}",
        ",\"x\":'a'", // grammar
        ",\"x\":{",
        ",\"x\":[",
        ",\"x\":[1,]",
        ",\"x\":[,1]",
        ",\"x\":[1 2]",
        ",\"x\":[1}",
        ",\"x\":{]",
        ",\"x\":{1}",
        ",\"x\":{\"a\"}",
        ",\"x\":{\"a\":}",
        ",\"x\":{\"a\":1,}",
        ",\"x\":{\"a\":1 \"b\":2}",
        ",\"x\":{a:1}",
        ",\"country\":[\"GB\"]", // nested
        ",\"x\":\"\\n\"",
        ",\"country\":\"\\u0041\"",
        ",\"coun\\u0074ry\":\"GB\"",
        ",\"x\":\"\\\"", // escapes
        ",\"x\":\"\u{1}\"",
        ",\"x\u{1f}\":1",
        ",\"country\":\"\u{0}\"",
        ",\"x\":\u{b}1",
        ",\"x\":1\u{0}", // controls
        ",\"country\":1",
        ",\"country\":true",
        ",\"country\":nul",
        ",\"session_id\":\"\"", // types
        ",\"country\":\"a\",\"country\":\"b\"",
        ",\"country\":null,\"country\":\"b\"",
        ",\"event_id\":\"f\"", // twice
        ",\"x\":tru",
        ",\"x\":truE",
        ",\"x\":True",
        ",\"x\":nulL",
        ",\"x\":NaN",
        ",\"x\":Infinity", // words
        ",\"x\":-",
        ",\"x\":01",
        ",\"x\":-01",
        ",\"x\":1.",
        ",\"x\":1.e1",
        ",\"x\":1e",
        ",\"x\":1e+",
        ",\"x\":.5", // numbers
        ",\"x\":+1",
        ",\"x\":--1",
        ",\"x\":- 1",
        ",\"x\":1 2",
        ",\"x\":0x1",
        ",\"x\":1_0",
        ",\"x\":1.2.3",
    ] {
        assert_eq!(None, decode(with(more).as_bytes()), "{more}");
    }
}

#[test]
fn every_required_field_has_to_be_there() {
    let fields = [
        (r#""event_id":"e""#, r#""event_id":"""#),
        (r#""timestamp":"2024-05-06T07:08:09Z""#, r#""timestamp":"""#),
        (r#""visitor_id":"v""#, r#""visitor_id":"""#),
        (r#""event_type":"t""#, r#""event_type":"""#),
    ];
    for (field, empty) in fields {
        assert!(with("").contains(field), "{field}");
        let null = format!("{}:null", field.split_once(':').unwrap().0);
        let number = format!("{}:1", field.split_once(':').unwrap().0);
        for other in [r#""x":1"#, empty, &null, &number] {
            assert_eq!(None, decode(with("").replace(field, other).as_bytes()), "{other} for {field}");
        }
    }
}

#[test]
fn a_record_cut_or_lengthened_anywhere_is_declined() {
    let raw = with(",\"country\":\"GB\",\"n\":-1.5e3,\"b\":true");
    assert!(decode(raw.as_bytes()).is_some());
    for end in 0..raw.len() {
        assert_eq!(None, decode(&raw.as_bytes()[..end]), "{}", &raw[..end]);
    }
    for more in ["x", "}", "{", ",", "\0", "\"", "{}"] {
        assert_eq!(None, decode(format!("{raw}{more}").as_bytes()), "{more}");
    }
    assert_eq!(None, decode(format!("\u{feff}{raw}").as_bytes()), "a byte order mark");
    assert_eq!(None, decode(format!("[{raw}]").as_bytes()));
}

#[test]
fn what_is_no_utf_8_is_declined_wherever_it_is() {
    let bad: [&[u8]; 5] = [b"\xff", b"\xc0\x80", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xe2\x82"];
    for place in [r#","country":"@""#, r#","x":"@""#, r#","@":1"#] {
        for bytes in bad {
            let (before, after) = place.split_once('@').unwrap();
            let raw = with(&format!("{before}@{after}"));
            let cut = raw.find('@').unwrap();
            let raw = [&raw.as_bytes()[..cut], bytes, &raw.as_bytes()[cut + 1..]].concat();
            assert_eq!(None, decode(&raw), "{bytes:x?} in {place}");
        }
    }
}

#[test]
fn an_id_has_at_most_64_characters_of_any_length() {
    for (character, taken) in [("a", 64), ("é", 64), ("😀", 64), ("e\u{301}", 32)] {
        let named = |times| with("").replace(r#""e""#, &format!("\"{}\"", character.repeat(times)));
        assert!(decode(named(taken).as_bytes()).is_some(), "{taken} times {character}");
        assert!(decode(named(taken + 1).as_bytes()).is_none(), "{} times {character}", taken + 1);
    }
}

#[test]
fn a_record_has_at_most_32_kib() {
    let empty = with(r#","page_url":"""#).len();
    let long = |bytes: usize| with(&format!(r#","page_url":"{}""#, "p".repeat(bytes - empty)));
    assert_eq!(32_768 - empty, decode(long(32_768).as_bytes()).unwrap().page_url.unwrap().len());
    assert_eq!(None, decode(long(32_769).as_bytes()));
}

#[test]
fn what_is_too_deep_is_declined() {
    let deep = |levels: usize| with(&format!(",\"x\":{}{}", "[".repeat(levels), "]".repeat(levels)));
    assert_eq!(Some(plain()), decode(deep(32).as_bytes()));
    assert_eq!(None, decode(deep(33).as_bytes()));
}

#[test]
fn escapes_that_are_not_needed_are_read() {
    let raw = with(r#","page_url":"https:\/\/x\/?a=1\u0026b=\u017c","\u0063ountry":"GB""#);
    let expected = Click { page_url: Some("https://x/?a=1&b=ż"), country: Some("GB"), ..plain() };
    assert_eq!(Some(expected), decode_escaped(raw.as_bytes(), &mut Vec::new()));
    let twice = with(r#","country":"GB","\u0063ountry":"PL""#);
    assert_eq!(None, decode_escaped(twice.as_bytes(), &mut Vec::new()));
}
