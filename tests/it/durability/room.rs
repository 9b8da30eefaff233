//! A disk that fills up: the floor that keeps mail out before it is full, and a real one that is.

use std::path::PathBuf;
use std::process::Command;

use libtest_mimic::{Completion, Failed, Trial};
use postcase::base::{Clock, ReversePath};
use postcase::desk::command::{Answers, Archived};
use postcase::desk::{Command as Ask, RefusalKind};
use postcase::server::Running;
use postcase::store::{Room, SimulatedMedium};

use super::life::{ADDRESS, Place, Told, add_address, send};
use crate::child::{Home, Server};
use crate::smtp::{self, Connection, Outgoing};
use crate::unit::wait;

const MIB: u64 = 1 << 20;
/// The little disk.
const DISK_MIB: u64 = 24;

pub fn trials() -> Vec<Trial> {
    let really_full = || match Tmpfs::mount() {
        Ok(disk) => wait(full(&disk)).map(|()| Completion::Completed),
        Err(why) => Ok(Completion::ignored_with(why)),
    };
    vec![
        Trial::test("durability: no mail is begun under the floor of free disk space", || wait(floor())),
        Trial::ignorable_test("durability: a disk that is really full", really_full),
    ]
}

async fn floor() -> Result<(), Failed> {
    let (place, medium, mut told) = (Place::new().await?, SimulatedMedium::new(), Told::default());
    let running = place.start(&medium).await?;
    add_address(&running).await;
    // The floor of the default settings is 1 GiB.
    let left = |mib: u64| {
        let disk = Room { bytes_free: (1024 + mib) * MIB, bytes: 10 * 1024 * MIB, files_free: 1000, files: 1000 };
        medium.set_room(disk);
    };
    let open = async || {
        let mut connection = Connection::open(running.smtp()[0], None).await?;
        connection.reply().await?;
        connection.command("EHLO client.example").await?;
        Ok::<_, String>(connection)
    };
    let (mut one, mut two) = (open().await?, open().await?);
    let small = format!("MAIL FROM:<a@b.example> SIZE={}", 10 * MIB);
    let expect =
        async |connection: &mut Connection, command: &str, expected: &str| match connection.command(command).await {
            Ok(reply) if reply[0].starts_with(expected) => Ok(()),
            reply => Err(format!("{command}: expected {expected}, got {reply:?}")),
        };
    left(15);
    expect(&mut one, &small, "250 2.1.0").await?;
    expect(&mut two, &small, "452 4.3.1").await?;
    expect(&mut two, "MAIL FROM:<a@b.example>", "250 2.1.0").await?;
    expect(&mut two, "RSET", "250").await?;
    // What a transaction reserved is free again when it ends, in whatever way.
    for end in ["RSET", "EHLO again.example"] {
        expect(&mut one, end, "250").await?;
        expect(&mut two, &small, "250 2.1.0").await?;
        expect(&mut two, "RSET", "250").await?;
        expect(&mut one, &small, "250 2.1.0").await?;
        expect(&mut two, &small, "452 4.3.1").await?;
    }
    drop(one);
    for again in 0.. {
        // The server notices the end of the first connection when it gets round to it.
        match expect(&mut two, &small, "250 2.1.0").await {
            Err(refused) if again == 100 => return Err(refused.into()),
            Err(_) => Clock::system().sleep(std::time::Duration::from_millis(20)).await,
            Ok(()) => break,
        }
    }
    drop(two);
    left(0);
    if !send(&running, &mut told, "floor", None).await {
        return Err("mail is refused at the floor".into());
    }
    medium.set_room(Room { bytes_free: 1023 * MIB, bytes: 2048 * MIB, files_free: 1000, files: 1000 });
    if send(&running, &mut told, "under", None).await {
        return Err("mail is taken under the floor".into());
    }
    if import(&running).await != Err(RefusalKind::Refused) {
        return Err("an archive is taken under the floor".into());
    }
    left(15);
    if import(&running).await.is_err() {
        return Err("an archive is refused above the floor".into());
    }
    running.stop().await;
    Ok(())
}

/// One message from an archive.
async fn import(running: &Running) -> Result<(), RefusalKind> {
    let message = b"From: anna@customer.example\r\nDate: Fri, 20 Nov 2026 10:00:00 +0000\r\n\r\nx\r\n";
    let content = data_encoding::BASE64.encode(message);
    let archived = Archived { from: ReversePath::Null, received_at: None, content };
    let address = ADDRESS.parse().expect("it is a mailbox");
    let answer = running.answer(Ask::Import { address, messages: vec![archived] }).await;
    answer.map(drop).map_err(|refusal| refusal.kind)
}

/// A disk in memory of its own; unmounted when dropped.
struct Tmpfs {
    place: tempfile::TempDir,
}

impl Tmpfs {
    /// Or why there can be none.
    fn mount() -> Result<Self, String> {
        let place = tempfile::tempdir().map_err(|error| error.to_string())?;
        let options = format!("size={DISK_MIB}m,mode=700");
        let mut mount = Command::new("mount");
        let done = mount.args(["-t", "tmpfs", "-o", &options, "postcase-test"]).arg(place.path()).output();
        match done {
            Ok(done) if done.status.success() => Ok(Self { place }),
            _ => Err("mounting one needs root".into()),
        }
    }

