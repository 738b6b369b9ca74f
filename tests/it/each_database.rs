//! What a test is written in that holds on each database.

/// Runs each test twice: on SQLite and on PostgreSQL.
macro_rules! on_each_database {
    ($($(#[doc = $doc:literal])* async fn $name:ident($app:ident) $body:block)*) => { $(
        $(#[doc = $doc])*
        async fn $name($app: &$crate::app::TestApp) $body

        mod $name {
            #[tokio::test]
            async fn on_sqlite() {
                let app = $crate::app::TestApp::start($crate::app::Kind::Sqlite).await.expect("SQLite is always available");
                super::$name(&app).await;
                app.finish().await;
            }

            #[tokio::test]
            async fn on_postgresql() {
                let Some(app) = $crate::app::TestApp::start($crate::app::Kind::Postgres).await else { return };
                super::$name(&app).await;
                app.finish().await;
            }
        }
    )* };
}
