//! HDF5 files of groups, attributes and contiguous arrays, written without the C library.
//!
//! Superblock 2, object headers 2 with compact links, dataspaces 2, layouts 3, attributes 3, texts of
//! variable length in a global heap: what version 1.8 of the library and all later ones read. Arrays go
//! to the file first, one after the other as they come; headers follow; the superblock, at the
//! beginning, is written last, so that a file that was cut off is none.
//!
//! - The HDF Group, HDF5 File Format Specification Version 3.0.

use std::io::{self, Seek, SeekFrom, Write};

/// No address.
const NONE: u64 = u64::MAX;
/// Bytes of the superblock.
const SUPERBLOCK: u64 = 48;

/// What the numbers of an array are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Single precision.
    F32,
    /// Yes or no, a byte each; to h5py a boolean.
    Bool,
}

/// The value of an attribute.
#[derive(Debug, Clone, PartialEq)]
pub enum Value<'a> {
    /// A text.
    Text(&'a str),
    /// A list of texts.
    Texts(&'a [&'a str]),
    /// A whole number.
    Int(i64),
    /// A number.
    Float(f64),
    /// Yes or no.
    Bool(bool),
    /// A list of those.
    Bools(&'a [bool]),
}

/// Attributes by name.
pub type Attributes<'a> = [(&'a str, Value<'a>)];

/// An object that has been written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Object(u64);

/// An array that has been written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Data {
    kind: Kind,
    shape: Vec<u64>,
    address: u64,
    bytes: u64,
}

/// A file under construction.
pub struct Hdf5<W: Write + Seek> {
    to: W,
    at: u64,
}

impl<W: Write + Seek> Hdf5<W> {
    /// An empty one.
    ///
    /// # Errors
    /// Those of the writer, as everywhere here.
    pub fn new(mut to: W) -> io::Result<Self> {
        to.write_all(&[0; SUPERBLOCK as usize])?;
        Ok(Self { to, at: SUPERBLOCK })
    }

    /// Begins an array of this shape; exactly its bytes must be written next, by [`Hdf5::write`].
    pub fn array(&mut self, kind: Kind, shape: &[u64]) -> io::Result<Data> {
        self.align()?;
        let width = if kind == Kind::F32 { 4 } else { 1 };
        Ok(Data {
            kind,
            shape: shape.to_vec(),
            address: self.at,
            bytes: width * shape.iter().product::<u64>(),
        })
    }

