//! The client addresses that are sought: one, or those of a network.

use super::{PREFIX, integer};
use crate::wire::forwarded::network;
use ipnet::IpNet;
use serde::{Deserialize, Deserializer};
use std::borrow::Cow;
use std::net::IpAddr;
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

/// An IPv4-mapped address in full, and the length of its prefix.
const LENGTH_MAX: usize = "0000:0000:0000:0000:0000:ffff:255.255.255.255/128".len();

/// An IP address in any notation, or a network in CIDR notation (`192.0.2.0/24`). IPv4-mapped addresses are the IPv4 addresses
/// that they contain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Addresses(IpNet);

impl Addresses {
    /// The first and the last address; the same if there is only one.
    pub fn bounds(self) -> (IpAddr, IpAddr) {
        (self.0.network(), self.0.broadcast())
    }
}

/// Networks of a setting may have blanks around them, and `ipnet` takes leading zeros.
fn is_spelled(text: &str) -> bool {
    let (address, prefix) = text.split_once('/').unwrap_or((text, "0"));
    address.parse::<IpAddr>().is_ok() && integer(prefix).is_some()
}

impl<'de> Deserialize<'de> for Addresses {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        let refused = || "must be an IP address or a network such as 192.0.2.0/24".to_owned();
        let network = if is_spelled(&text) { network(&text) } else { Err(refused()) };
        network.map(Self).map_err(serde::de::Error::custom)
    }
}

impl PartialSchema for Addresses {
    fn schema() -> RefOr<Schema> {
        let text = ObjectBuilder::new().schema_type(Type::String).max_length(Some(LENGTH_MAX));
        text.pattern(Some("^[0-9A-Fa-f.:]{2,45}(/[0-9]{1,3})?$")).into()
    }
}

impl ToSchema for Addresses {
    fn name() -> Cow<'static, str> {
        format!("{PREFIX}addresses").into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(text: &str) -> Result<(String, String), String> {
        let bounds = |addresses: Addresses| addresses.bounds();
        let (first, last) = serde_json::from_value(json!(text)).map(bounds).map_err(|error| error.to_string())?;
        Ok((first.to_string(), last.to_string()))
    }

    #[test]
    fn an_address_or_a_network_is_read_in_every_notation() {
        for (text, first, last) in [
            ("127.0.0.1", "127.0.0.1", "127.0.0.1"),
            ("::ffff:127.0.0.1", "127.0.0.1", "127.0.0.1"),
            ("::FFFF:7f00:1", "127.0.0.1", "127.0.0.1"),
            ("0:0:0:0:0:ffff:127.0.0.1", "127.0.0.1", "127.0.0.1"),
            ("2001:0DB8:0:0::0007", "2001:db8::7", "2001:db8::7"),
            ("192.0.2.0/24", "192.0.2.0", "192.0.2.255"),
            ("192.0.2.128/25", "192.0.2.128", "192.0.2.255"),
            ("192.0.2.7/32", "192.0.2.7", "192.0.2.7"),
            ("0.0.0.0/0", "0.0.0.0", "255.255.255.255"),
            ("::ffff:10.0.0.0/104", "10.0.0.0", "10.255.255.255"),
            ("2001:db8::/32", "2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff"),
            ("2001:db8::/127", "2001:db8::", "2001:db8::1"),
        ] {
            assert_eq!(read(text), Ok((first.to_owned(), last.to_owned())), "{text}");
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for text in [
            "",
            "localhost",
            "127.0.0",
            "127.0.0.256",
            "127.000.0.1",
            "0x7f000001",
            " 127.0.0.1",
            "127.0.0.1 ",
            "127.0.0.1:80",
            "[::1]",
            "fe80::1%eth0",
            "10.0.0.0/",
            "10.0.0.0/33",
            "10.0.0.0/+8",
            "10.0.0.0/08",
            "010.0.0.0/8",
            "10.0.0.0/8/8",
            "2001:db8::/129",
            "10.0.0.*",
            "10.0.0.0-10.0.0.255",
        ] {
            assert_eq!(read(text), Err("must be an IP address or a network such as 192.0.2.0/24".to_owned()), "{text}");
        }
        assert_eq!(read("10.0.0.1/8"), Err("must not have host bits set; did you mean 10.0.0.0/8?".to_owned()));
    }
}
