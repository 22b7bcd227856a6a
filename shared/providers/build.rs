//! Says where `rlibphonenumber` has its numbering plans. It makes no constant of them public, and to have it read all of them costs a
//! function 15 million instructions and 4 MB of memory with its first telephone number; `src/phone/plans.rs` reads those it needs.

use std::error::Error;
use std::path::Path;
use std::process::Command;

const PLANS: &str = "src/generated/metadata/metadata.bin";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=../../Cargo.lock");
    let told = Command::new(std::env::var("CARGO")?).args(["metadata", "--format-version=1", "--locked"]).output()?;
    if !told.status.success() {
        return Err(String::from_utf8_lossy(&told.stderr).into());
    }
    let workspace: serde_json::Value = serde_json::from_slice(&told.stdout)?;
    let packages = workspace["packages"].as_array().ok_or("cargo tells of no packages")?;
    let library =
        packages.iter().find(|package| package["name"] == "rlibphonenumber").ok_or("rlibphonenumber is not among the packages")?;
    let manifest = library["manifest_path"].as_str().ok_or("rlibphonenumber is nowhere")?;
    let plans = Path::new(manifest).with_file_name(PLANS);
    if !plans.exists() {
        return Err(format!("{} is gone: rlibphonenumber keeps its numbering plans elsewhere now", plans.display()).into());
    }
    println!("cargo::rustc-env=NUMBERING_PLANS={}", plans.display());
    Ok(())
}