    /// More bytes of the array, little end first.
    pub fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.to.write_all(bytes)?;
        self.at += bytes.len() as u64;
        Ok(())
    }

    /// The array becomes an object.
    pub fn dataset(&mut self, data: &Data, attributes: &Attributes<'_>) -> io::Result<Object> {
        let mut layout = vec![3, 1];
        layout.extend(if data.bytes == 0 { NONE } else { data.address }.to_le_bytes());
        layout.extend(data.bytes.to_le_bytes());
        let kind = match data.kind {
            Kind::F32 => float(4),
            Kind::Bool => boolean(),
        };
        let messages = vec![
            (0x01, space(Some(&data.shape))),
            (0x03, kind),
            (0x05, vec![3, 0x09]), // no fill value
            (0x08, layout),
        ];
        self.object(messages, attributes)
    }

    /// A group of objects.
    pub fn group(
        &mut self,
        links: &[(&str, Object)],
        attributes: &Attributes<'_>,
    ) -> io::Result<Object> {
        let mut info = vec![0, 0];
        info.extend([0xff; 16]); // links are in the header
        let mut messages = vec![(0x02, info), (0x0a, vec![0, 0])];
        for (name, Object(address)) in links {
            let mut link = vec![1, 1]; // a hard link, two bytes for the length of its name
            link.extend((name.len() as u16).to_le_bytes());
            link.extend(name.as_bytes());
            link.extend(address.to_le_bytes());
            messages.push((0x06, link));
        }
        self.object(messages, attributes)
    }

    /// The file is whole, with this group at its root.
    pub fn finish(mut self, root: Object) -> io::Result<W> {
        let mut block = b"\x89HDF\r\n\x1a\n".to_vec();
        block.extend([2, 8, 8, 0]);
        for address in [0, NONE, self.at, root.0] {
            block.extend(address.to_le_bytes());
        }
        let sum = checksum(&block);
        block.extend(sum.to_le_bytes());
        self.to.seek(SeekFrom::Start(0))?;
        self.to.write_all(&block)?;
        self.to.flush()?;
        Ok(self.to)
    }

    fn align(&mut self) -> io::Result<()> {
        let missing = self.at.next_multiple_of(8) - self.at;
        self.write(&[0; 8][..missing as usize])
    }

    /// An object header with these messages and attributes.
    fn object(
        &mut self,
        mut messages: Vec<(u8, Vec<u8>)>,
        attributes: &Attributes<'_>,
    ) -> io::Result<Object> {
        for (name, value) in attributes {
            let message = self.attribute(name, value)?;
            messages.push((0x0c, message));
        }
        let mut body = Vec::new();
        for (kind, data) in &messages {
            body.push(*kind);
            body.extend((data.len() as u16).to_le_bytes());
            body.push(0);
            body.extend(data);
        }
        let mut header = b"OHDR\x02\x02".to_vec(); // four bytes for the size
        header.extend((body.len() as u32).to_le_bytes());
        header.extend(body);
        let sum = checksum(&header);
        header.extend(sum.to_le_bytes());
        self.align()?;
        let object = Object(self.at);
        self.write(&header)?;
        Ok(object)
    }

    fn attribute(&mut self, name: &str, value: &Value<'_>) -> io::Result<Vec<u8>> {
        let (kind, shape, data) = match value {
            Value::Text(text) => (variable(), None, self.texts(&[text])?),
            Value::Texts(texts) => {
                let data = self.texts(texts)?;
                (variable(), Some(texts.len()), data)
            }
            Value::Int(v) => (whole(), None, v.to_le_bytes().to_vec()),
            Value::Float(v) => (float(8), None, v.to_le_bytes().to_vec()),
            Value::Bool(v) => (boolean(), None, vec![u8::from(*v)]),
            Value::Bools(all) => {
                let data = all.iter().map(|v| u8::from(*v)).collect();
                (boolean(), Some(all.len()), data)
            }
        };
        let shape = shape.map(|n| [n as u64]);
        let space = space(shape.as_ref().map(|shape| shape.as_slice()));
        let mut message = vec![3, 0];
        for length in [name.len() + 1, kind.len(), space.len()] {
            message.extend((length as u16).to_le_bytes());
        }
        message.push(1); // UTF-8
        message.extend(name.as_bytes());
        message.push(0);
        message.extend(kind);
        message.extend(space);
        message.extend(data);
        Ok(message)
    }

    /// Puts texts into a heap; returns where they are.
    fn texts(&mut self, texts: &[&str]) -> io::Result<Vec<u8>> {
        if texts.is_empty() {
            return Ok(Vec::new());
        }
        self.align()?;
        let address = self.at;
        let (mut objects, mut places) = (Vec::new(), Vec::new());
        for (at, text) in texts.iter().enumerate() {
            let index = at as u16 + 1;
            objects.extend(index.to_le_bytes());
            objects.extend([0; 6]);
            objects.extend((text.len() as u64).to_le_bytes());
            objects.extend(text.as_bytes());
            objects.resize(objects.len().next_multiple_of(8), 0);
            places.extend((text.len() as u32).to_le_bytes());
            places.extend(address.to_le_bytes());
            places.extend(u32::from(index).to_le_bytes());
        }
        // the rest of a heap of 4096 bytes at least is free: object 0
        let size = (16 + objects.len() + 16).max(4096).next_multiple_of(8);
        let free = (size - 16 - objects.len()) as u64;
        objects.extend([0; 8]);
        objects.extend(free.to_le_bytes());
        let mut heap = b"GCOL\x01\0\0\0".to_vec();
        heap.extend((size as u64).to_le_bytes());
        heap.extend(objects);
        heap.resize(size, 0);
        self.write(&heap)?;
        Ok(places)
    }
}