    fn data(&self) -> PathBuf {
        self.place.path().join("data")
    }

    /// Leaves so much free.
    fn fill(&self, left: usize) -> Result<(), String> {
        let name = self.place.path().join("filler");
        let room = rustix::fs::statvfs(self.place.path()).map_err(|error| error.to_string())?;
        let free = usize::try_from(room.f_bavail * room.f_frsize).map_err(|error| error.to_string())?;
        std::fs::write(name, vec![1; free.saturating_sub(left)]).map_err(|error| error.to_string())
    }

    fn free(&self) -> Result<(), String> {
        std::fs::remove_file(self.place.path().join("filler")).map_err(|error| error.to_string())
    }
}

impl Drop for Tmpfs {
    fn drop(&mut self) {
        // Lazily, so that a process that is still ending keeps nobody from it.
        let _ = Command::new("umount").arg("-l").arg(self.place.path()).status();
    }
}

/// Mail until the disk is full; then 452 or the end, and nothing lost after there is room again.
async fn full(disk: &Tmpfs) -> Result<(), Failed> {
    under_the_floor(disk).await?;
    let home = Home::on(&disk.data(), "free_space_min = 0")?;
    let mut promises = Vec::new();
    let mut ends = 0;
    for round in 0..6 {
        let mut server = home.start()?;
        if round == 0 {
            home.json(&["address", "add", "support@company.example", "--mode", "direct"])?;
        }
        // Little by little, so that now journal and now database is the first to meet the end.
        disk.fill(400_000 + 70_000 * round)?;
        let refused = fill_up(&server, round, &mut promises).await?;
        disk.free()?;
        match server.ended()? {
            Some(said) if said.contains("No space left") && said.contains("free some disk space") => ends += 1,
            Some(said) => return Err(format!("it ended without saying what to do: {said}").into()),
            None if refused.starts_with("452 4.3.1") => taken_again(&server, round, &mut promises).await?,
            None => return Err(format!("it goes on and said {refused}").into()),
        }
        server.kill()?;
    }
    let _server = home.start()?;
    let listed = home.json(&["message", "list", "--all"])?;
    let ids: Vec<&str> = listed.as_array().into_iter().flatten().filter_map(|message| message["id"].as_str()).collect();
    match promises.iter().find(|id| ids.iter().filter(|listed| listed == id).count() != 1) {
        Some(lost) => Err(format!("{lost} got its 250 and is lost, after {ends} ends").into()),
        None if promises.len() < 10 => Err("hardly anything was taken, so nothing was shown".into()),
        None => Ok(()),
    }
}

/// The little disk is under any floor from the beginning: the server runs, and takes nothing.
async fn under_the_floor(disk: &Tmpfs) -> Result<(), Failed> {
    let folder = disk.place.path().join("floored");
    let home = Home::on(&folder, "free_space_min = \"16MiB\"")?;
    let server = home.start()?;
    home.json(&["address", "add", "support@company.example", "--mode", "direct"])?;
    let reply = one(&server, "below", 10).await?;
    if !reply.starts_with("452 4.3.1") {
        return Err(format!("under the floor it says {reply}").into());
    }
    server.kill()?;
    std::fs::remove_dir_all(&folder).map_err(|error| error.to_string())?;
    Ok(())
}

/// Sends until something is refused; what was said then, or nothing when the server has ended.
async fn fill_up(server: &Server, round: usize, promises: &mut Vec<String>) -> Result<String, String> {
    for n in 0..2000 {
        let reply = one(server, &format!("{round}.{n}"), 20_000).await.unwrap_or_default();
        match reply.strip_prefix("250 2.0.0 ") {
            Some(id) => promises.push(id.split(' ').next().unwrap_or(id).to_owned()),
            None => return Ok(reply),
        }
    }
    Err("the disk never fills up".into())
}

/// After a 452 there is room, and the same server goes on, unless its database was at the end, too.
async fn taken_again(server: &Server, round: usize, promises: &mut Vec<String>) -> Result<(), String> {
    let reply = one(server, &format!("{round}.again"), 20_000).await.unwrap_or_default();
    if let Some(id) = reply.strip_prefix("250 2.0.0 ") {
        promises.push(id.split(' ').next().unwrap_or(id).to_owned());
    }
    Ok(())
}

/// Noise, so that it isn't compressed.
async fn one(server: &Server, name: &str, bytes: usize) -> Result<String, String> {
    let chance = postcase::base::Chance::seeded(name.bytes().map(u64::from).sum());
    let noise: String =
        (0..bytes / 64).map(|_| data_encoding::HEXLOWER.encode(&chance.bytes::<31>()) + "\r\n").collect();
    let message = format!("From: a@b.example\r\nMessage-ID: <{name}@b.example>\r\nSubject: {name}\r\n\r\n{noise}");
    let mail = Outgoing {
        helo: "b.example".into(),
        from: "a@b.example".into(),
        to: vec!["support@company.example".into()],
        message: message.into_bytes(),
    };
    Ok(smtp::send(server.smtp, &mail).await?.remove(0))
}
