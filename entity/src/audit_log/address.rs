//! Filters entries by the address of their request, or by a range of addresses.

use crate::audit_entry::Column;
use crate::text::{ADDRESS_ORDER, IPV4_MAPPED};
use sea_orm::sea_query::{Expr, SimpleExpr};
use sea_orm::{ColumnTrait, DbBackend};
use std::net::IpAddr;

/// The addresses from the first to the last, both of the same family and neither of them IPv4-mapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AddressRange {
    first: IpAddr,
    last: IpAddr,
}

impl From<(IpAddr, IpAddr)> for AddressRange {
    fn from((first, last): (IpAddr, IpAddr)) -> Self {
        Self { first, last }
    }
}

impl AddressRange {
    /// Whether it is a single address, which has an index.
    pub(super) fn is_one(self) -> bool {
        self.first == self.last
    }

    /// How a single address may be recorded, if in several spellings.
    pub(super) fn spellings(self) -> Vec<String> {
        let Self { first, .. } = self;
        if self.is_one() && first.is_ipv4() { vec![format!("{IPV4_MAPPED}{first}"), first.to_string()] } else { Vec::new() }
    }

    /// Addresses are recorded in one spelling; version 0.1 recorded IPv4-mapped ones as such.
    pub(super) fn condition(self, backend: DbBackend) -> SimpleExpr {
        let Self { first, last } = self;
        if first == last {
            let mapped = first.is_ipv4().then(|| format!("{IPV4_MAPPED}{first}"));
            return Column::IpAddress.is_in(mapped.into_iter().chain([first.to_string()]));
        }
        let address = "\"audit_entries\".\"ip_address\"";
        let condition = match backend {
            DbBackend::Postgres => {
                let (mapped, plain) = (format!("{address} LIKE '{IPV4_MAPPED}%.%'"), IPV4_MAPPED.len() + 1);
                let address = format!("(CASE WHEN {mapped} THEN substr({address}, {plain}) ELSE {address} END)::inet");
                format!("({address} BETWEEN $1::inet AND $2::inet)")
            }
            // SQLite has no type for addresses: its connections have an order of them.
            _ => format!("({address} COLLATE {ADDRESS_ORDER} BETWEEN ? AND ?)"),
        };
        Expr::cust_with_values(condition, [first.to_string(), last.to_string()])
    }
}
