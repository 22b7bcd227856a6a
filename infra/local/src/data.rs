//! The directory of `--data`: one run at a time, and a demo shop that is whole or not there.

use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

/// There while the demo shop is being made.
const UNFINISHED: &str = "demo.unfinished";

/// What a run leaves in its directory, besides the lock.
const FILES: [&str; 6] =
    ["dynamodb.sqlite", "dynamodb.sqlite-wal", "dynamodb.sqlite-shm", "positions.json", "positions.json.new", "outbox.jsonl"];

/// Why a directory can't be used.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// It can't be made or written to.
    #[error("The directory {0} can't be used: {1}.")]
    Unusable(PathBuf, io::Error),
    /// Somebody is at it.
    #[error("The directory {0} is in use by another run; stop that one, or choose another directory with --data.")]
    InUse(PathBuf),
}

/// A directory that is this run's until it is dropped.
pub struct DataDirectory {
    path: PathBuf,
    _lock: File,
}

impl DataDirectory {
    /// Takes the directory, which is made when it isn't there.
    ///
    /// # Errors
    /// See [`DataError`].
    pub fn take(path: &Path) -> Result<Self, DataError> {
        let unusable = |error| DataError::Unusable(path.to_owned(), error);
        std::fs::create_dir_all(path).map_err(unusable)?;
        let lock = File::options().create(true).append(true).open(path.join("lock")).map_err(unusable)?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path: path.to_owned(), _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(DataError::InUse(path.to_owned())),
            Err(TryLockError::Error(error)) => Err(unusable(error)),
        }
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether there is no shop in it. A demo shop that a run did not finish is thrown away: nobody was ever told of it.
    ///
    /// # Errors
    /// When what is left of it can't be removed.
    pub fn is_new(&self) -> Result<bool, DataError> {
        if self.path.join(UNFINISHED).exists() {
            // The note goes last: a kill in between leaves it there.
            for file in FILES.into_iter().chain([UNFINISHED]) {
                match std::fs::remove_file(self.path.join(file)) {
                    Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(DataError::Unusable(self.path.clone(), error)),
                    _ => {}
                }
            }
        }
        Ok(!self.path.join(FILES[0]).exists())
    }

    /// From now until [`DataDirectory::finish_demo`] the shop in it is not worth keeping.
    ///
    /// # Errors
    /// When that can't be noted.
    pub fn begin_demo(&self) -> Result<(), DataError> {
        std::fs::write(self.path.join(UNFINISHED), "").map_err(|error| DataError::Unusable(self.path.clone(), error))
    }

    /// The demo shop is whole.
    ///
    /// # Errors
    /// When that can't be noted.
    pub fn finish_demo(&self) -> Result<(), DataError> {
        std::fs::remove_file(self.path.join(UNFINISHED)).map_err(|error| DataError::Unusable(self.path.clone(), error))
    }
}
