//! Documents of the maximum size, and larger: streamed in and out, never held in memory as a whole.

use super::{id, rows, stored};
use crate::app::{Form, Kind, Process, Settings, TestApp};
use entity::clock::Clock;
use entity::text::sha256_hex;
use reqwest::Method;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const MIB: usize = 1024 * 1024;
const LARGEST: usize = 50 * MIB;

fn pdf(size: usize) -> Vec<u8> {
    let mut bytes = b"%PDF-1.7\n".to_vec();
    let mut filling = (0_u32..).flat_map(|number| number.wrapping_mul(2_654_435_761).to_le_bytes());
    bytes.extend(filling.by_ref().take(size - bytes.len()));
    bytes
}

fn form(bytes: &[u8]) -> Form {
    Form::new().text("document_type", "other").file("large.pdf", "application/pdf", bytes)
}

/// The service, in a process of its own, uses at most 64 MiB more than when idle, in either direction.
#[tokio::test]
async fn the_largest_document_is_streamed_with_little_memory() {
    let settings = Settings { clock: Clock::system(), ..Settings::default() };
    let app = TestApp::start_with(Kind::Sqlite, settings).await.unwrap();
    let case = app.a_case().accepted().create().await;
    let token = app.as_manager().await.token().to_owned();
    // Created beforehand: it takes so long that the process would close its idle connection.
    let bytes = pdf(LARGEST);
    let form = form(&bytes);
    let process = Process::start(&app).await;
    let request = |method: Method, path: &str| process.request(method, path).bearer_auth(&token);
    request(Method::GET, &case.url("documents")).send().await.unwrap().error_for_status().unwrap();
    let idle = process.memory("VmRSS");

    let upload = request(Method::POST, &case.url("documents")).header("content-type", form.kind()).body(form.bytes());
    let added: serde_json::Value = upload.send().await.unwrap().error_for_status().unwrap().json().await.unwrap();
    assert_eq!((&added["size_bytes"], &added["sha256"]), (&LARGEST.into(), &sha256_hex(&bytes).into()));
    let content = request(Method::GET, &format!("documents/{}/content", id(&added)));
    assert!(content.send().await.unwrap().error_for_status().unwrap().bytes().await.unwrap() == bytes);

    let peak = process.memory("VmHWM");
    assert!(peak < idle + 64 * 1024, "from {idle} KiB to {peak} KiB");
    process.kill();
    app.finish().await;
}

on_each_database! {
    async fn a_document_one_byte_over_the_limit_is_refused(app) {
        let case = app.a_case().accepted().create().await;
        let by = app.as_manager().await;
        let mark = app.mark().await;
        let answer = by.upload(&case.url("documents"), &form(&pdf(LARGEST + 1))).await;
        answer.expect_problem(413, "payload_too_large");
        assert_eq!((rows(app).await, stored(app).len(), app.since(&mark).await.len()), (0, 0, 0));
    }

    async fn an_upload_with_a_far_too_large_content_length_is_refused_before_its_body(app) {
        let case = app.a_case().accepted().create().await;
        let head = format!(
            "POST /api/v1/{} HTTP/1.1\r\nHost: casetrail\r\nAuthorization: Bearer {}\r\nContent-Type: {}\r\n\
             Content-Length: {}\r\n\r\n",
            case.url("documents"), app.as_manager().await.token(), form(b"").kind(), 1_u64 << 40,
        );
        let mut wire = TcpStream::connect(app.base.trim_start_matches("http://")).await.unwrap();
        wire.write_all(head.as_bytes()).await.unwrap();
        let mut answer = [0; 12];
        wire.read_exact(&mut answer).await.unwrap();
        assert_eq!(&answer, b"HTTP/1.1 413");
    }
}
