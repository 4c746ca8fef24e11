//! Answers to the asks of a handshake, honest or not, as the input chooses.

use std::sync::Arc;

use tls12::{
    ClientHandshake, ServerHandshake,
    crypto::{Sign, SignError, Signature},
    pki::{CertificateError, PresentedPeer, VerifiedPeer},
    session::{Lookup, SealedSession},
};

use crate::{
    common::{pair::World, steps::Steps},
    input::Choices,
    stage::stages,
};

/// How each ask is answered: 0 is the honest answer.
#[derive(Debug, Clone, Copy)]
pub struct Answers {
    config: u8,
    session: u8,
    signature: u8,
    verdict: u8,
    credential: u8,
    /// Whether an answer was given that an honest world would not give.
    pub dishonest: bool,
}

/// What an answer begins with in an input.
pub const ANSWERS_LEN: usize = 5;

impl Answers {
    /// The next five bytes.
    pub fn choose(choices: &mut Choices<'_>) -> Self {
        Self {
            config: choices.byte(),
            session: choices.byte(),
            signature: choices.byte(),
            verdict: choices.byte(),
            credential: choices.byte(),
            dishonest: false,
        }
    }

    /// Answers what is asked.
    pub fn answer(&mut self, step: Steps, world: &World) -> Steps {
        match step {
            Steps::Server(step) => Steps::Server(self.server(step, world)),
            Steps::Client(step) => Steps::Client(self.client(step, world)),
        }
    }

    fn server(&mut self, step: ServerHandshake, world: &World) -> ServerHandshake {
        use ServerHandshake as S;
        match step {
            S::NeedsConfig(ask) => {
                self.dishonest |= matches!(self.config, 1 | 2);
                match self.config {
                    0 => world.answer_server(S::NeedsConfig(ask)),
                    1 => ask.refuse(),
                    2 => ask.refuse_name(),
                    // Where another configuration makes no difference, it is an honest answer.
                    _ => ask.answer(other(self.config).server.clone()),
                }
            }
            S::NeedsSession(ask) if self.session != 0 => {
                let key = *ask.key();
                let mut found = world.store.kept().get(&key).cloned();
                // A server that does not know the session goes on as if the honest answer had been none.
                self.dishonest |= found.is_some();
                edit(&mut found, self.session);
                ask.answer(if self.session == 1 { Lookup::Unavailable } else { found.into() })
            }
            S::NeedsSignature(ask) if self.signature != 0 => {
                self.dishonest = true;
                let named = world.keys.iter().find(|(name, _)| **name == *ask.request().credential);
                let honest = named.map_or(Err(SignError), |(_, key)| key.sign(ask.request()));
                ask.answer(self.spoilt(honest))
            }
            S::NeedsVerdict(ask) if self.verdict != 0 => {
                let verdict = self.spoilt_verdict(ask.presented());
                ask.answer(verdict)
            }
            honest => world.answer_server(honest),
        }
    }

    fn client(&mut self, step: ClientHandshake, world: &World) -> ClientHandshake {
        use ClientHandshake as C;
        match step {
            C::NeedsVerdict(ask) if self.verdict != 0 => {
                let verdict = self.spoilt_verdict(ask.presented());
                ask.answer(verdict)
            }
            C::NeedsCredential(ask) if self.credential != 0 => {
                self.dishonest |= self.credential == 1 || world.client_credential.is_some();
                match self.credential {
                    1 => ask.refuse(),
                    _ => ask.answer(None),
                }
            }
            C::NeedsSignature(ask) if self.signature != 0 => {
                self.dishonest = true;
                let key = world.client_credential.as_ref().map(|(_, key)| key);
                let honest = key.map_or(Err(SignError), |key| key.sign(ask.request()));
                ask.answer(self.spoilt(honest))
            }
            honest => world.answer_client(honest),
        }
    }

    /// A signature that is not what was asked for.
    fn spoilt(self, honest: Result<Signature, SignError>) -> Result<Signature, SignError> {
        let Signature(mut bytes) = honest?;
        let at = usize::from(self.signature) % bytes.len().max(1);
        match self.signature % 4 {
            0 => return Err(SignError),
            1 => bytes.clear(),
            2 => bytes.truncate(at),
            _ => bytes.get_mut(at).into_iter().for_each(|byte| *byte ^= 1),
        }
        Ok(Signature(bytes))
    }

    fn spoilt_verdict(&mut self, presented: &PresentedPeer) -> Result<VerifiedPeer, CertificateError> {
        self.dishonest = true;
        if self.verdict % 2 == 1 {
            return Err(CertificateError::UnknownIssuer);
        }
        // A proof, but about somebody else.
        let chain = [presented.chain.to_vec(), presented.chain.to_vec()].concat();
        Ok(VerifiedPeer::assertion(&PresentedPeer { chain: Arc::from(chain), ..presented.clone() }))
    }
}

/// The world of another stage.
fn other(choice: u8) -> World {
    let stages = stages();
    stages[usize::from(choice) % stages.len()].world()
}

/// Another entry than the one that was stored.
fn edit(found: &mut Option<SealedSession>, choice: u8) {
    match (&mut *found, choice) {
        (_, 2) => *found = None,
        (None, _) => *found = Some(SealedSession(vec![choice; usize::from(choice)])),
        (Some(SealedSession(bytes)), _) => {
            let at = usize::from(choice) * 3 % bytes.len();
            bytes[at] ^= 1;
        }
    }
}
