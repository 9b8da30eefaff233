//! A text as lines with their places.

/// Lines of a text; an index beyond the last one is the end of the text.
pub struct Lines<'a> {
    pub text: &'a str,
    starts: Vec<usize>,
}

impl<'a> Lines<'a> {
    pub fn of(text: &'a str) -> Self {
        let mut at = 0;
        let starts = text.split_inclusive('\n').map(|line| {
            at += line.len();
            at - line.len()
        });
        Self { text, starts: starts.collect() }
    }

    pub fn len(&self) -> usize {
        self.starts.len()
    }

    /// A line without its end and the space around it.
    pub fn line(&self, index: usize) -> &'a str {
        self.range(index, index + 1).trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}')
    }

    pub fn before(&self, index: usize) -> &'a str {
        self.range(0, index)
    }

    pub fn from(&self, index: usize) -> &'a str {
        self.range(index, self.len())
    }

    pub fn range(&self, from: usize, to: usize) -> &'a str {
        &self.text[self.start(from)..self.start(to).max(self.start(from))]
    }

    fn start(&self, index: usize) -> usize {
        self.starts.get(index).copied().unwrap_or(self.text.len())
    }

    /// Marked as quoted; a `>` that closes an address of the line above is no mark.
    pub fn is_quoted(&self, index: usize) -> bool {
        self.line(index).starts_with('>') && !(index > 0 && has_open_angle(self.line(index - 1)))
    }

    pub fn is_empty(&self, index: usize) -> bool {
        self.line(index).is_empty()
    }

    /// The last line above that has a word.
    pub fn word_above(&self, index: usize) -> Option<usize> {
        (0..index.min(self.len())).rev().find(|above| !unquoted(self.line(*above)).is_empty())
    }
}

fn has_open_angle(line: &str) -> bool {
    let open = line.rfind('<');
    open.is_some_and(|open| open > 0 && line[open..].contains('@') && !line[open..].contains(['>', ' ']))
}

/// A line without its quotation marks.
pub fn unquoted(line: &str) -> &str {
    line.trim_start_matches(['>', ' ', '\t', '\u{a0}', '\u{feff}'])
}

/// As the tables compare: in lower case, with one form of what programs write in several. Keeps no places.
pub fn folded(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let lowered = text.chars().flat_map(char::to_lowercase);
    // The lower case of İ is two characters.
    let one_form = lowered.filter(|c| *c != '\u{307}').map(|c| match c {
        '\u{2019}' | '\u{2bc}' => '\'',
        '\u{a0}' | '\u{202f}' | '\u{3000}' => ' ',
        'ș' => 'ş',
        'ț' => 'ţ',
        c => c,
    });
    one_form.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_ranges() {
        let lines = Lines::of("a\n > b \n\nc");
        assert_eq!((lines.len(), lines.line(1), unquoted(lines.line(1))), (4, "> b", "b"));
        assert_eq!((lines.before(1), lines.from(3), lines.range(1, 3)), ("a\n", "c", " > b \n\n"));
        assert_eq!((lines.line(9), lines.from(9), lines.range(3, 1)), ("", "", ""));
        assert!(!Lines::of("Anna <a@b.c\n>:").is_quoted(1) && Lines::of("a <b\n> c").is_quoted(1));
        assert_eq!((lines.is_quoted(1), lines.is_empty(2), lines.word_above(3)), (true, true, Some(1)));
    }
}
