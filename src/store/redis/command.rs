//! What Redis is asked, and under which names.

use std::{fmt::Write, time::Duration};

use ::redis::{Cmd, Pipeline, cmd, pipe};

use crate::session::{MAX_LIFETIME, NewSession, PartitionTag, StoreKey};

/// How many sessions one call takes out at most, of those that expired and of the oldest: its work is bounded.
const MOST_REMOVED: u32 = 64;

/// Keeps a session in one step: takes out of the indices what has expired, makes room by age, stores and enters.
///
/// Room is made before, so that a Redis without memory gets some, although this call fails then. Time is that of Redis,
/// the same for all processes; ages are in microseconds, so that no two are equal. The indices live as long as the
/// longest session, lest they stay when nobody stores any more.
const PUT: &str = "\
local key, by_age, by_expiry = KEYS[1], KEYS[2], KEYS[3]
local lifetime, capacity, most, longest = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]), ARGV[5]
local time = redis.call('TIME')
local micros = time[1] * 1000000 + time[2]
local millis = math.floor(micros / 1000)
local function leave(index, keys)
  for _, each in ipairs(keys) do
    redis.call('DEL', each)
    redis.call('ZREM', by_age, each)
    redis.call('ZREM', by_expiry, each)
  end
end
leave(by_expiry, redis.call('ZRANGEBYSCORE', by_expiry, '-inf', millis, 'LIMIT', 0, most))
redis.call('ZREM', by_age, key)
local over = redis.call('ZCARD', by_age) + 1 - capacity
if over > 0 then
  leave(by_age, redis.call('ZRANGE', by_age, 0, math.min(over, most) - 1))
end
local stored = redis.call('SET', key, ARGV[1], 'PX', ARGV[2])
redis.call('ZADD', by_age, micros, key)
redis.call('ZADD', by_expiry, millis + lifetime, key)
redis.call('PEXPIRE', by_age, longest)
redis.call('PEXPIRE', by_expiry, longest)
return stored
";

/// SHA-1 of [`PUT`], by which Redis names scripts; nothing depends on it but that the text need not be sent each time.
/// `tests/redis.rs` computes it again.
const PUT_DIGEST: &str = "d9dc15309be9be5f530cc43c77a096bd299a7e0d";

/// The names of keys, and how long and how many are kept.
#[derive(Debug, Clone)]
pub(super) struct Commands {
    pub(super) prefix: String,
    pub(super) timeout: Option<Duration>,
    pub(super) capacity: Option<u32>,
}

impl Commands {
    pub(super) fn capacity(&self) -> Option<u32> {
        self.capacity
    }

    /// What begins the names of all keys of a partition.
    pub(super) fn partition(&self, tag: PartitionTag) -> String {
        format!("{}{tag}:", self.prefix)
    }

    /// R32: hashes.
    fn name(&self, key: &StoreKey) -> String {
        let mut name = self.partition(key.partition);
        for byte in key.hash {
            // A String takes everything.
            let _ = write!(name, "{byte:02x}");
        }
        name
    }

    fn by_age(&self) -> String {
        format!("{}index:age", self.prefix)
    }

    fn by_expiry(&self) -> String {
        format!("{}index:expiry", self.prefix)
    }

    /// R28, in milliseconds: never longer than the session lives, and never nothing, which would be an error.
    fn lifetime(&self, session: &NewSession) -> u64 {
        let lifetime = self.timeout.map_or(session.lifetime, |timeout| timeout.min(session.lifetime));
        millis(lifetime).max(1)
    }

    /// Asked when a connection is made: whether it answers, and whether we may read there.
    pub(super) fn hello(&self) -> Cmd {
        with("GET", format!("{}hello", self.prefix))
    }

    pub(super) fn get(&self, key: &StoreKey) -> Cmd {
        with("GET", self.name(key))
    }

    pub(super) fn put(&self, session: &NewSession) -> Cmd {
        let mut command = with("SET", self.name(&session.key));
        command.arg(&session.sealed.0).arg("PX").arg(self.lifetime(session));
        command
    }

    pub(super) fn put_by_digest(&self, session: &NewSession, capacity: u32) -> Cmd {
        self.put_by("EVALSHA", PUT_DIGEST, session, capacity)
    }

    pub(super) fn put_by_text(&self, session: &NewSession, capacity: u32) -> Cmd {
        self.put_by("EVAL", PUT, session, capacity)
    }

    fn put_by(&self, verb: &str, script: &str, session: &NewSession, capacity: u32) -> Cmd {
        let mut command = cmd(verb);
        command.arg(script).arg(3).arg(self.name(&session.key)).arg(self.by_age()).arg(self.by_expiry());
        command.arg(&session.sealed.0).arg(self.lifetime(session)).arg(capacity).arg(MOST_REMOVED);
        command.arg(millis(MAX_LIFETIME));
        command
    }

    pub(super) fn remove(&self, key: &StoreKey) -> Cmd {
        with("DEL", self.name(key))
    }

    pub(super) fn remove_counted(&self, key: &StoreKey) -> Pipeline {
        let (name, mut commands) = (self.name(key), pipe());
        commands.cmd("DEL").arg(&name);
        commands.cmd("ZREM").arg(self.by_age()).arg(&name);
        commands.cmd("ZREM").arg(self.by_expiry()).arg(&name);
        commands
    }
}

fn with(verb: &str, name: String) -> Cmd {
    let mut command = cmd(verb);
    command.arg(name);
    command
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        session::{Partition, SealedSession},
        wire::SessionId,
    };

    fn commands(timeout: Option<Duration>) -> Commands {
        Commands { prefix: "tls12:".into(), timeout, capacity: None }
    }

    fn session(lifetime: Duration) -> NewSession {
        let key = StoreKey::of(&Partition::named(b"a.example"), &SessionId::from([7; 32]));
        NewSession { key, sealed: SealedSession(vec![0, 255, 13, 10]), lifetime }
    }

    #[test]
    fn a_session_lies_under_its_partition_and_its_hash_as_the_bytes_that_it_is() {
        let packed = commands(None).put(&session(Duration::from_secs(5))).get_packed_command();
        let name = format!(
            "tls12:{}:218110004bd3e8543375273a2725e7c4e37253acaa5efecdc64bba794e460d74",
            Partition::named(b"a.example").tag()
        );
        let expected = [
            format!("*5\r\n$3\r\nSET\r\n${}\r\n{name}\r\n$4\r\n", name.len()).as_bytes(),
            &[0, 255, 13, 10],
            b"\r\n$2\r\nPX\r\n$4\r\n5000\r\n",
        ]
        .concat();
        assert_eq!(packed, expected);
    }

    #[test]
    fn r28_a_session_is_kept_as_long_as_it_lives_or_less_and_never_for_nothing() {
        let hour = Duration::from_secs(3600);
        let lifetime = |timeout, lifetime| commands(timeout).lifetime(&session(lifetime));
        assert_eq!(lifetime(None, hour), 3_600_000);
        assert_eq!(lifetime(Some(2 * hour), hour), 3_600_000);
        assert_eq!(lifetime(Some(hour / 2), hour), 1_800_000);
        assert_eq!(lifetime(None, Duration::from_nanos(1)), 1);
    }
}
