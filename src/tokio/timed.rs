//! A store that is not waited for longer than it is worth (R34).

use std::{
    future::{Future, poll_fn},
    pin::pin,
    sync::Arc,
    task::Poll,
    time::Duration,
};

use crate::{
    session::{Lookup, NewSession, StoreKey},
    store::AsyncSessionStore,
};

/// For how long a store is waited for unless somebody says otherwise: 50 ms, for after that a full handshake would
/// have been quicker.
pub const DEFAULT_STORE_DEADLINE: Duration = Duration::from_millis(50);

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

    /// What `work` gives, if it does in time. Whoever answers at once needs no clock, and no runtime that has one.
    async fn within<R>(&self, work: impl Future<Output = R>) -> Option<R> {
        let mut work = pin!(work);
        match poll_fn(|cx| Poll::Ready(work.as_mut().poll(cx))).await {
            Poll::Ready(result) => Some(result),
            Poll::Pending => ::tokio::time::timeout(self.deadline, work).await.ok(),
        }
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
