//! One command line and what it asks for (RFC 5321 §4.1.1). No state, no side effect: the same bytes always mean the same.
//!
//! smtp-proto reads the verb and the parameters. What it lets through or loses is looked at first, in the raw line: bare
//! LF, control bytes, text that isn't UTF-8, arguments of commands that have none, parameters of extensions that aren't
//! offered, and the paths, in which it takes `<Postmaster>` for `<>`, drops quotes and refuses address literals. It
//! therefore gets each path as `<>`, and the path is read here.
//!
//! More lenient than the grammar, because real senders are: blanks behind the colon and at the end of a line, EHLO names
//! that aren't domains, unquoted local parts with misplaced dots. Source routes are dropped (RFC 5321 §4.1.1.3).
//!
//! A refusal never repeats what the peer sent.

use smtp_proto::{Error, MAIL_BODY_BINARYMIME, MAIL_REQUIRETLS, MAIL_SMTPUTF8, Request};

use crate::base::{Mailbox, Reply, ReversePath};

/// A command that is right in itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    Ehlo(String),
    Helo(String),
    /// EHLO of LMTP (RFC 2033 §4.1).
    Lhlo(String),
    StartTls,
    Mail(Mail),
    Rcpt(ForwardPath),
    Data,
    Rset,
    Noop,
    Vrfy,
    Help,
    Quit,
    /// Not mail at all: a web client was led to this port.
    Http,
}

/// `MAIL FROM` with the parameters that matter later.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    pub from: ReversePath,
    /// RFC 1870: what the sender thinks the message has, in bytes.
    pub size: Option<usize>,
    /// RFC 6531: the envelope or the header section may have UTF-8.
    pub smtputf8: bool,
    /// RFC 8689: the message must not travel in the clear.
    pub require_tls: bool,
}

/// Who `RCPT TO` names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ForwardPath {
    Mailbox(Mailbox),
    /// `<Postmaster>` without a domain: this host's (RFC 5321 §4.5.1).
    Postmaster,
}

/// Commands that exist and that this server doesn't offer. They are named so that a sender who tries hears 502, not 500.
const NOT_OFFERED: [&str; 6] = ["AUTH", "BDAT", "EXPN", "ETRN", "ATRN", "BURL"];
/// The first words of web requests.
const HTTP: [&str; 8] = ["GET", "POST", "HEAD", "PUT", "DELETE", "OPTIONS", "CONNECT", "PATCH"];

/// Reads one line as it came, with its line end.
pub fn parse(line: &[u8]) -> Result<Command, Reply> {
    if is_http(line) {
        return Ok(Command::Http);
    }
    let text = text(line)?;
    let (verb, argument) = text.split_once(' ').unwrap_or((text, ""));
    let verb = verb.to_ascii_uppercase();
    if NOT_OFFERED.contains(&verb.as_str()) {
        return Err(not_offered());
    }
    if !argument.is_ascii() && !matches!(verb.as_str(), "MAIL" | "RCPT" | "VRFY" | "NOOP") {
        return Err(syntax("this command takes ASCII only"));
    }
    if verb.is_empty() {
        return Err(syntax("a command begins with its verb"));
    }
    let line = Line::new(text, matches!(verb.as_str(), "MAIL" | "RCPT"))?;
    match Request::parse(&mut line.without_path.as_bytes().iter()) {
        Ok(Request::Ehlo { .. }) => client_name(argument).map(Command::Ehlo),
        Ok(Request::Helo { .. }) => client_name(argument).map(Command::Helo),
        Ok(Request::Lhlo { .. }) => client_name(argument).map(Command::Lhlo),
        Ok(Request::Mail { from }) => mail(&line, from.flags, from.size).map(Command::Mail),
        Ok(Request::Rcpt { .. }) => rcpt(&line).map(Command::Rcpt),
        Ok(Request::Noop { .. }) => Ok(Command::Noop),
        Ok(Request::Vrfy { .. }) => Ok(Command::Vrfy),
        Ok(Request::Help { .. }) => Ok(Command::Help),
        Ok(Request::Data | Request::Rset | Request::Quit | Request::StartTls) if !argument.trim_end().is_empty() => {
            Err(argument_error("this command has no argument"))
        }
        Ok(Request::Data) => Ok(Command::Data),
        Ok(Request::Rset) => Ok(Command::Rset),
        Ok(Request::Quit) => Ok(Command::Quit),
        Ok(Request::StartTls) => Ok(Command::StartTls),
        Err(Error::SyntaxError { syntax }) => Err(argument_error(format!("expected {syntax}"))),
        Err(Error::NeedsMoreData { .. }) => Err(argument_error("the command is incomplete")),
        Err(Error::InvalidParameter { param }) => Err(argument_error(format!("{param} has a wrong value"))),
        Err(Error::UnsupportedParameter { .. }) => Err(unknown_parameter()),
        Ok(_) | Err(_) => Err(unknown()),
    }
}

