//! Domains at which everybody can have a mailbox: a shared domain there says nothing about two people.
//!
//! One sorted table of the large providers' domains and those of access providers with many customers. A domain that is
//! missing costs nothing as long as nobody gives it to an account; so the table is read when somebody does. Nothing below a
//! row is meant by it.

/// True for a domain of the table; `domain` is in lower case.
pub fn is_public(domain: &str) -> bool {
    PUBLIC.binary_search(&domain).is_ok()
}

/// In order.
#[rustfmt::skip]
const PUBLIC: &[&str] = &[
    "126.com", "139.com", "163.com", "189.cn",
    "abv.bg", "aim.com", "alice.it", "aliyun.com", "aol.com", "aol.de", "arcor.de", "att.net",
    "bbox.fr", "bell.net", "bellsouth.net", "bigpond.com", "bk.ru", "bluewin.ch", "blueyonder.co.uk", "bol.com.br",
    "btinternet.com", "btopenworld.com",
    "centrum.cz", "charter.net", "club-internet.fr", "comcast.net", "cox.net",
    "daum.net", "docomo.ne.jp", "duck.com",
    "earthlink.net", "email.cz", "email.de", "email.it", "ezweb.ne.jp",
    "fastmail.com", "fastmail.fm", "foxmail.com", "free.fr", "freemail.hu", "freenet.de", "frontier.com",
    "gmail.com", "gmx.at", "gmx.ch", "gmx.com", "gmx.de", "gmx.net", "googlemail.com",
    "hanmail.net", "hey.com", "home.nl", "hotmail.be", "hotmail.co.jp", "hotmail.co.uk", "hotmail.com", "hotmail.de",
    "hotmail.es", "hotmail.fr", "hotmail.it", "hotmail.nl", "hotmail.se", "hushmail.com",
    "i.ua", "icloud.com", "ig.com.br", "inbox.lv", "inbox.ru", "interia.pl", "internode.on.net",
    "juno.com",
    "kabelmail.de", "kpnmail.nl",
    "laposte.net", "libero.it", "list.ru", "live.be", "live.ca", "live.co.uk", "live.com", "live.com.au", "live.de",
    "live.fr", "live.it", "live.nl", "live.se",
    "mac.com", "magenta.de", "mail.bg", "mail.com", "mail.de", "mail.ee", "mail.ru", "mailbox.org", "me.com", "msn.com",
    "mweb.co.za",
    "nate.com", "naver.com", "neuf.fr", "nifty.com", "ntlworld.com",
    "o2.pl", "o2online.de", "onet.eu", "onet.pl", "online.de", "online.no", "optonline.net", "optusnet.com.au",
    "orange.fr", "outlook.at", "outlook.be", "outlook.co.jp", "outlook.com", "outlook.com.br", "outlook.cz",
    "outlook.de", "outlook.dk", "outlook.es", "outlook.fr", "outlook.ie", "outlook.it", "outlook.jp", "outlook.pt",
    "outlook.sa",
    "planet.nl", "pm.me", "posteo.de", "proton.me", "protonmail.ch", "protonmail.com",
    "qq.com",
    "rambler.ru", "rediffmail.com", "rocketmail.com", "rogers.com", "runbox.com",
    "sapo.pt", "sbcglobal.net", "seznam.cz", "sfr.fr", "shaw.ca", "sina.cn", "sina.com", "sky.com", "skynet.be",
    "softbank.ne.jp", "sohu.com", "spray.se", "sympatico.ca",
    "t-online.de", "talktalk.net", "telefonica.net", "telenet.be", "telia.com", "terra.com.br", "tin.it",
    "tiscali.co.uk", "tiscali.it", "tuta.com", "tuta.io", "tutanota.com", "tutanota.de",
    "ukr.net", "uol.com.br",
    "verizon.net", "vip.qq.com", "virgilio.it", "virgin.net", "virginmedia.com", "vodafone.de", "volny.cz",
    "wanadoo.es", "wanadoo.fr", "web.de", "windstream.net", "wp.pl",
    "xs4all.nl", "xtra.co.nz",
    "ya.ru", "yahoo.ca", "yahoo.co.id", "yahoo.co.in", "yahoo.co.jp", "yahoo.co.uk", "yahoo.com", "yahoo.com.ar",
    "yahoo.com.au", "yahoo.com.br", "yahoo.com.mx", "yahoo.com.sg", "yahoo.com.tw", "yahoo.de", "yahoo.es", "yahoo.fr",
    "yahoo.gr", "yahoo.ie", "yahoo.in", "yahoo.it", "yahoo.pl", "yahoo.ro", "yahoo.se", "yandex.by", "yandex.com",
    "yandex.kz", "yandex.ru", "yandex.ua", "yeah.net", "ymail.com",
    "ziggo.nl", "zoho.com", "zohomail.com", "zonnet.nl",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_in_lower_case_and_each_row_is_found() {
        let mut sorted = PUBLIC.to_vec();
        sorted.sort_unstable();
        sorted.dedup();
        assert_eq!(sorted, PUBLIC);
        for row in PUBLIC {
            assert!(is_public(row) && *row == row.to_lowercase() && crate::base::mailbox::is_domain(row), "{row}");
        }
        for other in ["customer.example", "mail.gmail.com", "gmail", "notgmail.com", ""] {
            assert!(!is_public(other), "{other}");
        }
    }
}
