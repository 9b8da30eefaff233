//! What a peer and the server say to each other.

use super::*;
use crate::base::limits;

/// Up to the 354 of a message from `from` to one recipient.
fn data(from: &str) -> String {
    format!(
        "S: 220 {HOSTNAME} ESMTP
         C: EHLO client.example.com
         C: MAIL FROM:<{from}>
         C: RCPT TO:<support@example.net>
         C: DATA
         S: 250-{HOSTNAME}
         S: 250-SIZE 300
         S: 250-PIPELINING
         S: 250-8BITMIME
         S: 250-SMTPUTF8
         S: 250-ENHANCEDSTATUSCODES
         S: 250 LIMITS RCPTMAX=3
         S: 250 2.1.0
         S: 250 2.1.5
         S: 354 \n"
    )
}

#[test]
fn a_typical_session() {
    check(
        r"S: 220 mail.example.net ESMTP
          C: HELO client.example.com
          S: 250 mail.example.net
          C: MAIL FROM:<anna@example.com>
          S: 250 2.1.0
          C: RCPT TO:<support@example.net>
          S: 250 2.1.5
          C: RCPT TO:<nobody@example.net>
          S: 550 5.1.1
          C: RCPT TO:<sales@example.net>
          S: 250 2.1.5
          C: DATA
          S: 354
          C: Subject: hello
          C:
          C: ..hidden dot
          C: .
          S: 250 2.0.0 mail-1
          M: SMTP anna@example.com > support@example.net, sales@example.net: Subject: hello\r\n\r\n.hidden dot\r\n
          C: QUIT
          S: 221 2.0.0
          S:",
    );
}

#[test]
fn a_pipelined_batch_with_messages_in_it() {
    check(
        r"S: 220
          C: EHLO client.example.com
          S: 250-mail.example.net
          S: 250-SIZE 300
          S: 250-PIPELINING
          S: 250-8BITMIME
          S: 250-SMTPUTF8
          S: 250-ENHANCEDSTATUSCODES
          S: 250 LIMITS RCPTMAX=3
          C: MAIL FROM:<anna@example.com> SIZE=20 BODY=8BITMIME
          C: RCPT TO:<support@example.net>
          C: DATA
          C: Subject: one
          C: .
          C: MAIL FROM:<> SMTPUTF8
          C: RCPT TO:<Postmaster>
          C: DATA
          C: .
          C: NOOP
          C: QUIT
          C: NOOP
          S: 250 2.1.0
          S: 250 2.1.5
          S: 354
          S: 250 2.0.0 mail-1
          S: 250 2.1.0
          S: 250 2.1.5
          S: 354
          S: 250 2.0.0 mail-2
          S: 250 2.0.0
          S: 221 2.0.0
          S:
          M: ESMTP anna@example.com > support@example.net: Subject: one\r\n
          M: UTF8SMTP <> > postmaster@mail.example.net: ",
    );
}

#[test]
fn every_byte_on_its_own() {
    let bytes = r"EHLO a\r\nMAIL FROM:<>\r\nRCPT TO:<support@example.net>\r\nDATA\r\n.\\.\r\n..\r\n.\r\nQUIT\r\n";
    let mut dialogue = "S: 220\n".to_owned();
    for byte in unescape(bytes) {
        dialogue.push_str(&format!("B: {}\n@ wait 0\n", (byte as char).escape_default()));
    }
    let replies =
        "S: 250-\n S: 250-\n S: 250-\n S: 250-\n S: 250-\n S: 250-\n S: 250 L\n S: 250 2.1.0\n S: 250 2.1.5\n S: 354 ";
    dialogue.push_str(replies);
    dialogue.push_str("\nS: 250 2.0.0\nS: 221 2.0.0\nS:\nM: ESMTP <> > support@example.net: \\\\.\\r\\n.\\r\\n");
    check(&dialogue);
}

