//! What AWS X-Ray is told of the calls that a function makes: a subsegment of each, so that a trace shows which of them was slow.
//!
//! Lambda says with every event whether its trace is kept; where it isn't, nothing is recorded. A subsegment is one datagram to the
//! daemon that Lambda runs beside a function. Nobody waits for it, and one that is lost is missing in the trace. It says who was
//! called, for which operation, on which tables, when, and with what status: of an address the host alone, since paths have numbers,
//! references and names in them, and nothing of what was asked or answered.

mod aws;
mod call;
mod header;

pub use aws::AwsCalls;
pub use call::Call;

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::sync::{Arc, OnceLock};
use tokio::task::futures::TaskLocalFuture;

tokio::task_local! {
    static SEGMENT: Option<Segment>;
}

/// Where subsegments go. A clone shares its socket.
#[derive(Clone, Debug, Default)]
pub struct Tracer(Option<Arc<Daemon>>);

#[derive(Debug)]
struct Daemon {
    address: SocketAddr,
    region: Option<String>,
    socket: OnceLock<Option<UdpSocket>>,
}

/// What Lambda has recorded of the event that is handled: what is called for it goes below that.
#[derive(Clone, Debug)]
pub struct Segment(Arc<Place>);

#[derive(Debug)]
struct Place {
    daemon: Arc<Daemon>,
    trace: String,
    parent: String,
}

impl Tracer {
    /// To the daemon that is `told` of, as Lambda does in `AWS_XRAY_DAEMON_ADDRESS` (`169.254.79.129:2000`), about calls of AWS in
    /// `region`. Nowhere without an address, or with one that would have to be looked up.
    #[must_use]
    pub fn new(told: Option<&str>, region: Option<String>) -> Self {
        let address = told.and_then(|told| told.parse().ok());
        Self(address.map(|address| Arc::new(Daemon { address, region, socket: OnceLock::new() })))
    }

    /// The segment of an event, by the tracing header that came with it; none where its trace is not kept.
    #[must_use]
    pub fn segment(&self, header: Option<&str>) -> Option<Segment> {
        let daemon = self.0.as_ref()?;
        let (trace, parent) = header::kept(header?)?;
        Some(Segment(Arc::new(Place { daemon: Arc::clone(daemon), trace: trace.to_owned(), parent: parent.to_owned() })))
    }
}

/// Does `work`; what it calls is recorded below `segment`.
pub fn within<F: Future>(segment: Option<Segment>, work: F) -> TaskLocalFuture<Option<Segment>, F> {
    SEGMENT.scope(segment, work)
}

/// Takes the segment along to a task of its own, which knows nothing of the one that starts it.
pub fn carried<F: Future>(work: F) -> TaskLocalFuture<Option<Segment>, F> {
    within(current(), work)
}

fn current() -> Option<Segment> {
    SEGMENT.try_with(Clone::clone).ok().flatten()
}

impl Daemon {
    /// Hands a document over, after the line that says what it is (X-Ray developer guide, "Sending segment documents to the X-Ray
    /// daemon"). Whatever keeps it from going at once loses it.
    fn send(&self, document: &str) {
        if let Some(socket) = self.socket.get_or_init(|| self.open().ok()) {
            let datagram = format!("{{\"format\":\"json\",\"version\":1}}\n{document}");
            // Not connected, so that a daemon that was away once doesn't fail the next one.
            let _lost = socket.send_to(datagram.as_bytes(), self.address);
        }
    }

    fn open(&self) -> std::io::Result<UdpSocket> {
        let any = if self.address.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
        let socket = UdpSocket::bind(SocketAddr::new(any, 0))?;
        socket.set_nonblocking(true)?;
        Ok(socket)
    }
}
