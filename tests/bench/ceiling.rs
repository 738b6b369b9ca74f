//! The ceiling: an edit of a case as a minimal handler does it, with actix-web and tokio-postgres and nothing else.
//!
//! It sends the statements that an audited write cannot do without (session and user, lock, update, entry, COMMIT), prepared and
//! written by hand, and builds the entry and the response as JSON. It has no tokens, no roles, no validation, no layers: what the
//! service costs beyond it is what those cost.

use actix_web::{App, HttpResponse, HttpServer, web};
use entity::clock::instant_of;
use serde_json::{Value as Json, json};
use std::cell::RefCell;
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::rc::Rc;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, NoTls, Statement};
use uuid::Uuid;

/// The argument with which the bench starts itself as the ceiling.
pub const ARGUMENT: &str = "serve-ceiling";
const WORKERS: usize = 2;
/// Per worker: as many as there are callers.
const CONNECTIONS: usize = 16;

/// The ceiling in a process of its own, so that its processor time is its own.
pub struct Ceiling {
    child: Child,
    pub address: String,
}

impl Ceiling {
    /// Starts it on a database, and waits until it responds.
    pub async fn start(database: &str) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").expect("a free port").local_addr().expect("an address").port();
        let address = format!("127.0.0.1:{port}");
        let program = std::env::current_exe().expect("this program");
        let arguments = [ARGUMENT, database, &address];
        let child = Command::new(program).args(arguments).stdin(Stdio::null()).spawn().expect("a process");
        let ceiling = Self { child, address };
        let answers = async {
            while tokio::net::TcpStream::connect(&ceiling.address).await.is_err() {
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(std::time::Duration::from_secs(20), answers).await.expect("the ceiling responds");
        ceiling
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Ceiling {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Serves until it is killed.
pub async fn serve(database: String, address: String) -> std::io::Result<()> {
    let factory = move || {
        let database = database.clone();
        App::new()
            .data_factory(move || {
                let database = database.clone();
                async move { Connections::open(&database).await }
            })
            .route("/cases/{case_id}", web::patch().to(edit))
    };
    HttpServer::new(factory).workers(WORKERS).bind(address)?.run().await
}

/// The connections of one worker that are not in use.
struct Connections(RefCell<Vec<Rc<PreparedConnection>>>);

/// A connection with its prepared statements.
struct PreparedConnection {
    client: Client,
    caller: Statement,
    lock: Statement,
    update: Statement,
    entry: Statement,
}

const CALLER: &str = "SELECT u.id, u.username, u.first_name || ' ' || u.last_name, u.role, u.is_active, s.expires_at, \
                      s.last_used_at, s.revoked_at FROM sessions s JOIN users u ON u.id = s.user_id WHERE s.id = $1";
const LOCK: &str = "SELECT case_number, status, internal_notes, version, member_id, assigned_to_id, updated_at FROM cases \
                    WHERE id = $1 FOR UPDATE";
const UPDATE: &str = "UPDATE cases SET internal_notes = $2, version = version + 1, updated_at = $3 WHERE id = $1";
const ENTRY: &str = "INSERT INTO audit_entries (id, occurred_at, action_type, outcome, actor_type, actor_id, actor_label, \
                     case_id, case_number, object_type, object_id, topic, source, ip_address, request_id, changed_fields, \
                     description, search_text, body) VALUES ($1, $2, 'case_updated', 'success', 'user', $3, $4, $5, $6, 'case', \
                     $7, 'edited', 'automatic', '127.0.0.1', $8, ',internal_notes,', $9, $10, $11)";

impl Connections {
    async fn open(database: &str) -> Result<Self, tokio_postgres::Error> {
        let mut connections = Vec::new();
        for _ in 0..CONNECTIONS {
            let (client, connection) = tokio_postgres::connect(database, NoTls).await?;
            actix_web::rt::spawn(connection);
            let [caller, lock, update, entry] = [CALLER, LOCK, UPDATE, ENTRY].map(|sql| client.prepare(sql));
            let (caller, lock, update, entry) = (caller.await?, lock.await?, update.await?, entry.await?);
            connections.push(Rc::new(PreparedConnection { client, caller, lock, update, entry }));
        }
        Ok(Self(RefCell::new(connections)))
    }
}

async fn edit(
    connections: web::Data<Connections>,
    request: actix_web::HttpRequest,
    case_id: web::Path<Uuid>,
    body: web::Json<Json>,
) -> HttpResponse {
    let session = request.headers().get("x-session").and_then(|id| id.to_str().ok()?.parse::<Uuid>().ok());
    let connection = connections.0.borrow_mut().pop().expect("a connection for each caller");
    let notes = body["internal_notes"].as_str().expect("notes");
    let answer = connection.edit(session.expect("a session"), *case_id, notes).await;
    connections.0.borrow_mut().push(connection);
    HttpResponse::Ok().json(answer.expect("an edited case"))
}

impl PreparedConnection {
    async fn edit(&self, session: Uuid, case_id: Uuid, notes: &str) -> Result<Json, tokio_postgres::Error> {
        let Self { client, caller, lock, update, entry } = self;
        client.batch_execute("BEGIN").await?;
        let by = client.query_one(caller, &[&session]).await?;
        assert!(by.get::<_, bool>(4), "the user is active");
        let case = client.query_one(lock, &[&case_id]).await?;
        let id = Uuid::now_v7();
        let at = instant_of(id).expect("an instant");
        let (actor_id, username, number) = (by.get::<_, Uuid>(0), by.get::<_, &str>(1), case.get::<_, &str>(0));
        let (full_name, role) = (by.get::<_, &str>(2), by.get::<_, &str>(3));
        let (before, version) = (case.get::<_, Option<&str>>(2), case.get::<_, i32>(3) + 1);
        let (status, written_at) = (case.get::<_, &str>(1), at.to_rfc3339_opts(chrono::SecondsFormat::Millis, true));
        client.execute(update, &[&case_id, &notes, &at]).await?;
        let (request_id, object_id) = (Uuid::now_v7().to_string(), case_id.to_string());
        let description = format!("Case {number} updated");
        let search_text = format!("{description}\n{username}\n{number}").to_lowercase();
        let body = json!({
            "id": id, "occurred_at": written_at, "action_type": "case_updated",
            "outcome": "success", "actor_type": "user", "actor_label": username, "api_key_id": null, "api_key_name": null,
            "actor": {"id": actor_id, "username": username, "full_name": full_name, "role": role},
            "case": {"id": case_id, "case_number": number}, "document": null, "related_user": null, "object_type": "case",
            "object_id": object_id, "description": description,
            "changes": {"internal_notes": {"from": before, "to": notes}},
            "metadata": {"event": "edited"}, "source": "automatic", "ip_address": "127.0.0.1", "user_agent": null,
            "request_id": request_id,
        })
        .to_string();
        let values: [&(dyn ToSql + Sync); 11] =
            [&id, &at, &actor_id, &username, &case_id, &number, &object_id, &request_id, &description, &search_text, &body];
        client.execute(entry, &values).await?;
        client.batch_execute("COMMIT").await?;
        Ok(json!({"id": case_id, "case_number": number, "status": status, "version": version, "internal_notes": notes,
            "updated_at": written_at}))
    }
}
