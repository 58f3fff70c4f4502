//! A web server on loopback that keeps every byte it was sent: as an exchange that answers what the
//! test says, and as the sink to which nothing may ever come.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use keylapse::clock::{Clock, System};
use serde_json::{Value, json};

/// Longer than anything here takes; only a failing test waits for it.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// An answer: status, further header lines, body.
pub struct Answer(pub u16, pub String, pub String);

impl Answer {
    /// A success as JSON.
    pub fn json(value: &Value) -> Self {
        Self(200, "Content-Type: application/json\r\n".to_owned(), value.to_string())
    }

    /// KuCoin's clock, which goes right.
    pub fn time() -> Self {
        let now = System::new().now().timestamp_millis();
        Self::json(&json!({"code": "200000", "data": now}))
    }

    /// A redirect to another machine's address.
    pub fn redirect(status: u16, to: &str) -> Self {
        Self(status, format!("Location: {to}\r\n"), String::new())
    }
}

type Answering = Box<dyn Fn(&str) -> Answer + Send + Sync>;

/// The server; dropping it stops it.
pub struct Door {
    address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    heard: Mutex<Vec<Vec<u8>>>,
    answer: Answering,
    closed: Mutex<bool>,
}

impl Door {
    /// Answers each path by `answer`.
    pub fn open(answer: impl Fn(&str) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            heard: Mutex::default(),
            answer: Box::new(answer),
            closed: Mutex::new(false),
        });
        let inside = shared.clone();
        std::thread::spawn(move || {
            while let Ok((stream, _)) = listener.accept() {
                if *inside.closed.lock().unwrap() {
                    break;
                }
                let inside = inside.clone();
                std::thread::spawn(move || inside.serve(stream));
            }
        });
        Self { address, shared }
    }

    /// A place to which nothing may come.
    pub fn sink() -> Self {
        Self::open(|_| Answer(200, String::new(), String::new()))
    }

    /// What to write as an address by plain http.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// What came, one entry a connection, also of those that said nothing.
    pub fn heard(&self) -> Vec<Vec<u8>> {
        self.shared.heard.lock().unwrap().clone()
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        *self.shared.closed.lock().unwrap() = true;
        let _ = TcpStream::connect(self.address);
    }
}

impl Shared {
    fn serve(&self, mut stream: TcpStream) {
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let (mut request, mut piece) = (Vec::new(), [0; 4096]);
        // A greeting of TLS is no request; it gets no answer.
        let is_whole = |request: &[u8]| {
            request.first() == Some(&0x16) || request.windows(4).any(|four| four == b"\r\n\r\n")
        };
        while !is_whole(&request) {
            match stream.read(&mut piece) {
                Ok(0) | Err(_) => break,
                Ok(read) => request.extend_from_slice(&piece[..read]),
            }
        }
        let text = String::from_utf8_lossy(&request).into_owned();
        self.heard.lock().unwrap().push(request);
        let Some(path) = text.split(' ').nth(1).filter(|path| path.starts_with('/')) else {
            return;
        };
        let Answer(status, headers, body) = (self.answer)(path);
        let length = body.len();
        // Whoever asked may be gone.
        let _ = write!(
            stream,
            "HTTP/1.1 {status} Said\r\n{headers}Content-Length: {length}\r\nConnection: close\r\n\r\n{body}"
        );
    }
}
