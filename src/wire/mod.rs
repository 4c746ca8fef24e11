//! Layer 0: bytes to values and back. Depends on `core` and `alloc` only.
//!
//! Every type here decodes and encodes alone, without a connection. What is decoded borrows from
//! the bytes, was checked once, and is written back as the same bytes; values that nobody here
//! knows survive both ways. A handshake message decodes from its body; [`Message`] knows the
//! header in front of it.
//!
//! | file | what is in it | RFC |
//! | --- | --- | --- |
//! | `record.rs` | [`RecordHeader`], the size limits | 5246, 6.2 |
//! | `alert.rs` | [`AlertMessage`] | 5246, 7.2 |
//! | `finished.rs` | [`ChangeCipherSpec`], [`Finished`] | 5246, 7.1 and 7.4.9 |
//! | `message.rs` | [`HandshakeHeader`], [`Message`], [`Handshake`] | 5246, 7.4 |
//! | `hello.rs` | [`HelloRequest`], [`ClientHello`], [`ServerHello`], [`SessionId`] | 5246, 7.4.1 |
//! | `extensions/` | [`ClientExtensions`], [`ServerExtensions`], [`Others`] | 5246, 7.4.1.4 |
//! | | [`ServerNames`], [`StatusRequest`], [`MaxFragmentLength`] | 6066 |
//! | `certificate.rs` | [`Certificate`], [`CertificateRequest`], [`CertificateVerify`] | 5246, 7.4 |
//! | | [`CertificateStatus`] | 6066, 8 |
//! | `key_exchange.rs` | [`ServerKeyExchange`], [`ServerHelloDone`], [`ClientKeyExchange`] | 8422, 5 |
//! | `ticket.rs` | [`NewSessionTicket`] | 5077, 3.3 |
//! | `code_points.rs` | [`CipherSuite`], [`NamedGroup`], [`SignatureScheme`], [`Alert`] and so on | registries |
//! | `list.rs` | [`List`], [`ProtocolName`], [`DistinguishedName`], [`CertificateEntry`] | 5246, 4.3 |
//! | `read.rs` | [`Reader`], [`Decode`], [`DecodeError`] | 5246, 4 |
//! | `write.rs` | [`Writer`], [`Encode`] | 5246, 4 |

mod alert;
mod certificate;
#[cfg(test)]
mod check;
mod code_points;
mod extensions;
mod finished;
mod hello;
mod key_exchange;
mod list;
mod message;
mod read;
mod record;
mod ticket;
mod write;

pub use alert::AlertMessage;
pub use certificate::{Certificate, CertificateRequest, CertificateStatus, CertificateVerify};
pub use code_points::*;
pub(crate) use extensions::KnownExtensions;
pub use extensions::{ClientExtensions, Extension, Others, ServerExtensions, ServerNames, StatusRequest};
pub use finished::{ChangeCipherSpec, Finished};
pub use hello::{ClientHello, HelloRequest, ServerHello, SessionId};
pub use key_exchange::{ClientKeyExchange, EcdheParams, ServerHelloDone, ServerKeyExchange};
pub use list::{CertificateEntry, DistinguishedName, Elements, List, ProtocolName, encode_list};
pub use message::{HANDSHAKE_HEADER_LEN, Handshake, HandshakeHeader, Message, write_message};
pub use read::{Decode, DecodeError, Reader};
pub use record::{HEADER_LEN, MAX_CIPHERTEXT, MAX_PLAINTEXT, MAX_RECORD, RecordHeader};
pub use ticket::NewSessionTicket;
pub use write::{Encode, Writer};
