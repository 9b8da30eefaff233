//! Running it.
//!
//! # Files
//! All of them are in `data_dir`, which belongs to postcase alone (0700):
//!
//! | file | what it is |
//! |---|---|
//! | `postcase.redb` | the database: addresses, cases, events, the spool, the keys |
//! | `journal-*.seg` | the journal: every message, received or sent ([`journal`](super::journal)) |
//! | `lock` | held by the process that has the store open, with its name |
//! | `socket` | how commands reach the running server |
//! | `api-token` | the secret that the API asks for on TCP |
//!
//! # Stopping
//! SIGTERM or SIGINT: no new connections, running transactions finish within 30 seconds, then the store closes. `kill -9` and
//! power cuts lose nothing that was answered with 250; the next start goes on where the last one ended.
//!
//! # Erasing
//! `postcase message erase ID --reason TEXT` erases a message with its further receipts and our answers to it, and
//! `postcase contact erase ADDRESS --reason TEXT` a contact with all their messages; both show first what that is. Left are
//! ids, times and what was decided, digests by which a copy is still known as a duplicate, and the record that `postcase
//! audit list` shows. The journal's segments and the whole database file are written once more without what is erased: that
//! takes as much room again and, with a large database, some time in which mail is taken and not decided. When the command
//! has succeeded no file of the data folder has the bytes; when it says that they aren't gone yet, mend what it names and
//! start again. Not erased: notes and other messages that quote it, replies at their recipients, exports, backups
//! made before, and free blocks of the disk.
//!
//! # Signing mail
//! `postcase dkim new example.com` makes a DKIM key and prints the TXT record to publish; from then on mail from addresses of
//! that domain is signed. The name is compared as a whole: `help.example.com` has keys of its own. The probes of
//! `address verify` come from `service_domain`; with a key for that, `address show` also says whether the path breaks
//! signatures (`dkim_broken`). To change a key: `dkim new` again, publish, and when the record is seen everywhere
//! `postcase dkim remove example.com SELECTOR`. Leave the old record for a week: mail that it signed is still on its way.
//!
//! # Leaving through a relay
//! `[outbound] smarthost = "smtp.example.net:587"` hands all mail to one host. With a login:
//!
//! ```toml
//! [outbound]
//! smarthost = "smtp.example.net:587"      # with port 465 also: smarthost_tls = "tls"
//! smarthost_user = "postcase@example.net"
//! smarthost_password_file = "relay-password"
//! ```
//!
//! `install -m 600 /dev/stdin relay-password` beside the configuration, as the user who runs postcase, takes the password from
//! the keyboard. It is read for each delivery, so a new one counts at once. Before the host has shown a certificate for its
//! name it gets neither the password nor mail; a relay whose certificate no public authority has signed is named by its
//! authority's certificate or by its own in `smarthost_authorities`, which is read at the start. A refused login (530, 534,
//! 535), a host without TLS or with a wrong certificate, a password file that can't be used: the mail waits, `postcase spool
//! list` has the reason, and after mending it `postcase spool retry ID` doesn't wait for the next attempt. Mail fails only
//! when `give_up_after` is over. `postcase check` looks at the files, too; run it as the same user.
//!
//! # Rules
//! `rules.toml`, beside the configuration, says where new cases go; `config/rules.toml.example` is a beginning. Who places a
//! case, in this order: the first route rule that holds and names a queue or an agent that exists, or holds the message;
//! then the owner or queue of its address; then its fallback queue; then `main`. Everything else that rules say adds up, and
//! of two values for one thing the later counts. Mail for the postmaster, answers to cases, and what can't be read are not
//! shown to rules. `postcase message explain` says what each rule said, and the version of the file.
//!
//! A change is in force within two seconds. A file with a mistake is not: the former rules stay, also after a start, and the
//! log, `postcase rules show`, `postcase check` and each explanation name line and column. A server that never had rules doesn't
//! start with a file that is wrong; without a file it has none, and the log says when one is gone. `check` also warns of rules that can never have a
//! say, and of two where one always undoes what the other says. When a server runs, or there is a store, it warns of what is
//! registered, too: queues, agents, profiles and plugins that are named and aren't there, queues that nobody works on,
//! overflows in a circle, skills and permission sets that nobody has, units that nobody has room for, and keys that changed
//! since the server was started; `check --store` reads the whole store besides. `postcase rules test FILE.eml` shows what each condition makes of a message. A condition that can't be told for a message (a header field that it lacks,
//! numbers compared with texts) doesn't hold; ask first: `"list-id" in headers && …`. Rules see the first 64 KiB of each text
//! and the first 100 entries of each list. Parts of queues are dealt out by a digest of rule and mail id: the same message
//! goes to the same queue each time. A route rule's `overflow` and `fallback` are looked at once, when the message is decided;
//! `queue set --overflow` is about cases that wait already. A message that opens a case at each of several addresses is shown to the rules for each.
//!
//! `postcase replay --rules FILE` runs the stored mail that began a case, or that an adviser holds, through other rules, beside
//! those in force now, and shows what would change; nothing is changed. [`plugins`](super::plugins) are tried in the same way. It
//! sees contacts as they were when the message came, queues that the decision looked at as they were then (`message explain` has
//! them), agents, accounts, settings of addresses as they are now, and of several addresses the first. Where
//! a candidate asks what waited in a queue at which the decision didn't look, it is taken as empty, and named at the end.
//!
//! # Senders
//! `postcase message show ID` says under `auth` what SPF, DKIM, DMARC and ARC said of a message when it was decided. Of
//! mail that your own system forwards SPF speaks about your system, so DMARC rests on the customer's signature; a
//! forwarder that changes text or subject breaks it, and then a customer whose domain has a policy is recognised by the
//! answered message only. `postcase message inspect FILE --peer IP --helo NAME --mail-from ADDRESS` looks up again.
//! While the name servers (`[dns] servers`) are silent everything is `temperror`, and nothing waits for them.
//!
//! # Backup and restore
//! `postcase backup FILE` saves everything into one new file while the server runs, or without it. The server writes the
//! file, so it must be allowed to; it has its name only when it is whole, durable and read back. In it is every message
//! that got its 250 before the backup began. The configuration and certificates are files of yours: save them, too.
//!
//! `postcase restore FILE` fills an empty data folder that no server has open. Nothing is written before the whole file has
//! been verified; a restore that is cut short leaves `restore-unfinished`, and nothing starts on such a folder. What was
//! restored is another store than the one that was saved:
//! - new messages get ids of a new incarnation, and 10,000 case numbers are left out, since the old server may have given
//!   some after the backup;
//! - the spool is held, since the old server may have sent what waits in it: look at `postcase spool list`, then
//!   `postcase spool resume`. `postcase spool hold` does the same by hand at any time;
//! - mail that was not decided when the backup was taken is decided again.
//!
//! The file is a tar archive (ustar), so `tar -tf` lists it and the journal's segments can be taken out of it:
//!
//! | member | holds |
//! |---|---|
//! | `postcase-backup.json` | format version (1), program, time |
//! | `database/NNNNNNNN` | rows, one after the other: table, key and stored value, each with its length in front as 4 bytes, little-endian |
//! | `journal-*.seg` | segments as they are ([`journal`](super::journal)), up to their last durable byte |
//! | `checksum` | BLAKE3 of everything in front of this member, hexadecimal |
//!
//! A file with another format version or any other member is refused: restore it with the version that made it.
//!
//! # When something is wrong
//! - `serve` ends by itself with exit code 1 and one line when the disk reports an error on a write or sync of the journal or
//!   the database. Nothing is lost; mend the disk and start again. Senders are told to try again (451).
//! - The disk fills up: from `[store] free_space_min` on (and 5 % of the disk and of its inodes, and three of the largest
//!   messages) new mail is put off with 452 before it is begun. Should the disk be full all the same: 452 while the
//!   journal finds no room; when the database finds none, `serve` ends as above. Make room and start again.
//! - `postcase check --store` reads every message and every row, also while the server runs, and names what is damaged; a
//!   start names what it comes by. The rest stays readable. A damaged message is shown by what the database knows of
//!   it; its text is in a backup.
//! - A mail that ends the process each time it is read: after three starts it is a case made from its envelope, marked in
//!   its subject, and its bytes are in `postcase message raw ID`.
//! - A mail isn't where you expect it: `postcase message list --address A`, then `postcase message explain ID`.
//! - A reply doesn't arrive: `postcase case show N` has the peer's words; `postcase spool list` what still waits.
