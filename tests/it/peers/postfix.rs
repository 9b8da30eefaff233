//! A Postfix of the test's own: its configuration, queue and data are in a temporary folder, and it listens on loopback
//! only. It needs root, as Postfix does. Dropping it stops it, by its own configuration and process id.

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// Where distributions put it; it isn't on everybody's path.
const PROGRAM: &str = "/usr/sbin/postfix";
const START: Duration = Duration::from_secs(15);
const PAUSE: Duration = Duration::from_millis(50);

/// Nothing runs in a chroot; `PORT` is replaced.
const SERVICES: &str = "\
127.0.0.1:PORT inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
smtp unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
proxymap unix - - n - - proxymap
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
";

/// Which way mail goes.
pub struct Roads<'a> {
    /// Where Postfix listens.
    pub port: u16,
    /// Addresses of companies that are forwarded, and where to.
    pub aliases: &'a [Alias],
    /// Where mail for the targets' domain goes.
    pub postcase: SocketAddr,
    /// Where all other mail goes.
    pub elsewhere: SocketAddr,
    /// Further listeners.
    pub doors: Vec<Door>,
}

/// An address, its target, and further names that mean other targets only when mail leaves.
pub type Alias = (String, String, Vec<(String, String)>);

/// A listener whose mail is changed on its way.
pub struct Door {
    pub name: &'static str,
    pub ip: Ipv4Addr,
    /// Lines of header_checks(5).
    pub header_checks: &'static str,
    /// Lines of canonical(5) for reverse-paths.
    pub reverse_path: &'static str,
    /// Mail goes there first and comes back to the main listener.
    pub filter: Option<SocketAddr>,
}

impl Door {
    /// Its lines of master(5).
    fn services(&self, etc: &Path, port: u16) -> String {
        let Self { name, ip, .. } = self;
        let etc = etc.display();
        let filter = self.filter.map(|filter| format!(" -o content_filter=smtp:[{}]:{}\n", filter.ip(), filter.port()));
        format!(
            "{ip}:{port} inet n - n - - smtpd\n -o cleanup_service_name=cleanup-{name}\n{}\
             cleanup-{name} unix n - n - 0 cleanup\n -o header_checks=regexp:{etc}/{name}.header\n \
             -o sender_canonical_maps=regexp:{etc}/{name}.sender\n -o sender_canonical_classes=envelope_sender\n",
            filter.unwrap_or_default()
        )
    }
}

/// A running Postfix.
pub struct Postfix {
    folder: TempDir,
    master: Child,
    port: u16,
}

impl Postfix {
    /// Why it can't run here.
    pub fn missing() -> Option<String> {
        let root = std::fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0);
        match Path::new(PROGRAM).exists() {
            false => Some("postfix is not installed".into()),
            true if !root => Some("postfix needs root".into()),
            true => None,
        }
    }

    /// Returns when it listens.
    pub fn start(roads: &Roads<'_>) -> Result<Self, String> {
        let folder = prepare(roads).map_err(|error| format!("no folder for postfix: {error}"))?;
        let mut start = Command::new(PROGRAM);
        start.arg("-c").arg(configuration(folder.path())).arg("start-fg");
        start.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let master = start.spawn().map_err(|error| format!("{PROGRAM}: {error}"))?;
        let mut postfix = Self { folder, master, port: roads.port };
        let begun = Instant::now();
        while TcpStream::connect(postfix.address()).is_err() {
            let ended = postfix.master.try_wait().is_ok_and(|status| status.is_some());
            if ended || begun.elapsed() > START {
                return Err(format!("postfix doesn't listen:\n{}", postfix.said()));
            }
            std::thread::sleep(PAUSE);
        }
        Ok(postfix)
    }

    pub fn address(&self) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], self.port))
    }

    /// Its log.
    pub fn said(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }
}

