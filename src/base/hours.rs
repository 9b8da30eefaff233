//! Business hours: when somebody is there, by the wall clock of a place.
//!
//! Days begin and end as that place's clocks say, also when those change: `09:00-17:00` is eight hours on every day that
//! has them. A time that a clock leaps over stands for the moment after the leap, one that it shows twice for the
//! first. Time zones are the system's; where it has none, those of this build.

use std::fmt;
use std::str::FromStr;

use jiff::civil::{Date, Time as WallTime};
use jiff::tz::TimeZone;
use jiff::{Span, ToSpan};
use serde::{Serialize, Serializer};

use super::Time;

const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
/// How far ahead a change is looked for: no holiday is longer.
const AHEAD_DAYS: i64 = 400;
const MINUTES_A_DAY: u16 = 24 * 60;

/// See the module.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Hours {
    pub zone: Zone,
    pub open: Vec<Opening>,
    /// Days on which nobody is there.
    pub holidays: Vec<Date>,
}

/// A time zone by its name, such as `Europe/Berlin`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zone(TimeZone);

/// Part of some days of each week: `mon-fri 08:00-18:00`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opening {
    text: String,
    /// From Monday on.
    days: [bool; 7],
    /// In minutes of the day.
    from: u16,
    to: u16,
}

/// Open or not, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Phase {
    pub open: bool,
    /// None: as far as anybody can see.
    pub until: Option<Time>,
}

impl Hours {
    /// What holds at this moment.
    pub fn at(&self, now: Time) -> Phase {
        let today = now.to_zoned(self.zone.0.clone()).date();
        let mut open_until: Option<Time> = None;
        for ahead in -1..AHEAD_DAYS {
            for (from, to) in self.on(today.saturating_add(days(ahead))) {
                match open_until {
                    // Goes on without a pause.
                    Some(until) if from <= until => open_until = Some(until.max(to)),
                    Some(until) => return Phase { open: true, until: Some(until) },
                    None if from <= now && now < to => open_until = Some(to),
                    None if now < from => return Phase { open: false, until: Some(from) },
                    None => {}
                }
            }
        }
        // Who is open for so long without a pause closes on holidays only.
        let holiday = self.holidays.iter().filter(|day| open_until.is_some() && **day > today).min();
        let closes = holiday.and_then(|day| self.zone.0.to_timestamp(day.to_datetime(WallTime::midnight())).ok());
        Phase { open: open_until.is_some(), until: closes }
    }

    /// The openings of a day, in order.
    fn on(&self, date: Date) -> Vec<(Time, Time)> {
        if self.holidays.contains(&date) {
            return Vec::new();
        }
        let weekday = date.weekday().to_monday_zero_offset() as usize;
        let moment = |minute: u16| {
            let (date, minute) =
                if minute == MINUTES_A_DAY { (date.saturating_add(days(1)), 0) } else { (date, minute) };
            let time = WallTime::midnight() + i64::from(minute).minutes();
            self.zone.0.to_timestamp(date.to_datetime(time)).unwrap_or(Time::MAX)
        };
        let today = self.open.iter().filter(|opening| opening.days[weekday]);
        let mut openings: Vec<_> = today.map(|opening| (moment(opening.from), moment(opening.to))).collect();
        openings.sort_unstable();
        openings
    }
}

fn days(count: i64) -> Span {
    count.days()
}

impl Zone {
    pub fn utc() -> Self {
        Self(TimeZone::UTC)
    }

    /// When the day ends there that it is now.
    pub fn day_ends(&self, now: Time) -> Time {
        let tomorrow = now.to_zoned(self.0.clone()).date().saturating_add(days(1));
        self.0.to_timestamp(tomorrow.to_datetime(WallTime::midnight())).unwrap_or(Time::MAX)
    }
}

impl FromStr for Zone {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        TimeZone::get(text).map(Self).map_err(drop)
    }
}

impl Serialize for Zone {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.iana_name().unwrap_or("UTC"))
    }
}

impl FromStr for Opening {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (named, times) = text.split_once(' ').ok_or(())?;
        let (from, to) = times.trim().split_once('-').ok_or(())?;
        let (from, to) = (minute(from)?, minute(to)?);
        let mut days = [false; 7];
        for range in named.split(',') {
            let (first, last) = range.split_once('-').unwrap_or((range, range));
            let (first, last) = (day(first)?, day(last)?);
            // `fri-mon` goes over the end of the week.
            (0..=(last + 7 - first) % 7).for_each(|ahead| days[(first + ahead) % 7] = true);
        }
        if from < to { Ok(Self { text: text.to_owned(), days, from, to }) } else { Err(()) }
    }
}

