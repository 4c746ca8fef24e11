//! Messages as values with fields: the types of the wire, taken apart.

use tls12::{
    explain::{FinishedCheck, Registered, SeenMessage},
    pki::describe,
    wire::{
        Certificate, CertificateRequest, ClientExtensions, ClientHello, Decode, Encode, ExtensionType, List,
        Message, ProtocolVersion, Reader, ServerExtensions, ServerHello, ServerKeyExchange,
    },
};

use super::value::{Code, Fields, Value};

/// What is in a message, or why that cannot be told.
pub(crate) fn of_message(message: &SeenMessage) -> Fields {
    match message.decode() {
        Ok(decoded) => of_decoded(&decoded, message.finished),
        Err(why) => Fields::new().with("undecoded", why.to_string()).with("body", body(&message.raw)),
    }
}

fn body(raw: &[u8]) -> &[u8] {
    raw.get(tls12::wire::HANDSHAKE_HEADER_LEN..).unwrap_or_default()
}

fn of_decoded(message: &Message<'_>, check: Option<FinishedCheck>) -> Fields {
    let fields = Fields::new();
    match message {
        Message::HelloRequest(_) | Message::ServerHelloDone(_) => fields,
        Message::ClientHello(hello) => client_hello(hello),
        Message::ServerHello(hello) => server_hello(hello),
        Message::NewSessionTicket(ticket) => {
            fields.with("lifetime_hint", ticket.lifetime_hint).with("ticket", ticket.ticket)
        }
        Message::Certificate(certificate) => self::certificate(certificate),
        Message::ServerKeyExchange(exchange) => key_exchange(exchange),
        Message::CertificateRequest(request) => certificate_request(request),
        Message::CertificateVerify(verify) => {
            fields.with("scheme", verify.scheme).with("signature", verify.signature)
        }
        Message::ClientKeyExchange(exchange) => fields.with("public", exchange.public),
        Message::Finished(finished) => {
            fields.with("verify_data", &finished.verify_data[..]).with_some("check", check.map(check_name))
        }
        Message::CertificateStatus(status) => fields.with("response", status.response),
    }
}

/// Whether a Finished is right, in a word.
pub(crate) fn check_name(check: FinishedCheck) -> &'static str {
    match check {
        FinishedCheck::Unchecked => "unchecked",
        FinishedCheck::Verified => "verified",
        FinishedCheck::Wrong => "wrong",
    }
}

fn client_hello(hello: &ClientHello<'_>) -> Fields {
    Fields::new()
        .with("version", hello.version)
        .with("random", &hello.random[..])
        .with("session_id", hello.session_id.as_bytes())
        .with("cipher_suites", list(&hello.cipher_suites))
        .with("compression_methods", list(&hello.compression_methods))
        .with("extensions", client_extensions(&hello.extensions))
}

fn server_hello(hello: &ServerHello<'_>) -> Fields {
    Fields::new()
        .with("version", hello.version)
        .with("random", &hello.random[..])
        .with("session_id", hello.session_id.as_bytes())
        .with("cipher_suite", hello.cipher_suite)
        .with("compression_method", hello.compression_method)
        .with("extensions", server_extensions(&hello.extensions))
}

/// The elements of a list that are values by themselves.
fn list<'a, T: Decode<'a> + Into<Value>>(list: &List<'a, T>) -> Value {
    Value::List(list.iter().map(Into::into).collect())
}

