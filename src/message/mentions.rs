//! Addresses in running text, where no grammar says how far they go.

/// The addresses of a line with their places; none begins within another.
pub fn addresses(line: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut behind = 0;
    let is_local = |c: char| c.is_alphanumeric() || "._+-=/!#$%&*~^{}|?".contains(c);
    let is_domain = |c: char| c.is_alphanumeric() || ".-".contains(c);
    line.match_indices('@').filter_map(move |(at, _)| {
        let local = line[behind..at].rsplit(|c: char| !is_local(c)).next().unwrap_or_default();
        let start = at - local.len();
        let length = line[at + 1..].find(|c: char| !is_domain(c)).unwrap_or(line.len() - at - 1);
        let address = line[start..at + 1 + length].trim_end_matches(['.', '-']);
        // A place in a URL, a Message-ID with dollar signs and the like aren't worth telling apart here.
        let is_whole = start < at && address.len() > at + 1 - start;
        let address = address.trim_start_matches(['/', '=', '*', '-', '|', '.']);
        (is_whole && !address.starts_with('@')).then(|| {
            behind = at + 1 + length;
            (at - address.find('@').unwrap_or(0), address)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_in_text() {
        for (line, expected) in [
            ("write to <a.b+c@d.example>, or e@f.", &[(10, "a.b+c@d.example"), (31, "e@f")][..]),
            ("@ alone, a@ and @b", &[]),
            ("--a@b--", &[(2, "a@b")]),
            ("http://a@b/c@d, a@b.@c, a@b_c@d", &[(7, "a@b"), (11, "c@d"), (16, "a@b"), (24, "a@b"), (27, "_c@d")]),
            ("an\u{e9}@ex\u{e4}mple.de!", &[(0, "an\u{e9}@ex\u{e4}mple.de")]),
        ] {
            assert_eq!(addresses(line).collect::<Vec<_>>(), expected, "{line}");
        }
    }
}
