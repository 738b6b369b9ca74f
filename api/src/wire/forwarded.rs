//! `X-Forwarded-For`: the client's address as reported by trusted proxies.

use ipnet::{IpNet, Ipv4Net};
use std::net::{IpAddr, Ipv6Addr, SocketAddr};

/// How many leading bits of an IPv6 address mark it as IPv4-mapped.
const MAPPED_BITS: u8 = 96;

/// An address or a network from a setting or a filter. Networks of IPv4-mapped addresses become those of the IPv4 addresses they
/// contain, since peers are compared and recorded in that form.
pub fn network(text: &str) -> Result<IpNet, String> {
    let text = text.trim();
    let network = text.parse::<IpNet>().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
    let network = network.map_err(|_| "must be an IP address or a network such as 192.0.2.0/24".to_owned())?;
    if network.trunc() != network {
        return Err(format!("must not have host bits set; did you mean {}?", network.trunc()));
    }
    let IpNet::V6(mapped) = network else { return Ok(network) };
    let bits = mapped.prefix_len().checked_sub(MAPPED_BITS);
    let unmapped = mapped.addr().to_ipv4_mapped().zip(bits).and_then(|(address, bits)| Ipv4Net::new(address, bits).ok());
    Ok(unmapped.map_or(network, IpNet::V4))
}

/// The peer, unless it is a trusted proxy: then the first untrusted address in X-Forwarded-For, from the right. An unreadable
/// entry ends the search: the result is the address of the hop that sent it.
pub fn client(peer: IpAddr, forwarded: &str, trusted: &[IpNet]) -> IpAddr {
    let mut client = peer;
    for hop in forwarded.rsplit(',') {
        if !trusted.iter().any(|network| network.contains(&client)) {
            break;
        }
        match address(hop) {
            Some(address) => client = address,
            None => break,
        }
    }
    client
}

/// The network of a client whose address is recorded as this text.
pub fn recorded_network(address: Option<&str>) -> Option<IpAddr> {
    address?.parse().ok().map(network_of)
}

/// What limits count as one client: an IPv4 address, or an IPv6 /64 network, since each client has a whole one.
pub fn network_of(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        IpAddr::V4(_) => address,
    }
}

/// An address in the forms that proxies use: bare, with a port, in brackets, in quotes (RFC 7239, section 6).
fn address(hop: &str) -> Option<IpAddr> {
    let hop = hop.trim();
    let hop = hop.strip_prefix('"').and_then(|hop| hop.strip_suffix('"')).unwrap_or(hop).trim();
    let bare = || hop.parse::<IpAddr>().ok();
    let with_port = || hop.parse::<SocketAddr>().ok().map(|address| address.ip());
    let in_brackets = || hop.strip_prefix('[')?.strip_suffix(']')?.parse::<Ipv6Addr>().ok().map(IpAddr::V6);
    bare().or_else(with_port).or_else(in_brackets).map(|address| address.to_canonical())
}

#[cfg(test)]
mod properties;

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn the_addresses_of_an_ipv6_network_count_as_one_client() {
        assert_eq!(network_of(ip("2001:db8:1:2:3:4:5:6")), network_of(ip("2001:db8:1:2:ffff::1")));
        assert_ne!(network_of(ip("2001:db8:1:2::1")), network_of(ip("2001:db8:1:3::1")));
        assert_eq!(network_of(ip("192.0.2.7")), ip("192.0.2.7"));
    }

    #[test]
    fn only_a_trusted_proxy_determines_the_client_address() {
        let trusted = [network("10.0.0.1").unwrap(), network("10.0.1.0/24").unwrap()];
        for (peer, forwarded, expected) in [
            ("1.2.3.4", "9.9.9.9", "1.2.3.4"),
            ("10.0.0.1", "9.9.9.9, 5.6.7.8", "5.6.7.8"),
            ("10.0.0.1", "9.9.9.9, 5.6.7.8, 10.0.1.77", "5.6.7.8"),
            ("10.0.0.1", "not an address", "10.0.0.1"),
            ("10.0.0.1", "9.9.9.9, unknown", "10.0.0.1"),
            ("10.0.0.1", "", "10.0.0.1"),
            ("10.0.0.2", "9.9.9.9", "10.0.0.2"),
            ("10.0.1.255", "9.9.9.9", "9.9.9.9"),
        ] {
            assert_eq!(client(ip(peer), forwarded, &trusted), ip(expected), "{peer} {forwarded}");
        }
    }

    #[test]
    fn an_address_may_have_a_port_brackets_and_quotes() {
        for (hop, expected) in [
            ("1.2.3.4", Some("1.2.3.4")),
            (" 1.2.3.4:5678 ", Some("1.2.3.4")),
            ("\"1.2.3.4:5678\"", Some("1.2.3.4")),
            ("2001:db8::1", Some("2001:db8::1")),
            ("[2001:db8::1]", Some("2001:db8::1")),
            ("[2001:db8::1]:443", Some("2001:db8::1")),
            ("\"[2001:db8::1]\"", Some("2001:db8::1")),
            ("\"[2001:db8::1]:443\"", Some("2001:db8::1")),
            ("::ffff:1.2.3.4", Some("1.2.3.4")),
            ("[::ffff:1.2.3.4]:80", Some("1.2.3.4")),
            ("[1.2.3.4]", None),
            ("1.2.3.4:", None),
            ("1.2.3.4:65536", None),
            ("[2001:db8::1", None),
            ("\"1.2.3.4", None),
            ("for=1.2.3.4", None),
            ("unknown", None),
            ("\"\"", None),
            ("\"", None),
        ] {
            assert_eq!(address(hop), expected.map(ip), "{hop}");
        }
    }

    #[test]
    fn a_setting_names_addresses_and_networks() {
        for (text, expected) in [
            ("10.0.0.1", "10.0.0.1/32"),
            (" 10.0.0.0/8", "10.0.0.0/8"),
            ("::1", "::1/128"),
            ("fd00::/8", "fd00::/8"),
            ("::ffff:10.0.0.0/104", "10.0.0.0/8"),
            ("::ffff:10.0.0.1", "10.0.0.1/32"),
        ] {
            assert_eq!(network(text), Ok(expected.parse().unwrap()), "{text}");
        }
        for text in ["", "10.0.0.1/8", "10.0.0.0/33", "10.0.0", "proxy", "10.0.0.0/", "10.0.0.1:80"] {
            assert!(network(text).is_err(), "{text}");
        }
    }
}
