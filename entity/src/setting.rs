//! The service's settings: one row, read where they apply.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "settings")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub default_case_due_days: i32,
    pub rush_case_threshold_days: i32,
    pub default_completion_delay_hours: i32,
    pub email_notifications_enabled: bool,
    pub default_email_delay_hours: i32,
    pub reply_email_address: Option<String>,
    pub default_quarterly_credits: i32,
    pub time_zone: String,
    pub own_activity_enabled: bool,
    pub version: i32,
    pub created_at: chrono::DateTime<chrono::Utc>,
    pub updated_at: chrono::DateTime<chrono::Utc>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

/// Not audited yet, so the door keeps it locked: nothing can change a setting before it leaves an entry.
impl ActiveModelBehavior for ActiveModel {}

/// The settings as they now are.
pub async fn current<C: ConnectionTrait>(db: &C) -> Result<Model, DbErr> {
    Entity::find().one(db).await?.ok_or_else(|| DbErr::RecordNotFound("settings".to_owned()))
}

impl Model {
    /// The zone of every civil day.
    pub fn zone(&self) -> Result<chrono_tz::Tz, DbErr> {
        self.time_zone.parse().map_err(|_| DbErr::Type(format!("settings.time_zone '{}' is no zone", self.time_zone)))
    }
}
