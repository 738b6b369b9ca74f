//! Behind a reverse proxy that serves the service below a path, every reference in a response leads to what it names.

use crate::app::{Kind, Settings, TestApp, below};
use crate::documents::pay_stub;
use reqwest::{Method, Response, Url};
use serde_json::{Value as Json, json};

const PATH: &str = "/casetrail";

/// A client that knows only the address at the proxy.
struct Desk {
    http: reqwest::Client,
    base: Url,
    token: String,
}

impl Desk {
    /// Resolves a reference as a browser does, against the address that it was found at.
    async fn send(&self, method: Method, url: Url, body: Option<(&str, Vec<u8>)>) -> Response {
        let mut request = self.http.request(method, url).bearer_auth(&self.token);
        if let Some((kind, bytes)) = body {
            request = request.header("content-type", kind).body(bytes);
        }
        request.send().await.unwrap()
    }

    async fn get(&self, url: Url) -> Response {
        self.send(Method::GET, url, None).await
    }

    fn url(&self, path: &str) -> Url {
        self.base.join(path).unwrap()
    }
}

fn header(response: &Response, name: &str) -> String {
    response.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
}

async fn desk(kind: Kind) -> Option<(TestApp, Desk)> {
    let settings = Settings { public_path: PATH.to_owned(), ..Settings::default() };
    let app = TestApp::start_with(kind, settings).await?;
    let base = Url::parse(&format!("{}/", below(PATH, &app.base).await)).unwrap();
    let http = crate::app::http().build().unwrap();
    let token = app.as_admin().await.token().to_owned();
    Some((app, Desk { http, base, token }))
}

/// The location of what a request creates leads to it, also when the request is repeated.
async fn ensure_located(desk: &Desk, path: &str, kind: &str, body: Vec<u8>) -> Json {
    let url = desk.url(&format!("api/v1/{path}"));
    let created = desk.send(Method::POST, url.clone(), Some((kind, body))).await;
    assert_eq!(created.status(), 201, "{path}");
    let location = header(&created, "location");
    assert!(location.starts_with("/casetrail/api/v1/"), "{path}: {location}");
    let created: Json = created.json().await.unwrap();
    let found = desk.get(url.join(&location).unwrap()).await;
    assert_eq!(found.status(), 200, "{path}: {location}");
    let found: Json = found.json().await.unwrap();
    assert_eq!(found["id"], created["id"], "{path}");
    found
}

async fn locations(app: &TestApp, desk: &Desk) {
    let member = app.as_member().await;
    let user = json!({
        "username": "mia", "email": "mia@example.org", "first_name": "Mia", "last_name": "Moss", "role": "manager",
        "password": "a long enough passphrase",
    });
    ensure_located(desk, "users", "application/json", user.to_string().into_bytes()).await;
    let case = json!({"member_id": member.id(), "employee_first_name": "Ada", "employee_last_name": "Moss"});
    let case = ensure_located(desk, "cases", "application/json", case.to_string().into_bytes()).await;
    let case = format!("cases/{}", case["id"].as_str().unwrap());
    let note = json!({"body": "call first", "visibility": "internal"});
    ensure_located(desk, &format!("{case}/notes"), "application/json", note.to_string().into_bytes()).await;
    let form = pay_stub();
    ensure_located(desk, &format!("{case}/documents"), &form.kind(), form.bytes()).await;
}

/// Follows `Link` to the last page, and returns the number of rows.
async fn rows(desk: &Desk, path: &str, list: &str) -> usize {
    let (mut url, mut count) = (desk.url(path), 0);
    loop {
        let page = desk.get(url.clone()).await;
        assert_eq!(page.status(), 200, "{url}");
        let link = header(&page, "link");
        let page: Json = page.json().await.unwrap();
        count += page.pointer(list).and_then(Json::as_array).unwrap().len();
        if link.is_empty() {
            return count;
        }
        assert!(link.starts_with("</casetrail/api/v1/") && link.ends_with(">; rel=\"next\""), "{link}");
        url = url.join(link.trim_start_matches('<').split('>').next().unwrap()).unwrap();
    }
}

