//! Squarified treemaps: rectangles whose areas are weights, as near to squares as it comes.
//!
//! Takes weights and the rectangle to fill; gives one rectangle a weight, in the same order. The method is that of
//! Bruls, Huizing and van Wijk, "Squarified Treemaps" (2000). Only additions, multiplications and divisions, which IEEE 754
//! defines to the bit, so that a page has the same bytes on every machine.

/// A rectangle; in which unit is up to the caller.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Rect {
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) width: f64,
    pub(super) height: f64,
}

impl Rect {
    /// A rectangle at the origin.
    pub(super) const fn new(width: f64, height: f64) -> Rect {
        Rect { x: 0.0, y: 0.0, width, height }
    }

    fn area(&self) -> f64 {
        self.width * self.height
    }

    fn shorter_side(&self) -> f64 {
        self.width.min(self.height)
    }

    /// Takes a strip of this thickness off the longer side, and leaves the rest.
    fn split(self, thickness: f64) -> (Rect, Rect) {
        if self.width >= self.height {
            let strip = Rect { width: thickness, ..self };
            (strip, Rect { x: self.x + thickness, width: self.width - thickness, ..self })
        } else {
            let strip = Rect { height: thickness, ..self };
            (strip, Rect { y: self.y + thickness, height: self.height - thickness, ..self })
        }
    }
}

/// Fills `whole` with one rectangle for each weight. Rectangles come out best with the largest weight first; a weight
/// of zero has no area. Without any weight there is nothing to fill it with, and every rectangle is empty.
pub(super) fn squarify(weights: &[u64], whole: Rect) -> Vec<Rect> {
    let total: f64 = weights.iter().map(|&weight| as_float(weight)).sum();
    if total <= 0.0 {
        return weights.iter().map(|_| Rect { width: 0.0, height: 0.0, ..whole }).collect();
    }
    let scale = whole.area() / total;
    let areas: Vec<f64> = weights.iter().map(|&weight| as_float(weight) * scale).collect();
    let mut rects = Vec::with_capacity(areas.len());
    let (mut rest, mut left) = (whole, areas.as_slice());
    while !left.is_empty() {
        let count = row_length(left, rest.shorter_side());
        let (row, others) = left.split_at(count);
        // What is left over at the end is all of it, so that no gap remains from rounding.
        let ends = others.iter().all(|&area| area <= 0.0);
        let thickness = if ends { rest.width.max(rest.height) } else { row.iter().sum::<f64>() / rest.shorter_side() };
        let (strip, after) = rest.split(thickness);
        fill(row, strip, rest.width >= rest.height, &mut rects);
        (rest, left) = (after, others);
    }
    rects
}

/// Weights beyond 2^53 are rounded, by less than a picture can show.
#[allow(clippy::cast_precision_loss, reason = "a share of a picture, not a number that is told")]
fn as_float(weight: u64) -> f64 {
    weight as f64
}

/// How many of the areas make the best row along a side: as many as do not make its worst rectangle longer.
fn row_length(areas: &[f64], side: f64) -> usize {
    let mut count = 1;
    while count < areas.len() && worst_ratio(&areas[..=count], side) <= worst_ratio(&areas[..count], side) {
        count += 1;
    }
    count
}

/// The longest rectangle of a row, as long side by short side.
fn worst_ratio(row: &[f64], side: f64) -> f64 {
    let sum: f64 = row.iter().sum();
    let largest = row.iter().copied().fold(0.0, f64::max);
    let smallest = row.iter().copied().fold(f64::INFINITY, f64::min);
    let (side, sum) = (side * side, sum * sum);
    (side * largest / sum).max(sum / (side * smallest))
}

