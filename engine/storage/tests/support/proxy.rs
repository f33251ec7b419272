//! A TCP proxy that misbehaves on request: what stands between a store and its server in tests of faults.
//!
//! It listens on 127.0.0.1 on a free port and hands bytes on, late, slowly, not at all, or up to a byte. All settings
//! act at once, on connections that stand and on later ones. The standard library alone, so that every test program
//! may take it in by path.
//! Not here: what the bytes mean; a server that is stopped or killed (signals do that).

use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::JoinHandle;
use std::time::Duration;

/// How long a thread that has nothing to do sleeps before it looks at the settings again.
const LOOK: Duration = Duration::from_millis(2);

/// Bytes handed on at a time.
const CHUNK: usize = 16 * 1024;

/// What becomes of connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Gate {
    /// Bytes pass.
    Open,
    /// New connections are closed at once.
    Refusing,
    /// Half open: connections stand, bytes are accepted and wait, nothing arrives.
    Frozen,
}

struct Settings {
    upstream: SocketAddr,
    gate: Gate,
    delay: Duration,
    bytes_per_second: Option<u64>,
    /// Bytes from clients that still pass before all connections are cut.
    cut_after: Option<u64>,
    forwarded: u64,
    /// Raised to close every connection that stands.
    epoch: u64,
    stopped: bool,
}

/// The proxy; it ends with its value.
pub struct Proxy {
    address: SocketAddr,
    settings: Arc<Mutex<Settings>>,
    acceptor: Option<JoinHandle<()>>,
}

impl Proxy {
    /// Stands before `upstream`, which need not be there yet.
    pub fn start(upstream: SocketAddr) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        let settings = Arc::new(Mutex::new(Settings {
            upstream,
            gate: Gate::Open,
            delay: Duration::ZERO,
            bytes_per_second: None,
            cut_after: None,
            forwarded: 0,
            epoch: 0,
            stopped: false,
        }));
        let shared = Arc::clone(&settings);
        let acceptor = std::thread::spawn(move || accept(&listener, &shared));
        Self { address, settings, acceptor: Some(acceptor) }
    }

    /// Where clients connect to.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Bytes of clients that were handed on so far.
    pub fn forwarded(&self) -> u64 {
        lock(&self.settings).forwarded
    }

    /// Hands later connections on to another server.
    pub fn redirect(&self, upstream: SocketAddr) {
        lock(&self.settings).upstream = upstream;
    }

    /// Every chunk waits this long, in both directions.
    pub fn delay(&self, delay: Duration) {
        lock(&self.settings).delay = delay;
    }

    /// At most so many bytes per second and direction.
    pub fn bandwidth(&self, bytes_per_second: Option<u64>) {
        lock(&self.settings).bytes_per_second = bytes_per_second;
    }

    /// After `bytes` more bytes of clients, in the middle of whatever they are, all connections are closed, once.
    pub fn cut_after(&self, bytes: u64) {
        lock(&self.settings).cut_after = Some(bytes);
    }

    /// Closes all connections that stand; later ones pass.
    pub fn drop_connections(&self) {
        lock(&self.settings).epoch += 1;
    }

    /// Closes all connections, and later ones as they come.
    pub fn refuse(&self) {
        let mut settings = lock(&self.settings);
        settings.gate = Gate::Refusing;
        settings.epoch += 1;
    }

    /// Half open: connections stand and can be made, but nothing passes any more.
    pub fn freeze(&self) {
        lock(&self.settings).gate = Gate::Frozen;
    }

    /// As at the start. What waited in frozen connections passes now.
    pub fn restore(&self) {
        let mut settings = lock(&self.settings);
        settings.gate = Gate::Open;
        settings.delay = Duration::ZERO;
        settings.bytes_per_second = None;
        settings.cut_after = None;
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        {
            let mut settings = lock(&self.settings);
            settings.stopped = true;
            settings.epoch += 1;
        }
        // Wakes the acceptor, which then sees that it is over.
        let _ = TcpStream::connect(self.address);
        if let Some(acceptor) = self.acceptor.take() {
            let _ = acceptor.join();
        }
    }
}

