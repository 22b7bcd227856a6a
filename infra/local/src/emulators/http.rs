//! The HTTP servers of the emulators: one port each on 127.0.0.1, and connections that a handler can cut.

use axum::{
    Router,
    extract::connect_info::Connected,
    serve::{IncomingStream, Listener},
};
use std::{
    io,
    net::SocketAddr,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

/// Serves `router` on a free port of 127.0.0.1.
pub async fn serve(router: Router) -> io::Result<Server> {
    Ok(Port::bind().await?.serve(router))
}

/// A port that is ours but not yet served, for an emulator that must know its own address first.
pub struct Port {
    listener: TcpListener,
    url: String,
}

impl Port {
    /// Takes a free port of 127.0.0.1.
    pub async fn bind() -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}", listener.local_addr()?);
        Ok(Self { listener, url })
    }

    /// `http://127.0.0.1:PORT`, without a slash at its end.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Serves `router` here until the [`Server`] is dropped.
    #[must_use]
    pub fn serve(self, router: Router) -> Server {
        let service = router.into_make_service_with_connect_info::<Connection>();
        let listener = CuttableListener(self.listener);
        let task = tokio::spawn(async move {
            // It only ever ends by being dropped: accept errors are retried inside.
            let _ = axum::serve(listener, service).await;
        });
        Server { url: self.url, task }
    }
}

/// A running server; dropping it frees its port.
pub struct Server {
    url: String,
    task: JoinHandle<()>,
}

impl Server {
    /// `http://127.0.0.1:PORT`, without a slash at its end.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// The connection that a request came on, as `ConnectInfo<Connection>`.
#[derive(Clone, Default)]
pub struct Connection {
    cut: Arc<AtomicBool>,
}

impl Connection {
    /// From here on nothing is written to the client: the answer that the handler returns is lost and
    /// the connection closes, as when a provider dies after it has done its work.
    pub fn cut(&self) {
        self.cut.store(true, Ordering::SeqCst);
    }
}

impl Connected<IncomingStream<'_, CuttableListener>> for Connection {
    fn connect_info(stream: IncomingStream<'_, CuttableListener>) -> Self {
        Self { cut: Arc::clone(&stream.io().cut) }
    }
}

struct CuttableListener(TcpListener);

impl Listener for CuttableListener {
    type Io = CuttableStream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        loop {
            match self.0.accept().await {
                Ok((stream, peer)) => {
                    // Answers are small and awaited: they must not wait for more to send.
                    let _ = stream.set_nodelay(true);
                    return (CuttableStream { stream, cut: Arc::default() }, peer);
                }
                // Out of file descriptors, say: it may pass, and there is nobody to tell.
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            }
        }
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        self.0.local_addr()
    }
}

struct CuttableStream {
    stream: TcpStream,
    cut: Arc<AtomicBool>,
}

impl AsyncRead for CuttableStream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for CuttableStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if self.cut.load(Ordering::SeqCst) {
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
