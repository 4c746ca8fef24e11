//! The examples as they are: programs that are told where to listen, or whom to call.

use hyper::Version;

use super::{
    files::Files,
    running::{Serving, run},
    web::visits,
};

fn serving(example: &str, verb: &[&str], files: &Files) -> Serving {
    let args = [verb, &["127.0.0.1:0", &files.server.0, &files.server.1]].concat();
    Serving::start(example, &args)
}

#[::tokio::test]
async fn the_web_servers_answer_a_client_of_both_versions() {
    let files = Files::new("servers");
    for (example, echo) in [("hyper_server", "/"), ("axum_server", "/echo")] {
        let server = serving(example, &[], &files);
        visits(&files.root, &server.name(), echo, &[b"h2"], Version::HTTP_2).await;
        visits(&files.root, &server.name(), echo, &[b"http/1.1"], Version::HTTP_11).await;
    }
}

#[test]
fn the_web_clients_resume_with_their_second_connection() {
    let files = Files::new("clients");
    for example in ["hyper_server", "axum_server"] {
        let server = serving(example, &[], &files);
        let said = run("hyper_client", &[&server.name(), &files.root]);
        assert_eq!(said.matches("HTTP/2.0 200 OK").count(), 2, "{said}");
        assert!(said.contains("resumed by"), "{said}");
        let said = run("blocking_client", &["localhost", &server.port.to_string(), &files.root]);
        assert_eq!(said.matches("HTTP/1.1 200 OK").count(), 2, "{said}");
        assert!(said.contains("resumed by"), "{said}");
    }
}

#[test]
fn the_websocket_programs_call_each_other() {
    let files = Files::new("websockets");
    let examples = ["tungstenite_tokio", "tungstenite_blocking"];
    for example in examples {
        let server = serving(example, &["serve"], &files);
        for client in examples {
            let said = run(client, &["call", &server.name(), &files.root]);
            assert_eq!(said, "messages of [1, 1000, 1048576] bytes came back\n");
        }
    }
}
