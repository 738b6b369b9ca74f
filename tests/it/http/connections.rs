//! Incomplete request headers and too many connections: idle connections are closed, and the others are served.

use crate::app::{Exposition, Kind, Process, Settings, TestApp};
use api::http::layers::connections::ConnectionLimits;
use entity::clock::Clock;
use sea_orm::EntityTrait;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

const HALF: &[u8] = b"POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Ty";
/// A body of which a part is missing.
const HALF_BODY: &[u8] =
    b"POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 36\r\n\r\n{\"username\":";
const REST_OF_BODY: &[u8] = b"\"ada\",\"password\":\"moss\"}";
const CONTRACT: &[u8] = b"GET /openapi.yaml HTTP/1.1\r\nHost: x\r\nAccept-Encoding: identity\r\n\r\n";
const WHOLE: &[u8] = b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n";

async fn app(connections: ConnectionLimits) -> TestApp {
    let settings = Settings { connections, public_path: "/casetrail".to_owned(), ..Settings::default() };
    TestApp::start_with(Kind::Sqlite, settings).await.unwrap()
}

async fn connect(app: &TestApp) -> TcpStream {
    TcpStream::connect(app.base.trim_start_matches("http://")).await.unwrap()
}

/// Everything received until the service closes the connection.
async fn rest(mut stream: TcpStream) -> String {
    let mut said = Vec::new();
    let closed = tokio::time::timeout(Duration::from_secs(20), stream.read_to_end(&mut said)).await;
    // A reset also counts as closed.
    let _ = closed.expect("the connection is closed");
    String::from_utf8_lossy(&said).into_owned()
}

/// A client that requests more than the kernels' buffers hold, of which its own is small.
async fn greedy(app: &TestApp) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4_096).unwrap();
    let mut greedy = socket.connect(app.base.trim_start_matches("http://").parse().unwrap()).await.unwrap();
    greedy.write_all(&CONTRACT.repeat(60)).await.unwrap();
    greedy
}

async fn sent(app: &TestApp, bytes: &[u8]) -> TcpStream {
    let mut stream = connect(app).await;
    stream.write_all(bytes).await.unwrap();
    stream
}

/// How many connections the service has closed for this reason, according to `/metrics`.
async fn closed(app: &TestApp, reason: &str) -> f64 {
    Exposition::parse(&app.as_anonymous().get("/metrics").await.text)
        .value(&format!("http_connections_closed_total{{reason=\"{reason}\"}}"))
}

