//! Takes the files of Swagger UI that `/api/docs` serves out of its release, compressed as they are in there, and compresses
//! the document that they show.

use flate2::Compression;
use flate2::write::GzEncoder;
use std::error::Error;
use std::io::{Cursor, Read, Write};
use std::path::Path;
use utoipa_swagger_ui_vendored::SWAGGER_UI_VENDORED;
use zip::{CompressionMethod, ZipArchive};

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=openapi.json");
    let directory = std::env::var("OUT_DIR")?;
    let mut document = GzEncoder::new(Vec::new(), Compression::best());
    document.write_all(&std::fs::read("openapi.json")?)?;
    std::fs::write(Path::new(&directory).join("openapi.json.gz"), document.finish()?)?;
    let mut release = ZipArchive::new(Cursor::new(SWAGGER_UI_VENDORED))?;
    for name in ["swagger-ui-bundle.js", "swagger-ui.css"] {
        let is_wanted = |path: &str| path.ends_with(&format!("/dist/{name}"));
        let path = release.file_names().filter_map(Result::ok).find(|path| is_wanted(path)).ok_or(name)?.into_owned();
        let place = release.index_for_name(&path).ok_or(name)?;
        let mut file = release.by_index_raw(place)?;
        if file.compression() != CompressionMethod::DEFLATE {
            return Err(format!("{path} is not deflated").into());
        }
        let mut deflated = Vec::new();
        file.read_to_end(&mut deflated)?;
        std::fs::write(Path::new(&directory).join(format!("{name}.gz")), gzip(&deflated, file.crc32(), file.size())?)?;
    }
    Ok(())
}

/// A gzip member (RFC 1952, section 2.3) of what is deflated already.
fn gzip(deflated: &[u8], crc: u32, size: u64) -> Result<Vec<u8>, Box<dyn Error>> {
    const HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
    let size = u32::try_from(size)?;
    Ok([&HEADER, deflated, &crc.to_le_bytes(), &size.to_le_bytes()].concat())
}