/// A dataspace: of one number, or of a shape.
fn space(shape: Option<&[u64]>) -> Vec<u8> {
    let Some(shape) = shape else {
        return vec![2, 0, 0, 0];
    };
    let mut space = vec![2, shape.len() as u8, 0, 1];
    shape.iter().for_each(|d| space.extend(d.to_le_bytes()));
    space
}

/// IEEE numbers of 4 or 8 bytes.
fn float(bytes: u32) -> Vec<u8> {
    let (bits, exponent, mantissa, bias) = match bytes {
        4 => (32u16, 8, 23, 127u32),
        _ => (64, 11, 52, 1023),
    };
    let mut kind = vec![0x11, 0x20, bits as u8 - 1, 0];
    kind.extend(bytes.to_le_bytes());
    kind.extend([0, 0]);
    kind.extend(bits.to_le_bytes());
    kind.extend([mantissa, exponent, 0, mantissa]);
    kind.extend(bias.to_le_bytes());
    kind
}

/// Whole numbers of 8 bytes, with a sign.
fn whole() -> Vec<u8> {
    vec![0x10, 0x08, 0, 0, 8, 0, 0, 0, 0, 0, 64, 0]
}

/// h5py's booleans: FALSE and TRUE over whole numbers of one byte.
fn boolean() -> Vec<u8> {
    let mut kind = vec![0x18, 2, 0, 0, 1, 0, 0, 0];
    kind.extend([0x10, 0x08, 0, 0, 1, 0, 0, 0, 0, 0, 8, 0]);
    kind.extend(b"FALSE\0\0\0TRUE\0\0\0\0");
    kind.extend([0, 1]);
    kind
}

/// Texts of variable length, UTF-8.
fn variable() -> Vec<u8> {
    let mut kind = vec![0x19, 0x01, 0x01, 0, 16, 0, 0, 0];
    kind.extend([0x10, 0, 0, 0, 1, 0, 0, 0, 0, 0, 8, 0]);
    kind
}

/// B. Jenkins' lookup3 (2006, in the public domain), `hashlittle` from 0.
fn checksum(bytes: &[u8]) -> u32 {
    let start = 0xdead_beef_u32.wrapping_add(bytes.len() as u32);
    let [mut a, mut b, mut c] = [start; 3];
    let word = |part: &[u8], at: usize| {
        (0..4).fold(0u32, |word, i| {
            word | u32::from(part.get(4 * at + i).copied().unwrap_or(0)) << (8 * i)
        })
    };
    let mut rest = bytes;
    while rest.len() > 12 {
        a = a.wrapping_add(word(rest, 0));
        b = b.wrapping_add(word(rest, 1));
        c = c.wrapping_add(word(rest, 2));
        for (rotation, turn) in [4, 6, 8, 16, 19, 4].into_iter().zip(0..) {
            let (x, y, z) = match turn % 3 {
                0 => (&mut a, &mut c, &mut b),
                1 => (&mut b, &mut a, &mut c),
                _ => (&mut c, &mut b, &mut a),
            };
            *x = x.wrapping_sub(*y) ^ y.rotate_left(rotation);
            *y = y.wrapping_add(*z);
        }
        rest = &rest[12..];
    }
    if rest.is_empty() {
        return c;
    }
    a = a.wrapping_add(word(rest, 0));
    b = b.wrapping_add(word(rest, 1));
    c = c.wrapping_add(word(rest, 2));
    for (rotation, turn) in [14, 11, 25, 16, 4, 14, 24].into_iter().zip(0..) {
        let (x, y) = match turn % 3 {
            0 => (&mut c, b),
            1 => (&mut a, c),
            _ => (&mut b, a),
        };
        *x = (*x ^ y).wrapping_sub(y.rotate_left(rotation));
    }
    c
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_are_those_of_lookup3() {
        // its author's own driver5
        assert_eq!(checksum(b""), 0xdead_beef);
        assert_eq!(checksum(b"Four score and seven years ago"), 0x1777_0551);
    }
}