#[tokio::test]
async fn incomplete_request_headers_time_out() {
    let app = app(ConnectionLimits { head: Duration::from_millis(400), ..ConnectionLimits::default() }).await;
    let begun = Instant::now();
    let said = rest(sent(&app, HALF).await).await;
    assert!(said.starts_with("HTTP/1.1 408 ") && said.contains("\"code\":\"request_timeout\""), "{said}");
    assert!(said.contains("\"type\":\"/casetrail/problems/request_timeout\""), "{said}");
    assert!(rest(sent(&app, b"").await).await.is_empty());
    // The second request of a connection, and one that was sent together with the first.
    let mut kept = sent(&app, WHOLE).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    kept.write_all(HALF).await.unwrap();
    let said = rest(kept).await;
    assert!(said.starts_with("HTTP/1.1 200 ") && said.contains("HTTP/1.1 408 "), "{said}");
    let said = rest(sent(&app, &[WHOLE, HALF].concat()).await).await;
    assert!(said.starts_with("HTTP/1.1 200 "), "{said}");
    // Sending byte by byte gains nothing.
    let mut trickling = connect(&app).await;
    for letter in HALF.iter().take(20) {
        if trickling.write_all(&[*letter]).await.is_err() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    app.finish().await;
}

#[tokio::test]
async fn a_head_of_128_kib_is_refused() {
    let app = app(ConnectionLimits::default()).await;
    let head = format!("GET /livez HTTP/1.1\r\nHost: x\r\nX-Long: {}", "x".repeat(128 * 1024));
    let said = rest(sent(&app, &head.as_bytes()[..128 * 1024]).await).await;
    assert!(said.starts_with("HTTP/1.1 431 "), "{said}");
    app.finish().await;
}

/// A response that is not read would otherwise hold its memory, its connection and its budget for any length of time.
#[tokio::test]
async fn a_client_that_reads_nothing_is_disconnected() {
    let app = app(ConnectionLimits { unread: Duration::from_secs(1), ..ConnectionLimits::default() }).await;
    let _greedy = greedy(&app).await;
    let begun = Instant::now();
    while closed(&app, "slow_reader").await == 0.0 {
        assert!(begun.elapsed() < Duration::from_secs(10), "the connection is still open");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    // One that reads, however slowly it begins, gets everything.
    let mut slow = connect(&app).await;
    slow.write_all(CONTRACT).await.unwrap();
    tokio::time::sleep(Duration::from_millis(500)).await;
    let mut received = vec![0; 400_000];
    slow.read_exact(&mut received).await.unwrap();
    app.finish().await;
}

/// It makes some progress all the time, so that it is never silent for long.
#[tokio::test]
async fn a_client_that_reads_a_little_now_and_then_is_disconnected() {
    let app = app(ConnectionLimits { unread: Duration::from_secs(3), ..ConnectionLimits::default() }).await;
    let mut trickling = greedy(&app).await;
    let (begun, mut received) = (Instant::now(), vec![0; 1_024]);
    while closed(&app, "slow_reader").await == 0.0 {
        assert!(begun.elapsed() < Duration::from_secs(20), "the connection is still open");
        let _ = trickling.read(&mut received).await;
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    app.finish().await;
}

#[tokio::test]
async fn connections_whose_responses_are_not_read_are_evicted_at_the_connection_limit() {
    let app = app(ConnectionLimits { total: 5, ..ConnectionLimits::default() }).await;
    let mut unread = Vec::new();
    for _ in 0..5 {
        unread.push(greedy(&app).await);
    }
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    for _ in 0..3 {
        assert!(is_served(&app).await);
    }
    assert!(closed(&app, "evicted").await >= 1.0);
    let said = rest(unread.remove(0)).await;
    assert!(!said.contains("HTTP/1.1 503 "), "in the middle of a response");
    app.finish().await;
}

#[tokio::test]
async fn the_connections_of_one_address_are_limited() {
    let app = app(ConnectionLimits { per_address: 5, ..ConnectionLimits::default() }).await;
    let mut open = Vec::new();
    for _ in 0..5 {
        open.push(sent(&app, HALF).await);
    }
    let begun = Instant::now();
    assert!(rest(connect(&app).await).await.is_empty());
    assert!(begun.elapsed() < Duration::from_secs(3));
    open.clear();
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(closed(&app, "address_limit").await, 1.0);
    app.as_member().await.get("auth/me").await.expect(200);
    app.finish().await;
}

#[tokio::test]
async fn the_oldest_incomplete_request_is_evicted_at_the_connection_limit() {
    let app = app(ConnectionLimits { total: 20, ..ConnectionLimits::default() }).await;
    let member = app.as_member().await;
    let mut half_open = Vec::new();
    for _ in 0..60 {
        half_open.push(sent(&app, HALF).await);
        member.get("auth/me").await.expect(200);
    }
    let oldest = half_open.remove(0);
    let said = rest(oldest).await;
    assert!(said.is_empty() || said.starts_with("HTTP/1.1 503 "), "{said}");
    assert!(closed(&app, "evicted").await >= 40.0);
    app.finish().await;
}

/// What a client without any other connection gets.
async fn is_served(app: &TestApp) -> bool {
    let request = b"GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    rest(sent(app, request).await).await.starts_with("HTTP/1.1 200 ")
}

#[tokio::test]
async fn the_oldest_half_sent_body_is_evicted_at_the_connection_limit() {
    let app = app(ConnectionLimits { total: 20, ..ConnectionLimits::default() }).await;
    let mut stalled = Vec::new();
    for number in 0..60 {
        stalled.push(sent(&app, HALF_BODY).await);
        // It is waited for only once its head has arrived.
        tokio::time::sleep(Duration::from_millis(20)).await;
        assert!(is_served(&app).await, "with {number} bodies half sent");
    }
    let said = rest(stalled.remove(0)).await;
    assert!(said.is_empty() || said.starts_with("HTTP/1.1 503 "), "{said}");
    assert!(closed(&app, "evicted").await >= 40.0);
    // The newest one still gets its answer.
    let mut newest = stalled.pop().unwrap();
    newest.write_all(REST_OF_BODY).await.unwrap();
    let mut head = [0; 13];
    newest.read_exact(&mut head).await.unwrap();
    assert_eq!(String::from_utf8_lossy(&head), "HTTP/1.1 401 ");
    app.finish().await;
}

#[tokio::test]
async fn a_body_that_is_sent_byte_by_byte_is_evicted_before_newer_ones() {
    let app = app(ConnectionLimits { total: 4, ..ConnectionLimits::default() }).await;
    let mut trickling = sent(&app, HALF_BODY).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    let stalled = [sent(&app, HALF_BODY).await, sent(&app, HALF_BODY).await, sent(&app, HALF_BODY).await];
    tokio::time::sleep(Duration::from_millis(100)).await;
    trickling.write_all(b" ").await.unwrap();
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(is_served(&app).await);
    let said = rest(trickling).await;
    assert!(said.is_empty() || said.starts_with("HTTP/1.1 503 "), "{said}");
    // The first of them fails, and the others have to wait until they may try the same name.
    for (mut newer, status) in stalled.into_iter().zip(["401", "429", "429"]) {
        newer.write_all(REST_OF_BODY).await.unwrap();
        let mut head = [0; 13];
        newer.read_exact(&mut head).await.unwrap();
        assert_eq!(String::from_utf8_lossy(&head), format!("HTTP/1.1 {status} "));
    }
    app.finish().await;
}

/// A connection from one of the addresses of this machine.
async fn from(address: IpAddr, port: u16) -> TcpStream {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }.unwrap();
    socket.bind(SocketAddr::new(address, 0)).unwrap();
    let loopback = if address.is_ipv4() { Ipv4Addr::LOCALHOST.into() } else { IpAddr::from(Ipv6Addr::LOCALHOST) };
    socket.connect(SocketAddr::new(loopback, port)).await.unwrap()
}

#[tokio::test]
async fn the_connections_of_one_address_are_limited_over_ipv6_too() {
    if TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).is_err() {
        println!("no IPv6 here: its connections are not tested");
        return;
    }
    let connections = ConnectionLimits { per_address: 5, ..ConnectionLimits::default() };
    let listens_on = Ipv6Addr::UNSPECIFIED.into();
    let app = TestApp::start_with(Kind::Sqlite, Settings { connections, listens_on, ..Settings::default() }).await.unwrap();
    let port: u16 = app.base.rsplit_once(':').unwrap().1.parse().unwrap();
    // Over IPv6 an IPv4 address is mapped, and all of those are in one /64 network.
    let one: IpAddr = Ipv4Addr::new(127, 0, 0, 1).into();
    let addresses = [one, Ipv4Addr::new(127, 0, 0, 2).into(), Ipv6Addr::LOCALHOST.into()];
    let mut open = Vec::new();
    for address in addresses {
        for _ in 0..5 {
            let mut stream = from(address, port).await;
            stream.write_all(WHOLE).await.unwrap();
            let mut head = [0; 13];
            stream.read_exact(&mut head).await.unwrap();
            assert_eq!(String::from_utf8_lossy(&head), "HTTP/1.1 200 ", "{address}");
            open.push(stream);
        }
        assert!(rest(from(address, port).await).await.is_empty(), "{address}");
    }
    open.clear();
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(closed(&app, "address_limit").await, 3.0);
    app.finish().await;
}

#[test]
fn a_request_head_may_take_five_seconds_by_default() {
    let limits = ConnectionLimits::default();
    assert_eq!((limits.total, limits.per_address, limits.head.as_secs()), (8_192, 256, 5));
}

/// What a client gets over a new connection to a process: nothing if that is closed.
async fn asked(process: &Process, path: &str) -> String {
    let mut wire = TcpStream::connect(process.address()).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    if wire.write_all(request.as_bytes()).await.is_ok() { rest(wire).await } else { String::new() }
}

/// How many connections a process has closed for this reason.
async fn closed_by(process: &Process, reason: &str) -> f64 {
    let mut answer = String::new();
    while answer.is_empty() {
        answer = asked(process, "/metrics").await;
    }
    let (_, figures) = answer.split_once("\r\n\r\n").expect("a body");
    Exposition::parse(figures).value(&format!("http_connections_closed_total{{reason=\"{reason}\"}}"))
}

#[tokio::test]
async fn the_numbers_of_connections_in_all_and_of_one_address_are_settings() {
    let app = TestApp::start(Kind::Sqlite).await.unwrap();
    for (setting, reason) in
        [("CASETRAIL_MAX_CONNECTIONS_PER_ADDRESS", "address_limit"), ("CASETRAIL_MAX_CONNECTIONS", "evicted")]
    {
        let process = Process::start_with(&app, &[("CASETRAIL_SCHEDULER", "off"), (setting, "5")]).await;
        let begun_at = Instant::now();
        // Again if the machine is so busy that the first ones have timed out before the last ones arrive.
        while closed_by(&process, reason).await < 4.0 {
            assert!(begun_at.elapsed() < Duration::from_secs(20), "{setting} has no effect");
            let mut half_open = Vec::new();
            for _ in 0..9 {
                let mut half = TcpStream::connect(process.address()).await.unwrap();
                // It may be closed already.
                let _ = half.write_all(HALF).await;
                half_open.push(half);
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        process.kill();
    }
    app.finish().await;
}

#[tokio::test]
async fn the_number_of_requests_at_once_is_a_setting() {
    let settings = Settings { clock: Clock::system(), ..Settings::default() };
    let Some(app) = TestApp::start_with(Kind::Postgres, settings).await else { return };
    let process = Process::start_with(&app, &[("CASETRAIL_SCHEDULER", "off"), ("CASETRAIL_MAX_REQUESTS", "1")]).await;
    let (member, case) = (app.as_member().await, app.a_case().create().await);
    let id = uuid::Uuid::parse_str(&case.id()).unwrap();
    let path = format!("cases/{id}");
    let busy = app.write().await;
    busy.lock(entity::case::Entity::find_by_id(id)).await.unwrap();
    let edit = async || {
        let edit = process.request(reqwest::Method::PATCH, &path).bearer_auth(member.token());
        let edit = edit.header("content-type", "application/json").body("{\"employee_first_name\": \"Eve\"}");
        edit.send().await.unwrap().status().as_u16()
    };
    // While one waits for the lock, which it does not do for long, there is no place for another.
    let waiting = async { while edit().await == 503 {} };
    let asking = async {
        let begun_at = Instant::now();
        loop {
            let asked = process.request(reqwest::Method::GET, "auth/me").bearer_auth(member.token()).send().await.unwrap();
            if asked.status() == 503 {
                assert_eq!(asked.headers().get("retry-after").map(|after| after.as_bytes()), Some(&b"1"[..]));
                break;
            }
            assert!(begun_at.elapsed() < Duration::from_secs(20), "two at once");
        }
        drop(busy);
    };
    futures_util::future::join(waiting, asking).await;
    process.kill();
    app.finish().await;
}
