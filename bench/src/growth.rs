//! How a cost grows with a number.

use crate::table::{figure, thousands};

/// A law of growth.
#[derive(Clone, Copy, Debug)]
enum Law {
    Linear,
    Logarithmic,
}

impl Law {
    fn shape(self) -> fn(f64) -> f64 {
        match self {
            Self::Linear => |x| x,
            Self::Logarithmic => f64::log10,
        }
    }

    /// What the slope says; of a straight line, for so many more that the figure is not tiny.
    fn text(self, slope: f64, unit: &str) -> String {
        let sign = if slope < 0.0 { "falls, −" } else { "grows, +" };
        let (mut slope, mut more) = (slope.abs(), 1);
        while matches!(self, Self::Linear) && slope < 1.0 && more < 1_000_000 {
            (slope, more) = (slope * 10.0, more * 10);
        }
        let per = match (self, more) {
            (Self::Logarithmic, _) => "for ten times as many".to_owned(),
            (Self::Linear, 1) => "for each".to_owned(),
            (Self::Linear, more) => format!("for {} more", thousands(more)),
        };
        format!("{sign}{} {unit} {per}", figure(slope))
    }
}

/// Changes of less than this share of the smallest figure are not told from noise.
const FLAT: f64 = 0.15;

/// Says in words how `y` grows with `x`: `flat`, or the law that fits best and its slope in `unit`.
pub fn growth(points: &[(f64, f64)], unit: &str) -> String {
    let ys = || points.iter().map(|(_, y)| *y);
    let (least, most) = (ys().fold(f64::INFINITY, f64::min), ys().fold(0.0, f64::max));
    if points.len() < 2 {
        return "not known from one point".into();
    }
    if most <= least * (1.0 + FLAT) {
        return format!("flat, within {:.0} %", (most / least - 1.0) * 100.0);
    }
    let fits = [Law::Linear, Law::Logarithmic].map(|law| (law, fit(points, law.shape())));
    let (law, fit) = fits.into_iter().min_by(|(_, a), (_, b)| a.error.total_cmp(&b.error)).expect("two laws");
    if fit.error > most - least {
        return format!("{} to {} {unit}, with no trend", figure(least), figure(most));
    }
    law.text(fit.slope, unit)
}

/// A straight line over the shape of `x`.
struct Fit {
    slope: f64,
    /// The largest distance from a point, twice.
    error: f64,
}

/// Least squares.
fn fit(points: &[(f64, f64)], shape: fn(f64) -> f64) -> Fit {
    let n = points.len() as f64;
    let mean = |get: &dyn Fn(&(f64, f64)) -> f64| points.iter().map(get).sum::<f64>() / n;
    let (mean_x, mean_y) = (mean(&|(x, _)| shape(*x)), mean(&|(_, y)| *y));
    let covariance = mean(&|(x, y)| (shape(*x) - mean_x) * (y - mean_y));
    let slope = covariance / mean(&|(x, _)| (shape(*x) - mean_x).powi(2));
    let distance = |(x, y): &(f64, f64)| (mean_y + slope * (shape(*x) - mean_x) - y).abs();
    Fit { slope, error: 2.0 * points.iter().map(distance).fold(0.0, f64::max) }
}

#[cfg(test)]
mod tests {
    use super::growth;

    #[test]
    fn what_does_not_change_is_flat() {
        assert_eq!(growth(&[(1.0, 10.0), (10.0, 10.5), (100.0, 10.1)], "µs"), "flat, within 5 %");
    }

    #[test]
    fn a_straight_line_is_named_by_its_slope() {
        assert_eq!(growth(&[(1.0, 12.0), (2.0, 14.0), (5.0, 20.0)], "µs"), "grows, +2.00 µs for each");
    }

    #[test]
    fn a_straight_line_that_rises_slowly_is_named_by_what_many_more_add() {
        assert_eq!(growth(&[(1.0, 8.0), (51.0, 10.0), (101.0, 12.0)], "µs"), "grows, +4.00 µs for 100 more");
    }

    #[test]
    fn a_logarithm_is_named_by_what_ten_times_as_many_add() {
        let points = [(10.0, 50.0), (100.0, 80.0), (1000.0, 110.0)];
        assert_eq!(growth(&points, "ns"), "grows, +30.0 ns for ten times as many");
    }

    #[test]
    fn what_goes_up_and_down_has_no_trend() {
        let points = [(1.0, 10.0), (2.0, 30.0), (3.0, 10.0)];
        assert_eq!(growth(&points, "ns"), "10.0 to 30.0 ns, with no trend");
    }
}