/// Divides a strip among the areas of a row: one under another if it stands upright, otherwise side by side.
fn fill(row: &[f64], strip: Rect, upright: bool, rects: &mut Vec<Rect>) {
    let sum: f64 = row.iter().sum();
    let length = if upright { strip.height } else { strip.width };
    let mut start = 0.0;
    for (index, area) in row.iter().enumerate() {
        let end = if index + 1 == row.len() || sum <= 0.0 { length } else { start + length * area / sum };
        rects.push(if upright {
            Rect { y: strip.y + start, height: end - start, ..strip }
        } else {
            Rect { x: strip.x + start, width: end - start, ..strip }
        });
        start = end;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: Rect = Rect { x: 10.0, y: 20.0, width: 160.0, height: 90.0 };

    /// Weights of many kinds: even, steep, one, with zeros, unsorted, huge.
    fn cases() -> Vec<Vec<u64>> {
        let mut state: u64 = 7;
        let mut random = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 40) + 1
        };
        let mut many: Vec<u64> = (0..300).map(|_| random()).collect();
        let unsorted = many.clone();
        many.sort_by_key(|weight| std::cmp::Reverse(*weight));
        vec![
            vec![1],
            vec![6, 6, 4, 3, 2, 2, 1],
            vec![1 << 62, 1 << 40, 1, 1],
            vec![5, 0, 0],
            vec![9, 9, 9, 9],
            many,
            unsorted,
        ]
    }

    #[test]
    fn areas_are_proportional() {
        for weights in cases() {
            let total: f64 = weights.iter().map(|&weight| as_float(weight)).sum();
            for (rect, &weight) in squarify(&weights, WHOLE).iter().zip(&weights) {
                let expected = as_float(weight) / total * WHOLE.area();
                assert!((rect.area() - expected).abs() < 1e-6, "{rect:?} is not {expected}, of {weights:?}");
            }
        }
    }

    #[test]
    fn rectangles_lie_inside_and_apart() {
        for weights in cases() {
            let rects = squarify(&weights, WHOLE);
            assert_eq!(rects.len(), weights.len());
            let inside = |rect: &Rect| {
                rect.x >= WHOLE.x - 1e-9
                    && rect.y >= WHOLE.y - 1e-9
                    && rect.x + rect.width <= WHOLE.x + WHOLE.width + 1e-9
                    && rect.y + rect.height <= WHOLE.y + WHOLE.height + 1e-9
            };
            for (index, one) in rects.iter().enumerate() {
                assert!(inside(one), "{one:?} of {weights:?}");
                for other in &rects[..index] {
                    let width = (one.x + one.width).min(other.x + other.width) - one.x.max(other.x);
                    let height = (one.y + one.height).min(other.y + other.height) - one.y.max(other.y);
                    assert!(width < 1e-9 || height < 1e-9, "{one:?} and {other:?} overlap in {weights:?}");
                }
            }
        }
    }

    #[test]
    fn together_they_cover_everything() {
        for weights in cases() {
            let sum: f64 = squarify(&weights, WHOLE).iter().map(Rect::area).sum();
            assert!((sum - WHOLE.area()).abs() < 1e-6, "{sum} of {weights:?}");
        }
    }

    #[test]
    fn they_are_as_square_as_in_the_paper() {
        // The example of the paper: 6 by 4, and the areas in its figure.
        let rects = squarify(&[6, 6, 4, 3, 2, 2, 1], Rect::new(6.0, 4.0));
        assert_eq!(rects[0], Rect { x: 0.0, y: 0.0, width: 3.0, height: 2.0 });
        assert_eq!(rects[1], Rect { x: 0.0, y: 2.0, width: 3.0, height: 2.0 });
        assert!((rects[2].height - 7.0 / 3.0).abs() < 1e-9, "{:?}", rects[2]);
        let ratio = |rect: &Rect| (rect.width / rect.height).max(rect.height / rect.width);
        assert!(rects.iter().all(|rect| ratio(rect) < 2.8), "{rects:?}");
    }

    #[test]
    fn nothing_fills_nothing() {
        assert!(squarify(&[], WHOLE).is_empty());
        assert!(squarify(&[0, 0], WHOLE).iter().all(|rect| rect.area() <= 0.0));
    }
}
