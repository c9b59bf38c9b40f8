//! Free ports on the loopback interface.

use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::time::Duration;

/// `preferred` where nothing listens on it, else any free port.
pub fn free_port(preferred: u16) -> std::io::Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, preferred))
        .or_else(|_| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)))?;
    Ok(listener.local_addr()?.port())
}

/// Whether something accepts connections on a port.
pub fn listens(port: u16) -> bool {
    TcpStream::connect_timeout(
        &(Ipv4Addr::LOCALHOST, port).into(),
        Duration::from_millis(500),
    )
    .is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_taken_port_is_passed_over() {
        let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let port = taken.local_addr().expect("an address").port();
        let free = free_port(port).expect("another port");
        assert_ne!(free, port);
        assert!(listens(port));
    }
}
