//! The fault proxy itself: what passes, what is cut, what waits.

mod support;

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::time::Duration;
use support::proxy::Proxy;

/// A server that counts the bytes of each connection and sends the count back, 8 bytes for each read.
fn counter() -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    let address = listener.local_addr().expect("it is bound");
    std::thread::spawn(move || {
        for mut peer in listener.incoming().flatten() {
            std::thread::spawn(move || {
                let (mut count, mut chunk) = (0_u64, [0; 1000]);
                while let Ok(length @ 1..) = peer.read(&mut chunk) {
                    count += length as u64;
                    let _ = peer.write_all(&count.to_le_bytes());
                }
            });
        }
    });
    address
}

fn connect(proxy: &Proxy) -> TcpStream {
    let peer = TcpStream::connect(proxy.address()).expect("the proxy listens");
    peer.set_read_timeout(Some(Duration::from_millis(300))).expect("set");
    peer
}

/// Reads counts until `wanted` comes; `None` if the connection ends or nothing comes.
fn count_reaches(peer: &mut TcpStream, wanted: u64) -> Option<()> {
    let mut count = [0; 8];
    while u64::from_le_bytes(count) < wanted {
        peer.read_exact(&mut count).ok()?;
    }
    Some(())
}

#[test]
fn bytes_pass_slowly_and_whole() {
    let proxy = Proxy::start(counter());
    proxy.delay(Duration::from_millis(5));
    proxy.bandwidth(Some(10_000_000));
    let mut peer = connect(&proxy);
    peer.write_all(&vec![7; 100_000]).expect("sent");
    assert_eq!(count_reaches(&mut peer, 100_000), Some(()));
    assert_eq!(proxy.forwarded(), 100_000);
}

#[test]
fn a_cut_comes_at_its_byte_and_once() {
    let proxy = Proxy::start(counter());
    proxy.cut_after(1_234);
    let mut peer = connect(&proxy);
    let _ = peer.write_all(&vec![7; 5_000]);
    assert_eq!(count_reaches(&mut peer, 5_000), None);
    assert_eq!(proxy.forwarded(), 1_234);
    let mut again = connect(&proxy);
    again.write_all(&[7; 50]).expect("sent");
    assert_eq!(count_reaches(&mut again, 50), Some(()));
}

#[test]
fn frozen_connections_stand_and_go_on() {
    let proxy = Proxy::start(counter());
    let mut peer = connect(&proxy);
    peer.write_all(&[7; 10]).expect("sent");
    assert_eq!(count_reaches(&mut peer, 10), Some(()));
    proxy.freeze();
    peer.write_all(&[7; 10]).expect("a half-open connection takes bytes");
    assert_eq!(count_reaches(&mut peer, 20), None);
    proxy.restore();
    assert_eq!(count_reaches(&mut peer, 20), Some(()));
}

#[test]
fn refused_and_dropped_connections_end() {
    let proxy = Proxy::start(counter());
    let mut peer = connect(&proxy);
    peer.write_all(&[7; 10]).expect("sent");
    assert_eq!(count_reaches(&mut peer, 10), Some(()));
    proxy.drop_connections();
    assert_eq!(peer.read(&mut [0; 8]).ok(), Some(0));
    proxy.refuse();
    let mut refused = connect(&proxy);
    let _ = refused.write_all(&[7; 10]);
    assert_eq!(count_reaches(&mut refused, 10), None);
    proxy.restore();
    let mut again = connect(&proxy);
    again.write_all(&[7; 10]).expect("sent");
    assert_eq!(count_reaches(&mut again, 10), Some(()));
}
