//! Forwarded addresses: the same result as a second, plain implementation.

use super::*;
use crate::properties::{check, text};
use proptest::prelude::*;
use proptest::sample::select;
use std::net::Ipv4Addr;

/// An entry of the header, and the address it contains.
type Hop = (String, Option<IpAddr>);

/// Often a trusted proxy.
fn addresses() -> impl Strategy<Value = IpAddr> {
    prop_oneof![
        3 => any::<[u8; 2]>().prop_map(|[a, b]| IpAddr::from([10, 0, a % 4, b])),
        1 => any::<[u8; 4]>().prop_map(IpAddr::from),
        1 => any::<u64>().prop_map(|low| IpAddr::from(((0xfd00_u128 << 112) | u128::from(low)).to_be_bytes())),
        1 => any::<[u8; 16]>().prop_map(IpAddr::from),
        1 => any::<[u8; 2]>().prop_map(|[a, b]| IpAddr::from(Ipv4Addr::new(10, 0, a % 4, b).to_ipv6_mapped())),
    ]
}

fn hops() -> impl Strategy<Value = Hop> {
    let good =
        (addresses(), any::<u16>(), 0..6_u8, select(["", " ", "\t", "  "].to_vec())).prop_map(|(address, port, form, blank)| {
            let host = if address.is_ipv6() { format!("[{address}]") } else { address.to_string() };
            let hop = match form {
                0 => address.to_string(),
                1 => host,
                2 => format!("{host}:{port}"),
                3 => format!("\"{address}\""),
                4 => format!("\"{host}\""),
                _ => format!("\"{host}:{port}\""),
            };
            let plain = match address {
                IpAddr::V6(mapped) => mapped.to_ipv4_mapped().map_or(address, IpAddr::V4),
                IpAddr::V4(_) => address,
            };
            (format!("{blank}{hop}{blank}"), Some(plain))
        });
    let bad = [
        "",
        " ",
        "unknown",
        "_hidden",
        "for=10.0.0.1",
        "10.0.0",
        "10.0.0.256",
        "010.0.0.1",
        "10.0.0.1:",
        "10.0.0.1:65536",
        "[10.0.0.1]",
        "[::1",
        "::1]",
        "\"10.0.0.1",
        "10.0.0.1\"",
        "10.0.0.1 10.0.0.2",
        "fe80::1%eth0",
        "10.0.0.1/8",
        "0x0a000001",
        "167772161",
        "'10.0.0.1'",
    ];
    prop_oneof![5 => good, 1 => select(bad.to_vec()).prop_map(|bad| (bad.to_owned(), None))]
}

/// The trusted addresses: spelled out, independent of a library.
fn is_ours(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.octets()[..3] == [10, 0, 1] || address == Ipv4Addr::new(10, 0, 2, 7),
        IpAddr::V6(address) => address.octets()[0] == 0xfd,
    }
}

/// The last address, from the peer backwards, that a trusted proxy sent, up to the first that can't be read.
fn expected(peer: IpAddr, hops: &[Hop]) -> IpAddr {
    let chain: Vec<IpAddr> = hops.iter().rev().map_while(|(_, address)| *address).collect();
    let said_by = |index: usize| if index == 0 { peer } else { chain[index - 1] };
    let believed = (0..chain.len()).take_while(|index| is_ours(said_by(*index))).last();
    believed.map_or(peer, |index| chain[index])
}

fn trusted() -> Vec<IpNet> {
    ["10.0.1.0/24", "10.0.2.7", "fd00::/8"].map(|text| network(text).unwrap()).into()
}

#[test]
fn the_client_address_agrees_with_a_plain_implementation() {
    let trusted = trusted();
    check("forwarded-for", (addresses(), prop::collection::vec(hops(), 0..6)), |(peer, hops)| {
        let peer = peer.to_canonical();
        let header = hops.iter().map(|(hop, _)| hop.as_str()).collect::<Vec<_>>().join(",");
        prop_assert_eq!(client(peer, &header, &trusted), expected(peer, &hops), "{} by {}", header, peer);
        for (hop, address) in &hops {
            prop_assert_eq!(super::address(hop), *address, "{}", hop);
        }
        Ok(())
    });
}

#[test]
fn addresses_written_by_the_client_are_never_trusted() {
    let trusted = trusted();
    check("forwarded-for, written by the client", (text(40), addresses(), any::<bool>()), |(written, address, is_spaced)| {
        let address = address.to_canonical();
        let (peer, separator) = (IpAddr::from([10, 0, 1, 1]), if is_spaced { ", " } else { "," });
        let found = client(peer, &format!("{written}{separator}{address}"), &trusted);
        prop_assert!(is_ours(address) || found == address, "{}", found);
        let alone = client(peer, &written, &trusted);
        prop_assert!(alone == peer || written.split(',').any(|hop| super::address(hop) == Some(alone)), "{}", alone);
        Ok(())
    });
}
