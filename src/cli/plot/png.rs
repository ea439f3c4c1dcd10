//! Pictures of pixels inside of a page: PNG, as a URI.
//!
//! PNG (ISO/IEC 15948): signature, IHDR, IDAT with each row behind a filter byte, IEND; deflated by
//! flate2. Base64 as in RFC 4648.

use flate2::write::ZlibEncoder;
use flate2::{Compression, Crc};
use std::io::Write;

/// A picture of 8-bit red, green and blue, the upper row first.
pub fn data_uri(width: usize, height: usize, pixels: &[u8]) -> String {
    format!(
        "data:image/png;base64,{}",
        base64(&png(width, height, pixels))
    )
}

fn png(width: usize, height: usize, pixels: &[u8]) -> Vec<u8> {
    let mut bytes = b"\x89PNG\r\n\x1a\n".to_vec();
    let mut head = Vec::new();
    head.extend((width as u32).to_be_bytes());
    head.extend((height as u32).to_be_bytes());
    head.extend([8, 2, 0, 0, 0]); // 8 bits, true colour
    chunk(&mut bytes, b"IHDR", &head);
    let mut deflated = ZlibEncoder::new(Vec::new(), Compression::default());
    for row in pixels.chunks_exact((3 * width).max(1)) {
        // writing to memory cannot fail
        let _ = deflated.write_all(&[0]);
        let _ = deflated.write_all(row);
    }
    chunk(&mut bytes, b"IDAT", &deflated.finish().unwrap_or_default());
    chunk(&mut bytes, b"IEND", &[]);
    bytes
}

fn chunk(bytes: &mut Vec<u8>, name: &[u8; 4], data: &[u8]) {
    let mut crc = Crc::new();
    crc.update(name);
    crc.update(data);
    bytes.extend((data.len() as u32).to_be_bytes());
    bytes.extend(name);
    bytes.extend(data);
    bytes.extend(crc.sum().to_be_bytes());
}

fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len() / 3 * 4 + 4);
    for three in bytes.chunks(3) {
        let at = |i: usize| u32::from(three.get(i).copied().unwrap_or(0));
        let bits = at(0) << 16 | at(1) << 8 | at(2);
        for i in 0..4 {
            let letter = LETTERS[(bits >> (18 - 6 * i) & 63) as usize];
            text.push(if i > three.len() { '=' } else { letter.into() });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_that_of_the_standard() {
        // RFC 4648, section 10
        for (text, coded) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(base64(text.as_bytes()), coded);
        }
    }
}
