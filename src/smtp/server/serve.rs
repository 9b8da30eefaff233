//! Listeners in, sessions out: the one place where the receiving side meets the internet.

use std::net::IpAddr;
use std::sync::Arc;

use tokio::task::JoinSet;

use super::connection::{Caller, converse};
use super::{Protocol, Shared};
use crate::base::Reply;
use crate::net::listen::{self, Arrival};
use crate::net::socket::{Listener, Socket};

/// Serves until a stop is requested. Then the listeners are closed and this returns; sessions that still run are known to
/// the stop of `shared`, so await its `finished(…)`.
pub async fn serve(listeners: Vec<(Protocol, Listener)>, shared: Shared) {
    let shared = Arc::new(shared);
    let mut loops = JoinSet::new();
    for (protocol, listener) in listeners {
        let shared = Arc::clone(&shared);
        loops.spawn(async move {
            let permits = Arc::clone(&shared.permits);
            let welcome = |arrival| welcome(arrival, protocol, &shared);
            listen::accept(listener, permits, &shared.clock, &shared.stop, welcome).await;
        });
    }
    while let Some(ended) = loops.join_next().await {
        if let Err(error) = ended {
            tracing::error!(%error, "a listener died");
        }
    }
}

fn welcome(arrival: Arrival, protocol: Protocol, shared: &Arc<Shared>) {
    let Arrival { stream, peer, permit } = arrival;
    let peer = peer.ip().to_canonical();
    let visit = match shared.peers.admit(peer, shared.clock.now()) {
        Ok(visit) => visit,
        Err(why) => {
            tracing::info!(%peer, ?why, "turned away");
            let reply = Reply::transient(21, 7, 0, "too many connections from your network, try again later");
            return stream.turn_away(&reply.to_wire());
        }
    };
    let seat = if permit.is_none() { shared.seat() } else { None };
    if permit.is_none() && seat.is_none() {
        return no_room(stream, peer);
    }
    let (shared, running) = (Arc::clone(shared), shared.stop.running());
    tokio::spawn(async move {
        let _until_the_end = running;
        let permit = match permit {
            Some(permit) => Some(permit),
            None => shared.permit().await,
        };
        drop(seat);
        match permit {
            Some(_permit) => {
                converse(stream, Caller { address: Some(peer), protocol, visit: Some(visit) }, &shared).await;
            }
            None => no_room(stream, peer),
        }
    });
}

fn no_room(stream: Socket, peer: IpAddr) {
    tracing::info!(%peer, "turned away: too many connections");
    stream.turn_away(&Reply::transient(21, 3, 2, "too many connections, try again later").to_wire());
}
