//! Behind a reverse proxy that serves the service below a path, every reference in a response leads to what it names.

use crate::app::{Kind, Settings, TestApp, below};
use crate::documents::pay_stub;
use reqwest::{Method, Response, Url};
use serde_json::{Value as Json, json};

const PATH: &str = "/casetrail";

/// A client that knows only the address at the proxy.
struct FrontEnd {
    http: reqwest::Client,
    base: Url,
    token: String,
}

impl FrontEnd {
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

async fn front_end(kind: Kind) -> Option<(TestApp, FrontEnd)> {
    let settings = Settings { public_path: PATH.to_owned(), ..Settings::default() };
    let app = TestApp::start_with(kind, settings).await?;
    let base = Url::parse(&format!("{}/", below(PATH, &app.base).await)).unwrap();
    let http = crate::app::http().build().unwrap();
    let token = app.as_admin().await.token().to_owned();
    Some((app, FrontEnd { http, base, token }))
}

/// The location of what a request creates leads to it, also when the request is repeated.
async fn ensure_located(front_end: &FrontEnd, path: &str, kind: &str, body: Vec<u8>) -> Json {
    let url = front_end.url(&format!("api/v1/{path}"));
    let created = front_end.send(Method::POST, url.clone(), Some((kind, body))).await;
    assert_eq!(created.status(), 201, "{path}");
    let location = header(&created, "location");
    assert!(location.starts_with("/casetrail/api/v1/"), "{path}: {location}");
    let created: Json = created.json().await.unwrap();
    let found = front_end.get(url.join(&location).unwrap()).await;
    assert_eq!(found.status(), 200, "{path}: {location}");
    let found: Json = found.json().await.unwrap();
    assert_eq!(found["id"], created["id"], "{path}");
    found
}

async fn locations(app: &TestApp, front_end: &FrontEnd) {
    let member = app.as_member().await;
    let user = json!({
        "username": "mia", "email": "mia@example.org", "first_name": "Mia", "last_name": "Moss", "role": "manager",
        "password": "a long enough passphrase",
    });
    ensure_located(front_end, "users", "application/json", user.to_string().into_bytes()).await;
    let case = json!({"member_id": member.id(), "employee_first_name": "Ada", "employee_last_name": "Moss"});
    let case = ensure_located(front_end, "cases", "application/json", case.to_string().into_bytes()).await;
    let case = format!("cases/{}", case["id"].as_str().unwrap());
    let note = json!({"body": "call first", "visibility": "internal"});
    ensure_located(front_end, &format!("{case}/notes"), "application/json", note.to_string().into_bytes()).await;
    let form = pay_stub();
    ensure_located(front_end, &format!("{case}/documents"), &form.kind(), form.bytes()).await;
}

/// Follows `Link` to the last page, and returns the number of rows.
async fn rows(front_end: &FrontEnd, path: &str, list: &str) -> usize {
    let (mut url, mut count) = (front_end.url(path), 0);
    loop {
        let page = front_end.get(url.clone()).await;
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

async fn links(app: &TestApp, front_end: &FrontEnd) {
    for _ in 0..5 {
        app.a_case().create().await;
    }
    let cases = rows(front_end, "api/v1/cases?limit=200", "/data").await;
    assert!(cases >= 5 && rows(front_end, "api/v1/cases?limit=2", "/data").await == cases);
    let entries = rows(front_end, "api/v1/audit-log?action_type=case_created&limit=200", "/data").await;
    assert_eq!(rows(front_end, "api/v1/audit-log?action_type=case_created&limit=2", "/data").await, entries);
    let changes = rows(front_end, "api/v1/reports/case-changes?change_type=details&limit=200", "/entries/data").await;
    assert_eq!(rows(front_end, "api/v1/reports/case-changes?change_type=details&limit=1", "/entries/data").await, changes);
}

async fn problems(front_end: &FrontEnd) {
    for (method, path, code) in [
        (Method::GET, "api/v1/nothing", "not_found"),
        (Method::GET, "api/v1/cases/01a20725-be30-7584-bca5-f00e655c90d6", "not_found"),
        (Method::DELETE, "api/v1/cases", "method_not_allowed"),
        (Method::GET, "api/v1/cases?limit=0", "invalid_parameter"),
        (Method::GET, "elsewhere", "not_found"),
    ] {
        let url = front_end.url(path);
        let refused = front_end.send(method, url.clone(), None).await;
        assert_eq!(header(&refused, "content-type"), "application/problem+json", "{path}");
        let problem: Json = refused.json().await.unwrap();
        assert_eq!(problem["code"], code, "{path}");
        assert_eq!(problem["instance"], url.path(), "{path}");
        let page = front_end.get(url.join(problem["type"].as_str().unwrap()).unwrap()).await;
        assert_eq!((page.status().as_u16(), header(&page, "content-type").as_str()), (200, "text/html; charset=utf-8"), "{path}");
        assert!(page.text().await.unwrap().contains(code), "{path}");
    }
}

/// What a browser loads for the documentation page, and where it sends requests then.
async fn documentation(front_end: &FrontEnd) {
    for path in ["docs", "docs/"] {
        let page = front_end.get(front_end.url(path)).await;
        assert_eq!((page.status().as_u16(), page.url().path()), (200, "/casetrail/docs/"), "{path}");
    }
    let page = front_end.url("docs/");
    let html = front_end.get(page.clone()).await.text().await.unwrap();
    let files = html.split(['"', '\'']).filter(|text| text.starts_with("./") || text.ends_with(".js") || text.ends_with(".css"));
    let files: Vec<&str> = files.collect();
    assert!(files.len() > 3, "{html}");
    for file in files {
        assert_eq!(front_end.get(page.join(file).unwrap()).await.status(), 200, "{file}");
    }
    let initializer = front_end.get(page.join("swagger-initializer.js").unwrap()).await.text().await.unwrap();
    let contract = initializer.split('"').find(|text| text.ends_with("openapi.json")).unwrap();
    let contract = page.join(contract).unwrap();
    for url in [contract.clone(), front_end.url("openapi.json")] {
        let text: Json = front_end.get(url).await.json().await.unwrap();
        let server = contract.join(text["servers"][0]["url"].as_str().unwrap()).unwrap();
        let operation = format!("{}/api/v1/auth/me", server.as_str().trim_end_matches('/'));
        assert_eq!(front_end.get(Url::parse(&operation).unwrap()).await.status(), 200);
    }
    let yaml = front_end.get(front_end.url("openapi.yaml")).await.text().await.unwrap();
    assert!(yaml.contains("url: /casetrail"), "{}", &yaml[..400]);
}

#[tokio::test]
async fn references_lead_to_what_they_name_below_a_path() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let Some((app, front_end)) = front_end(kind).await else { continue };
        locations(&app, &front_end).await;
        links(&app, &front_end).await;
        problems(&front_end).await;
        documentation(&front_end).await;
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
