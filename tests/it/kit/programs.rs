//! Programs that a test asks: a browser, and what reads what it prints.

use std::path::PathBuf;
use std::process::Command;

/// What keeps a browser from anything but the page it is given.
pub const ALONE: [&str; 8] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
];

/// A directory of its own that is gone afterwards.
pub struct Directory(PathBuf);

impl Directory {
    pub fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("{name}-{}-{:x}", std::process::id(), api::clock::random()));
        std::fs::create_dir_all(&path).expect("a directory");
        Self(path)
    }

    pub fn path(&self, name: &str) -> String {
        self.0.join(name).display().to_string()
    }

    /// What Chromium says of a page, with these flags and a profile of its own.
    pub fn browse(&self, page: &str, flags: &[&str]) -> String {
        let html = self.path("page.html");
        std::fs::write(&html, page).expect("a page");
        let (profile, url) = (format!("--user-data-dir={}", self.path("profile")), format!("file://{html}"));
        run("chromium", &[&ALONE[..], flags, &[&profile, &url]].concat())
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// What a program writes.
pub fn run(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output();
    let output = output.unwrap_or_else(|error| panic!("{program} can't be run, which this test needs: {error}"));
    assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}
