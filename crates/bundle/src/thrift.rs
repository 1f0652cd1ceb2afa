//! The header of a Parquet page, as far as it says how much there is, and the length of what is noted in a footer:
//! Thrift's compact protocol, read strictly.
//!
//! The Parquet library reads the same header again. So that both understand the same, whatever could be understood in
//! two ways (a field given twice, fields out of order) is refused.

use std::io::{self, Read};

/// What a page claims.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PageHeader {
    pub(crate) kind: u64,
    pub(crate) uncompressed: u64,
    pub(crate) compressed: u64,
    pub(crate) values: u64,
    pub(crate) encoding: u64,
}

impl PageHeader {
    pub(crate) const DATA: u64 = 0;
    pub(crate) const DICTIONARY: u64 = 2;
    pub(crate) const DATA_V2: u64 = 3;
}

/// Longest header that is read. Ours have no statistics and about 30 bytes.
const MAX_HEADER_BYTES: usize = 64 << 10;
const MAX_DEPTH: u8 = 8;

// types of the compact protocol
const STOP: u8 = 0;
const TRUE: u8 = 1;
const FALSE: u8 = 2;
const BYTE: u8 = 3;
const I16: u8 = 4;
const I32: u8 = 5;
const I64: u8 = 6;
const DOUBLE: u8 = 7;
const BINARY: u8 = 8;
const LIST: u8 = 9;
const SET: u8 = 10;
const STRUCT: u8 = 12;

/// Reads one header, and says how many bytes it was.
pub(crate) fn page_header(input: &mut impl Read) -> io::Result<(PageHeader, u64)> {
    let mut reader = Reader { input, read: 0, most: MAX_HEADER_BYTES };
    let mut header = PageHeader::default();
    let mut id = 0;
    while let Some(kind) = reader.field(&mut id)? {
        match (id, kind) {
            (1, I32) => header.kind = reader.count()?,
            (2, I32) => header.uncompressed = reader.count()?,
            (3, I32) => header.compressed = reader.count()?,
            (5, STRUCT) => reader.body(&mut header, PageHeader::DATA, 2)?,
            (7, STRUCT) => reader.body(&mut header, PageHeader::DICTIONARY, 2)?,
            (8, STRUCT) => reader.body(&mut header, PageHeader::DATA_V2, 4)?,
            (4, I32) => reader.skip(kind, MAX_DEPTH)?, // the checksum
            _ => return Err(malformed("an unknown field of a page header")),
        }
    }
    Ok((header, reader.read as u64))
}

fn malformed(problem: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, problem)
}

/// The field of a file's metadata that is a list of noted pairs, and in each of them the value's.
const PAIRS: i16 = 5;
const VALUE: i16 = 2;

/// How many bytes the values of noted pairs (`key_value_metadata`) have in a footer of this length.
pub(crate) fn noted_bytes(input: &mut impl Read, length: u64) -> io::Result<u64> {
    let mut reader = Reader { input, read: 0, most: usize::try_from(length).unwrap_or(usize::MAX) };
    let (mut noted, mut id) = (0, 0);
    while let Some(kind) = reader.field(&mut id)? {
        if id != PAIRS {
            reader.skip(kind, MAX_DEPTH)?;
            continue;
        }
        let (count, STRUCT) = reader.list(kind)? else {
            return Err(malformed("notes that are no list of pairs"));
        };
        for _ in 0..count {
            let mut id = 0;
            while let Some(kind) = reader.field(&mut id)? {
                if (id, kind) == (VALUE, BINARY) {
                    noted += reader.binary()?;
                } else {
                    reader.skip(kind, MAX_DEPTH)?;
                }
            }
        }
    }
    Ok(noted)
}

struct Reader<'a, R> {
    input: &'a mut R,
    read: usize,
    /// What may be read at most.
    most: usize,
}

