//! The configuration while the server runs: its business hours are followed; of other keys that change it is said that they
//! need a restart. A file that is wrong, or gone, changes nothing.

use std::path::Path;
use std::sync::Arc;

use super::keys::KEYS;
use super::{Settings, lines, read};
use crate::base::Time;
use crate::rules::{Book, Timetable};

/// The only key whose changes are followed.
const FOLLOWED: &str = "hours";

/// The business hours of the file that these settings are from.
pub fn followed(settings: &Settings, now: Time) -> Book<Timetable> {
    let first = Timetable::new(settings.hours.clone());
    let Some(file) = settings.origins.file.clone() else { return Book::closed(first) };
    let started = settings.clone();
    let read = move |file: &Path, text: Option<&str>| timetable(&started, file, text);
    Book::open(file, Box::new(read), first, now)
}

fn timetable(started: &Settings, file: &Path, text: Option<&str>) -> Result<Timetable, String> {
    let text = text.ok_or_else(|| format!("{}:1:1: found no file, expected the configuration", file.display()))?;
    let settings = read::settings(file, text).map_err(|mistakes| lines(&mistakes))?;
    let others = KEYS.iter().filter(|key| key.path != FOLLOWED);
    let changed = others.filter(|key| (key.get)(&settings) != (key.get)(started));
    let restart = changed.map(|key| key.path.to_owned()).collect();
    Ok(Timetable { hours: Arc::new(settings.hours), restart })
}

#[cfg(test)]
mod tests {
    use super::*;

    const OFFICE: &str = "[hours.office]\nzone = 'UTC'\nopen = ['mon-fri 08:00-18:00']\n";

    #[test]
    fn hours_are_followed_and_other_keys_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("postcase.toml");
        let write = |text: &str| std::fs::write(&file, text).unwrap();
        write(OFFICE);
        let at = |second| Time::from_second(second).unwrap();
        let book = followed(&super::super::load(Some(&file)).unwrap(), at(0));
        let check = |second: i64, hours: &[&str], restart: &[&str], wrong: Option<&str>| {
            book.look(at(2 * second));
            let (timetable, said) = book.look(at(2 * second + 1));
            assert_eq!(timetable.hours.keys().collect::<Vec<_>>(), hours, "{second}");
            assert_eq!(timetable.restart, restart, "{second}");
            let said = said.map(|said| said.replace(&file.display().to_string(), "f"));
            assert_eq!(said.as_deref(), wrong, "{second}");
        };
        check(0, &["office"], &[], None);
        write(&format!("http.listen = ''\nsmtp.idle = '9s'\n{OFFICE}{}", OFFICE.replace("office", "night")));
        check(1, &["night", "office"], &["smtp.idle", "http.listen"], None);
        write("[hours.office]\nzone = 'Nowhere'\nopen = ['mon-fri 08:00-18:00']\n");
        let expected = r#"f:2:8: found "Nowhere", expected a time zone such as "Europe/Berlin""#;
        check(2, &["night", "office"], &["smtp.idle", "http.listen"], Some(expected));
        std::fs::remove_file(&file).unwrap();
        let gone = "f:1:1: found no file, expected the configuration";
        check(3, &["night", "office"], &["smtp.idle", "http.listen"], Some(gone));
        write("# Nothing.\n");
        check(4, &[], &[], None);
    }
}
