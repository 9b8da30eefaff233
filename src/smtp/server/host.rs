//! What a session asks of whoever takes the mail. `intake/` implements it for the server; tests and the demonstration
//! implement it for the hosts that they play.

use std::future::Future;
use std::pin::Pin;

use bytes::Bytes;

use crate::base::{Envelope, Mailbox, Reply, ReversePath};
use crate::store::room::Reserved;

/// An answer that may take a while.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// The room that the host keeps on its disk for a mail transaction; given back when that ends.
pub type Hold = Option<Reserved>;

/// The owner of the mailboxes behind a listener.
pub trait Host: Send + Sync + 'static {
    /// May a mail transaction begin that announces a message of so many bytes (RFC 1870)? Answers at once.
    fn transaction(&self, _size: Option<usize>) -> Result<Hold, Reply> {
        Ok(None)
    }

    /// May this recipient be in this transaction? `Err` is the refusal to say (4yz or 5yz); nothing is remembered of it.
    fn recipient<'a>(&'a self, from: &'a ReversePath, recipient: &'a Mailbox) -> Answer<'a, Result<(), Reply>>;

    /// Takes the message for all recipients of the envelope. `Ok` is the reply to end-of-data and may be built only
    /// when the message is durable; `Err` is the refusal, and then nothing of the message is kept.
    ///
    /// `message` has its dots unstuffed, every line ended by CRLF, nothing added.
    fn take<'a>(&'a self, envelope: Envelope, message: Bytes) -> Answer<'a, Result<Reply, Reply>>;
}
