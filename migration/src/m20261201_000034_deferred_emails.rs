//! The runs of jobs count the emails whose recipient's server asked to send them later.

use sea_orm_migration::{prelude::*, schema::*};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, schema: &SchemaManager) -> Result<(), DbErr> {
        // With a default, so that an older version of the service keeps working.
        let column = big_integer("records_deferred").default(0).to_owned();
        schema.alter_table(Table::alter().table("job_runs").add_column(column).to_owned()).await
    }
}
