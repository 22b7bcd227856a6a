//! A label as a carrier would print it, small and readable.

use base64::{Engine, engine::general_purpose::STANDARD};

/// A GIF of an empty page of 4 by 6 inches at 100 dots an inch, in base64: UPS prints no PDF, and what it prints is looked at
/// nowhere here.
pub(super) fn gif() -> String {
    let (width, height) = (400_u16, 600_u16);
    let size = [width.to_le_bytes(), height.to_le_bytes()].concat();
    // White and black are its two colours, and one picture takes all of its place.
    let mut file = [b"GIF89a", &size[..], b"\x80\0\0\xff\xff\xff\0\0\0,\0\0\0\0", &size, b"\0\x02"].concat();
    for block in blank(u32::from(width) * u32::from(height)).chunks(255) {
        file.push(u8::try_from(block.len()).unwrap_or(u8::MAX));
        file.extend_from_slice(block);
    }
    file.extend_from_slice(b"\0;");
    STANDARD.encode(file)
}

/// So many pixels of the first colour, in GIF's LZW. A table of four colours is cleared by a 4 and ended by a 5; from 6 on each code
/// that is new stands for one pixel more than the one before it, and all are as wide as the next new one.
fn blank(pixels: u32) -> Vec<u8> {
    let mut bits: Vec<bool> = Vec::new();
    let mut write = |code: u32, widest: u32| bits.extend((0..=widest.ilog2()).map(|bit| (code >> bit) & 1 == 1));
    write(4, 4);
    let (mut left, mut longest) = (pixels, 0);
    while left > 0 {
        longest += 1;
        let length = left.min(longest);
        write(if length == 1 { 0 } else { length + 4 }, longest + 4);
        left -= length;
    }
    write(5, longest + 5);
    bits.chunks(8).map(|byte| byte.iter().rev().fold(0, |byte, bit| (byte << 1) | u8::from(*bit))).collect()
}

/// A page of 4 by 6 inches with these lines, in base64.
pub(super) fn pdf(lines: &[&str]) -> String {
    let shown: Vec<String> = lines.iter().map(|line| format!("({}) Tj T*", printable(line))).collect();
    let text = format!("BT /F1 14 Tf 20 390 Td 22 TL\n{}\nET", shown.join("\n"));
    let objects = [
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_owned(),
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 288 432] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>".to_owned(),
        format!("<< /Length {} >>\nstream\n{text}\nendstream", text.len()),
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica-Bold /Encoding /WinAnsiEncoding >>".to_owned(),
    ];
    let mut file = String::from("%PDF-1.4\n");
    let mut places = Vec::new();
    for (n, object) in objects.iter().enumerate() {
        places.push(file.len());
        file += format!("{} 0 obj\n{object}\nendobj\n", n + 1).as_str();
    }
    let table = file.len();
    file += format!("xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1).as_str();
    for place in places {
        file += format!("{place:010} 00000 n \n").as_str();
    }
    file += format!("trailer\n<< /Size {} /Root 1 0 R >>\nstartxref\n{table}\n%%EOF\n", objects.len() + 1).as_str();
    STANDARD.encode(file)
}

/// Octal escapes for what PDF's strings and WinAnsiEncoding have a code for; a question mark for all else.
fn printable(line: &str) -> String {
    line.chars()
        .map(|c| match u32::from(c) {
            0x28 | 0x29 | 0x5c | 0xa0..=0xff => format!("\\{:03o}", u32::from(c)),
            0x20..=0x7e => c.to_string(),
            _ => "?".to_owned(),
        })
        .collect()
}
