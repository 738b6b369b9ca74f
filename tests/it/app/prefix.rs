//! A reverse proxy that serves the service below a path, as nginx does with `location /casetrail/ { proxy_pass http://…/; }`.

use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};

/// Serves the service at `base` below a path, on a port of its own, and returns the address there. Each connection has one
/// request.
pub async fn below(path: &'static str, base: &str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = format!("http://{}{path}", listener.local_addr().expect("an address"));
    let service = base.trim_start_matches("http://").to_owned();
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let service = service.clone();
            tokio::spawn(async move { forward(client, &service, path).await });
        }
    });
    address
}

async fn forward(mut client: TcpStream, service: &str, path: &str) {
    let mut read = Vec::new();
    let end = loop {
        if let Some(end) = read.windows(4).position(|bytes: &[u8]| bytes == b"\r\n\r\n") {
            break end;
        }
        if client.read_buf(&mut read).await.unwrap_or_default() == 0 {
            return;
        }
    };
    let body = read.split_off(end);
    let head = String::from_utf8(read).expect("a head");
    let (method, rest) = head.split_once(' ').expect("a method");
    let Some(below) = rest.strip_prefix(path).filter(|below| below.starts_with('/')) else {
        let elsewhere = b"HTTP/1.1 404 Not Found\r\nContent-Length: 9\r\nConnection: close\r\n\r\nelsewhere";
        return client.write_all(elsewhere).await.unwrap_or_default();
    };
    let mut upstream = TcpStream::connect(service).await.expect("the service");
    upstream.write_all(format!("{method} {below}\r\nConnection: close").as_bytes()).await.expect("a head");
    upstream.write_all(&body).await.expect("a body");
    drop(copy_bidirectional(&mut client, &mut upstream).await);
}
