//! Requests and answers: what a request must be before it is a command, and the one place where outcomes and refusals
//! become HTTP.
//!
//! On TCP the token is asked for before a byte of the body is read.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, HttpBody, to_bytes};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use bytes::Bytes;

use super::token::Token;
use crate::base::{Clock, limits};
use crate::desk::{Answers, Command, Outcome, Refusal, RefusalKind};

/// The path of commands; the number is that of the shapes in [`Command`].
pub const COMMAND_PATH: &str = "/v1/command";

#[derive(Clone)]
struct Face {
    answers: Arc<dyn Answers>,
    /// None where the file mode of the socket is the guard.
    guard: Option<Token>,
    clock: Clock,
}

pub fn router(answers: Arc<dyn Answers>, guard: Option<Token>, clock: Clock) -> Router {
    Router::new()
        .route(COMMAND_PATH, post(command))
        .route("/health", get(async || axum::Json(serde_json::json!({ "status": "ok" }))))
        .fallback(async || problem(StatusCode::NOT_FOUND, "there are only POST /v1/command and GET /health"))
        .method_not_allowed_fallback(async || problem(StatusCode::METHOD_NOT_ALLOWED, "commands are sent by POST"))
        .with_state(Face { answers, guard, clock })
}

async fn command(State(face): State<Face>, header: HeaderMap, body: Body) -> Response {
    let authorization = header.get(header::AUTHORIZATION).map_or(&b""[..], |value| value.as_bytes());
    if face.guard.as_ref().is_some_and(|token| !token.opens(authorization)) {
        let asks = [(header::WWW_AUTHENTICATE, "Bearer")];
        return (
            asks,
            problem(StatusCode::UNAUTHORIZED, "send the token of data_dir/api-token as Authorization: Bearer"),
        )
            .into_response();
    }
    let body = match read(body, &face.clock).await {
        Ok(body) => body,
        Err(answer) => return answer,
    };
    let command: Command = match serde_json::from_slice(&body) {
        Ok(command) => command,
        Err(error) => return problem(StatusCode::BAD_REQUEST, &format!("the body is not a command: {error}")),
    };
    // A task of its own, so that a command whose asker hangs up is still done whole.
    let answer = tokio::spawn(async move { face.answers.answer(command).await });
    match answer.await {
        Ok(Ok(Outcome::Json(value))) => axum::Json(value).into_response(),
        Ok(Ok(Outcome::Bytes(bytes))) => ([(header::CONTENT_TYPE, "application/octet-stream")], bytes).into_response(),
        Ok(Err(refusal)) => refused(refusal),
        Err(error) if error.is_cancelled() => {
            refused(Refusal::failed("the server ended before the command was done; see its log"))
        }
        Err(_) => refused(Refusal::failed("the command broke in an unforeseen way; the server's log has the place")),
    }
}

async fn read(body: Body, clock: &Clock) -> Result<Bytes, Response> {
    let too_large = || problem(StatusCode::PAYLOAD_TOO_LARGE, "the command is too large, or was cut off");
    // What is announced needs no waiting for.
    if body.size_hint().lower() > limits::COMMAND_BYTES_MAX as u64 {
        return Err(too_large());
    }
    let reading = clock.within(limits::REQUEST_TIME_MAX, to_bytes(body, limits::COMMAND_BYTES_MAX)).await;
    let slow = || problem(StatusCode::REQUEST_TIMEOUT, "the command took too long to arrive");
    reading.map_err(|_| slow())?.map_err(|_| too_large())
}

fn problem(status: StatusCode, message: &str) -> Response {
    (status, axum::Json(Refusal::refused(message))).into_response()
}

fn refused(refusal: Refusal) -> Response {
    let status = match refusal.kind {
        RefusalKind::Refused => StatusCode::CONFLICT,
        RefusalKind::NotFound => StatusCode::NOT_FOUND,
        RefusalKind::Failed => StatusCode::INTERNAL_SERVER_ERROR,
    };
    (status, axum::Json(refusal)).into_response()
}
