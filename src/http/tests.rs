//! The transport over a real Unix socket and TCP, with an [`Answers`] that says back what it was asked.

use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UnixListener};

use super::*;
use crate::desk::command::Answer;
use crate::desk::{Command, Outcome, Refusal};

struct Echo;

impl Answers for Echo {
    fn answer(&self, command: Command) -> Answer<'_> {
        Box::pin(async move {
            match command {
                Command::MessageRaw { id, .. } => Ok(Outcome::Bytes(format!("raw {id}\r\n\0").into())),
                Command::MessageShow { id } if id == "none" => Err(Refusal::not_found("no message none")),
                Command::MessageShow { id } if id == "no" => Err(Refusal::refused("not now")),
                Command::MessageShow { id } if id == "ill" => Err(Refusal::failed("ill")),
                Command::MessageShow { id } if id == "bug" => panic!("a bug"),
                other => Ok(Outcome::Json(json!(other))),
            }
        })
    }
}

async fn start_in(data_dir: &Path) -> Result<Running, StartError> {
    let settings = Settings { listen: Some("127.0.0.1:0".parse().unwrap()) };
    start(&settings, data_dir, Arc::new(Echo), Clock::system(), &Chance::system()).await
}

fn show(id: &str) -> Command {
    Command::MessageShow { id: id.into() }
}

async fn call(client: &mut Client, command: Command) -> String {
    match client.call(&command).await {
        Ok(Outcome::Json(value)) => value.to_string(),
        Ok(Outcome::Bytes(bytes)) => format!("{:?}", String::from_utf8(bytes).unwrap()),
        Err(CallError::Refused(refusal)) => format!("{:?} {}", refusal.kind, refusal.message),
        Err(error) => error.to_string(),
    }
}

