//! The way from the internet to the server under test: a port that stays the same while the server starts again and again.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::net::{TcpListener, TcpStream};

/// Where the server listens; nowhere before its first start.
pub type Home = Arc<Mutex<Option<SocketAddr>>>;

/// Leads every connection to the server, byte by byte. When the server isn't there the connection just ends.
pub async fn serve(listener: TcpListener, home: Home) {
    while let Ok((mut outside, _)) = listener.accept().await {
        let to = *home.lock().expect("no holder panics");
        tokio::spawn(async move {
            let Some(to) = to else { return };
            if let Ok(mut inside) = TcpStream::connect(to).await {
                // Either side may end it in any way it likes.
                let _ = tokio::io::copy_bidirectional(&mut outside, &mut inside).await;
            }
        });
    }
}
