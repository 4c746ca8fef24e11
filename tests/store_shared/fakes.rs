//! A shared store that does as it is told.

use std::{
    collections::HashMap,
    future::pending,
    sync::{Arc, Mutex},
    time::Duration,
};

use tls12::{
    session::{NewSession, Partition, SealedSession, StoreKey},
    store::{SharedStore, StoreError},
    wire::SessionId,
};

/// How it behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mood {
    Well,
    /// It answers after so long.
    Slow(Duration),
    /// It never answers.
    Silent,
    Failing(StoreError),
}

/// Clones are the same store.
#[derive(Clone)]
pub(crate) struct Fake(Arc<Mutex<Inside>>);

struct Inside {
    mood: Mood,
    kept: HashMap<StoreKey, SealedSession>,
    calls: usize,
}

impl Fake {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Mutex::new(Inside { mood: Mood::Well, kept: HashMap::new(), calls: 0 })))
    }

    pub(crate) fn set(&self, mood: Mood) {
        self.0.lock().unwrap().mood = mood;
    }

    /// How often it was asked.
    pub(crate) fn calls(&self) -> usize {
        self.0.lock().unwrap().calls
    }

    pub(crate) fn has(&self, key: &StoreKey) -> bool {
        self.0.lock().unwrap().kept.contains_key(key)
    }

    /// As another process does it.
    pub(crate) fn insert(&self, session: &NewSession) {
        self.0.lock().unwrap().kept.insert(session.key, session.sealed.clone());
    }

    /// What the store did at the beginning of the call is what it answers.
    async fn answer<T>(
        &self,
        act: impl FnOnce(&mut HashMap<StoreKey, SealedSession>) -> T,
    ) -> Result<T, StoreError> {
        let (mood, answer) = {
            let mut inside = self.0.lock().unwrap();
            inside.calls += 1;
            let mood = inside.mood;
            let acts = matches!(mood, Mood::Well | Mood::Slow(_));
            (mood, acts.then(|| act(&mut inside.kept)))
        };
        match mood {
            Mood::Well => {}
            Mood::Slow(time) => tokio::time::sleep(time).await,
            Mood::Silent => pending().await,
            Mood::Failing(error) => return Err(error),
        }
        answer.ok_or(StoreError::Refused)
    }
}

impl SharedStore for Fake {
    async fn get(&self, key: &StoreKey) -> Result<Option<SealedSession>, StoreError> {
        self.answer(|kept| kept.get(key).cloned()).await
    }

    async fn put(&self, session: &NewSession) -> Result<(), StoreError> {
        self.answer(|kept| drop(kept.insert(session.key, session.sealed.clone()))).await
    }

    async fn remove(&self, key: &StoreKey) -> Result<(), StoreError> {
        self.answer(|kept| drop(kept.remove(key))).await
    }
}

/// The session of this number, for an hour.
pub(crate) fn session(number: u8) -> NewSession {
    NewSession {
        key: StoreKey::of(&Partition::default(), &SessionId::from([number; 32])),
        sealed: SealedSession(vec![number; 200]),
        lifetime: Duration::from_secs(3600),
    }
}