impl<R: Read> Reader<'_, R> {
    /// The part that belongs to one kind of page: the count is its field 1, the encoding's number differs.
    fn body(&mut self, header: &mut PageHeader, kind: u64, encoding: i16) -> io::Result<()> {
        // `type` comes first, so it is known; the part of another kind would be read by nobody
        if header.kind != kind {
            return Err(malformed("a page header of two kinds"));
        }
        let mut id = 0;
        while let Some(kind) = self.field(&mut id)? {
            match (id, kind) {
                (1, I32) => header.values = self.count()?,
                (id, I32) if id == encoding => header.encoding = self.count()?,
                _ => self.skip(kind, MAX_DEPTH)?,
            }
        }
        Ok(())
    }

    /// Type of the next field, `None` at the end of the struct; moves `id` on.
    fn field(&mut self, id: &mut i16) -> io::Result<Option<u8>> {
        let byte = self.byte()?;
        let (step, kind) = (i16::from(byte >> 4), byte & 0x0f);
        if kind == STOP {
            return if byte == STOP { Ok(None) } else { Err(malformed("a field without a type")) };
        }
        if step == 0 {
            return Err(malformed("a field out of order"));
        }
        *id = id.checked_add(step).ok_or_else(|| malformed("a field without a number"))?;
        Ok(Some(kind))
    }

    fn byte(&mut self) -> io::Result<u8> {
        if self.read >= self.most {
            return Err(malformed("a page header without end"));
        }
        let mut byte = [0];
        self.input.read_exact(&mut byte)?;
        self.read += 1;
        Ok(byte[0])
    }

    fn varint(&mut self) -> io::Result<u64> {
        let mut number = 0;
        for shift in (0..35).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err(malformed("a number that is too long"))
    }

    /// A zigzag i32 that must not be negative.
    fn count(&mut self) -> io::Result<u64> {
        match u32::try_from(self.varint()?) {
            Ok(number) if number & 1 == 0 => Ok(u64::from(number >> 1)),
            _ => Err(malformed("a negative number")),
        }
    }

    fn skip(&mut self, kind: u8, depth: u8) -> io::Result<()> {
        let depth = depth.checked_sub(1).ok_or_else(|| malformed("a page header that is too deep"))?;
        match kind {
            TRUE | FALSE => Ok(()),
            BYTE => self.byte().map(drop),
            I16 | I32 | I64 => self.long_varint(),
            DOUBLE => (0..8).try_for_each(|_| self.byte().map(drop)),
            BINARY => self.binary().map(drop),
            LIST | SET => {
                let (count, kind) = self.list(kind)?;
                (0..count).try_for_each(|_| match kind {
                    TRUE | FALSE => self.byte().map(drop), // outside of a struct, a byte
                    kind => self.skip(kind, depth),
                })
            }
            STRUCT => {
                let mut id = 0;
                while let Some(kind) = self.field(&mut id)? {
                    self.skip(kind, depth)?;
                }
                Ok(())
            }
            _ => Err(malformed("a type that is not read")),
        }
    }

    /// Passes over a text, and says how long it was.
    fn binary(&mut self) -> io::Result<u64> {
        let length = self.varint()?;
        let left = (self.most - self.read) as u64;
        if length > left {
            return Err(malformed("a text behind the end"));
        }
        let passed = io::copy(&mut self.input.by_ref().take(length), &mut io::sink())?;
        if passed != length {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.read += length as usize;
        Ok(length)
    }

    /// Number and type of a list's items.
    fn list(&mut self, kind: u8) -> io::Result<(u64, u8)> {
        if !matches!(kind, LIST | SET) {
            return Err(malformed("something else than a list"));
        }
        let byte = self.byte()?;
        let count = if byte >> 4 == 15 { self.varint()? } else { u64::from(byte >> 4) };
        Ok((count, byte & 0x0f))
    }

    fn long_varint(&mut self) -> io::Result<()> {
        for _ in 0..10 {
            if self.byte()? & 0x80 == 0 {
                return Ok(());
            }
        }
        Err(malformed("a number that is too long"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// type 0, 100 bytes, 50 compressed, { 7 values, encoding 8, 3, 3 }
    const DATA: &[u8] =
        &[0x15, 0, 0x15, 0xc8, 1, 0x15, 0x64, 0x2c, 0x15, 14, 0x15, 16, 0x15, 6, 0x15, 6, 0, 0];

    #[test]
    fn a_header_says_what_there_is() {
        let header = PageHeader { kind: 0, uncompressed: 100, compressed: 50, values: 7, encoding: 8 };
        assert_eq!(
            page_header(&mut [DATA, b"rest"].concat().as_slice()).unwrap(),
            (header, DATA.len() as u64)
        );
    }

    #[test]
    fn the_values_of_noted_pairs_are_counted_and_nothing_else() {
        // version 1, schema [{ name: "ab" }], pairs [{ "key": "value" }, { "k" }], created by "me"
        let schema = [0x19, 0x1c, 0x48, 2, b'a', b'b', 0];
        let pairs =
            [&[0x39, 0x2c, 0x18, 3][..], b"key", &[0x18, 5], b"value", &[0, 0x18, 1, b'k', 0]].concat();
        let footer = [&[0x15, 2][..], &schema, &pairs, &[0x18, 2, b'm', b'e', 0]].concat();
        assert_eq!(noted_bytes(&mut footer.as_slice(), footer.len() as u64).unwrap(), 5);
        for cut in 0..footer.len() {
            assert!(noted_bytes(&mut &footer[..cut], footer.len() as u64).is_err(), "cut to {cut}");
            assert!(noted_bytes(&mut footer.as_slice(), cut as u64).is_err(), "at most {cut}");
        }
        let no_list = [0x58, 2, b'a', b'b', 0];
        assert!(noted_bytes(&mut no_list.as_slice(), 5).is_err());
    }

    #[test]
    fn what_can_be_understood_in_two_ways_is_refused() {
        let twice = [0x15, 0, 0x05, 2, 2, 0]; // the long form of a field's number
        let negative = [0x15, 0, 0x15, 1, 0];
        let other_kind = [0x15, 4, 0x15, 0, 0x15, 0, 0x2c, 0x15, 2, 0, 0];
        let endless =
            [vec![0x15, 0, 0x15, 0, 0x15, 0, 0x2c, 0x18, 0xff, 0xff, 0xff, 0x7f], vec![0; 70_000]].concat();
        for bad in [&twice[..], &negative, &other_kind, &endless, &DATA[..9], &[]] {
            assert!(page_header(&mut &*bad).is_err(), "{:?}", &bad[..bad.len().min(12)]);
        }
    }
}