/// Looked at before all else: web requests may end their lines with LF alone.
fn is_http(line: &[u8]) -> bool {
    let verb = line.split(|byte| *byte == b' ').next().unwrap_or_default();
    verb.len() < line.len() && HTTP.iter().any(|method| verb.eq_ignore_ascii_case(method.as_bytes()))
}

/// The line without its CR LF, when it can be a command at all.
fn text(line: &[u8]) -> Result<&str, Reply> {
    let line = line.strip_suffix(b"\r\n").ok_or_else(|| syntax("a command ends with CR LF"))?;
    let text = std::str::from_utf8(line).map_err(|_| syntax("a command is ASCII, or UTF-8 where that is offered"))?;
    if text.chars().any(char::is_control) {
        return Err(syntax("a command has no control characters"));
    }
    Ok(text)
}

/// A command line taken apart: `MAIL FROM:<path> parameters`.
struct Line<'a> {
    path: Option<&'a str>,
    parameters: &'a str,
    /// With `<>` for the path and a line end, as smtp-proto wants it.
    without_path: String,
}

impl<'a> Line<'a> {
    fn new(text: &'a str, has_path: bool) -> Result<Self, Reply> {
        let Some((before, rest)) = text.split_once('<').filter(|_| has_path) else {
            return Ok(Self { path: None, parameters: "", without_path: format!("{text}\r\n") });
        };
        let end = path_end(rest).ok_or_else(|| argument_error("the address has no closing >"))?;
        let (path, parameters) = (&rest[..end], &rest[end + 1..]);
        if !parameters.is_empty() && !parameters.starts_with(' ') {
            return Err(argument_error("a space is missing behind the address"));
        }
        Ok(Self { path: Some(path.trim_matches(' ')), parameters, without_path: format!("{before}<>{parameters}\r\n") })
    }
}

/// Where the `>` stands that isn't in quotes.
fn path_end(text: &str) -> Option<usize> {
    let (mut quoted, mut escaped) = (false, false);
    text.bytes().position(|byte| {
        let was_escaped = escaped;
        escaped = quoted && !was_escaped && byte == b'\\';
        quoted ^= byte == b'"' && !was_escaped;
        byte == b'>' && !quoted
    })
}

fn mail(line: &Line<'_>, flags: u64, size: usize) -> Result<Mail, Reply> {
    let words = || line.parameters.split_ascii_whitespace();
    let keyword = |word: &str, keyword: &str| word.split('=').next().is_some_and(|k| k.eq_ignore_ascii_case(keyword));
    let is_offered = |word| ["SIZE", "BODY", "SMTPUTF8", "REQUIRETLS"].iter().any(|offered| keyword(word, offered));
    // smtp-proto knows parameters of many more extensions.
    if !words().all(is_offered) || flags & MAIL_BODY_BINARYMIME != 0 {
        return Err(unknown_parameter());
    }
    // RFC 1870 §4 has at most 20 digits; with more of them smtp-proto's number wraps.
    if words().any(|word| keyword(word, "SIZE") && word.len() > "SIZE=".len() + 20) {
        return Err(argument_error("SIZE has a wrong value"));
    }
    let (smtputf8, require_tls) = (flags & MAIL_SMTPUTF8 != 0, flags & MAIL_REQUIRETLS != 0);
    let from = match line.path {
        Some("") => ReversePath::Null,
        path => ReversePath::Mailbox(path.and_then(mailbox).ok_or_else(|| {
            Reply::permanent(1, 1, 7, "the sender's address is wrong, expected MAIL FROM:<user@example.com> or <>")
        })?),
    };
    if from.mailbox().is_some_and(Mailbox::needs_smtputf8) && !smtputf8 {
        return Err(needs_smtputf8());
    }
    Ok(Mail { from, size: words().any(|word| keyword(word, "SIZE")).then_some(size), smtputf8, require_tls })
}

fn rcpt(line: &Line<'_>) -> Result<ForwardPath, Reply> {
    if !line.parameters.trim_end().is_empty() {
        return Err(unknown_parameter());
    }
    match line.path {
        Some(path) if path.eq_ignore_ascii_case("postmaster") => Ok(ForwardPath::Postmaster),
        path => path.and_then(mailbox).map(ForwardPath::Mailbox).ok_or_else(|| {
            Reply::permanent(1, 1, 3, "the recipient's address is wrong, expected RCPT TO:<user@example.com>")
        }),
    }
}