#[test]
fn smuggled_mail_stays_inside_the_message() {
    for sequence in
        [r"\n.\n", r"\n.\r", r"\r.\n", r"\r.\r", r"\n.\r\n", r"\r.\r\n", r"\r\n.\n", r"\r\n.\r\r\n", r"\r\r\n.\r\r\n"]
    {
        let smuggling = data("anna@example.com")
            + &format!(
                r"B: one{sequence}MAIL FROM:<ceo@example.net>\r\nRCPT TO:<support@example.net>\r\nDATA\r\ntwo\r\n.\r\n
                  C: NOOP
                  S: 550 5.5.2
                  S: 250 2.0.0"
            );
        check(&smuggling);
    }
    // NUL is a byte like any other.
    let nul = data("anna@example.com")
        + r"B: one\r\n\0.\r\nMAIL FROM:<ceo@example.net>\r\n.\r\n
            S: 250 2.0.0
            M: ESMTP anna@example.com > support@example.net: one\r\n\x00.\r\nMAIL FROM:<ceo@example.net>\r\n";
    check(&nul);
}

#[test]
fn bare_newlines_are_completed_when_asked() {
    let dialogue = data("anna@example.com")
        + r"B: one\n.\r\ntwo\rthree\r\n..four\r\n.\r\n
            S: 250 2.0.0
            M: ESMTP anna@example.com > support@example.net: one\r\n.\r\ntwo\r\nthree\r\n.four\r\n";
    check_with(Settings { bare_newlines: BareNewlines::Normalise, ..settings() }, usize::MAX >> 3, &dialogue);
}

#[test]
fn messages_that_are_refused_leave_a_session_that_goes_on() {
    let after = "S: 250 2.1.0\n S: 250 2.1.5\n S: 354 \n S: 250 2.0.0\n M: ESMTP <> > support@example.net: short\\r\\n";
    let again = "C: MAIL FROM:<>\n C: RCPT TO:<support@example.net>\n C: DATA\n C: short\n C: .\n";
    let too_large = "x".repeat(299);
    check(&(data("anna@example.com") + &format!("C: {too_large}\nC: .\n{again}S: 552 5.3.4\n{after}")));
    for (from, reply) in
        [("nobody@a.example", "550 5.1.1"), ("later@a.example", "451 4.3.0"), ("bug@a.example", "451 4.3.0")]
    {
        check(&(data(from) + &format!("C: text\nC: .\n{again}S: {reply}\n{after}")));
    }
}

#[test]
fn a_message_of_the_exact_size_is_taken() {
    let text = "x".repeat(298);
    let message = format!("C: {text}\nC: .\nS: 250 2.0.0\nM: ESMTP <> > support@example.net: {text}\\r\\n");
    check(&(data("") + &message));
}

#[test]
fn a_message_that_goes_in_circles() {
    let settings = || Settings { message_bytes_max: 10_000, ..settings() };
    let start = data("").replace("SIZE 300", "SIZE 10000");
    let hops = "C: Received: by a\n".repeat(limits::RECEIVED_HOPS_MAX);
    let taken = "Received: by a\\r\\n".repeat(limits::RECEIVED_HOPS_MAX);
    let dialogue = format!("{start}{hops}C: .\nS: 250 2.0.0\nM: ESMTP <> > support@example.net: {taken}");
    check_with(settings(), usize::MAX >> 3, &dialogue);
    let dialogue = format!("{start}{hops}C: Received: by b\nC: .\nS: 554 5.4.6");
    check_with(settings(), usize::MAX >> 3, &dialogue);
}

