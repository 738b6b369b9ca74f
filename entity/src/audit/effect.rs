//! What must follow a change besides its entries: rows of other tables, written in the same transaction.

use super::AuditTx;
use sea_orm::DbErr;

/// What must follow a change, as a value until it is carried out: tests can compare it, and a generated history can include it.
pub trait CarryOut: Send + 'static {
    /// Writes it, in the transaction of the change. It may write unaudited rows only.
    fn carry_out(self, tx: &AuditTx) -> impl Future<Output = Result<(), DbErr>> + Send;
}

/// The effects of rows that have none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nothing {}

impl CarryOut for Nothing {
    async fn carry_out(self, _tx: &AuditTx) -> Result<(), DbErr> {
        match self {}
    }
}
