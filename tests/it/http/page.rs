//! The page at `/`: its index is asked for again, its other files are kept, and nothing but its files can be read.

use crate::app::{Answer, Exposition, Kind, Settings, TestApp, below};
use reqwest::{Method, Url};
use std::fs;
use std::path::{Path, PathBuf};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The files of the page in the sources, except the index, by their paths.
fn sources() -> Vec<(String, Vec<u8>)> {
    fn below(folder: &Path, prefix: &str) -> Vec<(String, Vec<u8>)> {
        let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
        let files = entries.flat_map(|entry| {
            let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
            let is_folder = entry.path().is_dir();
            if is_folder { below(&entry.path(), &format!("{name}/")) } else { vec![(name, fs::read(entry.path()).unwrap())] }
        });
        files.filter(|(name, _)| name != "index.html").collect()
    }
    below(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../api/page"), "")
}

/// Where the index says that the other files are: `/page/<digest>/`.
async fn assets(app: &TestApp) -> String {
    let index = app.as_anonymous().get("/").await;
    index.expect(200);
    let digest = index.text.split("page/").nth(1).and_then(|rest| rest.split('/').next()).unwrap_or_default().to_owned();
    assert!(digest.len() == 16 && digest.bytes().all(|digit| digit.is_ascii_hexdigit()), "{}", index.text);
    assert!(!index.text.contains("{{"), "{}", index.text);
    format!("/page/{digest}/")
}

#[track_caller]
fn ensure_guarded(answer: &Answer) {
    for (name, value) in [
        ("content-security-policy", POLICY),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("cross-origin-opener-policy", "same-origin"),
    ] {
        assert_eq!(answer.header(name), value, "{name}");
    }
}

/// What the service answers to a path as it is written here: clients resolve dots before they send a path.
async fn raw(app: &TestApp, path: &str) -> String {
    let mut wire = TcpStream::connect(app.base.trim_start_matches("http://")).await.unwrap();
    let head = format!("GET {path} HTTP/1.1\r\nHost: casetrail\r\nConnection: close\r\n\r\n");
    wire.write_all(head.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    wire.read_to_end(&mut answer).await.unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

on_each_database! {
    async fn the_index_is_asked_for_again_and_answered_304_while_it_is_current(app) {
        let anonymous = app.as_anonymous();
        let mark = app.mark().await;

        let index = anonymous.get("/").await;

        assert_eq!((index.status(), index.header("content-type")), (200, "text/html; charset=utf-8"));
        assert_eq!(index.header("cache-control"), "no-cache");
        ensure_guarded(&index);
        let tag = index.header("etag").to_owned();
        assert!(tag.starts_with('"') && tag.len() > 10, "{tag}");
        for known in [tag.clone(), format!("W/{tag}"), format!("\"other\", {tag}")] {
            let again = app.as_anonymous().with("If-None-Match", &known).get("/").await;
            assert_eq!((again.status(), again.text.as_str(), again.header("etag")), (304, "", tag.as_str()), "{known}");
            assert_eq!(again.header("cache-control"), "no-cache");
        }
        assert_eq!(app.as_anonymous().with("If-None-Match", "\"other\"").get("/").await.status(), 200);
        // A view is named behind the address, and the page is the same.
        assert_eq!(anonymous.get("/?view=log").await.text, index.text);
        let coded = app.as_anonymous().with("Accept-Encoding", "br").get("/").await;
        assert_eq!((coded.header("content-encoding"), coded.header("etag")), ("br", format!("W/{tag}").as_str()));
        let known = app.as_anonymous().with("Accept-Encoding", "br").with("If-None-Match", coded.header("etag"));
        assert_eq!(known.get("/").await.status(), 304);
        assert_eq!(app.since(&mark).await.len(), 0, "no reading of the page is recorded");
    }

    async fn the_files_of_the_page_are_kept_by_browsers(app) {
        let (anonymous, assets) = (app.as_anonymous(), assets(app).await);
        for (name, content) in sources() {
            let file = anonymous.get(&format!("{assets}{name}")).await;
            assert_eq!(file.status(), 200, "{name}");
            // Scripts and style sheets have lost their comments, indentation and some line breaks; all else is in its order.
            let is_code = name.ends_with(".js") || name.ends_with(".css");
            let source = String::from_utf8_lossy(&content);
            let mut of_source = source.chars();
            let mut served = file.text.chars().filter(|one| !one.is_whitespace());
            let is_right = if is_code { served.all(|one| of_source.any(|other| other == one)) } else { file.bytes == content };
            assert!(is_right && !file.bytes.is_empty(), "{name}");
            assert_eq!(file.header("cache-control"), "public, max-age=31536000, immutable", "{name}");
            ensure_guarded(&file);
            let kind = match name.rsplit_once('.').map_or("", |(_, ending)| ending) {
                "js" => "text/javascript; charset=utf-8",
                "css" => "text/css; charset=utf-8",
                "svg" => "image/svg+xml",
                ending => panic!("{name}: a kind of file that no test knows: {ending}"),
            };
            assert_eq!(file.header("content-type"), kind, "{name}");
            let coded = app.as_anonymous().with("Accept-Encoding", "gzip").get(&format!("{assets}{name}")).await;
            let again = app.as_anonymous().with("Accept-Encoding", "gzip").get(&format!("{assets}{name}")).await;
            assert_eq!((coded.header("content-encoding"), &coded.bytes), ("gzip", &again.bytes), "{name}");
        }
        let index = anonymous.get("/").await.text;
        let loaded = index.split('"').filter(|text| text.starts_with("page/"));
        for file in loaded {
            assert_eq!(anonymous.get(&format!("/{file}")).await.status(), 200, "{file}");
        }
    }

    async fn what_is_not_a_file_of_the_page_is_not_found_and_not_cached(app) {
        let assets = assets(app).await;
        for path in ["/page", "/page/", "/page/x", "/page/0123456789abcdef/app.js", "/page/app.js", "/index.html"] {
            let answer = app.as_anonymous().get(path).await;
            answer.expect_problem(404, "not_found");
            assert!(!answer.header("cache-control").contains("max-age"), "{path}: {}", answer.header("cache-control"));
        }
        let others = ["", "nothing.js", "index.html", "views", "App.js", "app.js.map"];
        for path in others.map(|name| format!("{assets}{name}")) {
            let answer = app.as_anonymous().get(&path).await;
            answer.expect_problem(404, "not_found");
            assert_eq!(answer.header("cache-control"), "no-store", "{path}");
        }
    }

    async fn the_page_is_read_only_and_head_has_no_body(app) {
        let asset = format!("{}app.js", assets(app).await);
        for path in ["/", asset.as_str()] {
            let get = app.as_anonymous().get(path).await;
            let head = app.as_anonymous().send(Method::HEAD, path, None).await;
            assert_eq!((head.status(), head.text.as_str()), (200, ""), "{path}");
            for name in ["content-type", "content-length", "etag", "cache-control", "content-security-policy"] {
                assert_eq!(head.header(name), get.header(name), "{path}: {name}");
            }
            for method in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
                let refused = app.as_anonymous().send(method, path, None).await;
                refused.expect_problem(405, "method_not_allowed");
                assert_eq!(refused.header("allow"), "GET, HEAD, OPTIONS", "{path}");
            }
            let options = app.as_anonymous().send(Method::OPTIONS, path, None).await;
            assert_eq!((options.status(), options.header("allow")), (204, "GET, HEAD, OPTIONS"), "{path}");
        }
    }

    async fn a_folder_of_the_settings_is_read_at_each_request_and_never_left(app) {
        let folder = tempfile::tempdir().unwrap();
        let page = folder.path().join("page");
        let write = |name: &str, text: &str| {
            fs::create_dir_all(page.join(name).parent().unwrap()).unwrap();
            fs::write(page.join(name), text).unwrap();
        };
        write("index.html", "<!doctype html><script type=\"module\" src=\"page/{{digest}}/app.js\"></script>");
        write("app.js", "first");
        write("views/log.js", "the log");
        write(".hidden.js", "hidden");
        fs::write(folder.path().join("secret.js"), "secret").unwrap();
        std::os::unix::fs::symlink(folder.path().join("secret.js"), page.join("link.js")).unwrap();
        let settings = Settings { page_dir: Some(page.clone()), ..Settings::default() };
        let own = TestApp::start_with(app.kind, settings).await.unwrap();
        let (anonymous, assets) = (own.as_anonymous(), assets(&own).await);

        let first = anonymous.get(&format!("{assets}app.js")).await;
        let tag = anonymous.get("/").await.header("etag").to_owned();
        write("app.js", "second");
        let second = anonymous.get(&format!("{assets}app.js")).await;

        assert_eq!((first.text.as_str(), second.text.as_str(), second.header("cache-control")), ("first", "second", "no-cache"));
        ensure_guarded(&second);
        let gzip = own.as_anonymous().with("Accept-Encoding", "gzip").get(&format!("{assets}app.js")).await;
        write("app.js", "third");
        let again = own.as_anonymous().with("Accept-Encoding", "gzip").get(&format!("{assets}app.js")).await;
        assert_ne!(gzip.bytes, again.bytes, "nothing is kept of the first answer");
        // The index names another digest, so its tag changed too; an old digest still leads to the current file.
        let index = own.as_anonymous().with("If-None-Match", &tag).get("/").await;
        assert_eq!((index.status(), index.text.contains(&assets[1..])), (200, false));
        assert_eq!(anonymous.get("/page/anything/views/log.js").await.text, "the log");
        for name in ["link.js", ".hidden.js", "views", "index.html"] {
            anonymous.get(&format!("{assets}{name}")).await.expect_problem(404, "not_found");
        }
        ensure_inside(&own, &assets).await;
        fs::remove_dir_all(&page).unwrap();
        anonymous.get("/").await.expect_problem(500, "internal_error");
        own.finish().await;
    }

    async fn no_path_leads_out_of_the_page(app) {
        ensure_inside(app, &assets(app).await).await;
    }

    async fn requests_for_the_page_are_counted_by_two_routes(app) {
        let requests = async || {
            let text = app.as_anonymous().get("/metrics").await.text;
            let figures = Exposition::parse(&text);
            ["/", "/page/"].map(|route| {
                let labels = format!("{{method=\"GET\",route=\"{route}\",status=\"200\"}}");
                figures.get(&format!("http_request_duration_seconds_count{labels}")).unwrap_or_default()
            })
        };
        let asset = format!("{}app.js", assets(app).await);
        let [index, assets] = requests().await;
        app.as_anonymous().get("/").await;
        app.as_anonymous().get(&asset).await;
        assert_eq!(requests().await, [index + 1.0, assets + 1.0]);
    }
}

async fn ensure_inside(app: &TestApp, assets: &str) {
    for path in [
        "../secret.js",
        "../../Cargo.toml",
        "..%2fsecret.js",
        "%2e%2e/secret.js",
        "%2e%2e%2fsecret.js",
        "views/../../secret.js",
        "..\\secret.js",
        "..%5csecret.js",
        "/etc/passwd",
        "%2fetc%2fpasswd",
        "app.js%00",
        "./app.js",
        "views//log.js",
    ] {
        let answer = raw(app, &format!("{assets}{path}")).await;
        assert!(answer.starts_with("HTTP/1.1 404 "), "{path}: {answer}");
        assert!(answer.contains("\"code\":\"not_found\""), "{path}: {answer}");
    }
}

/// What a browser loads below a path of another host, without any setting.
#[tokio::test]
async fn the_page_works_below_a_path() {
    let app = TestApp::start(Kind::Sqlite).await.unwrap();
    let base = Url::parse(&format!("{}/", below("/casetrail", &app.base).await)).unwrap();
    let http = crate::app::http().build().unwrap();
    let index = http.get(base.clone()).send().await.unwrap().text().await.unwrap();
    let references = index.split(['"', '\'']).filter(|text| text.starts_with("page/") || text.starts_with("docs/"));
    let references: Vec<Url> = references.map(|reference| base.join(reference).unwrap()).collect();
    assert!(references.len() >= 2, "{index}");
    for url in references {
        assert!(url.path().starts_with("/casetrail/"), "{url}");
        assert_eq!(http.get(url.clone()).send().await.unwrap().status(), 200, "{url}");
    }
    app.finish().await;
}

#[test]
fn the_page_has_no_absolute_reference_to_the_service() {
    let page = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../api/page/index.html");
    let index = fs::read_to_string(page).unwrap();
    for start in ["src=\"/", "href=\"/", "action=\"/"] {
        assert!(!index.contains(start), "api/page/index.html: {start}… is wrong below a path");
    }
}
