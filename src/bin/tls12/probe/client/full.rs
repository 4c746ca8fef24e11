//! A full handshake (RFC 5246, 7.3).

use std::sync::Arc;

use tls12::{
    CertificateDer, UnixTime,
    crypto::{Sign, SignatureRequest},
    pki::{Leaf, PresentedPeer},
    schedule::{MasterSecret, Premaster, SessionHash, Side},
    wire::{
        Certificate as Chain, CertificateEntry, CertificateVerify, ClientKeyExchange, ContentType, Encode,
        Finished, Handshake, List, Message, NamedGroup, ServerKeyExchange, SignatureScheme, encode_list,
    },
};

use super::{
    handshake::{Answered, unexpected},
    link::{Came, Link, nonsense},
    offer::{MasterSecretOffer, Session},
    random_secret,
    seen::{Certificate, Kind, Seen, Times, Trust},
    trouble::{Stage, Trouble},
};

/// The rest of the server's first flight.
struct Flight {
    group: NamedGroup,
    share: Vec<u8>,
    certificate: Certificate,
    /// The schemes of CertificateRequest, if it came.
    request: Option<Vec<SignatureScheme>>,
}

/// From Certificate to the server's Finished.
pub(super) async fn run(
    link: &mut Link,
    answered: Answered<'_>,
    certificate: &[u8],
) -> Result<Seen, Trouble> {
    let flight = read_flight(link, &answered, certificate).await?;
    let master = answer(link, &answered, &flight).await?;
    let (secret, extended) = (master.secret().duplicate(), master.schedule().is_extended());
    let came = link.next().await?;
    let end = answered.end(link, came, &[master.into_schedule()]).await?;
    link.opening = Some(end.keys.opening);
    let session = Session {
        master: secret,
        extended,
        suite: answered.suite()?,
        session_id: answered.given.session_id.clone(),
        ticket: end.ticket.as_ref().map(|(ticket, _)| ticket.clone()).unwrap_or_default(),
    };
    let asks = flight.request.is_some();
    Ok(Seen {
        echoes: answered.given.session_id == answered.offer.session_id,
        given: answered.given,
        kind: Kind::Full { certificate: flight.certificate, group: flight.group, asks },
        ticket: end.ticket,
        session: Arc::new(session),
        times: Times::default(),
        held: None,
    })
}

/// Our second flight, up to Finished.
async fn answer(link: &mut Link, answered: &Answered<'_>, flight: &Flight) -> Result<MasterSecret, Trouble> {
    let group = answered.caller.provider.group(flight.group);
    let group = group.ok_or_else(|| Trouble::Unexpected(format!("the server chose {}", flight.group)))?;
    let exchange = group.start(&random_secret()?);
    let mut messages = Vec::new();
    let presented = present(answered, flight, &mut messages);
    ClientKeyExchange { public: exchange.share() }.write_framed(&mut messages);
    let mut out = link.messages(&messages);
    let shared = exchange.complete(&flight.share).map_err(|_| nonsense("a key share"))?;
    let master = master(link, answered, Premaster::new(shared))?;
    if let Some(scheme) = presented {
        let proof = prove(answered, scheme, &link.transcript)?;
        out.extend(link.messages(&proof));
    }
    let verify_data = answered.verify_data(link, master.schedule(), Side::Client)?;
    out.extend(link.records(ContentType::CHANGE_CIPHER_SPEC, &[1]));
    let mut finished = Vec::new();
    Finished { verify_data }.write_framed(&mut finished);
    link.sealing = Some(answered.keys(master.schedule())?.sealing);
    out.extend(link.messages(&finished));
    link.send(&out).await?;
    link.stage = Stage::Finished;
    Ok(master)
}

/// The master secret, once the transcript ends with ClientKeyExchange.
fn master(link: &Link, answered: &Answered<'_>, premaster: Premaster) -> Result<MasterSecret, Trouble> {
    let (provider, hash) = (answered.caller.provider, answered.suite()?.hash);
    let offered = answered.offer.master_secret == MasterSecretOffer::Extended;
    Ok(match answered.given.extended_master_secret && offered {
        true => {
            let transcript = provider.hash(hash).hash(&[&link.transcript]);
            MasterSecret::extended(provider, hash, premaster, &SessionHash::of(transcript))
        }
        false => MasterSecret::classic(provider, hash, premaster, &answered.randoms),
    })
}

