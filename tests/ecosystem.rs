//! What others wrote over the adapters: hyper, axum and tungstenite, as the examples use them. Once in this process, and once as
//! the programs that the examples are.
#![cfg(all(feature = "blocking", feature = "tokio", feature = "rustcrypto", feature = "webpki"))]
#![expect(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "tests open sockets, start programs and read files"
)]

mod common;

mod ecosystem {
    #[path = "../../examples/axum_server.rs"]
    #[expect(dead_code, reason = "main is for the program")]
    mod axum_server;
    #[path = "../../examples/blocking_client.rs"]
    #[expect(dead_code, reason = "main is for the program")]
    mod blocking_client;
    #[path = "../../examples/hyper_client.rs"]
    #[expect(dead_code, reason = "main is for the program")]
    mod hyper_client;
    #[path = "../../examples/hyper_server.rs"]
    #[expect(dead_code, reason = "main is for the program")]
    mod hyper_server;
    #[path = "../../examples/tungstenite_blocking.rs"]
    #[expect(dead_code, reason = "main is for the program")]
    mod tungstenite_blocking;
    #[path = "../../examples/tungstenite_tokio.rs"]
    #[expect(dead_code, reason = "main is for the program")]
    mod tungstenite_tokio;

    mod curl;
    #[path = "../cli/files.rs"]
    #[expect(dead_code, reason = "these tests need no client's certificate")]
    mod files;
    mod programs;
    mod running;
    mod web;
    mod websocket;
}
