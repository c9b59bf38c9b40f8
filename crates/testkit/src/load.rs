//! Many readers at once: keep-alive connections that ask one question after another, every one of them counted.
//!
//! A reader does what a load balancer does: told `Connection: close`, it goes to the next address and does not come back
//! to that one before it has to. Plain TCP and prepared bytes, so that asking costs little beside answering.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

/// A reader that found nobody listening tries the next address after this.
const PAUSE: Duration = Duration::from_millis(10);

/// One question.
#[derive(Debug, Clone)]
pub struct Question {
    bytes: Vec<u8>,
    /// The status and the body that must come; any if unknown.
    pub expected: Option<(u16, Vec<u8>)>,
}

impl Question {
    /// A GET of a path, with more header lines (each with its end of line).
    pub fn get(path: &str, headers: &str) -> Self {
        Self {
            bytes: format!("GET {path} HTTP/1.1\r\nHost: waybill\r\n{headers}\r\n").into_bytes(),
            expected: None,
        }
    }
}

/// What is asked, and where.
#[derive(Debug, Clone)]
pub struct Load {
    /// The servers, all of one service.
    pub addresses: Vec<SocketAddr>,
    /// How many ask at once.
    pub connections: usize,
    /// What they ask, in any order.
    pub questions: Vec<Question>,
}

/// What came of it.
#[derive(Debug, Default)]
pub struct Tally {
    /// Answers by status.
    pub answers: BTreeMap<u16, u64>,
    /// Requests that were sent and not answered as a whole.
    pub lost: u64,
    /// Answers that were not what was expected.
    pub wrong: u64,
    /// Connections that nobody took.
    pub refused: u64,
    /// What each answer took, in microseconds; in no order.
    pub micros: Vec<u32>,
}

impl Tally {
    /// Every request that was sent.
    pub fn sent(&self) -> u64 {
        self.answers.values().sum::<u64>() + self.lost
    }

    fn add(&mut self, other: Self) {
        for (status, count) in other.answers {
            *self.answers.entry(status).or_default() += count;
        }
        self.lost += other.lost;
        self.wrong += other.wrong;
        self.refused += other.refused;
        self.micros.extend(other.micros);
    }
}

/// Readers at work; they end with this value.
#[derive(Debug)]
pub struct Running {
    readers: JoinSet<Tally>,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    load: Load,
    stopped: AtomicBool,
    answered: AtomicU64,
}

impl Load {
    /// Sets the readers to work.
    pub fn start(self) -> Running {
        let connections = self.connections;
        let shared = Arc::new(Shared {
            load: self,
            stopped: AtomicBool::new(false),
            answered: AtomicU64::new(0),
        });
        let mut readers = JoinSet::new();
        for number in 0..connections {
            readers.spawn(Arc::clone(&shared).read(number));
        }
        Running { readers, shared }
    }
}

impl Running {
    /// How many answers came so far.
    pub fn answered(&self) -> u64 {
        self.shared.answered.load(Ordering::Relaxed)
    }

    /// Lets every reader get the answer it waits for, and tells what came of all.
    pub async fn stop(mut self) -> Tally {
        self.shared.stopped.store(true, Ordering::Relaxed);
        let mut tally = Tally::default();
        while let Some(reader) = self.readers.join_next().await {
            tally.add(reader.expect("a reader does not panic"));
        }
        tally
    }
}

impl Shared {
    async fn read(self: Arc<Self>, number: usize) -> Tally {
        let mut tally = Tally::default();
        let mut chance = Chance::new(number);
        let mut turn = number;
        while !self.stopped.load(Ordering::Relaxed) {
            let address = self.load.addresses[turn % self.load.addresses.len()];
            if let Ok(stream) = TcpStream::connect(address).await {
                self.ask(stream, &mut chance, &mut tally).await;
            } else {
                tally.refused += 1;
                tokio::time::sleep(PAUSE).await;
            }
            turn += 1;
        }
        tally
    }

    /// Asks until the connection ends.
    async fn ask(&self, mut stream: TcpStream, chance: &mut Chance, tally: &mut Tally) {
        // Without it an answer takes longer, and is as right.
        let _ = stream.set_nodelay(true);
        let mut buffer = Vec::with_capacity(16 * 1024);
        while !self.stopped.load(Ordering::Relaxed) {
            let question = &self.load.questions[chance.below(self.load.questions.len())];
            let began = Instant::now();
            let Ok(answer) = exchange(&mut stream, &question.bytes, &mut buffer).await else {
                tally.lost += 1;
                return;
            };
            tally.micros.push(began.elapsed().as_micros() as u32);
            *tally.answers.entry(answer.status).or_default() += 1;
            self.answered.fetch_add(1, Ordering::Relaxed);
            if let Some((status, body)) = &question.expected {
                let same = *status == answer.status && *body == buffer[answer.head..];
                tally.wrong += u64::from(!same);
            }
            if answer.closes {
                return;
            }
        }
    }
}

/// An answer, whose bytes are in the buffer.
#[derive(Debug)]
pub struct Answer {
    /// Its status.
    pub status: u16,
    /// Bytes of its head; the rest is its body.
    pub head: usize,
    /// The connection ends with it.
    pub closes: bool,
}

/// One question over a connection of its own: the answer, its entity tag and its body.
pub async fn ask_once(
    address: SocketAddr,
    question: &Question,
) -> io::Result<(u16, Option<String>, Vec<u8>)> {
    let mut stream = TcpStream::connect(address).await?;
    let mut buffer = Vec::new();
    let answer = exchange(&mut stream, &question.bytes, &mut buffer).await?;
    let head = String::from_utf8_lossy(&buffer[..answer.head]).into_owned();
    let tag = head.lines().find_map(|line| line.strip_prefix("etag: "));
    let tag = tag.map(str::to_owned);
    Ok((answer.status, tag, buffer.split_off(answer.head)))
}

async fn exchange(
    stream: &mut TcpStream,
    question: &[u8],
    buffer: &mut Vec<u8>,
) -> io::Result<Answer> {
    stream.write_all(question).await?;
    buffer.clear();
    let mut needed = None;
    loop {
        if stream.read_buf(buffer).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if needed.is_none() {
            needed = head(buffer)?;
        }
        if let Some((answer, length)) = needed.take_if(|(_, length)| buffer.len() >= *length) {
            buffer.truncate(length);
            return Ok(answer);
        }
    }
}

/// The head of an answer and the length of the whole, once the head is there.
fn head(bytes: &[u8]) -> io::Result<Option<(Answer, usize)>> {
    let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else {
        return Ok(None);
    };
    let broken = || io::Error::from(io::ErrorKind::InvalidData);
    let text = std::str::from_utf8(&bytes[..end]).map_err(|_| broken())?;
    let status = text.get(9..12).and_then(|status| status.parse().ok());
    let mut length = 0;
    let mut closes = false;
    for line in text.lines().skip(1) {
        let (name, value) = line.split_once(": ").ok_or_else(broken)?;
        if name.eq_ignore_ascii_case("content-length") && status != Some(304) {
            length = value.parse().map_err(|_| broken())?;
        } else if name.eq_ignore_ascii_case("connection") {
            closes = value.eq_ignore_ascii_case("close");
        }
    }
    let head = end + 4;
    let answer = Answer {
        status: status.ok_or_else(broken)?,
        head,
        closes,
    };
    Ok(Some((answer, head + length)))
}

/// Numbers that are the same in every run and look like none (xorshift).
struct Chance(u64);

impl Chance {
    fn new(seed: usize) -> Self {
        Self((seed as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15))
    }

    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % end as u64) as usize
    }
}
