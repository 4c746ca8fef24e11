//! A store that is not waited for longer than it is worth (R34).

use std::{future::Future, sync::Arc, time::Duration};

pub use crate::store::DEFAULT_STORE_DEADLINE;
use crate::{
    session::{Lookup, NewSession, StoreKey},
    store::{AsyncSessionStore, within},
};

pub(super) struct Timed<S> {
    store: Arc<S>,
    deadline: Duration,
}

impl<S> Timed<S> {
    pub(super) fn new(store: S) -> Self {
        Self { store: Arc::new(store), deadline: DEFAULT_STORE_DEADLINE }
    }

    pub(super) fn with_deadline(&self, deadline: Duration) -> Self {
        Self { store: self.store.clone(), deadline }
    }

    async fn within<R>(&self, work: impl Future<Output = R>) -> Option<R> {
        within(self.deadline, work).await
    }
}

impl<S: AsyncSessionStore> AsyncSessionStore for Timed<S> {
    async fn get(&self, key: &StoreKey) -> Lookup {
        self.within(self.store.get(key)).await.unwrap_or(Lookup::Unavailable)
    }

    async fn put(&self, session: &NewSession) {
        // A session that is not there is only not resumed.
        let _ = self.within(self.store.put(session)).await;
    }

    async fn remove(&self, key: &StoreKey) {
        // A store that cannot be reached cannot be asked for it either, until its lifetime ends.
        let _ = self.within(self.store.remove(key)).await;
    }
}