#[test]
fn no_memory_for_a_message() {
    let line = format!("C: {}\n", "x".repeat(998));
    let settings = || Settings { message_bytes_max: 100_000, ..settings() };
    let start = data("").replace("SIZE 300", "SIZE 100000");
    // Nothing at all, and too little for the whole message.
    for budget in [0, 2 * limits::MESSAGE_STEP_BYTES] {
        let dialogue = format!("{start}{}C: .\nC: NOOP\nS: 452 4.3.1\nS: 250 2.0.0", line.repeat(40));
        check_with(settings(), budget, &dialogue);
    }
    // What was given back is there for the next one.
    let again = "C: MAIL FROM:<>\nC: RCPT TO:<support@example.net>\nC: DATA\nC: a\nC: .\n";
    let dialogue = format!(
        "{start}{}C: .\n{again}S: 452 4.3.1\nS: 250 2.1.0\nS: 250 2.1.5\nS: 354 \nS: 250 2.0.0\nM: ESMTP <> > {}",
        line.repeat(60),
        "support@example.net: a\\r\\n"
    );
    check_with(settings(), 2 * limits::MESSAGE_STEP_BYTES, &dialogue);
}

#[test]
fn a_host_that_refuses_puts_off_or_breaks() {
    check(
        r"S: 220
          C: HELO a
          C: MAIL FROM:<>
          C: RCPT TO:<nobody@example.net>
          C: RCPT TO:<later@example.net>
          C: RCPT TO:<bug@example.net>
          C: DATA
          C: RCPT TO:<support@example.net>
          C: RCPT TO:<SUPPORT@EXAMPLE.NET>
          C: DATA
          C: .
          S: 250 mail.example.net
          S: 250 2.1.0
          S: 550 5.1.1
          S: 451 4.3.0
          S: 451 4.3.0
          S: 554 5.5.1
          S: 250 2.1.5
          S: 250 2.1.5
          S: 354
          S: 250 2.0.0
          M: SMTP <> > support@example.net: ",
    );
}

#[test]
fn command_lines_that_are_refused() {
    check(
        r"S: 220
          B: NOOP\n
          B: NOOP\r\r\n
          B: NO\0OP\r\n
          B: \r\n
          C: NOOP
          S: 500 5.5.2
          S: 500 5.5.2
          S: 500 5.5.2
          S: 500 5.5.2
          S: 250 2.0.0",
    );
    let longest = "x".repeat(limits::COMMAND_LINE_BYTES_MAX - "NOOP \r\n".len());
    check(&format!("S: 220\nC: NOOP {longest}\nC: NOOP x{longest}\nC: NOOP\nS: 250 2.0.0\nS: 500 5.5.2\nS:"));
    check(&format!("S: 220\nB: NOOP {longest}xx\nS: 500 5.5.2\nS:"));
}

#[test]
fn too_many_refusals() {
    let four = "C: WHAT\n".repeat(4) + &"S: 500 5.5.2\n".repeat(4);
    // From the fifth on each waits a second more; what is not refused doesn't wait.
    let slow = |seconds| format!("C: WHAT\n C: NOOP\n @ wait {seconds}\n S: 500 5.5.2\n S: 250 2.0.0\n");
    let more: String = (1..=5).map(slow).collect();
    check(&format!("S: 220\n {four}{more}C: WHAT\n C: NOOP\n @ wait 6\n S: 500 5.5.2\n S: 421 4.7.0\n S:"));
    // A stop doesn't wait.
    check(&format!("S: 220\n {four}C: WHAT\n @ wait 0\n @ stop\n S: 500 5.5.2\n S: 421 4.3.2\n S:"));
}

#[test]
fn peers_that_are_not_mail_senders() {
    check("C: EHLO hasty.example.com\n S: 554 5.5.0\n S:");
    check("C: GET / HTTP/1.1\n S: 554 5.5.0\n S:");
    check("S: 220\n C: POST /cases HTTP/1.1\n C: MAIL FROM:<>\n S: 554 5.5.0\n S:");
}

#[test]
fn silence() {
    check("S: 220\n @ wait 299\n C: NOOP\n S: 250 2.0.0\n @ wait 300\n S: 421 4.4.2\n S:");
    // The time is the line's, not the byte's.
    check("S: 220\n B: NO\n @ wait 299\n B: O\n @ wait 1\n S: 421 4.4.2\n S:");
}

