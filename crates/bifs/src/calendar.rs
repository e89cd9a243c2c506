//! Dates and times of day, in UTC and in the zone that the environment sets.

use crate::prelude::*;
use corten_engine::time as clock;
use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, Offset, TimeZone};
use std::sync::LazyLock;

pub const BIFS: &[Bif] = bifs![
    erlang:date/0 => date,
    erlang:time/0 => time,
    erlang:localtime/0 => localtime,
    erlang:universaltime/0 => universaltime,
    erlang:localtime_to_universaltime/2 => localtime_to_universaltime,
    erlang:universaltime_to_localtime/1 => universaltime_to_localtime,
    erlang:universaltime_to_posixtime/1 => universaltime_to_posixtime,
    erlang:posixtime_to_universaltime/1 => posixtime_to_universaltime,
];

/// The zone, as it was when the node started.
static ZONE: LazyLock<TimeZone> = LazyLock::new(TimeZone::system);

const SECONDS_PER_DAY: i64 = 86_400;
/// First years that the reference engine takes, in UTC and in local time.
const FIRST_YEAR: i64 = 1600;
const FIRST_LOCAL_YEAR: i64 = 1902;
const LAST_YEAR: i64 = 1_000_000_000;

/// A date and a time of day, not tied to a zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Civil {
    year: i64,
    month: i64,
    day: i64,
    hour: i64,
    minute: i64,
    second: i64,
}

fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days from 1970-01-01 to the first of March that begins the (shifted) year of the date.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let y = if month <= 2 { year - 1 } else { year };
    let era = y.div_euclid(400);
    let year_of_era = y - era * 400;
    let shifted_month = (month + 9) % 12;
    let day_of_year = (153 * shifted_month + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let doe = z - era * 146_097;
    let yoe = (doe - doe / 1460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let day = doy - (153 * mp + 2) / 5 + 1;
    let month = if mp < 10 { mp + 3 } else { mp - 9 };
    (yoe + era * 400 + i64::from(month <= 2), month, day)
}

impl Civil {
    fn of_posix(seconds: i64) -> Civil {
        let (year, month, day) = civil_from_days(seconds.div_euclid(SECONDS_PER_DAY));
        let s = seconds.rem_euclid(SECONDS_PER_DAY);
        Civil {
            year,
            month,
            day,
            hour: s / 3600,
            minute: s / 60 % 60,
            second: s % 60,
        }
    }

    fn posix(self) -> i64 {
        days_from_civil(self.year, self.month, self.day) * SECONDS_PER_DAY
            + self.hour * 3600
            + self.minute * 60
            + self.second
    }

    /// `{{Y, M, D}, {H, Mi, S}}`; `None` when it is no such thing or no such time.
    fn of_term(t: Term<'_>) -> Option<Civil> {
        let [date, time] = t.as_tuple_of::<2>()?;
        let [year, month, day] = date.as_tuple_of::<3>()?.map(|t| t.as_small());
        let [hour, minute, second] = time.as_tuple_of::<3>()?.map(|t| t.as_small());
        let c = Civil {
            year: year?,
            month: month?,
            day: day?,
            hour: hour?,
            minute: minute?,
            second: second?,
        };
        let valid = (FIRST_YEAR..=LAST_YEAR).contains(&c.year)
            && (1..=12).contains(&c.month)
            && (1..=days_in_month(c.year, c.month)).contains(&c.day)
            && (0..24).contains(&c.hour)
            && (0..60).contains(&c.minute)
            && (0..60).contains(&c.second);
        valid.then_some(c)
    }

    /// As [`Civil::of_term`], for times that are converted to or from local time.
    fn of_local_term(t: Term<'_>) -> Option<Civil> {
        Civil::of_term(t).filter(|c| c.year >= FIRST_LOCAL_YEAR)
    }

    fn date<'h>(self, p: &'h Process) -> Term<'h> {
        p.heap
            .tuple(&[self.year, self.month, self.day].map(Term::small))
    }
    fn time<'h>(self, p: &'h Process) -> Term<'h> {
        p.heap
            .tuple(&[self.hour, self.minute, self.second].map(Term::small))
    }
    fn term<'h>(self, p: &'h Process) -> Term<'h> {
        p.heap.tuple(&[self.date(p), self.time(p)])
    }

    fn zoned(self) -> Option<DateTime> {
        DateTime::new(
            i16::try_from(self.year).ok()?,
            i8::try_from(self.month).ok()?,
            i8::try_from(self.day).ok()?,
            i8::try_from(self.hour).ok()?,
            i8::try_from(self.minute).ok()?,
            i8::try_from(self.second).ok()?,
            0,
        )
        .ok()
    }
}

/// Seconds of 400 years, after which the calendar repeats.
const CYCLE: i64 = 146_097 * SECONDS_PER_DAY;
/// The last second that the zone data speak of.
const LAST_KNOWN: i64 = 253_402_200_000;