async fn links(app: &TestApp, desk: &Desk) {
    for _ in 0..5 {
        app.a_case().create().await;
    }
    let cases = rows(desk, "api/v1/cases?limit=200", "/data").await;
    assert!(cases >= 5 && rows(desk, "api/v1/cases?limit=2", "/data").await == cases);
    let entries = rows(desk, "api/v1/audit-log?action_type=case_created&limit=200", "/data").await;
    assert_eq!(rows(desk, "api/v1/audit-log?action_type=case_created&limit=2", "/data").await, entries);
    let changes = rows(desk, "api/v1/reports/case-changes?change_type=details&limit=200", "/entries/data").await;
    assert_eq!(rows(desk, "api/v1/reports/case-changes?change_type=details&limit=1", "/entries/data").await, changes);
}

async fn problems(desk: &Desk) {
    for (method, path, code) in [
        (Method::GET, "api/v1/nothing", "not_found"),
        (Method::GET, "api/v1/cases/01a20725-be30-7584-bca5-f00e655c90d6", "not_found"),
        (Method::DELETE, "api/v1/cases", "method_not_allowed"),
        (Method::GET, "api/v1/cases?limit=0", "invalid_parameter"),
        (Method::GET, "elsewhere", "not_found"),
    ] {
        let url = desk.url(path);
        let refused = desk.send(method, url.clone(), None).await;
        assert_eq!(header(&refused, "content-type"), "application/problem+json", "{path}");
        let problem: Json = refused.json().await.unwrap();
        assert_eq!(problem["code"], code, "{path}");
        assert_eq!(problem["instance"], url.path(), "{path}");
        let page = desk.get(url.join(problem["type"].as_str().unwrap()).unwrap()).await;
        assert_eq!((page.status().as_u16(), header(&page, "content-type").as_str()), (200, "text/html; charset=utf-8"), "{path}");
        assert!(page.text().await.unwrap().contains(code), "{path}");
    }
}

/// What a browser loads for the documentation page, and where it sends requests then.
async fn documentation(desk: &Desk) {
    for path in ["docs", "docs/"] {
        let page = desk.get(desk.url(path)).await;
        assert_eq!((page.status().as_u16(), page.url().path()), (200, "/casetrail/docs/"), "{path}");
    }
    let page = desk.url("docs/");
    let html = desk.get(page.clone()).await.text().await.unwrap();
    let files = html.split(['"', '\'']).filter(|text| text.starts_with("./") || text.ends_with(".js") || text.ends_with(".css"));
    let files: Vec<&str> = files.collect();
    assert!(files.len() > 3, "{html}");
    for file in files {
        assert_eq!(desk.get(page.join(file).unwrap()).await.status(), 200, "{file}");
    }
    let initializer = desk.get(page.join("swagger-initializer.js").unwrap()).await.text().await.unwrap();
    let contract = initializer.split('"').find(|text| text.ends_with("openapi.json")).unwrap();
    let contract = page.join(contract).unwrap();
    for url in [contract.clone(), desk.url("openapi.json")] {
        let text: Json = desk.get(url).await.json().await.unwrap();
        let server = contract.join(text["servers"][0]["url"].as_str().unwrap()).unwrap();
        let operation = format!("{}/api/v1/auth/me", server.as_str().trim_end_matches('/'));
        assert_eq!(desk.get(Url::parse(&operation).unwrap()).await.status(), 200);
    }
    let yaml = desk.get(desk.url("openapi.yaml")).await.text().await.unwrap();
    assert!(yaml.contains("url: /casetrail"), "{}", &yaml[..400]);
}

#[tokio::test]
async fn references_lead_to_what_they_name_below_a_path() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let Some((app, desk)) = desk(kind).await else { continue };
        locations(&app, &desk).await;
        links(&app, &desk).await;
        problems(&desk).await;
        documentation(&desk).await;
        app.finish().await;
    }
}

/// Without the setting, too, the page and what it loads are found.
#[tokio::test]
async fn the_documentation_page_is_relative() {
    let app = TestApp::start(Kind::Sqlite).await.unwrap();
    let base = Url::parse(&format!("{}/", below(PATH, &app.base).await)).unwrap();
    let http = crate::app::http().build().unwrap();
    for path in ["", "docs", "docs/", "docs/../openapi.json"] {
        assert_eq!(http.get(base.join(path).unwrap()).send().await.unwrap().status(), 200, "{path}");
    }
    app.finish().await;
}