/// The mailbox of a path, behind its source route if it has one.
fn mailbox(path: &str) -> Option<Mailbox> {
    let address = match path.strip_prefix('@') {
        Some(route) => route.split_once(':')?.1,
        None => path,
    };
    if address.starts_with('"') {
        return address.parse().ok();
    }
    let (local, domain) = address.rsplit_once('@')?;
    // Not a strict Dot-string: large mail providers have handed out addresses such as `anna..b.@`.
    let is_special = |c: char| c.is_whitespace() || r#"()<>[]:;@\,""#.contains(c);
    if local.contains(is_special) { None } else { Mailbox::new(local, domain).ok() }
}

/// What stands behind EHLO or HELO: one word that can stand in a trace field.
fn client_name(argument: &str) -> Result<String, Reply> {
    let name = argument.trim_matches(' ');
    let is_name =
        !name.is_empty() && name.len() <= 255 && !name.contains([' ', '(', ')', '<', '>', '@', ',', ';', '\\', '"']);
    if is_name { Ok(name.to_owned()) } else { Err(argument_error("expected the sending host's name, one word")) }
}

/// An address has UTF-8 and the transaction doesn't allow it (RFC 6531 §3.5).
pub(super) fn needs_smtputf8() -> Reply {
    Reply::permanent(53, 6, 7, "an address that is not ASCII needs SMTPUTF8")
}

/// A command that exists and has no use here.
pub(super) fn not_offered() -> Reply {
    Reply::permanent(2, 5, 1, "this command is not offered here")
}

/// Not a command of this protocol.
pub(super) fn unknown() -> Reply {
    syntax("unknown command")
}

fn syntax(text: &str) -> Reply {
    Reply::permanent(0, 5, 2, text)
}

fn argument_error(text: impl Into<String>) -> Reply {
    Reply::permanent(1, 5, 4, text)
}

