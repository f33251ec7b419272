//! Redis servers of a test's own: on a free port, with a folder of their own, gone with the value.

use redis::Connection;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::unix::fs::PermissionsExt;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use storage::{RedisConfig, Secret};
use tempfile::TempDir;

/// Whether what a server was told survives its process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durable {
    /// It writes an append-only file.
    Yes,
    /// It keeps everything in memory.
    No,
}

/// A server.
pub struct Redis {
    folder: TempDir,
    port: u16,
    password: Option<String>,
    child: Child,
}

fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    listener.local_addr().expect("it is bound").port()
}

impl Redis {
    /// Starts one; `None`, said on stderr, where Redis is not installed.
    pub fn start(durable: Durable, password: Option<&str>) -> Option<Self> {
        let found = Command::new("redis-server").arg("--version").stdout(Stdio::null()).status();
        if !found.is_ok_and(|status| status.success()) {
            eprintln!(
                "SKIPPED a test on Redis: redis-server is not installed; scripts/services.sh up installs it"
            );
            return None;
        }
        let folder = tempfile::tempdir().expect("a folder");
        let port = free_port();
        let mut text = format!("port {port}\nbind 127.0.0.1\nsave \"\"\nlogfile log\n");
        text += &format!("dir {}\n", folder.path().display());
        text += if durable == Durable::Yes { "appendonly yes\nappendfsync no\n" } else { "appendonly no\n" };
        if let Some(password) = password {
            text += &format!("requirepass {password}\n");
        }
        std::fs::write(folder.path().join("redis.conf"), text).expect("written");
        let child = Self::spawn(&folder);
        let mut server = Self { folder, port, password: password.map(String::from), child };
        server.await_answer();
        Some(server)
    }

    fn spawn(folder: &TempDir) -> Child {
        let mut command = Command::new("redis-server");
        command.arg(folder.path().join("redis.conf")).stdout(Stdio::null()).stderr(Stdio::null());
        command.spawn().expect("it starts")
    }

    fn await_answer(&mut self) {
        for _ in 0..1_000 {
            if self.try_client().is_ok() {
                return;
            }
            assert!(self.child.try_wait().expect("it can be asked").is_none(), "the server ended");
            std::thread::sleep(Duration::from_millis(10));
        }
        panic!("the server does not answer");
    }

    pub fn address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.port).into()
    }

    fn try_client(&self) -> redis::RedisResult<Connection> {
        let login = self.password.as_ref().map_or(String::new(), |password| format!(":{password}@"));
        let client = redis::Client::open(format!("redis://{login}{}", self.address()))?;
        let mut connection = client.get_connection_with_timeout(Duration::from_secs(10))?;
        redis::cmd("PING").exec(&mut connection)?;
        Ok(connection)
    }

    /// A connection of the test's own.
    pub fn client(&self) -> Connection {
        self.try_client().expect("the server answers")
    }

    /// A store's configuration for this server, reached at `address`; calls do not wait long.
    pub fn config_at(&self, address: SocketAddr) -> RedisConfig {
        let url = Secret::of(&format!("redis://{address}")).expect("a line");
        let password = self.password.as_ref().map(|password| {
            let file = self.folder.path().join("password");
            std::fs::write(&file, password).expect("written");
            std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).expect("set");
            Secret::from_file(&file).expect("a secret")
        });
        RedisConfig { password, timeout: Duration::from_millis(300), ..RedisConfig::new(url) }
    }

    /// A store's configuration for this server.
    pub fn config(&self) -> RedisConfig {
        self.config_at(self.address())
    }

    fn signal(&self, name: &str) {
        let status = Command::new("kill").args([name, &self.child.id().to_string()]).status();
        assert!(status.expect("kill is there").success());
    }

    /// Its process stands still.
    pub fn freeze(&self) {
        self.signal("-STOP");
    }

    /// Its process goes on.
    pub fn thaw(&self) {
        self.signal("-CONT");
    }

    /// Its process is gone, at once.
    pub fn kill(&mut self) {
        self.child.kill().expect("it runs");
        self.child.wait().expect("it ran");
    }

    /// After [`Self::kill`]: a new process, at the same port, in the same folder.
    pub fn restart(&mut self) {
        self.child = Self::spawn(&self.folder);
        self.await_answer();
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