impl fmt::Display for Opening {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Serialize for Opening {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

/// A day of the calendar: `2026-12-25`.
pub fn date(text: &str) -> Option<Date> {
    (text.len() == 10).then(|| text.parse().ok())?
}

fn day(text: &str) -> Result<usize, ()> {
    DAYS.iter().position(|day| *day == text).ok_or(())
}

/// `00:00` to `24:00`.
fn minute(text: &str) -> Result<u16, ()> {
    let (hour, minute) = text.split_once(':').ok_or(())?;
    let number = |part: &str| {
        let digits = part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
        digits.then(|| part.parse::<u16>().ok()).flatten().ok_or(())
    };
    let (hour, minute) = (number(hour)?, number(minute)?);
    let all = hour * 60 + minute;
    if minute < 60 && all <= MINUTES_A_DAY { Ok(all) } else { Err(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hours(zone: &str, open: &[&str], holidays: &[&str]) -> Hours {
        let open = open.iter().map(|text| text.parse().unwrap()).collect();
        let holidays = holidays.iter().map(|text| date(text).unwrap()).collect();
        Hours { zone: zone.parse().unwrap(), open, holidays }
    }

    #[track_caller]
    fn check(hours: &Hours, table: &[(&str, bool, &str)]) {
        for (now, open, until) in table {
            let phase = hours.at(now.parse().unwrap());
            let shown = phase.until.map_or("-".to_owned(), |until| until.to_string());
            assert_eq!((phase.open, shown.as_str()), (*open, *until), "at {now}");
        }
    }

    #[test]
    fn an_office_has_weekends_and_holidays() {
        let office = hours("Europe/Berlin", &["mon-fri 08:00-18:00", "sat 09:00-12:00"], &["2026-12-25"]);
        check(
            &office,
            &[
                ("2026-11-20T06:59:59Z", false, "2026-11-20T07:00:00Z"),
                ("2026-11-20T07:00:00Z", true, "2026-11-20T17:00:00Z"),
                ("2026-11-20T17:00:00Z", false, "2026-11-21T08:00:00Z"),
                ("2026-11-21T10:00:00Z", true, "2026-11-21T11:00:00Z"),
                ("2026-11-21T11:00:00Z", false, "2026-11-23T07:00:00Z"),
                // Friday is Christmas.
                ("2026-12-24T17:00:00Z", false, "2026-12-26T08:00:00Z"),
            ],
        );
    }

    #[test]
    fn clocks_that_change_move_the_hours() {
        // Summer time ended on Sunday 2026-10-25 at 01:00 UTC, and began on 2026-03-29 at 01:00 UTC.
        let office = hours("Europe/Berlin", &["mon-sun 02:30-08:00"], &[]);
        check(
            &office,
            &[
                ("2026-10-24T07:00:00Z", false, "2026-10-25T00:30:00Z"),
                ("2026-10-25T00:30:00Z", true, "2026-10-25T07:00:00Z"),
                ("2026-10-25T07:00:00Z", false, "2026-10-26T01:30:00Z"),
                // 02:30 doesn't exist on this day.
                ("2026-03-28T07:00:00Z", false, "2026-03-29T01:30:00Z"),
                ("2026-03-29T01:30:00Z", true, "2026-03-29T06:00:00Z"),
            ],
        );
        let new_york = hours("America/New_York", &["fri-mon 09:00-17:00"], &[]);
        check(
            &new_york,
            &[
                ("2026-03-07T13:59:00Z", false, "2026-03-07T14:00:00Z"),
                ("2026-03-08T12:59:00Z", false, "2026-03-08T13:00:00Z"),
                ("2026-03-09T21:00:00Z", false, "2026-03-13T13:00:00Z"),
            ],
        );
    }

    #[test]
    fn a_day_ends_at_midnight_of_its_place() {
        for (zone, now, ends) in [
            ("UTC", "2026-11-20T00:00:00Z", "2026-11-21T00:00:00Z"),
            ("Europe/Berlin", "2026-11-20T22:59:59Z", "2026-11-20T23:00:00Z"),
            ("Europe/Berlin", "2026-11-20T23:00:00Z", "2026-11-21T23:00:00Z"),
            // The day that has 25 hours.
            ("Europe/Berlin", "2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z"),
            ("America/Los_Angeles", "2026-11-20T10:00:00Z", "2026-11-21T08:00:00Z"),
        ] {
            let zone: Zone = zone.parse().unwrap();
            assert_eq!(zone.day_ends(now.parse().unwrap()).to_string(), ends, "{now}");
        }
        assert_eq!(Zone::utc(), "UTC".parse().unwrap());
    }

    #[test]
    fn nights_join_and_never_is_never() {
        let night = hours("UTC", &["mon-sun 22:00-24:00", "mon-sun 00:00-06:00", "mon 05:00-07:00"], &[]);
        check(
            &night,
            &[
                ("2026-11-20T23:00:00Z", true, "2026-11-21T06:00:00Z"),
                ("2026-11-22T23:00:00Z", true, "2026-11-23T07:00:00Z"),
                ("2026-11-21T03:00:00Z", true, "2026-11-21T06:00:00Z"),
            ],
        );
        check(&hours("UTC", &[], &[]), &[("2026-11-20T10:00:00Z", false, "-")]);
        check(&hours("UTC", &["mon-sun 00:00-24:00"], &[]), &[("2026-11-20T10:00:00Z", true, "-")]);
        let always = hours("Europe/Berlin", &["mon-sun 00:00-24:00"], &["2028-12-25", "2029-12-25", "2025-12-25"]);
        check(&always, &[("2026-11-20T10:00:00Z", true, "2028-12-24T23:00:00Z")]);
    }

    #[test]
    fn what_is_no_opening_is_refused() {
        for text in
            ["mon", "mon 8:00-18:00", "mon 18:00-08:00", "day 08:00-18:00", "mon 08:00-24:01", "mon 08:60-09:00"]
        {
            assert_eq!(text.parse::<Opening>(), Err(()), "{text}");
        }
        assert_eq!((date("2026-02-30"), date("2026-02-3")), (None, None));
        assert_eq!("Europe/Nowhere".parse::<Zone>(), Err(()));
    }
}
