//! Record batches of Kafka's format 2, as a fetch brings them: kafka.apache.org/documentation/#recordbatch.

/// Bytes of a batch that its length leaves out: its offset and the length itself.
const OVERHEAD: usize = 12;
/// Bytes of a batch without records.
const HEADER: usize = 61;
const MAGIC: u8 = 2;
const COMPRESSED: u16 = 0x07;
const LOG_APPEND_TIME: u16 = 0x08;
const TRANSACTIONAL: u16 = 0x10;
const CONTROL: u16 = 0x20;
/// Where the part begins that the checksum is of.
const CHECKED: usize = 21;
/// What the key of a control record ends with, after its version.
const ABORT: [u8; 2] = [0, 0];

/// A part of a fetch; `end` is `NULL` of what is null.
#[derive(Clone, Copy)]
pub struct Span {
    start: u32,
    end: u32,
}

const NULL: u32 = u32::MAX;

impl Span {
    /// Its bytes; None of what is null.
    pub fn of(self, data: &[u8]) -> Option<&[u8]> {
        (self.end != NULL).then(|| &data[self.start as usize..self.end as usize])
    }

    /// Before the first of such bytes and after it; all of it and nothing where there is none.
    pub fn parted(self, data: &[u8], by: u8) -> (Self, Self) {
        let found = self.of(data).and_then(|its| its.iter().position(|&byte| byte == by));
        let Some(length) = found else { return (self, Self { start: self.end, end: self.end }) };
        let end = self.start + length as u32;
        (Self { start: self.start, end }, Self { start: end + 1, end: self.end })
    }
}

/// A record; `at_ms`: its timestamp, since 1970. `headers` is what is left of it, the number of them first.
#[derive(Clone, Copy)]
pub struct Entry {
    pub offset: i64,
    pub at_ms: i64,
    pub append_time: bool,
    pub key: Span,
    pub value: Span,
    pub headers: Span,
}

/// The head of a batch that is not compressed; it lies in `start..end` of the fetch. `first_ms`, `last_ms`: timestamps,
/// since 1970.
#[derive(Clone)]
pub struct Head {
    start: usize,
    end: usize,
    pub base_offset: i64,
    pub next_offset: i64,
    pub producer_id: i64,
    attributes: u16,
    checksum: u32,
    first_ms: i64,
    last_ms: i64,
    count: usize,
}

impl Head {
    pub fn transactional(&self) -> bool {
        self.attributes & TRANSACTIONAL != 0
    }

    pub fn control(&self) -> bool {
        self.attributes & CONTROL != 0
    }

    /// Whether the bytes are those that the checksum was made of.
    pub fn intact(&self, data: &[u8]) -> bool {
        crc32c::crc32c(&data[self.start + CHECKED..self.end]) == self.checksum
    }

    /// Whether a control batch ends its transaction without effect; None: it cannot be read.
    pub fn aborts(&self, data: &[u8]) -> Option<bool> {
        let mut entries = Vec::with_capacity(1);
        self.read(data, i64::MIN, &mut entries)?;
        let key = entries.first()?.key.of(data)?;
        Some(key.get(2..4)? == ABORT)
    }

    /// Add the records from an offset on; None: it cannot be read.
    pub fn read(&self, data: &[u8], from_offset: i64, entries: &mut Vec<Entry>) -> Option<()> {
        let mut at = Cursor { data, at: self.start + HEADER, end: self.end };
        for _ in 0..self.count {
            let entry = self.entry(&mut at)?;
            if entry.offset >= from_offset {
                entries.push(entry);
            }
        }
        (at.at == self.end).then_some(())
    }

