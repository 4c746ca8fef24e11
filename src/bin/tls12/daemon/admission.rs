//! How many connections there may be: in all, in the middle of their handshakes, and from one address.

use std::{
    collections::HashMap,
    fmt,
    net::{IpAddr, Ipv4Addr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::args::Limits;

/// What keeps a connection out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Limit {
    /// As many connections are open as may be.
    Connections,
    /// As many are in the middle of their handshakes as may be.
    Handshakes,
    /// One address has its share of them.
    AddressShare,
    /// One address has as many open as it may.
    AddressConnections,
    /// A client sent more bytes than a handshake may take.
    HandshakeBytes,
}

impl Limit {
    pub(crate) const ALL: [Self; 5] = [
        Self::Connections,
        Self::Handshakes,
        Self::AddressShare,
        Self::AddressConnections,
        Self::HandshakeBytes,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Connections => "connections",
            Self::Handshakes => "handshakes",
            Self::AddressShare => "address-share",
            Self::AddressConnections => "connections-per-address",
            Self::HandshakeBytes => "handshake-bytes",
        }
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Who a connection comes from: an IPv4 address, or the 64 bits of an IPv6 address that one customer has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Source {
    V4(Ipv4Addr),
    V6([u16; 4]),
}

impl Source {
    fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => Self::V4(address),
            IpAddr::V6(address) => {
                let [a, b, c, d, ..] = address.segments();
                Self::V6([a, b, c, d])
            }
        }
    }
}

/// How many there are: of all, or of one source.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Count {
    pub(crate) open: u32,
    /// Of these, how many have not completed their handshakes.
    pub(crate) shaking: u32,
}

#[derive(Debug, Default)]
struct Now {
    all: Count,
    /// Only those that have some.
    each: HashMap<Source, Count>,
}

/// Who is in, and how many more may come.
#[derive(Debug)]
pub(crate) struct Admission {
    most: Count,
    most_of_one: Count,
    now: Mutex<Now>,
}

/// The room of a connection, given back when dropped.
#[derive(Debug)]
pub(crate) struct Place {
    admission: Arc<Admission>,
    source: Source,
    shaking: u32,
}

impl Admission {
    pub(crate) fn new(limits: &Limits) -> Self {
        let share = u64::from(limits.max_handshakes) * u64::from(limits.address_share);
        Self {
            most: Count { open: limits.max_connections, shaking: limits.max_handshakes },
            most_of_one: Count {
                open: limits.max_connections_per_address.unwrap_or(u32::MAX),
                shaking: u32::try_from(share.div_ceil(100)).unwrap_or(u32::MAX),
            },
            now: Mutex::default(),
        }
    }

    /// Lets a connection in, which begins with its handshake.
    pub(crate) fn admit(self: &Arc<Self>, from: IpAddr) -> Result<Place, Limit> {
        let source = Source::of(from);
        let mut now = self.now();
        let one = now.each.get(&source).copied().unwrap_or_default();
        if now.all.open >= self.most.open {
            return Err(Limit::Connections);
        }
        if one.open >= self.most_of_one.open {
            return Err(Limit::AddressConnections);
        }
        if now.all.shaking >= self.most.shaking {
            return Err(Limit::Handshakes);
        }
        if one.shaking >= self.most_of_one.shaking {
            return Err(Limit::AddressShare);
        }
        now.all = Count { open: now.all.open + 1, shaking: now.all.shaking + 1 };
        now.each.insert(source, Count { open: one.open + 1, shaking: one.shaking + 1 });
        Ok(Place { admission: self.clone(), source, shaking: 1 })
    }

    /// How many there are.
    pub(crate) fn count(&self) -> Count {
        self.now().all
    }

    fn now(&self) -> MutexGuard<'_, Now> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn leave(&self, source: Source, leaving: Count) {
        let less = |count: &mut Count| {
            count.open = count.open.saturating_sub(leaving.open);
            count.shaking = count.shaking.saturating_sub(leaving.shaking);
        };
        let mut now = self.now();
        less(&mut now.all);
        if let Some(one) = now.each.get_mut(&source) {
            less(one);
            if *one == Count::default() {
                now.each.remove(&source);
            }
        }
    }
}

impl Place {
    /// The handshake is over, whether it is complete or failed.
    pub(crate) fn shaken(&mut self) {
        let shaking = std::mem::take(&mut self.shaking);
        self.admission.leave(self.source, Count { open: 0, shaking });
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.admission.leave(self.source, Count { open: 1, shaking: self.shaking });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admission(connections: u32, handshakes: u32, share: u32, per_address: Option<u32>) -> Arc<Admission> {
        Arc::new(Admission::new(&Limits {
            max_connections: connections,
            max_handshakes: handshakes,
            address_share: share,
            max_connections_per_address: per_address,
            ..Limits::default()
        }))
    }

    fn from(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn each_limit_keeps_out_who_is_over_it_until_somebody_leaves() {
        let admission = admission(3, 2, 100, None);
        let mut first = admission.admit(from("10.0.0.1")).expect("room");
        let second = admission.admit(from("10.0.0.2")).expect("room");
        assert_eq!(admission.admit(from("10.0.0.3")).err(), Some(Limit::Handshakes));
        first.shaken();
        // A second time changes nothing.
        first.shaken();
        let third = admission.admit(from("10.0.0.3")).expect("room");
        drop(second);
        let fourth = admission.admit(from("10.0.0.4")).expect("room");
        assert_eq!(admission.admit(from("10.0.0.5")).err(), Some(Limit::Connections));
        assert_eq!(admission.count(), Count { open: 3, shaking: 2 });
        drop((first, third, fourth));
        assert_eq!(admission.count(), Count::default());
        assert!(admission.now().each.is_empty(), "nobody is remembered who is gone");
    }

    #[test]
    fn one_address_has_a_share_of_the_handshakes_and_others_have_the_rest() {
        let admission = admission(100, 4, 50, None);
        let mine: Vec<_> = (0..2).map(|_| admission.admit(from("10.0.0.1")).expect("room")).collect();
        assert_eq!(admission.admit(from("10.0.0.1")).err(), Some(Limit::AddressShare));
        // The same address, written as IPv6.
        assert_eq!(admission.admit(from("::ffff:10.0.0.1")).err(), Some(Limit::AddressShare));
        let other = admission.admit(from("10.0.0.2")).expect("room");
        drop(mine);
        assert!(admission.admit(from("10.0.0.1")).is_ok());
        drop(other);
    }

    #[test]
    fn who_has_a_network_has_one_share_of_it() {
        let admission = admission(100, 2, 50, None);
        let _one = admission.admit(from("2001:db8:0:1::1")).expect("room");
        assert_eq!(admission.admit(from("2001:db8:0:1:ffff::2")).err(), Some(Limit::AddressShare));
        assert!(admission.admit(from("2001:db8:0:2::1")).is_ok());
    }

    #[test]
    fn one_address_may_have_so_many_connections_whatever_their_state() {
        let admission = admission(100, 100, 100, Some(2));
        let mut places: Vec<_> = (0..2).map(|_| admission.admit(from("10.0.0.1")).expect("room")).collect();
        places.iter_mut().for_each(Place::shaken);
        assert_eq!(admission.admit(from("10.0.0.1")).err(), Some(Limit::AddressConnections));
        assert!(admission.admit(from("10.0.0.2")).is_ok());
    }

    #[test]
    fn the_smallest_share_is_one() {
        let admission = admission(100, 10, 1, None);
        assert!(admission.admit(from("10.0.0.1")).is_ok());
    }
}
