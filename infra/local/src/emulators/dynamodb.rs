//! `DynamoDB` in this process: `dynoxide`, with its HTTP server on a thread and a port of its own.

use super::Now;
use dynoxide::{Database, DynoxideError, server, storage_backend::Clock};
use rusqlite::Connection;
use std::{
    io,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::Duration,
};
use tokio::{net::TcpListener, runtime, sync::oneshot};

/// `dynoxide` looks for the last sequence number of a stream before each write to its table, by a scan of
/// all that the stream ever held. With this index it is one step. Its version is pinned, so the table is there.
const STREAM_INDEX: &str = "CREATE INDEX IF NOT EXISTS shop_stream_position
    ON _stream_records (table_name, CAST(sequence_number AS INTEGER))";

/// How long requests that are under way may take after the database was told to stop.
const GRACE: Duration = Duration::from_secs(1);

/// A running database; dropping it stops its server and closes its file.
pub struct DynamoDb {
    database: Database,
    endpoint: String,
    /// Dropped to stop the server.
    stop: Option<oneshot::Sender<()>>,
    thread: Option<thread::JoinHandle<()>>,
}

/// Why the database could not be started.
#[derive(Debug, thiserror::Error)]
pub enum DynamoDbError {
    /// `dynoxide` refuses.
    #[error("the local database: {0}")]
    Database(#[from] DynoxideError),
    /// The file can't be prepared.
    #[error("the local database's file: {0}")]
    File(#[from] rusqlite::Error),
    /// No port, no thread, or no directory.
    #[error("the local database's server: {0}")]
    Io(#[from] io::Error),
}

impl DynamoDb {
    /// An empty database that is gone when it is dropped. TTLs and stream records live by `now`.
    pub fn in_memory(now: Now) -> Result<Self, DynamoDbError> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        // A database in memory can't be reached to make the index in it; one that is named can, and is then
        // copied into the other, index and all.
        let prepared = format!("file:/dynamodb-{}?vfs=memdb", COUNT.fetch_add(1, Ordering::Relaxed));
        let keeper = Database::new(&prepared)?;
        index_streams(&prepared)?;
        let database = Database::memory_with_clock(Arc::new(EmulatedClock(now)))?;
        database.restore_from(&prepared)?;
        drop(keeper);
        Self::serve(database)
    }

    /// The database in `directory`, which is made when it isn't there. It lives by the system's clock.
    pub fn in_directory(directory: &Path) -> Result<Self, DynamoDbError> {
        std::fs::create_dir_all(directory)?;
        let file = directory.join("dynamodb.sqlite");
        let file = file.to_str().ok_or_else(|| io::Error::other("the path of the directory is not UTF-8"))?;
        let database = Database::new(file)?;
        index_streams(file)?;
        // It is a demo's data: quick writes are worth more than the last ones before a power cut.
        database.enable_bulk_loading()?;
        Self::serve(database)
    }

    /// Where the official SDK reaches it.
    #[must_use]
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// The same database without HTTP: for making tables, and for reading streams.
    #[must_use]
    pub fn database(&self) -> &Database {
        &self.database
    }

    /// Deletes what has outlived its TTL and returns how many items that were; `DynamoDB` does so by itself,
    /// within days.
    pub fn sweep(&self) -> Result<usize, DynamoDbError> {
        Ok(self.database.sweep_ttl()?)
    }

    fn serve(database: Database) -> Result<Self, DynamoDbError> {
        let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
        listener.set_nonblocking(true)?;
        let endpoint = format!("http://{}", listener.local_addr()?);
        // The database takes one request at a time and blocks meanwhile: not on the threads of the functions.
        let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
        let (stop, stopped) = oneshot::channel();
        let served = database.clone();
        let thread =
            thread::Builder::new().name("dynamodb".to_owned()).spawn(move || runtime.block_on(serve_until(stopped, listener, served)))?;
        Ok(Self { database, endpoint, stop: Some(stop), thread: Some(thread) })
    }
}

impl Drop for DynamoDb {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A panic in there has been printed; there is nothing left to stop.
            let _ = thread.join();
        }
    }
}

async fn serve_until(stopped: oneshot::Receiver<()>, listener: std::net::TcpListener, database: Database) {
    let (stopping, stopping_seen) = oneshot::channel::<()>();
    let shutdown = async move {
        let _ = stopped.await;
        drop(stopping);
    };
    let grace_is_over = async move {
        let _ = stopping_seen.await;
        tokio::time::sleep(GRACE).await;
    };
    let Ok(listener) = TcpListener::from_std(listener) else {
        return;
    };
    tokio::select! {
        _ = server::serve_with_shutdown(listener, database, shutdown) => {}
        () = grace_is_over => {}
    }
}

fn index_streams(path: &str) -> Result<(), rusqlite::Error> {
    Connection::open(path)?.execute_batch(STREAM_INDEX)
}

/// The emulators' time for `dynoxide`.
struct EmulatedClock(Now);

impl EmulatedClock {
    fn since_epoch(&self) -> Duration {
        Duration::from_millis((self.0)())
    }
}

impl Clock for EmulatedClock {
    fn now_unix_secs(&self) -> u64 {
        self.since_epoch().as_secs()
    }

    fn now_unix_secs_f64(&self) -> f64 {
        self.since_epoch().as_secs_f64()
    }
}

#[cfg(test)]
mod tests;