async fn read_flight(
    link: &mut Link,
    answered: &Answered<'_>,
    certificate: &[u8],
) -> Result<Flight, Trouble> {
    let chain = match Message::decode(certificate) {
        Ok(Some(Message::Certificate(message))) => {
            message.chain.iter().map(|entry| CertificateDer::from(entry.0.to_vec())).collect::<Vec<_>>()
        }
        _ => return Err(nonsense("a Certificate")),
    };
    let (mut exchange, mut request) = (None, None);
    loop {
        let Came::Message(bytes) = link.next().await? else {
            return Err(unexpected("ChangeCipherSpec", "ServerHelloDone"));
        };
        match Message::decode(&bytes) {
            Ok(Some(Message::ServerKeyExchange(message))) => {
                let trust = trust(answered, &chain, &message);
                exchange = Some((message.params.group, message.params.public.to_vec(), trust));
            }
            Ok(Some(Message::CertificateRequest(message))) => {
                request = Some(message.signature_algorithms.iter().collect());
            }
            Ok(Some(Message::CertificateStatus(_))) => {}
            Ok(Some(Message::ServerHelloDone(_))) => break,
            Ok(Some(other)) => return Err(unexpected(other.name(), "ServerHelloDone")),
            Ok(None) | Err(_) => return Err(nonsense("a message")),
        }
    }
    let Some((group, share, trust)) = exchange else {
        return Err(unexpected("ServerHelloDone", "ServerKeyExchange"));
    };
    Ok(Flight { group, share, certificate: Certificate { chain, trust }, request })
}

/// Whether the server is who it says, as far as the roots tell.
fn trust(
    answered: &Answered<'_>,
    chain: &[CertificateDer<'static>],
    exchange: &ServerKeyExchange<'_>,
) -> Trust {
    let caller = answered.caller;
    let (Some(verifier), Some(leaf)) = (&caller.verifier, chain.first()) else { return Trust::NotTried };
    let presented =
        PresentedPeer { chain: chain.into(), expected: caller.expected.clone(), ocsp: None, now: now() };
    if let Err(error) = verifier.verify(&presented) {
        return Trust::Refused(error.to_string());
    }
    // RFC 8422, 5.4: both randoms and the parameters are signed.
    let (randoms, params) = (&answered.randoms, exchange.params.encode());
    let signed = [&randoms.client[..], &randoms.server, &params].concat();
    let fits = Leaf::parse(leaf)
        .ok()
        .and_then(|leaf| leaf.verify(caller.provider, exchange.scheme, &signed, exchange.signature).ok());
    match fits {
        Some(()) => Trust::Verified,
        None => Trust::Refused("the key exchange is not signed with its key".into()),
    }
}

#[expect(clippy::disallowed_methods, reason = "the command reads the clock")]
fn now() -> UnixTime {
    UnixTime::now()
}

/// Writes the certificate that the server asked for, or that there is none; how its key will prove it.
fn present(answered: &Answered<'_>, flight: &Flight, messages: &mut Vec<u8>) -> Option<SignatureScheme> {
    let schemes = flight.request.as_ref()?;
    let identity = answered.caller.identity.as_ref();
    let scheme = identity.and_then(|identity| {
        identity.credential.schemes().iter().find(|each| schemes.contains(each)).copied()
    });
    let chain: Vec<u8> = match (identity, scheme) {
        (Some(identity), Some(_)) => {
            encode_list(identity.credential.chain().iter().map(|each| CertificateEntry(each)))
        }
        _ => Vec::new(),
    };
    Chain { chain: List::from_encoded(&chain).unwrap_or_default() }.write_framed(messages);
    scheme
}

/// CertificateVerify (RFC 5246, 7.4.8).
fn prove(answered: &Answered<'_>, scheme: SignatureScheme, transcript: &[u8]) -> Result<Vec<u8>, Trouble> {
    let failed = || Trouble::Unexpected("our key does not sign".into());
    let identity = answered.caller.identity.as_ref().ok_or_else(failed)?;
    let request = SignatureRequest {
        credential: identity.credential.name_arc().clone(),
        scheme,
        message: transcript.to_vec(),
    };
    let signature = identity.key.sign(&request).map_err(|_| failed())?;
    let mut message = Vec::new();
    CertificateVerify { scheme, signature: &signature.0 }.write_framed(&mut message);
    Ok(message)
}