fn lock(settings: &Mutex<Settings>) -> MutexGuard<'_, Settings> {
    settings.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

fn accept(listener: &TcpListener, settings: &Arc<Mutex<Settings>>) {
    for client in listener.incoming() {
        let (upstream, gate, epoch, stopped) = {
            let settings = lock(settings);
            (settings.upstream, settings.gate, settings.epoch, settings.stopped)
        };
        if stopped {
            return;
        }
        let Ok(client) = client else { continue };
        if gate == Gate::Refusing {
            continue;
        }
        let Ok(server) = TcpStream::connect_timeout(&upstream, Duration::from_secs(5)) else { continue };
        let both = client.try_clone().and_then(|client| Ok((client, server.try_clone()?)));
        let Ok((client_too, server_too)) = both else { continue };
        let (there, back) = (Arc::clone(settings), Arc::clone(settings));
        std::thread::spawn(move || pump(client, server, &there, epoch, Direction::ToServer));
        std::thread::spawn(move || pump(server_too, client_too, &back, epoch, Direction::ToClient));
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Direction {
    ToServer,
    ToClient,
}

/// Hands bytes on until either end, or the proxy, closes.
fn pump(
    mut from: TcpStream,
    mut to: TcpStream,
    settings: &Mutex<Settings>,
    epoch: u64,
    direction: Direction,
) {
    let _ = from.set_read_timeout(Some(LOOK));
    let _ = to.set_nodelay(true);
    let mut chunk = vec![0; CHUNK];
    loop {
        let (current, gate) = {
            let settings = lock(settings);
            (settings.epoch, settings.gate)
        };
        if current != epoch {
            break;
        }
        if gate == Gate::Frozen {
            std::thread::sleep(LOOK);
            continue;
        }
        match from.read(&mut chunk) {
            Ok(0) => break,
            Ok(length) => {
                if !hand_on(&chunk[..length], &mut to, settings, epoch, direction) {
                    break;
                }
            }
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
            Err(_) => break,
        }
    }
    let _ = from.shutdown(Shutdown::Both);
    let _ = to.shutdown(Shutdown::Both);
}

/// Hands a chunk on as the settings want it; `false` if the connection is over.
fn hand_on(
    chunk: &[u8],
    to: &mut TcpStream,
    settings: &Mutex<Settings>,
    epoch: u64,
    direction: Direction,
) -> bool {
    let (delay, bytes_per_second) = {
        let settings = lock(settings);
        (settings.delay, settings.bytes_per_second)
    };
    let slow = bytes_per_second.map_or(0.0, |rate| chunk.len() as f64 / rate as f64);
    std::thread::sleep(delay + Duration::from_secs_f64(slow));
    // A freeze that came meanwhile holds this chunk, too.
    loop {
        let settings = lock(settings);
        if settings.epoch != epoch {
            return false;
        }
        if settings.gate != Gate::Frozen {
            break;
        }
        drop(settings);
        std::thread::sleep(LOOK);
    }
    let pass = if direction == Direction::ToServer { allowance(chunk.len(), settings) } else { chunk.len() };
    to.write_all(&chunk[..pass]).is_ok() && pass == chunk.len()
}

/// How many bytes of a chunk pass; fewer than all: the connections are being cut.
fn allowance(length: usize, settings: &Mutex<Settings>) -> usize {
    let mut settings = lock(settings);
    let pass = match settings.cut_after {
        Some(left) if left < length as u64 => {
            settings.cut_after = None;
            settings.epoch += 1;
            left as usize
        }
        Some(left) => {
            settings.cut_after = Some(left - length as u64);
            length
        }
        None => length,
    };
    settings.forwarded += pass as u64;
    pass
}