#[tokio::test]
async fn commands_go_over_the_local_socket() {
    let folder = tempfile::tempdir().unwrap();
    let data_dir = folder.path().join("new/data");
    let running = start_in(&data_dir).await.unwrap();
    assert_eq!(running.socket, data_dir.join("socket"));
    for (path, mode) in
        [(running.socket.clone(), 0o600), (data_dir.join("api-token"), 0o600), (data_dir.clone(), 0o700)]
    {
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, mode, "{}", path.display());
    }

    let mut client = Client::connect(&data_dir, Clock::system()).await.unwrap().unwrap();
    assert_eq!(call(&mut client, show("x")).await, r#"{"command":"message-show","id":"x"}"#);
    assert_eq!(call(&mut client, Command::MessageRaw { id: "1".into(), trace: false }).await, r#""raw 1\r\n\0""#);
    assert_eq!(call(&mut client, show("none")).await, "NotFound no message none");
    assert_eq!(call(&mut client, show("no")).await, "Refused not now");
    assert_eq!(call(&mut client, show("ill")).await, "Failed ill");
    assert!(call(&mut client, show("bug")).await.starts_with("Failed the command broke"));
    assert_eq!(call(&mut client, show("still")).await, r#"{"command":"message-show","id":"still"}"#);

    let again = start_in(&data_dir).await.unwrap_err().to_string();
    assert!(again.contains("another server answers"), "{again}");
    running.stop().await;
    assert!(!data_dir.join("socket").exists());
    assert!(Client::connect(&data_dir, Clock::system()).await.unwrap().is_none());
}

#[tokio::test]
async fn a_dead_servers_socket_is_nobody_and_is_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("socket");
    drop(UnixListener::bind(&socket).unwrap());
    assert!(socket.exists());
    assert!(Client::connect(folder.path(), Clock::system()).await.unwrap().is_none());
    let running = start_in(folder.path()).await.unwrap();
    assert!(Client::connect(folder.path(), Clock::system()).await.unwrap().is_some());
    running.stop().await;
}

#[tokio::test]
async fn a_long_path_gets_a_socket_elsewhere() {
    let folder = tempfile::tempdir().unwrap();
    let data_dir = folder.path().join("long".repeat(30));
    for _ in 0..2 {
        let running = start_in(&data_dir).await.unwrap();
        let (socket, private) = (running.socket.clone(), running.socket.parent().unwrap().to_owned());
        assert!(socket.as_os_str().len() <= limits::SOCKET_PATH_BYTES_MAX);
        assert_eq!(std::fs::metadata(&private).unwrap().permissions().mode() & 0o777, 0o700);
        let mut client = Client::connect(&data_dir, Clock::system()).await.unwrap().unwrap();
        assert_eq!(call(&mut client, Command::QueueList).await, r#"{"command":"queue-list"}"#);
        drop(client);
        running.stop().await;
        assert!(!private.exists());
    }
}

#[tokio::test]
async fn a_server_that_hangs_up_can_t_be_reached() {
    let folder = tempfile::tempdir().unwrap();
    let listener = UnixListener::bind(folder.path().join("socket")).unwrap();
    let mut client = Client::connect(folder.path(), Clock::system()).await.unwrap().unwrap();
    drop(listener.accept().await.unwrap());
    assert!(call(&mut client, Command::QueueList).await.contains("can't be reached"));
}

/// What a peer on TCP gets for these bytes: status line and body.
async fn said(at: SocketAddr, request: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(at).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head[9..12].parse().unwrap(), body.to_owned())
}

fn post(path: &str, authorization: &str, body: &str) -> String {
    format!(
        "POST {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{authorization}Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

#[tokio::test]
async fn tcp_asks_for_the_token() {
    let folder = tempfile::tempdir().unwrap();
    let running = start_in(folder.path()).await.unwrap();
    let at = running.tcp.unwrap();
    let secret = std::fs::read_to_string(folder.path().join("api-token")).unwrap();
    let right = format!("Authorization: Bearer {}\r\n", secret.trim());
    let check = async |authorization: &str, body: &str, status: u16, expected: &str| {
        let (code, body) = said(at, &post("/v1/command", authorization, body)).await;
        let value: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(code, status, "{body}");
        assert!(body.contains(expected), "{body}");
        assert!(status == 200 || value["kind"].is_string(), "{body}");
    };
    let fine = r#"{"command":"queue-list"}"#;
    check(&right, fine, 200, fine).await;
    check("", fine, 401, "api-token").await;
    check("Authorization: Bearer wrong\r\n", fine, 401, "api-token").await;
    check("Authorization: Bearer \r\n", fine, 401, "api-token").await;
    check("Authorization: Basic x\r\n", "not even JSON", 401, "api-token").await;
    check(&right, "not JSON", 400, "not a command").await;
    check(&right, r#"{"command":"no-such"}"#, 400, "unknown variant").await;
    check(&right, r#"{"command":"message-show","id":"none"}"#, 404, "no message none").await;
    check(&right, r#"{"command":"message-show","id":"no"}"#, 409, "not now").await;
    check(&right, r#"{"command":"message-show","id":"ill"}"#, 500, "ill").await;

    assert_eq!(said(at, "GET /health HTTP/1.0\r\n\r\n").await, (200, r#"{"status":"ok"}"#.into()));
    assert_eq!(said(at, "GET /v1/command HTTP/1.0\r\n\r\n").await.0, 405);
    assert_eq!(said(at, &post("/v2/command", &right, fine)).await.0, 404);
    let large = format!(
        "POST /v1/command HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{right}Content-Length: {}\r\n\r\n",
        limits::COMMAND_BYTES_MAX + 1
    );
    assert_eq!(said(at, &large).await.0, 413);

    let taken = start(
        &Settings { listen: Some(at) },
        &folder.path().join("b"),
        Arc::new(Echo),
        Clock::system(),
        &Chance::system(),
    )
    .await;
    assert!(taken.unwrap_err().to_string().contains("is in use: stop the program"));
    running.stop().await;
    let again = start_in(folder.path()).await.unwrap();
    assert_eq!(std::fs::read_to_string(folder.path().join("api-token")).unwrap(), secret, "the token stays");
    again.stop().await;
}

#[tokio::test]
async fn a_weak_token_or_a_folder_that_is_a_file_stops_the_start() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("api-token"), "secret\n").unwrap();
    assert!(start_in(folder.path()).await.unwrap_err().to_string().contains("too short to be a secret"));
    let inside_a_file = start_in(&folder.path().join("api-token/data")).await.unwrap_err().to_string();
    assert!(inside_a_file.contains("set another data_dir"), "{inside_a_file}");
}

#[tokio::test]
async fn a_stop_waits_for_no_idle_connection() {
    let folder = tempfile::tempdir().unwrap();
    let running = start_in(folder.path()).await.unwrap();
    let _idle = TcpStream::connect(running.tcp.unwrap()).await.unwrap();
    let mut used = Client::connect(folder.path(), Clock::system()).await.unwrap().unwrap();
    call(&mut used, Command::QueueList).await;
    Clock::system().within(Duration::from_secs(20), running.stop()).await.expect("both are idle");
    assert!(call(&mut used, Command::QueueList).await.contains("can't be reached"));
}
