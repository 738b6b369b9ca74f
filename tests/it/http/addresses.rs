//! The client address in the log if there are proxies in front of the service.

use crate::app::{Kind, Settings, TestApp};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

async fn seen(trusted: &str, forwarded: &str, kind: Kind) -> Option<String> {
    let networks = trusted.split(',').map(|network| api::wire::forwarded::network(network).unwrap()).collect();
    let app = TestApp::start_with(kind, Settings { trusted_proxies: networks, ..Settings::default() }).await?;
    let by = app.as_anonymous().with("X-Forwarded-For", forwarded);
    by.post("auth/login", json!({"username": "unknown", "password": "wrong password"})).await.expect(401);
    let address = app.all_entries().await.last().unwrap()["ip_address"].as_str().unwrap().to_owned();
    app.finish().await;
    Some(address)
}

/// A proxy adds the client's address to whatever line the client sent.
#[tokio::test]
async fn invalid_bytes_in_x_forwarded_for_do_not_hide_the_client() {
    let trusted = vec![api::wire::forwarded::network("127.0.0.0/8").unwrap()];
    let app = TestApp::start_with(Kind::Sqlite, Settings { trusted_proxies: trusted, ..Settings::default() }).await.unwrap();
    let body = r#"{"username": "unknown", "password": "wrong password"}"#;
    let head = format!(
        "POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\nX-Forwarded-For: ",
        body.len()
    );
    for (sent, expected) in [
        (&b"\xff, 203.0.113.7"[..], "203.0.113.7"),
        (b"203.0.113.9, \xfc\xff", "127.0.0.1"),
        (b"\xff\r\nX-Forwarded-For: 203.0.113.8", "203.0.113.8"),
    ] {
        let mut stream = TcpStream::connect(app.base.trim_start_matches("http://")).await.unwrap();
        stream.write_all(&[head.as_bytes(), sent, b"\r\n\r\n", body.as_bytes()].concat()).await.unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        assert!(answer.starts_with(b"HTTP/1.1 401 "), "{}", String::from_utf8_lossy(&answer));
        assert_eq!(app.all_entries().await.last().unwrap()["ip_address"], expected, "{sent:?}");
    }
    app.finish().await;
}

#[tokio::test]
async fn the_log_has_the_client_behind_a_trusted_network() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        for (trusted, forwarded, expected) in [
            ("127.0.0.0/8", "203.0.113.7", "203.0.113.7"),
            ("127.0.0.0/8,10.0.0.0/8", "9.9.9.9, 203.0.113.7, 10.1.2.3", "203.0.113.7"),
            ("127.0.0.1", "203.0.113.7:5678", "203.0.113.7"),
            ("127.0.0.1/32", "[2001:db8::1]:443", "2001:db8::1"),
            ("::ffff:127.0.0.0/104", "\"[2001:db8::1]\"", "2001:db8::1"),
            ("127.0.0.0/8", "unknown", "127.0.0.1"),
            ("10.0.0.0/8", "203.0.113.7", "127.0.0.1"),
        ] {
            let Some(address) = seen(trusted, forwarded, kind).await else { return };
            assert_eq!(address, expected, "{trusted} {forwarded}");
        }
    }
}
