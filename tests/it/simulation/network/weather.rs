//! What a seed has in store for a connection or a question. The numbers are such that within a few dozen connections
//! everything happens: small enough to fall into a dialogue, large enough to reach the end of most messages.

use std::time::Duration;

use super::super::draw::Draw;

/// How a connection goes.
#[derive(Clone, Debug)]
pub struct Course {
    pub connects: Connects,
    /// What the caller says, and what it hears.
    pub lanes: [Lane; 2],
    /// What happens to what is said after a message's final dot: its sender never learns that it was taken.
    pub last_word: Option<Cut>,
    /// Nothing about it is a fault: whoever is silent on it for long has no excuse.
    pub is_calm: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Connects {
    AtOnce,
    After(Duration),
    Refused,
    /// Nobody says anything to it.
    Never,
}

/// One direction.
#[derive(Clone, Debug)]
pub struct Lane {
    pub draw: Draw,
    /// Bytes come in pieces of at most so many, and are taken so.
    pub piece_max: Option<usize>,
    /// Each piece takes up to so long.
    pub delay_ms_max: usize,
    /// After so many bytes something happens.
    pub cut: Option<(u64, Cut)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// Both sides see the connection break; what is under way may be lost.
    Reset,
    /// Nothing comes through any more, and nobody is told.
    Silence,
    /// For so long nothing comes through.
    Stall(Duration),
}

/// How a question about a name goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asking {
    Right,
    Fails,
    Silent,
    Slow(Duration),
}

impl Course {
    /// `trouble`: one in so many goes wrong; 0: none.
    pub fn draw(draw: &Draw, trouble: usize) -> Self {
        let lanes = [0, 1].map(|_| Lane::draw(draw));
        let mut course = Self { connects: Connects::AtOnce, lanes, last_word: None, is_calm: true };
        if trouble == 0 || !draw.one_in(trouble) {
            return course;
        }
        course.is_calm = false;
        match draw.below(13) {
            0 => course.connects = Connects::Refused,
            1 => course.connects = Connects::Never,
            2 => course.connects = Connects::After(Duration::from_secs([2, 29, 31, 200][draw.below(4)])),
            3 => course.lanes.iter_mut().for_each(|lane| lane.delay_ms_max = [1_000, 20_000, 200_000][draw.below(3)]),
            n @ 4..7 => {
                course.last_word = Some(Cut::draw(draw));
                // Some of it may come.
                course.lanes[1].piece_max = (n == 4).then_some(7);
            }
            n => {
                // Half in the dialogue, half in what may be the message or the reply to it.
                let at = draw.below([60, 400, 800, 4_000][draw.below(4)]) as u64;
                course.lanes[n % 2].cut = Some((at, Cut::draw(draw)));
            }
        }
        course
    }
}

impl Cut {
    fn draw(draw: &Draw) -> Self {
        match draw.below(4) {
            0 | 1 => Self::Reset,
            2 => Self::Silence,
            _ => Self::Stall(Duration::from_secs([5, 61, 299, 301, 1200, 7200][draw.below(6)])),
        }
    }
}

impl Lane {
    fn draw(draw: &Draw) -> Self {
        let piece_max = draw.one_in(3).then(|| [1, 2, 7, 100, 1460][draw.below(5)]);
        // Both would be slower than a server needs to put up with.
        let is_slow = piece_max.is_none() && draw.one_in(3);
        let delay_ms_max = if is_slow { [1, 30, 300][draw.below(3)] } else { 0 };
        Self { draw: Draw::new(draw.number()), piece_max, delay_ms_max, cut: None }
    }
}

impl Asking {
    pub fn draw(draw: &Draw, trouble: usize) -> Self {
        if trouble == 0 || !draw.one_in(2 * trouble) {
            return Self::Right;
        }
        match draw.below(3) {
            0 => Self::Fails,
            1 => Self::Silent,
            _ => Self::Slow(Duration::from_secs([1, 10, 40][draw.below(3)])),
        }
    }
}
