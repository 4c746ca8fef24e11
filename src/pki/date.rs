//! The calendar: seconds since 1970 to dates and back.
#![expect(
    clippy::arithmetic_side_effects,
    reason = "a date that is read has a year of four digits and fields that were checked, and one that is printed is divided first"
)]

use core::fmt;

/// Seconds since 1970-01-01 00:00:00 UTC, printed as `YYYY-MM-DD hh:mm:ss UTC`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Date(pub(super) u64);

const DAY: u64 = 86_400;
/// From 0000-03-01 to 1970-01-01. Years begin in March here, so that a leap day comes last.
const DAYS_BEFORE_1970: u64 = 719_468;
const DAYS_IN_400_YEARS: u64 = 146_097;

impl Date {
    /// From year (at most four digits), month, day, hour, minute and second; what is before 1970 becomes 1970.
    /// `None` if there is no such day or time of day.
    pub(super) fn from_fields(fields: [u64; 6]) -> Option<Self> {
        let [year, month, day, hour, minute, second] = fields;
        if year > 9_999 || hour > 23 || minute > 59 || second > 59 {
            return None;
        }
        if !(1..=days_in_month(year, month)?).contains(&day) {
            return None;
        }
        let Some(days) =
            days_since_year_0(year, month, day).and_then(|days| days.checked_sub(DAYS_BEFORE_1970))
        else {
            return Some(Self(0));
        };
        Some(Self(days * DAY + hour * 3_600 + minute * 60 + second))
    }
}

fn days_in_month(year: u64, month: u64) -> Option<u64> {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => Some(31),
        4 | 6 | 9 | 11 => Some(30),
        2 => Some(if leap { 29 } else { 28 }),
        _ => None,
    }
}

/// Days from 0000-03-01; `None` for what is before it.
fn days_since_year_0(year: u64, month: u64, day: u64) -> Option<u64> {
    let year = year.checked_sub(u64::from(month <= 2))?;
    let month_from_march = (month + 9) % 12;
    let day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    Some(year * 365 + year / 4 - year / 100 + year / 400 + day_of_year)
}

/// Year, month and day of a number of days from 0000-03-01.
fn civil(days: u64) -> (u64, u64, u64) {
    let (era, day_of_era) = (days / DAYS_IN_400_YEARS, days % DAYS_IN_400_YEARS);
    // A year has 365 days, one more every 4 years, one less every 100, one more every 400.
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    // From March on, five months have 153 days.
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    (era * 400 + year_of_era + u64::from(month <= 2), month, day)
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = civil(self.0 / DAY + DAYS_BEFORE_1970);
        let second = self.0 % DAY;
        let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
        write!(f, "{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02} UTC")
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    #[test]
    fn dates_are_those_of_the_calendar() {
        for (seconds, fields, text) in [
            (0, [1970, 1, 1, 0, 0, 0], "1970-01-01 00:00:00 UTC"),
            (68_169_599, [1972, 2, 28, 23, 59, 59], "1972-02-28 23:59:59 UTC"),
            (68_169_600, [1972, 2, 29, 0, 0, 0], "1972-02-29 00:00:00 UTC"),
            (951_782_400, [2000, 2, 29, 0, 0, 0], "2000-02-29 00:00:00 UTC"),
            (951_868_800, [2000, 3, 1, 0, 0, 0], "2000-03-01 00:00:00 UTC"),
            (1_735_689_599, [2024, 12, 31, 23, 59, 59], "2024-12-31 23:59:59 UTC"),
            (4_107_542_400, [2100, 3, 1, 0, 0, 0], "2100-03-01 00:00:00 UTC"),
            (253_402_300_799, [9999, 12, 31, 23, 59, 59], "9999-12-31 23:59:59 UTC"),
        ] {
            assert_eq!(Date(seconds).to_string(), text);
            assert_eq!(Date::from_fields(fields), Some(Date(seconds)), "{text}");
        }
        assert!(!Date(u64::MAX).to_string().is_empty());
    }

    #[test]
    fn every_day_of_four_centuries_goes_there_and_back() {
        for days in DAYS_BEFORE_1970..DAYS_BEFORE_1970 + DAYS_IN_400_YEARS {
            let (year, month, day) = civil(days);
            assert_eq!(days_since_year_0(year, month, day), Some(days));
            assert!(day <= days_in_month(year, month).unwrap());
        }
    }

    #[test]
    fn what_is_before_1970_is_1970_and_what_is_no_date_is_none() {
        for year in [0, 1, 1969] {
            assert_eq!(Date::from_fields([year, 1, 1, 0, 0, 0]), Some(Date(0)));
        }
        for fields in [
            [2023, 2, 29, 0, 0, 0],
            [2100, 2, 29, 0, 0, 0],
            [2023, 0, 1, 0, 0, 0],
            [2023, 13, 1, 0, 0, 0],
            [2023, 4, 31, 0, 0, 0],
            [2023, 4, 0, 0, 0, 0],
            [2023, 1, 1, 24, 0, 0],
            [2023, 1, 1, 0, 60, 0],
            [2023, 1, 1, 0, 0, 60],
            [u64::MAX, 1, 1, 0, 0, 0],
        ] {
            assert_eq!(Date::from_fields(fields), None, "{fields:?}");
        }
    }
}