#[test]
fn messages_that_come_slowly() {
    check(&(data("") + "C: text\n @ wait 60\n S: 421 4.4.2\n S:"));
    check(&(data("") + "C: text\n @ wait 59\n C: text\n @ wait 1\n S: 421 4.4.2\n S:"));
    // At the lowest rate that is allowed it goes on, and yet it ends.
    let minute = format!("C: {}\n @ wait 60\n", "x".repeat(30_000));
    check(&(data("") + &minute.repeat(60) + "S: 421 4.4.2\n S:"));
    check(&(data("") + &minute.repeat(59) + "C: .\n S: 552 5.3.4"));
}

#[test]
fn large_messages_hurry_while_memory_is_short() {
    let settings = || Settings { message_bytes_max: 1 << 20, ..settings() };
    let start = data("").replace("SIZE 300", "SIZE 1048576");
    let large = format!("C: {}\n @ wait 5\n C: {}\n @ wait 10\n", "x".repeat(150_000), "x".repeat(150_000));
    check_with(settings(), 1 << 20, &format!("{start}{large}C: .\n S: 250 2.0.0\n M: {}", taken(300_000)));
    check_with(settings(), 400_000, &format!("{start}{large}S: 421 4.4.2\n S:"));
}

/// What the host shows of two lines that have so many bytes together.
fn taken(bytes: usize) -> String {
    let line = "x".repeat(bytes / 2) + "\\r\\n";
    format!("ESMTP <> > support@example.net: {line}{line}")
}

/// A server on which all connections but one in ten are taken.
fn stressed() -> (Arc<KeepingHost>, Shared) {
    let (host, server) = shared(Settings { connections_max: 10, ..settings() }, None, usize::MAX >> 3);
    std::mem::forget(Arc::clone(&server.permits).try_acquire_many_owned(9).unwrap());
    (host, server)
}

#[test]
fn under_stress() {
    let check = |dialogue: &str| check_server(stressed(), Caller::default(), dialogue);
    check("S: 220\n C: NOOP\n S: 250 2.0.0\n @ wait 9\n C: NOOP\n S: 250 2.0.0\n @ wait 10\n S: 421 4.4.2\n S:");
    check("S: 220\n C: WHAT\n S: 500 5.5.2\n S: 421 4.7.0\n S:");
    check(&(data("") + "C: text\n @ wait 10\n S: 421 4.4.2\n S:"));
}

#[test]
fn stress_ends_the_patience_with_those_who_wait_already() {
    let (host, server) = shared(Settings { connections_max: 10, ..settings() }, None, usize::MAX >> 3);
    let permits = Arc::clone(&server.permits);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let clock = server.clock.clone();
        let dialogue = "S: 220\n @ wait 100\n @ wait 0\n @ wait 10\n S: 421 4.4.2\n S:";
        let play = tokio::spawn(play(host, server, Caller::default(), dialogue));
        while clock.now() < Time::from_second(100).unwrap() {
            tokio::task::yield_now().await;
        }
        let _taken = permits.try_acquire_many_owned(9).unwrap();
        play.await.unwrap();
    });
}

#[test]
fn a_suspect_peer_waits_for_its_greeting() {
    let suspect = |server: &Shared| {
        let peer = "192.0.2.1".parse().unwrap();
        let visit = || server.peers.admit(peer, Time::UNIX_EPOCH).unwrap();
        (0..limits::PEER_BARREN_MAX / 2).for_each(|_| drop(visit()));
        Caller { visit: Some(visit()), ..Caller::default() }
    };
    for (dialogue, accepted) in [
        ("@ wait 1\n C: EHLO hasty\n S: 554 5.5.0\n S:", false),
        ("@ wait 2\n S: 220\n C: HELO patient\n S: 250 mail", true),
    ] {
        let server = shared(settings(), None, usize::MAX >> 3);
        let caller = suspect(&server.1);
        assert!(caller.visit.as_ref().is_some_and(|visit: &Visit| visit.is_suspect), "{accepted}");
        check_server(server, caller, dialogue);
    }
}