impl Drop for Postfix {
    fn drop(&mut self) {
        let mut stop = Command::new(PROGRAM);
        stop.arg("-c").arg(configuration(self.folder.path())).arg("stop");
        // When it has ended already nothing is left to stop.
        let _ = stop.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
        let _ = self.master.kill();
        let _ = self.master.wait();
    }
}

/// A port that was free a moment ago.
pub fn free_port() -> Result<u16, String> {
    let listener = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
    listener.map(|address| address.port()).map_err(|error| error.to_string())
}

fn configuration(folder: &Path) -> PathBuf {
    folder.join("etc")
}

fn prepare(roads: &Roads<'_>) -> std::io::Result<TempDir> {
    let folder = tempfile::tempdir()?;
    // Its daemons run as other users.
    std::fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o755))?;
    for name in ["etc", "queue", "data"] {
        std::fs::create_dir(folder.path().join(name))?;
    }
    let owned = Command::new("chown").arg("postfix").arg(folder.path().join("data")).status()?;
    if !owned.success() {
        return Err(std::io::Error::other("there is no user postfix"));
    }
    let etc = configuration(folder.path());
    std::fs::write(etc.join("main.cf"), main(folder.path(), roads))?;
    let doors = roads.doors.iter().map(|door| door.services(&etc, roads.port));
    let services = SERVICES.replace("PORT", &roads.port.to_string()) + &doors.collect::<String>();
    std::fs::write(etc.join("master.cf"), services)?;
    for Door { name, header_checks, reverse_path, .. } in &roads.doors {
        std::fs::write(etc.join(format!("{name}.header")), format!("{header_checks}\n"))?;
        std::fs::write(etc.join(format!("{name}.sender")), format!("{reverse_path}\n"))?;
    }
    let (mut aliases, mut transports, mut names) = (String::new(), BTreeSet::new(), String::new());
    for (alias, target, more) in roads.aliases {
        let targets = std::iter::once(target).chain(more.iter().map(|(name, _)| name));
        let targets: Vec<&str> = targets.map(String::as_str).collect();
        transports.extend(targets.iter().map(|target| domain(target).to_owned()));
        aliases += &format!("{alias} {}\n", targets.join(", "));
        names.extend(more.iter().map(|(name, target)| format!("{name} {target}\n")));
    }
    let lines = transports.iter().map(|domain| format!("{domain} smtp:[127.0.0.1]:{}\n", roads.postcase.port()));
    std::fs::write(etc.join("transport"), lines.collect::<String>())?;
    std::fs::write(etc.join("virtual"), aliases)?;
    std::fs::write(etc.join("generic"), names)?;
    Ok(folder)
}

fn domain(address: &str) -> &str {
    address.rsplit('@').next().unwrap_or_default()
}

fn main(folder: &Path, roads: &Roads<'_>) -> String {
    let place = folder.display();
    let companies: Vec<&str> = roads.aliases.iter().map(|(alias, ..)| domain(alias)).collect();
    let (first, companies) = (companies[0], companies.join(" "));
    format!(
        "compatibility_level = 3.6\n\
         queue_directory = {place}/queue\n\
         data_directory = {place}/data\n\
         maillog_file = {place}/log\n\
         maillog_file_prefixes = {place}\n\
         myhostname = mail.{first}\n\
         mydestination =\n\
         inet_interfaces = 127.0.0.1\n\
         inet_protocols = ipv4\n\
         mynetworks = 127.0.0.0/8\n\
         smtpd_relay_restrictions = permit_mynetworks, reject\n\
         smtp_dns_support_level = disabled\n\
         smtp_host_lookup = native\n\
         alias_maps =\n\
         alias_database =\n\
         virtual_alias_domains = {companies}\n\
         virtual_alias_maps = texthash:{place}/etc/virtual\n\
         transport_maps = texthash:{place}/etc/transport\n\
         smtp_generic_maps = texthash:{place}/etc/generic\n\
         smtp_destination_recipient_limit = 1\n\
         relayhost = [127.0.0.1]:{}\n",
        roads.elsewhere.port()
    )
}
