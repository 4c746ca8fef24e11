//! Where Redis is, and how it is reached.

use std::{future::Future, io, pin::Pin, sync::Arc};

use ::redis::{ConnectionAddr, ConnectionInfo, IntoConnectionInfo, ProtocolVersion, RedisConnectionInfo};
use ::tokio::net::TcpStream;
use pki_types::ServerName;

use super::stream::Duplex;
use crate::{edge::AsyncVerifyPeer, tokio::Connector};

/// A URL of Redis, taken apart. It has a password in it, and is not printed.
#[derive(Clone)]
pub(super) struct Place {
    address: ConnectionAddr,
    is_tls: IsTls,
    /// User, password, and number of the database.
    pub(super) login: RedisConnectionInfo,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum IsTls {
    Yes,
    No,
}

impl Place {
    /// Says of what is wrong only that it is: there may be a password in it.
    pub(super) fn read(url: &str) -> io::Result<Self> {
        let (is_tls, url) = match url.split_once("://") {
            Some(("rediss", rest)) => (IsTls::Yes, format!("redis://{rest}")),
            _ => (IsTls::No, url.to_owned()),
        };
        // What some clients read there turns off that certificates are verified.
        let info = (!url.contains('#')).then(|| url.into_connection_info().ok()).flatten();
        let info: ConnectionInfo = info.ok_or_else(|| {
            let what = "not a URL of Redis, which is redis://[user:password@]host[:port][/database], rediss://.. or redis+unix:///path";
            io::Error::new(io::ErrorKind::InvalidInput, what)
        })?;
        let login = info.redis_settings().clone();
        let login = login.set_protocol(ProtocolVersion::RESP2).set_skip_set_lib_name();
        Ok(Self { address: info.addr().clone(), is_tls, login })
    }

    pub(super) fn is_tls(&self) -> IsTls {
        self.is_tls
    }

    /// A stream to there, which nothing was sent over yet.
    pub(super) async fn reach(&self, tls: Option<&Arc<dyn Secure>>) -> io::Result<Box<dyn Duplex>> {
        match (&self.address, self.is_tls, tls) {
            (ConnectionAddr::Tcp(host, port), IsTls::No, _) => Ok(Box::new(tcp(host, *port).await?)),
            (ConnectionAddr::Tcp(host, port), IsTls::Yes, Some(tls)) => {
                let name = ServerName::try_from(host.clone()).map_err(|_| unusable())?;
                tls.secure(name, tcp(host, *port).await?).await
            }
            #[cfg(unix)]
            (ConnectionAddr::Unix(path), IsTls::No, _) => {
                Ok(Box::new(::tokio::net::UnixStream::connect(path).await?))
            }
            _ => Err(unusable()),
        }
    }
}

fn unusable() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, "Redis cannot be reached like this")
}

async fn tcp(host: &str, port: u16) -> io::Result<TcpStream> {
    let tcp = TcpStream::connect((host, port)).await?;
    // Commands are short, and somebody waits for each.
    tcp.set_nodelay(true)?;
    Ok(tcp)
}

type Secured<'s> = Pin<Box<dyn Future<Output = io::Result<Box<dyn Duplex>>> + Send + 's>>;

/// A [`Connector`] of any verifier.
pub(super) trait Secure: Send + Sync {
    /// TLS over `tcp`.
    fn secure(&self, name: ServerName<'static>, tcp: TcpStream) -> Secured<'_>;
}

impl<V: AsyncVerifyPeer + 'static> Secure for Connector<V> {
    fn secure(&self, name: ServerName<'static>, tcp: TcpStream) -> Secured<'_> {
        Box::pin(async move {
            let tls = self.connect(name, None, tcp).await?;
            let tls: Box<dyn Duplex> = Box::new(tls);
            Ok(tls)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_says_where_and_as_whom() {
        let place = Place::read("rediss://alice:s%40crete@cache.example:6380/3").expect("a URL");
        assert_eq!(place.is_tls(), IsTls::Yes);
        assert_eq!(place.address, ConnectionAddr::Tcp("cache.example".into(), 6380));
        let login = (place.login.username(), place.login.password(), place.login.db());
        assert_eq!(login, (Some("alice"), Some("s@crete"), 3));
        let place = Place::read("redis://[::1]").expect("a URL");
        assert_eq!((place.is_tls(), &place.address), (IsTls::No, &ConnectionAddr::Tcp("::1".into(), 6379)));
        let place = Place::read("redis+unix:///run/redis.sock?db=2").expect("a URL");
        assert_eq!(place.address, ConnectionAddr::Unix("/run/redis.sock".into()));
        assert_eq!(place.login.db(), 2);
    }

    #[test]
    fn what_is_no_url_is_not_repeated() {
        let urls = [
            "",
            "cache",
            "http://x:secret@cache",
            "redis://x:secret@cache/notanumber",
            "rediss+unix:///secret",
            // Some clients turn off verification by this.
            "rediss://x:secret@cache#insecure",
        ];
        for url in urls {
            let error = Place::read(url).err().expect("an error");
            assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
            assert!(!error.to_string().contains("secret"), "{error}");
        }
    }
}
