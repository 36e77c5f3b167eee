//! As much of MessagePack as rows are made of, in the shortest forms, as msgspec writes it.

/// Appends values.
#[derive(Default)]
pub struct Writer {
    pub bytes: Vec<u8>,
}

impl Writer {
    pub fn nil(&mut self) {
        self.bytes.push(0xc0);
    }

    /// A number that is not negative.
    pub fn whole(&mut self, number: u64) {
        let bytes = number.to_be_bytes();
        match number {
            0..=0x7f => self.bytes.push(bytes[7]),
            0x80..=0xff => self.tagged(0xcc, &bytes[7..]),
            0x100..=0xffff => self.tagged(0xcd, &bytes[6..]),
            0x1_0000..=0xffff_ffff => self.tagged(0xce, &bytes[4..]),
            _ => self.tagged(0xcf, &bytes),
        }
    }

    pub fn int(&mut self, number: i64) {
        let bytes = number.to_be_bytes();
        match number {
            0.. => self.whole(number.unsigned_abs()),
            -0x20..0 => self.bytes.push(bytes[7]),
            -0x80..-0x20 => self.tagged(0xd0, &bytes[7..]),
            -0x8000..-0x80 => self.tagged(0xd1, &bytes[6..]),
            -0x8000_0000..-0x8000 => self.tagged(0xd2, &bytes[4..]),
            _ => self.tagged(0xd3, &bytes),
        }
    }

    pub fn optional(&mut self, number: Option<i64>) {
        match number {
            Some(number) => self.int(number),
            None => self.nil(),
        }
    }

    pub fn text(&mut self, text: &str) {
        match text.len() {
            length @ 0..=31 => self.bytes.push(0xa0 | length as u8),
            length => self.length([0xd9, 0xda, 0xdb], length),
        }
        self.raw(text.as_bytes());
    }

    pub fn binary(&mut self, bytes: &[u8]) {
        self.length([0xc4, 0xc5, 0xc6], bytes.len());
        self.raw(bytes);
    }

    /// Begins an array, whose values are to come.
    pub fn array(&mut self, length: usize) {
        match length {
            0..=15 => self.bytes.push(0x90 | length as u8),
            0x10..=0xffff => self.tagged(0xdc, &(length as u16).to_be_bytes()),
            _ => self.tagged(0xdd, &(length as u32).to_be_bytes()),
        }
    }

    /// Bytes that are a value already.
    pub fn raw(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    fn length(&mut self, tags: [u8; 3], length: usize) {
        match length {
            0..=0xff => self.tagged(tags[0], &(length as u8).to_be_bytes()),
            0x100..=0xffff => self.tagged(tags[1], &(length as u16).to_be_bytes()),
            _ => self.tagged(tags[2], &(length as u32).to_be_bytes()),
        }
    }

    fn tagged(&mut self, tag: u8, bytes: &[u8]) {
        self.bytes.push(tag);
        self.raw(bytes);
    }
}

/// Takes values in turn; None: the next one is of another type, or cut off.
#[derive(Clone)]
pub struct Reader<'a> {
    left: &'a [u8],
}

impl<'a> Reader<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { left: bytes }
    }

    pub fn ended(&self) -> bool {
        self.left.is_empty()
    }

    /// Whether the next value is nil; it is taken then.
    pub fn nil(&mut self) -> bool {
        let nil = self.left.first() == Some(&0xc0);
        if nil {
            self.left = &self.left[1..];
        }
        nil
    }

    pub fn int(&mut self) -> Option<i64> {
        i64::try_from(self.whole_or_int()?).ok()
    }

    /// A number, or nil as Some(None).
    pub fn optional(&mut self) -> Option<Option<i64>> {
        if self.nil() {
            Some(None)
        } else {
            self.int().map(Some)
        }
    }

    /// A number that is not negative, stored as little-endian bytes where it is long; it may have 128 bits.
    pub fn wide(&mut self) -> Option<u128> {
        if matches!(self.left.first()?, 0xc4..=0xc6) {
            let bytes = self.binary()?;
            let significant = bytes.len() - bytes.iter().rev().take_while(|&&byte| byte == 0).count();
            let mut whole = [0; 16];
            whole.get_mut(..significant)?.copy_from_slice(&bytes[..significant]);
            return Some(u128::from_le_bytes(whole));
        }
        u128::try_from(self.whole_or_int()?).ok()
    }

    pub fn text(&mut self) -> Option<&'a str> {
        let length = match self.byte()? {
            tag @ 0xa0..=0xbf => usize::from(tag & 0x1f),
            0xd9 => self.big_endian(1)?,
            0xda => self.big_endian(2)?,
            0xdb => self.big_endian(4)?,
            _ => return None,
        };
        std::str::from_utf8(self.take(length)?).ok()
    }

    pub fn binary(&mut self) -> Option<&'a [u8]> {
        let length = match self.byte()? {
            0xc4 => self.big_endian(1)?,
            0xc5 => self.big_endian(2)?,
            0xc6 => self.big_endian(4)?,
            _ => return None,
        };
        self.take(length)
    }

    /// Takes the beginning of an array: how many values come.
    pub fn array(&mut self) -> Option<usize> {
        match self.byte()? {
            tag @ 0x90..=0x9f => Some(usize::from(tag & 0x0f)),
            0xdc => self.big_endian(2),
            0xdd => self.big_endian(4),
            _ => None,
        }
    }

    /// An array of texts and nils, as the bytes that it is.
    pub fn texts(&mut self) -> Option<&'a [u8]> {
        let before = self.left;
        for _ in 0..self.array()? {
            if !self.nil() {
                self.text()?;
            }
        }
        Some(&before[..before.len() - self.left.len()])
    }

    fn whole_or_int(&mut self) -> Option<i128> {
        let tag = self.byte()?;
        let width = match tag {
            0..=0x7f => return Some(tag.into()),
            0xe0.. => return Some((tag as i8).into()),
            0xcc | 0xd0 => 1,
            0xcd | 0xd1 => 2,
            0xce | 0xd2 => 4,
            0xcf | 0xd3 => 8,
            _ => return None,
        };
        let unsigned = self.take(width)?.iter().fold(0u64, |whole, &byte| whole << 8 | u64::from(byte));
        let unused = 64 - 8 * width as u32;
        Some(if tag >= 0xd0 { ((unsigned << unused) as i64 >> unused).into() } else { unsigned.into() })
    }

    fn byte(&mut self) -> Option<u8> {
        self.take(1).map(|taken| taken[0])
    }

    fn big_endian(&mut self, width: usize) -> Option<usize> {
        Some(self.take(width)?.iter().fold(0, |whole, &byte| whole << 8 | usize::from(byte)))
    }

    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, left) = self.left.split_at_checked(length)?;
        self.left = left;
        Some(taken)
    }
}
