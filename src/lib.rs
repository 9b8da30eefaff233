//! postcase: mail in over SMTP, a case in the store, an answer in the same thread.
//!
//! The modules are listed from the bottom up; each uses only modules above it in this list.

pub mod base;
pub mod message;
pub mod address;
pub mod case;
pub mod routing;
pub mod rules;
pub mod plugin;
pub mod net;
pub mod auth;
pub mod store;
pub mod smtp;
pub mod intake;
pub mod dispatch;
pub mod outbound;
pub mod desk;
pub mod http;
pub mod config;
pub mod server;
pub mod cli;
pub mod manual;
