//! The user agent in the log, also where it is beyond ASCII.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

on_each_database! {
    async fn a_user_agent_beyond_ascii_is_kept(app) {
        let body = r#"{"username": "unknown", "password": "wrong password"}"#;
        let head = format!(
            "POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\nUser-Agent: ",
            body.len()
        );
        for (sent, kept) in [
            (&b"curl/8.5.0"[..], "curl/8.5.0".to_owned()),
            ("Büro-Client/1.0 (☕)".as_bytes(), "Büro-Client/1.0 (☕)".to_owned()),
            ("Bu\u{308}ro".as_bytes(), "Büro".to_owned()),
            (b"B\xfcro/1.0", "B\u{FFFD}ro/1.0".to_owned()),
            ("ü".repeat(300).as_bytes(), "ü".repeat(256)),
        ] {
            app.pass(chrono::TimeDelta::minutes(2));
            let mut stream = TcpStream::connect(app.base.trim_start_matches("http://")).await.unwrap();
            stream.write_all(&[head.as_bytes(), sent, b"\r\n\r\n", body.as_bytes()].concat()).await.unwrap();
            let mut answer = Vec::new();
            stream.read_to_end(&mut answer).await.unwrap();
            assert!(answer.starts_with(b"HTTP/1.1 401 "), "{}", String::from_utf8_lossy(&answer));
            let entries = app.all_entries().await;
            let last = entries.last().unwrap();
            assert_eq!((&last["user_agent"], &last["metadata"]["user_agent"]), (&kept.clone().into(), &kept.into()));
        }
    }
}