/// The zone's distance from UTC at a point in time, in seconds.
fn zone_offset(posix: i64) -> Option<i64> {
    // Beyond the years that the zone data speak of, a year of the same shape stands in.
    let known = if posix > LAST_KNOWN {
        posix.rem_euclid(CYCLE) + LAST_KNOWN / CYCLE * CYCLE - CYCLE
    } else {
        posix
    };
    let at = jiff::Timestamp::from_second(known).ok()?;
    Some(i64::from(ZONE.to_offset(at).seconds()))
}

fn local(posix: i64) -> Option<Civil> {
    Some(Civil::of_posix(posix.checked_add(zone_offset(posix)?)?))
}

fn now_posix() -> i64 {
    clock::os_system().div_euclid(1_000_000_000)
}

fn date<'h>(p: &'h Process, _: Args<'h>) -> BifResult<'h> {
    Ok(local(now_posix()).badarg()?.date(p))
}
fn time<'h>(p: &'h Process, _: Args<'h>) -> BifResult<'h> {
    Ok(local(now_posix()).badarg()?.time(p))
}
fn localtime<'h>(p: &'h Process, _: Args<'h>) -> BifResult<'h> {
    Ok(local(now_posix()).badarg()?.term(p))
}
fn universaltime<'h>(p: &'h Process, _: Args<'h>) -> BifResult<'h> {
    Ok(Civil::of_posix(now_posix()).term(p))
}

fn universaltime_to_localtime<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let c = Civil::of_local_term(a[0]).badarg()?;
    Ok(local(c.posix()).badarg()?.term(p))
}

/// Whether summer time is in force at that point in time in our zone.
fn is_summer(offset: Offset, civil: &Civil) -> bool {
    let posix = civil.posix() - i64::from(offset.seconds());
    jiff::Timestamp::from_second(posix).is_ok_and(|at| ZONE.to_offset_info(at).dst().is_dst())
}

/// `IsDst` says which of two readings is meant: `true` summer time, `false` standard time, `undefined`
/// whatever the system thinks.
fn localtime_to_universaltime<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let summer = match a[1].as_atom() {
        Some(am::true_) => Some(true),
        Some(am::false_) => Some(false),
        Some(am::undefined) => None,
        _ => return Err(Stop::BADARG),
    };
    let c = Civil::of_local_term(a[0]).badarg()?;
    let Some(zoned) = c.zoned() else {
        // Too far ahead for the zone data: read as if it were UTC, it is off by the zone's offset.
        let offset = zone_offset(c.posix()).badarg()?;
        return Ok(Civil::of_posix(c.posix() - offset).term(p));
    };
    let offset = match ZONE.to_ambiguous_timestamp(zoned).offset() {
        AmbiguousOffset::Unambiguous { offset } => shifted_by_wish(offset, summer, &c),
        AmbiguousOffset::Gap { before, after } | AmbiguousOffset::Fold { before, after } => {
            let wished = summer.unwrap_or(false);
            let pick = [before, after]
                .into_iter()
                .find(|o| is_summer(*o, &c) == wished);
            i64::from(pick.unwrap_or(before).seconds())
        }
    };
    Ok(Civil::of_posix(c.posix() - offset).term(p))
}

/// As `mktime` does it: a wish that contradicts the calendar moves the time by the usual hour.
fn shifted_by_wish(offset: Offset, summer: Option<bool>, c: &Civil) -> i64 {
    let seconds = i64::from(offset.seconds());
    match (summer, is_summer(offset, c)) {
        (Some(true), false) if zone_has_summer(c) => seconds + 3600,
        (Some(false), true) => seconds - 3600,
        _ => seconds,
    }
}

/// Whether the zone knows summer time in the year of the date.
fn zone_has_summer(c: &Civil) -> bool {
    [1, 7].into_iter().any(|month| {
        let mid = Civil {
            month,
            day: 1,
            ..*c
        };
        jiff::Timestamp::from_second(mid.posix())
            .is_ok_and(|at| ZONE.to_offset_info(at).dst().is_dst())
    })
}

fn universaltime_to_posixtime<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    Ok(p.heap.int(Civil::of_term(a[0]).badarg()?.posix()))
}

fn posixtime_to_universaltime<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let seconds = a[0].as_i64().badarg()?;
    Ok(Civil::of_posix(seconds).term(p))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn civil_days_are_inverse() {
        for days in [-719_528, -1, 0, 59, 60, 10_957, 11_016, 2_932_896] {
            let (y, m, d) = civil_from_days(days);
            assert_eq!(days_from_civil(y, m, d), days);
        }
        assert_eq!(civil_from_days(0), (1970, 1, 1));
        assert_eq!(civil_from_days(11_016), (2000, 2, 29));
    }
}