#[test]
fn tls() {
    let hello = "S: 250-mail\n S: 250-SIZE\n S: 250-PIPELINING\n S: 250-8BITMIME\n S: 250-SMTPUTF8\n S: 250-ENH\n
                 S: 250-LIMITS\n";
    check_tls(&format!(
        r"S: 220
          C: EHLO a
          {hello}S: 250 STARTTLS
          C: MAIL FROM:<eve@example.com>
          C: STARTTLS
          S: 250 2.1.0
          S: 220 2.0.0
          @ tls
          C: RCPT TO:<support@example.net>
          S: 503 5.5.1
          C: EHLO b
          {hello}S: 250 REQUIRETLS
          C: MAIL FROM:<anna@example.com> REQUIRETLS
          C: RCPT TO:<support@example.net>
          C: DATA
          S: 250 2.1.0
          S: 250 2.1.5
          S: 354
          C: secret
          C: .
          S: 250 2.0.0
          M: ESMTPS anna@example.com > support@example.net: secret\r\n
          C: STARTTLS
          S: 503 5.5.1
          C: QUIT
          S: 221 2.0.0
          S:"
    ));
}

#[test]
fn what_came_behind_starttls_is_nobodys() {
    check_tls("S: 220\n C: STARTTLS\n C: MAIL FROM:<eve@example.com>\n S: 554 5.5.0\n S:");
    check_tls("S: 220\n B: STARTTLS\\r\\nx\n S: 554 5.5.0\n S:");
    // Anything but a handshake ends the session without a word.
    check_tls("S: 220\n C: STARTTLS\n S: 220 2.0.0\n C: EHLO a\n S:");
    check_tls("S: 220\n C: STARTTLS\n S: 220 2.0.0\n @ wait 30\n S:");
}

#[test]
fn lmtp_answers_for_each_recipient() {
    let caller = Caller { protocol: Protocol::Lmtp, ..Caller::default() };
    check_server(
        shared(settings(), None, usize::MAX >> 3),
        caller,
        r"S: 220 mail.example.net LMTP
          C: LHLO relay.example.net
          S: 250-mail
          S: 250-SIZE
          S: 250-PIPELINING
          S: 250-8BITMIME
          S: 250-SMTPUTF8
          S: 250-ENHANCEDSTATUSCODES
          S: 250 LIMITS
          C: MAIL FROM:<anna@example.com>
          C: RCPT TO:<support@example.net>
          C: RCPT TO:<nobody@example.net>
          C: RCPT TO:<sales@example.net>
          C: RCPT TO:<support@example.net>
          C: DATA
          C: text
          C: .
          C: NOOP
          S: 250 2.1.0
          S: 250 2.1.5
          S: 550 5.1.1
          S: 250 2.1.5
          S: 250 2.1.5
          S: 354
          S: 250 2.0.0 mail-1
          S: 250 2.0.0 mail-1
          S: 250 2.0.0 mail-1
          S: 250 2.0.0 fine
          M: LMTP anna@example.com > support@example.net, sales@example.net: text\r\n",
    );
}

#[test]
fn a_stop() {
    check("S: 220\n @ stop\n S: 421 4.3.2\n S:");
    check("S: 220\n C: HELO a\n C: MAIL FROM:<>\n S: 250 mail\n S: 250 2.1.0\n @ stop\n S: 421 4.3.2\n S:");
    check(
        &(data("")
            + r"@ stop
                C: still said,
                @ wait 20
                C: piece by piece
                @ wait 9
                C: .
                C: NOOP
                S: 250 2.0.0
                S: 421 4.3.2
                S:
                M: ESMTP <> > support@example.net: still said,\r\npiece by piece\r\n"),
    );
}

#[test]
fn a_peer_that_leaves() {
    check("S: 220\n C: EHLO a\n @ leave\n");
    check(&(data("") + "C: no end\n @ leave\n"));
    // Whoever is gone after the final dot has still handed the message over.
    check(&(data("") + "C: text\n C: .\n @ leave\n @ wait 0\n M: ESMTP <> > support@example.net: text\\r\\n"));
}
