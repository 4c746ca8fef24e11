//! What a stream of either adapter tells of its handshake.

/// The methods, for a type that has the facts in this field.
macro_rules! stream_facts {
    ($($field:ident).+) => {
        /// What the handshake agreed on.
        pub fn info(&self) -> &crate::connection::ConnectionInfo {
            &self.$($field).+.info
        }

        /// For keying material (RFC 5705) and the channel binding `tls-exporter` (RFC 9266); `None` without the
        /// extended master secret.
        pub fn exporter(&self) -> Option<crate::schedule::Exporter<'_>> {
            self.$($field).+.exporter()
        }

        /// The channel binding `tls-server-end-point` (RFC 5929, 4): a hash of the server's certificate, 32 to 64
        /// bytes. `None` where the certificate is not known.
        pub fn tls_server_end_point(&self) -> Option<Vec<u8>> {
            self.$($field).+.tls_server_end_point()
        }
    };
}
pub(crate) use stream_facts;

/// The method of a type that has the receiving half in this field.
macro_rules! stream_session {
    ($($field:ident).+) => {
        /// A client's session, to offer next time: what the server gave in this handshake, or the one that was
        /// resumed. `None` on servers, where the server gave nothing, when it was taken before, and after the
        /// connection failed: then it must not be resumed (RFC 5246, 7.2.2).
        pub fn take_session(&mut self) -> Option<crate::session::ClientSession> {
            self.$($field).+.take_session()
        }
    };
}
pub(crate) use stream_session;