/// An extension with its type, in the place where it came.
fn extension(extension_type: ExtensionType, value: Fields) -> Value {
    let code = Code { number: extension_type.0.into(), name: extension_type.registered_name(), digits: 4 };
    Value::Typed(code, value)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn client_extensions(extensions: &ClientExtensions<'_>) -> Value {
    let of = |extension_type| {
        let fields = Fields::new();
        match extension_type {
            ExtensionType::SERVER_NAME => {
                let name = extensions.server_name.and_then(|names| names.host_name());
                fields.with("host_name", name.map_or(Value::Null, |name| text(name).into()))
            }
            ExtensionType::MAX_FRAGMENT_LENGTH => {
                fields.with_some("max_fragment_length", extensions.max_fragment_length)
            }
            ExtensionType::STATUS_REQUEST => match extensions.status_request {
                Some(request) => fields.with("request", &request.encode()[..]),
                None => fields,
            },
            ExtensionType::SUPPORTED_GROUPS => {
                fields.with_some("groups", extensions.supported_groups.as_ref().map(list))
            }
            ExtensionType::EC_POINT_FORMATS => {
                fields.with_some("formats", extensions.ec_point_formats.as_ref().map(list))
            }
            ExtensionType::SIGNATURE_ALGORITHMS => {
                fields.with_some("schemes", extensions.signature_algorithms.as_ref().map(list))
            }
            ExtensionType::ALPN => {
                let names = extensions.alpn.into_iter().flatten().map(|name| text(name.0).into()).collect();
                fields.with("protocols", Value::List(names))
            }
            ExtensionType::RECORD_SIZE_LIMIT => fields.with_some("limit", extensions.record_size_limit),
            ExtensionType::SESSION_TICKET => fields.with_some("ticket", extensions.session_ticket),
            ExtensionType::RENEGOTIATION_INFO => {
                fields.with_some("verify_data", extensions.renegotiation_info)
            }
            ExtensionType::EXTENDED_MASTER_SECRET => fields,
            ExtensionType::SUPPORTED_VERSIONS => {
                fields.with("versions", versions(extensions.others.find(extension_type).unwrap_or_default()))
            }
            other => fields.with_some("bytes", extensions.others.find(other)),
        }
    };
    Value::List(
        extensions.types().map(|extension_type| extension(extension_type, of(extension_type))).collect(),
    )
}

/// RFC 8446, 4.2.1: TLS 1.2 knows nothing of this one, and whoever looks at it wants to know.
fn versions(body: &[u8]) -> Value {
    let versions = Reader::new(body).u8_prefixed().and_then(List::<ProtocolVersion>::from_encoded);
    versions.map_or_else(|_| body.into(), |versions| list(&versions))
}

fn server_extensions(extensions: &ServerExtensions<'_>) -> Value {
    let of = |extension_type| {
        let fields = Fields::new();
        match extension_type {
            ExtensionType::MAX_FRAGMENT_LENGTH => {
                fields.with_some("max_fragment_length", extensions.max_fragment_length)
            }
            ExtensionType::EC_POINT_FORMATS => {
                fields.with_some("formats", extensions.ec_point_formats.as_ref().map(list))
            }
            ExtensionType::ALPN => fields.with_some("protocol", extensions.alpn.map(|name| text(name.0))),
            ExtensionType::RECORD_SIZE_LIMIT => fields.with_some("limit", extensions.record_size_limit),
            ExtensionType::RENEGOTIATION_INFO => {
                fields.with_some("verify_data", extensions.renegotiation_info)
            }
            ExtensionType::SERVER_NAME
            | ExtensionType::STATUS_REQUEST
            | ExtensionType::EXTENDED_MASTER_SECRET
            | ExtensionType::SESSION_TICKET => fields,
            ExtensionType::SUPPORTED_VERSIONS => {
                let body = extensions.others.find(extension_type).unwrap_or_default();
                fields
                    .with("version", ProtocolVersion::decode(body).map_or_else(|_| body.into(), Value::from))
            }
            other => fields.with_some("bytes", extensions.others.find(other)),
        }
    };
    Value::List(
        extensions.types().map(|extension_type| extension(extension_type, of(extension_type))).collect(),
    )
}

fn certificate(certificate: &Certificate<'_>) -> Fields {
    let entries = certificate.chain.iter().map(|entry| {
        let fields = Fields::new().with("bytes", entry.0.len());
        let der = tls12::CertificateDer::from(entry.0);
        let fields = match describe(&der) {
            Ok(described) => fields
                .with("subject", described.subject)
                .with("names", Value::List(described.names.into_iter().map(Value::Text).collect())),
            Err(_) => fields.with("subject", Value::Null),
        };
        Value::Fields(fields)
    });
    Fields::new().with("chain", Value::List(entries.collect()))
}

fn key_exchange(exchange: &ServerKeyExchange<'_>) -> Fields {
    Fields::new()
        .with("group", exchange.params.group)
        .with("public", exchange.params.public)
        .with("scheme", exchange.scheme)
        .with("signature", exchange.signature)
}

fn certificate_request(request: &CertificateRequest<'_>) -> Fields {
    let authorities = request.authorities.iter().map(|name| name.0.into()).collect();
    Fields::new()
        .with("certificate_types", list(&request.certificate_types))
        .with("signature_algorithms", list(&request.signature_algorithms))
        .with("authorities", Value::List(authorities))
}

/// Application data that was decrypted.
pub(crate) fn of_data(data: &str) -> Fields {
    Fields::new().with("data", data)
}
