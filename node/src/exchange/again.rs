//! Asking once more where a connection broke before there was an answer.

/// Every client here speaks to one party.
#[derive(Debug)]
struct ThatHost;

impl PartialEq<&str> for ThatHost {
    fn eq(&self, _: &&str) -> bool {
        true
    }
}

/// A connection that waited in the pool may be closed at the other end, by a restart, just as a request goes out on it; then nobody
/// knows whether it was read. Whatever a node asks may be asked twice, so it goes out once more, on a fresh connection.
/// What cannot be connected at all or takes too long is not asked again here.
pub(crate) fn once_more() -> reqwest::retry::Builder {
    reqwest::retry::for_host(ThatHost)
        .max_retries_per_request(1)
        .classify_fn(|attempt| {
            let broke = attempt
                .error()
                .and_then(|error| error.downcast_ref::<reqwest::Error>())
                .is_some_and(|error| error.is_request() && !error.is_connect() && !error.is_timeout());
            if broke { attempt.retryable() } else { attempt.success() }
        })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::{TcpListener, TcpStream};

    use super::once_more;

    /// Reads one request's head; false at the end of the connection.
    async fn head(stream: &mut TcpStream) -> bool {
        let (mut seen, mut byte) = (Vec::new(), [0; 1]);
        while !seen.ends_with(b"\r\n\r\n") {
            match stream.read(&mut byte).await {
                Ok(1) => seen.push(byte[0]),
                _ => return false,
            }
        }
        true
    }

    /// A server that closes the first `breaking` connections upon a request: the first of them has answered one before.
    async fn server(breaking: usize) -> (String, Arc<AtomicUsize>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let connections = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&connections);
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let number = counted.fetch_add(1, Ordering::SeqCst) + 1;
                tokio::spawn(async move {
                    let mut answers = number == 1 || number > breaking;
                    while head(&mut stream).await && answers {
                        answers = number > breaking;
                        stream
                            .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
                            .await
                            .unwrap();
                    }
                });
            }
        });
        (url, connections)
    }

    fn client() -> reqwest::Client {
        let builder = reqwest::Client::builder().no_proxy().retry(once_more());
        builder.build().unwrap()
    }

    #[tokio::test]
    async fn a_connection_that_was_closed_while_it_waited_costs_no_request() {
        let (url, connections) = server(1).await;
        let client = client();
        for _ in 0..3 {
            let answer = client.post(&url).body("the same again").send().await.unwrap();
            assert_eq!(answer.text().await.unwrap(), "ok");
        }
        assert_eq!(connections.load(Ordering::SeqCst), 2);
    }

    #[tokio::test]
    async fn a_server_that_breaks_off_twice_is_not_asked_a_third_time() {
        let (url, connections) = server(2).await;
        let client = client();
        assert_eq!(client.get(&url).send().await.unwrap().text().await.unwrap(), "ok");
        assert!(client.get(&url).send().await.unwrap_err().is_request());
        assert_eq!(connections.load(Ordering::SeqCst), 2);
        assert_eq!(client.get(&url).send().await.unwrap().text().await.unwrap(), "ok");
    }
}