pub(super) fn unknown_parameter() -> Reply {
    Reply::permanent(55, 5, 4, "this parameter is not offered here")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(line: &str, expected: &str) {
        let mailbox = |mailbox: &Mailbox| format!("{mailbox} ({})", mailbox.local());
        let said = match parse(format!("{line}\r\n").as_bytes()) {
            Ok(Command::Mail(Mail { from, size, smtputf8, require_tls })) => {
                let size = size.map_or(String::new(), |size| format!(" {size}"));
                let utf8 = if smtputf8 { " utf8" } else { "" };
                let tls = if require_tls { " tls" } else { "" };
                format!("{}{size}{utf8}{tls}", from.mailbox().map_or("null".into(), mailbox))
            }
            Ok(Command::Rcpt(ForwardPath::Mailbox(to))) => mailbox(&to),
            Ok(command) => format!("{command:?}"),
            Err(reply) => {
                let (class, subject, detail) = reply.enhanced.unwrap();
                format!("{} {class}.{subject}.{detail}", reply.code)
            }
        };
        assert_eq!(said, expected, "{line}");
    }

    #[test]
    fn commands_and_arguments() {
        check("EHLO client.example.com", r#"Ehlo("client.example.com")"#);
        check("ehlo [IPv6:2001:db8::1] ", r#"Ehlo("[IPv6:2001:db8::1]")"#);
        check("HELO my_laptop", r#"Helo("my_laptop")"#);
        check("EHLO", "501 5.5.4");
        check("EHLO ", "501 5.5.4");
        check("HELO a b", "501 5.5.4");
        check("EHLO (evil)", "501 5.5.4");
        check("EHLO клиент", "500 5.5.2");
        check(&format!("EHLO {}", "a".repeat(256)), "501 5.5.4");
        check("LHLO client.example.com", r#"Lhlo("client.example.com")"#);
        check("LHLO", "501 5.5.4");
        check("starttls ", "StartTls");
        check("STARTTLS now", "501 5.5.4");
        check("DATA", "Data");
        check("data ", "Data");
        check("DATA foo", "501 5.5.4");
        check("RSET", "Rset");
        check("RSET now", "501 5.5.4");
        check("QUIT", "Quit");
        check("QUIT please", "501 5.5.4");
        check("NOOP", "Noop");
        check("NOOP \"any thing\" ü", "Noop");
        check("VRFY postmaster", "Vrfy");
        check("VRFY", "501 5.5.4");
        check("HELP", "Help");
        check("HELP MAIL", "Help");
        for line in ["AUTH PLAIN AAA=", "auth", "BDAT 20 LAST", "EXPN staff", "EXPN", "ETRN a", "BURL x"] {
            check(line, "502 5.5.1");
        }
        for line in ["", " EHLO a", "XCLIENT ADDR=192.0.2.1", "EHLOX a", "MAILMAILMAIL FROM:<>", "привет"] {
            check(line, "500 5.5.2");
        }
        check("GET / HTTP/1.1", "Http");
        check("post /cases HTTP/1.1", "Http");
        assert_eq!(parse(b"GET / HTTP/1.0\n"), Ok(Command::Http));
        check("GET", "500 5.5.2");
    }

    #[test]
    fn lines_that_are_no_commands() {
        for line in
            [&b"NOOP\n"[..], b"NOOP\r", b"NOOP\r\r\n", b"NO\rOP\r\n", b"NOOP\0\r\n", b"NOOP\ta\r\n", b"\x16\x03\r\n"]
        {
            assert_eq!(parse(line).unwrap_err().code, 500, "{}", line.escape_ascii());
        }
        assert_eq!(parse(b"MAIL FROM:<a\xff@example.com> SMTPUTF8\r\n").unwrap_err().code, 500);
        assert_eq!(parse(b"RCPT TO:<a\rb@example.com>\r\n").unwrap_err().code, 500);
    }

    #[test]
    fn reverse_paths() {
        check("MAIL FROM:<>", "null");
        check("MAIL FROM: <> ", "null");
        check("mail from:<Anna@Example.COM>", "Anna@example.com (Anna)");
        check("MAIL FROM:<@relay.example,@b.example:anna@example.com>", "anna@example.com (anna)");
        check("MAIL FROM:<root@[192.0.2.1]>", "root@[192.0.2.1] (root)");
        check(r#"MAIL FROM:<"a b"@example.com>"#, r#""a b"@example.com (a b)"#);
        check(r#"MAIL FROM:<"a@b"@example.com>"#, r#""a@b"@example.com (a@b)"#);
        check(r#"MAIL FROM:<"a>\"<b\\"@example.com> SIZE=1"#, r#""a>\"<b\\"@example.com (a>"<b\) 1"#);
        check("MAIL FROM:<anna..b.@example.com>", r#""anna..b."@example.com (anna..b.)"#);
        for path in ["<postmaster>", "<anna@>", "<@example.com>", "<a b@example.com>", "<a@b@example.com>", "<a@-b>"] {
            check(&format!("MAIL FROM:{path}"), "501 5.1.7");
        }
        for rest in ["", " anna@example.com", ":anna@example.com", ":<anna@example.com", r#":<"anna@example.com>"#] {
            check(&format!("MAIL FROM{rest}"), "501 5.5.4");
        }
        check("MAIL TO:<anna@example.com>", "501 5.5.4");
        check("MAIL", "501 5.5.4");
        check("MAIL FROM:<анна@пример.рф>", "553 5.6.7");
        check("MAIL FROM:<анна@пример.рф> SMTPUTF8", "анна@пример.рф (анна) utf8");
    }

    #[test]
    fn parameters_of_mail() {
        check("MAIL FROM:<> SIZE=1000 BODY=8BITMIME SMTPUTF8", "null 1000 utf8");
        check("MAIL FROM:<> body=7bit size=0", "null 0");
        check("MAIL FROM:<>  SIZE=5 ", "null 5");
        check("MAIL FROM:<>SIZE=5", "501 5.5.4");
        check("MAIL FROM:<> SIZE=", "501 5.5.4");
        check("MAIL FROM:<> SIZE=-1", "501 5.5.4");
        check("MAIL FROM:<> SIZE=9999999999999999999", "null 9999999999999999999");
        check("MAIL FROM:<> SIZE=100000000000000000000000005", "501 5.5.4");
        check("MAIL FROM:<> BODY=9BIT", "501 5.5.4");
        check("MAIL FROM:<> SMTPUTF8=1", "555 5.5.4");
        check("MAIL FROM:<> RequireTLS SIZE=3", "null 3 tls");
        for parameter in
            ["BODY=BINARYMIME", "AUTH=<>", "RET=FULL", "HOLDFOR=1", "REQUIRETLS=1", "FOO", "XFOO=ü", "SIZE=1 FOO=2"]
        {
            check(&format!("MAIL FROM:<> {parameter}"), "555 5.5.4");
        }
    }

    #[test]
    fn forward_paths() {
        check("RCPT TO:<anna@example.com>", "anna@example.com (anna)");
        check("RCPT TO: <anna@example.com> ", "anna@example.com (anna)");
        check("RCPT TO:<PostMaster>", "Rcpt(Postmaster)");
        check("RCPT TO:<postmaster@example.com>", "postmaster@example.com (postmaster)");
        check("RCPT TO:<>", "501 5.1.3");
        check("RCPT TO:<anna>", "501 5.1.3");
        check("RCPT TO:<@relay.example:anna@example.com>", "anna@example.com (anna)");
        check("RCPT TO:<anna@example.com> NOTIFY=NEVER", "555 5.5.4");
        check("RCPT TO:<anna@example.com>x", "501 5.5.4");
        check("RCPT TO:anna@example.com", "501 5.5.4");
        check("RCPT FROM:<anna@example.com>", "501 5.5.4");
        check("RCPT TO:<анна@пример.рф>", "анна@пример.рф (анна)");
    }
}
