//! Who is measured.

mod openssl;
mod rustls;
pub mod tls12;
mod tls12_sides;

use ::tls12::crypto::RUSTCRYPTO;

use self::{
    openssl::OpenSsl,
    rustls::Rustls,
    tls12::{Tls12, providers},
};
use crate::racer::Racer;

/// Everybody, this crate first.
pub fn all() -> Vec<Box<dyn Racer>> {
    let ours = providers().into_iter().map(|provider| Box::new(Tls12::new(provider)) as Box<dyn Racer>);
    let others: [Box<dyn Racer>; 5] = [
        Box::new(Rustls::aws_lc()),
        Box::new(Rustls::ring()),
        Box::new(Rustls::graviola()),
        Box::new(Rustls::rustcrypto()),
        Box::new(OpenSsl),
    ];
    ours.chain(others).collect()
}
