//! The same batches in Redis, each command on disk before it is answered (`appendfsync always`): SET NX, 1,000 keys a pipeline.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::BenchError;
use super::screening_ground::Batch;

const PROGRAM: &str = "redis-server";
const KEYS_A_PIPELINE: usize = 1_000;
/// How long the server may take to answer at all.
const PATIENCE: Duration = Duration::from_secs(20);

fn fault(error: impl std::fmt::Display) -> BenchError {
    BenchError::Place(format!("Redis: {error}"))
}

/// A server of the bench's own; ended when it is dropped.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself; either way it is gone afterwards.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// How long each batch takes, one after the other into an empty server; nothing if there is no Redis here.
pub fn measure(directory: &Path, batches: impl Iterator<Item = Batch>) -> Result<Vec<Duration>, BenchError> {
    let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .and_then(|listener| listener.local_addr())
        .map_err(fault)?
        .port();
    let port_text = port.to_string();
    let options = [
        "--port",
        &port_text,
        "--bind",
        "127.0.0.1",
        "--save",
        "",
        "--appendonly",
        "yes",
        "--appendfsync",
        "always",
        "--dir",
    ];
    let started = Command::new(PROGRAM)
        .args(options)
        .arg(directory)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    let server = match started {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        started => Server(started.map_err(fault)?),
    };
    let mut connection = connect(port)?;
    let times = batches.map(|batch| set_all(&mut connection, &batch)).collect();
    drop(server);
    times
}

fn connect(port: u16) -> Result<TcpStream, BenchError> {
    let began = Instant::now();
    loop {
        match TcpStream::connect((Ipv4Addr::LOCALHOST, port)) {
            Ok(connection) => {
                connection.set_nodelay(true).map_err(fault)?;
                connection.set_read_timeout(Some(PATIENCE)).map_err(fault)?;
                return Ok(connection);
            }
            Err(error) if began.elapsed() > PATIENCE => return Err(fault(error)),
            Err(_) => std::thread::sleep(Duration::from_millis(5)),
        }
    }
}

/// One batch: a token is the key, its owner the value.
fn set_all(connection: &mut TcpStream, batch: &Batch) -> Result<Duration, BenchError> {
    let began = Instant::now();
    let mut position = 0u64;
    let mut commands = Vec::new();
    for tokens in batch.tokens().chunks(KEYS_A_PIPELINE) {
        commands.clear();
        for token in tokens {
            commands.extend_from_slice(b"*4\r\n$3\r\nSET\r\n$16\r\n");
            commands.extend_from_slice(&token.to_be_bytes());
            commands.extend_from_slice(b"\r\n$8\r\n");
            commands.extend_from_slice(&position.to_be_bytes());
            commands.extend_from_slice(b"\r\n$2\r\nNX\r\n");
            position += 1;
        }
        connection.write_all(&commands).map_err(fault)?;
        read_answers(connection, tokens.len())?;
    }
    Ok(began.elapsed())
}

/// Reads as many lines: `+OK`, or `$-1` for a key that is there.
fn read_answers(connection: &mut TcpStream, mut lines: usize) -> Result<(), BenchError> {
    let mut buffer = [0; 16 * 1024];
    while lines > 0 {
        let read = connection.read(&mut buffer).map_err(fault)?;
        let bytes = buffer.get(..read).unwrap_or_default();
        if read == 0 || bytes.starts_with(b"-") {
            return Err(fault(String::from_utf8_lossy(bytes)));
        }
        lines = lines.saturating_sub(bytes.split(|byte| *byte == b'\n').count().saturating_sub(1));
    }
    Ok(())
}
