//! An archive of files that are stored as they are: what `.npz` and `.pt` are made of.
//!
//! Local headers with 64-bit sizes, patched once an entry is whole; then the central directory and its
//! two ends (APPNOTE.TXT of PKWARE, 4.3 and 4.5.3). Data begin at multiples of 64 bytes, as PyTorch
//! writes and maps them. No times: the same content gives the same bytes.

use flate2::Crc;
use std::io::{self, Seek, SeekFrom, Write};

const ALIGN: u64 = 64;
/// 1 January 1980.
const DATE: u16 = 1 << 5 | 1;
const VERSION: u16 = 45;

/// An archive under construction.
pub struct Zip<W: Write + Seek> {
    to: W,
    at: u64,
    entries: Vec<Entry>,
    crc: Crc,
}

struct Entry {
    name: String,
    header: u64,
    size: u64,
    crc: u32,
}

impl<W: Write + Seek> Zip<W> {
    /// An empty one.
    pub fn new(to: W) -> Self {
        Self {
            to,
            at: 0,
            entries: Vec::new(),
            crc: Crc::new(),
        }
    }

    /// Begins an entry; what is written from now on is its content.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn begin(&mut self, name: &str) -> io::Result<()> {
        self.end()?;
        let bare = 30 + name.len() as u64 + 20;
        // a field of zeros that readers pass over fills up to the alignment
        let missing = (self.at + bare + 4).next_multiple_of(ALIGN) - (self.at + bare + 4);
        let mut head = b"PK\x03\x04".to_vec();
        for v in [VERSION, 0, 0, 0, DATE] {
            head.extend(v.to_le_bytes());
        }
        head.extend([0; 4]); // checksum, later
        head.extend([0xff; 8]); // sizes: below
        head.extend((name.len() as u16).to_le_bytes());
        head.extend((24 + missing as u16).to_le_bytes());
        head.extend(name.as_bytes());
        head.extend([1, 0, 16, 0]);
        head.extend([0; 16]); // sizes, later
        head.extend(b"FB"); // PyTorch's own padding field
        head.extend((missing as u16).to_le_bytes());
        head.extend(std::iter::repeat_n(0, missing as usize));
        self.entries.push(Entry {
            name: name.into(),
            header: self.at,
            size: 0,
            crc: 0,
        });
        self.crc.reset();
        self.to.write_all(&head)?;
        self.at += head.len() as u64;
        Ok(())
    }

    /// More of the content of the entry.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.to.write_all(bytes)?;
        self.crc.update(bytes);
        self.at += bytes.len() as u64;
        if let Some(entry) = self.entries.last_mut() {
            entry.size += bytes.len() as u64;
        }
        Ok(())
    }

    /// The entry is whole.
    fn end(&mut self) -> io::Result<()> {
        let Some(entry) = self.entries.last_mut() else {
            return Ok(());
        };
        entry.crc = self.crc.sum();
        self.to.seek(SeekFrom::Start(entry.header + 14))?;
        self.to.write_all(&entry.crc.to_le_bytes())?;
        self.to.seek(SeekFrom::Start(
            entry.header + 30 + entry.name.len() as u64 + 4,
        ))?;
        self.to.write_all(&entry.size.to_le_bytes())?;
        self.to.write_all(&entry.size.to_le_bytes())?;
        self.to.seek(SeekFrom::Start(self.at))?;
        Ok(())
    }

    /// Writes the directory.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn finish(mut self) -> io::Result<W> {
        self.end()?;
        let start = self.at;
        let mut all = Vec::new();
        for entry in &self.entries {
            all.extend(b"PK\x01\x02");
            for v in [VERSION, VERSION, 0, 0, 0, DATE] {
                all.extend(v.to_le_bytes());
            }
            all.extend(entry.crc.to_le_bytes());
            all.extend([0xff; 8]);
            all.extend((entry.name.len() as u16).to_le_bytes());
            all.extend(28u16.to_le_bytes());
            all.extend([0; 10]); // comment, disk, attributes
            all.extend([0xff; 4]);
            all.extend(entry.name.as_bytes());
            all.extend([1, 0, 24, 0]);
            for v in [entry.size, entry.size, entry.header] {
                all.extend(v.to_le_bytes());
            }
        }
        let (size, end) = (all.len() as u64, start + all.len() as u64);
        let count = self.entries.len() as u64;
        all.extend(b"PK\x06\x06");
        all.extend(44u64.to_le_bytes());
        all.extend(VERSION.to_le_bytes());
        all.extend(VERSION.to_le_bytes());
        all.extend([0; 8]); // disks
        for v in [count, count, size, start] {
            all.extend(v.to_le_bytes());
        }
        all.extend(b"PK\x06\x07");
        all.extend([0; 4]);
        all.extend(end.to_le_bytes());
        all.extend(1u32.to_le_bytes());
        all.extend(b"PK\x05\x06");
        all.extend([0; 4]);
        all.extend([0xff; 12]);
        all.extend([0; 2]);
        self.to.write_all(&all)?;
        self.to.flush()?;
        Ok(self.to)
    }
}
