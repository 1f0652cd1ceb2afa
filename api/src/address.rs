//! Where a request comes from: the peer, or whom a proxy of the operator's own names.

use std::net::IpAddr;

use actix_web::HttpRequest;
use actix_web::http::header::HeaderName;
use ipnet::IpNet;

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The client's address. `X-Forwarded-For` counts only where the peer is a trusted proxy, and of it only what trusted proxies
/// have written: the last address that is none of them. `None` if there is no telling.
pub(crate) fn client(request: &HttpRequest, trusted: &[IpNet]) -> Option<IpAddr> {
    let peer = request.peer_addr()?.ip().to_canonical();
    let forwarded = request.headers().get_all(FORWARDED_FOR).filter_map(|value| value.to_str().ok());
    let hops: Vec<&str> = forwarded.flat_map(|value| value.split(',')).collect();
    behind(peer, &hops, trusted)
}

fn behind(peer: IpAddr, hops: &[&str], trusted: &[IpNet]) -> Option<IpAddr> {
    let is_trusted = |address: &IpAddr| trusted.iter().any(|net| net.contains(address));
    let mut client = peer;
    for hop in hops.iter().rev() {
        if !is_trusted(&client) {
            break;
        }
        // what a trusted proxy has written and we cannot read is nobody's address
        client = hop.trim().parse::<IpAddr>().ok()?.to_canonical();
    }
    Some(client)
}

/// Where an address is at home: a customer of an IPv6 network has a whole /64 to come from.
pub(crate) fn neighbourhood(address: IpAddr) -> IpNet {
    let bits = if address.is_ipv6() { 64 } else { 32 };
    IpNet::new(address, bits).map_or_else(|_| address.into(), |net| net.trunc())
}

/// Whether one of these ranges has the address.
pub(crate) fn is_within(address: IpAddr, nets: &[IpNet]) -> bool {
    nets.iter().any(|net| net.contains(&address))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_trusted_proxies_are_believed() {
        let ip = |text: &str| text.parse::<IpAddr>().unwrap();
        let trusted: Vec<IpNet> = vec!["10.0.0.0/8".parse().unwrap(), "::1/128".parse().unwrap()];
        let case = |peer, hops: &[&str]| behind(ip(peer), hops, &trusted);
        assert_eq!(case("198.51.100.1", &["203.0.113.9"]), Some(ip("198.51.100.1")), "says it of itself");
        assert_eq!(case("10.0.0.1", &[]), Some(ip("10.0.0.1")));
        assert_eq!(case("10.0.0.1", &["203.0.113.9"]), Some(ip("203.0.113.9")));
        // what the client wrote before the proxy's own entry is only a claim
        assert_eq!(case("10.0.0.1", &["192.0.2.1", " 203.0.113.9"]), Some(ip("203.0.113.9")));
        assert_eq!(case("10.0.0.1", &["203.0.113.9", "10.0.0.2"]), Some(ip("203.0.113.9")));
        assert_eq!(case("::1", &["::ffff:203.0.113.9"]), Some(ip("203.0.113.9")));
        assert_eq!(case("10.0.0.1", &["nonsense"]), None);
        assert_eq!(behind(ip("10.0.0.1"), &["203.0.113.9"], &[]), Some(ip("10.0.0.1")), "off by default");
        assert_eq!(neighbourhood(ip("203.0.113.9")).to_string(), "203.0.113.9/32");
        assert_eq!(neighbourhood(ip("2001:db8::1:2:3:4")).to_string(), "2001:db8::/64");
    }
}
