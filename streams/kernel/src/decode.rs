//! A click from its JSON, where that is plain.
//!
//! Stricter than models.click, never more lenient, and the same in every field where it accepts: a record that is
//! declined is decoded again by Python, which alone says what is wrong with it.

use cursor::Cursor;

mod cursor;
#[cfg(test)]
mod tests;
mod timestamp;
mod unescape;

/// Below the 64 KiB of `models.event.MAX_STRING`, so that no string of a plain record can be too long.
const MOST_BYTES: usize = 32 * 1024;
/// Characters of an id, as models.event.EventId has them.
const MOST_ID_CHARS: usize = 64;
/// Known fields; `place` numbers them.
const FIELDS: usize = 16;

/// The fields of models.click.Click; texts as they stand in the record, `at_us` event time, us since 1970 UTC.
#[derive(Debug, Default, PartialEq)]
pub struct Click<'a> {
    pub event_id: &'a str,
    pub at_us: i64,
    pub visitor_id: &'a str,
    pub event_type: &'a str,
    pub session_id: Option<&'a str>,
    pub customer_id: Option<&'a str>,
    pub page_url: Option<&'a str>,
    pub referrer: Option<&'a str>,
    pub utm_source: Option<&'a str>,
    pub utm_medium: Option<&'a str>,
    pub utm_campaign: Option<&'a str>,
    pub channel: Option<&'a str>,
    pub country: Option<&'a str>,
    pub device: Option<&'a str>,
    pub user_agent: Option<&'a str>,
    pub order_id: Option<&'a str>,
}

/// The texts of a click, as models.click names them.
pub const FIELD_NAMES: [&str; 15] = [
    "event_id",
    "visitor_id",
    "event_type",
    "session_id",
    "customer_id",
    "page_url",
    "referrer",
    "utm_source",
    "utm_medium",
    "utm_campaign",
    "channel",
    "country",
    "device",
    "user_agent",
    "order_id",
];

impl<'a> Click<'a> {
    /// The text of a field by its name.
    pub fn text(&self, field: &str) -> Option<&'a str> {
        match field {
            "event_id" => Some(self.event_id),
            "visitor_id" => Some(self.visitor_id),
            "event_type" => Some(self.event_type),
            "session_id" => self.session_id,
            "customer_id" => self.customer_id,
            "page_url" => self.page_url,
            "referrer" => self.referrer,
            "utm_source" => self.utm_source,
            "utm_medium" => self.utm_medium,
            "utm_campaign" => self.utm_campaign,
            "channel" => self.channel,
            "country" => self.country,
            "device" => self.device,
            "user_agent" => self.user_agent,
            "order_id" => self.order_id,
            _ => None,
        }
    }
}

/// The click of a record, or None where its JSON is not plain: then the decoder of Python decides what it is.
///
/// Plain is one object of at most `MOST_BYTES`, all of it UTF-8, without an escape and with each known field at most
/// once, a text or `null`, which is absent; others may be anything.
pub fn decode(raw: &[u8]) -> Option<Click<'_>> {
    if raw.len() > MOST_BYTES {
        return None;
    }
    let texts = texts(Cursor::new(std::str::from_utf8(raw).ok()?))?;
    let [event_id, timestamp, visitor_id, event_type, session_id, customer_id, others @ ..] = texts;
    let [page_url, referrer, utm_source, utm_medium, utm_campaign, channel, country, device, user_agent, order_id] =
        others;
    let event_id = named(event_id?)?;
    let too_long = event_id.len() > MOST_ID_CHARS && event_id.chars().count() > MOST_ID_CHARS;
    if too_long || session_id == Some("") {
        return None;
    }
    Some(Click {
        event_id,
        at_us: timestamp::at_us(timestamp?)?,
        visitor_id: named(visitor_id?)?,
        event_type: named(event_type?)?,
        session_id,
        customer_id,
        page_url,
        referrer,
        utm_source,
        utm_medium,
        utm_campaign,
        channel,
        country,
        device,
        user_agent,
        order_id,
    })
}

/// The same of a record that is plain but for escapes which it could do without; `room` is for its text without them.
pub fn decode_escaped<'a>(raw: &'a [u8], room: &'a mut Vec<u8>) -> Option<Click<'a>> {
    if let Some(click) = decode(raw) {
        return Some(click);
    }
    *room = unescape::unescaped(raw)?;
    decode(room)
}

/// An identifier, which has at least one character.
fn named(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}

/// Known fields of the one object that the record has to be, by `place`; the others are looked at and left.
fn texts(mut cursor: Cursor<'_>) -> Option<[Option<&str>; FIELDS]> {
    let mut texts = [None; FIELDS];
    let mut found = 0_u16;
    cursor.expect(b'{')?;
    loop {
        let name = cursor.string()?;
        cursor.expect(b':')?;
        if let Some(place) = place(name) {
            if found & 1 << place != 0 {
                return None;
            }
            found |= 1 << place;
            cursor.string_or_null(&mut texts[place])?;
        } else {
            cursor.value()?;
        }
        match cursor.next()? {
            b',' => {}
            b'}' => return cursor.is_done().then_some(texts),
            _ => return None,
        }
    }
}

/// Where `decode` takes a field from, or None for one that it does not know.
fn place(name: &str) -> Option<usize> {
    Some(match name.as_bytes() {
        b"event_id" => 0,
        b"timestamp" => 1,
        b"visitor_id" => 2,
        b"event_type" => 3,
        b"session_id" => 4,
        b"customer_id" => 5,
        b"page_url" => 6,
        b"referrer" => 7,
        b"utm_source" => 8,
        b"utm_medium" => 9,
        b"utm_campaign" => 10,
        b"channel" => 11,
        b"country" => 12,
        b"device" => 13,
        b"user_agent" => 14,
        b"order_id" => 15,
        _ => return None,
    })
}