    fn entry(&self, at: &mut Cursor<'_>) -> Option<Entry> {
        let length = usize::try_from(at.varint()?).ok()?;
        let end = at.at.checked_add(length).filter(|&end| end <= at.end)?;
        at.skip(1)?; // attributes, unused
        let (since_ms, offset) = (at.varint()?, at.varint()?);
        let (key, value) = (at.span()?, at.span()?);
        let headers = Span { start: at.at as u32, end: end as u32 };
        at.at = (at.at <= end).then_some(end)?;
        let append_time = self.attributes & LOG_APPEND_TIME != 0;
        let at_ms = if append_time { self.last_ms } else { self.first_ms + since_ms };
        Some(Entry { offset: self.base_offset + offset, at_ms, append_time, key, value, headers })
    }
}

/// The batches of a fetch, but for one that is cut off; None: one is not of this format, or compressed.
pub fn heads(data: &[u8]) -> Option<Vec<Head>> {
    if data.len() >= NULL as usize {
        return None;
    }
    let (mut found, mut start) = (Vec::new(), 0);
    while let Some(length) = data.get(start + 8..start + OVERHEAD) {
        let length = usize::try_from(i32::from_be_bytes(length.try_into().ok()?)).ok()?;
        let end = start + OVERHEAD + length;
        if end > data.len() {
            break;
        }
        found.push(head(data, start, end)?);
        start = end;
    }
    Some(found)
}

/// Name, and value or None.
pub type Header<'a> = (&'a str, Option<&'a [u8]>);

/// The headers of a record; None: they cannot be read.
pub fn headers<'a>(entry: &Entry, data: &'a [u8]) -> Option<Vec<Header<'a>>> {
    let (at, end) = (entry.headers.start as usize, entry.headers.end as usize);
    let mut at = Cursor { data, at, end };
    let count = at.varint()?;
    let mut found = Vec::new();
    for _ in 0..count {
        let name = std::str::from_utf8(at.span()?.of(data)?).ok()?;
        found.push((name, at.span()?.of(data)));
    }
    Some(found)
}

/// Whether a record has no headers.
pub fn bare(entry: &Entry, data: &[u8]) -> bool {
    data.get(entry.headers.start as usize) == Some(&0)
}

/// Whether a record may have a header of this name; one that cannot be read may.
pub fn may_have(entry: &Entry, data: &[u8], name: &str) -> bool {
    !bare(entry, data) && headers(entry, data).is_none_or(|its| its.iter().any(|header| header.0 == name))
}

fn head(data: &[u8], start: usize, end: usize) -> Option<Head> {
    let its = data.get(start..end).filter(|its| its.len() >= HEADER && its[16] == MAGIC)?;
    let attributes = u16::from_be_bytes(its[21..23].try_into().ok()?);
    let long = |at: usize| its[at..at + 8].try_into().map(i64::from_be_bytes).ok();
    let int = |at: usize| its[at..at + 4].try_into().map(i32::from_be_bytes).ok();
    let base_offset = long(0)?;
    (attributes & COMPRESSED == 0).then_some(Head {
        start,
        end,
        base_offset,
        next_offset: base_offset + i64::from(int(23)?) + 1,
        producer_id: long(43)?,
        attributes,
        checksum: int(17)? as u32,
        first_ms: long(27)?,
        last_ms: long(35)?,
        count: usize::try_from(int(57)?).ok()?,
    })
}

struct Cursor<'a> {
    data: &'a [u8],
    at: usize,
    end: usize,
}

impl Cursor<'_> {
    fn skip(&mut self, bytes: usize) -> Option<()> {
        self.at = self.at.checked_add(bytes).filter(|&at| at <= self.end)?;
        Some(())
    }

    /// A zigzag number of 7 bits a byte.
    fn varint(&mut self) -> Option<i64> {
        let mut whole = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = *self.data[..self.end].get(self.at)?;
            self.at += 1;
            whole |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some((whole >> 1) as i64 ^ -((whole & 1) as i64));
            }
        }
        None
    }

    /// A length and so many bytes; -1: null.
    fn span(&mut self) -> Option<Span> {
        let length = self.varint()?;
        let start = self.at as u32;
        if length < 0 {
            return Some(Span { start, end: NULL });
        }
        self.skip(usize::try_from(length).ok()?)?;
        Some(Span { start, end: self.at as u32 })
    }
}
