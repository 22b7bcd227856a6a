//! A label as a carrier would print it, small and readable.

use base64::{Engine, engine::general_purpose::STANDARD};

/// A GIF of one white pixel: UPS prints no PDF, and what it prints is looked at nowhere here.
const GIF: &[u8] = b"GIF89a\x01\x00\x01\x00\x80\x00\x00\xff\xff\xff\x00\x00\x00!\xf9\x04\x00\x00\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;";

pub(super) fn gif() -> String {
    STANDARD.encode(GIF)
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
