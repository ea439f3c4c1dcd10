//! The spaces that recycling methods carry: taken over by engines that are built anew, saved, and
//! gone on with.

use super::{Engine, Sequence};
use crate::RecycledState;
use resolvent_matrices::Scalar;

impl<T: Scalar> Sequence<T> {
    /// What the ways used so far carry from system to system besides solutions, each with the name of
    /// its way: to be saved.
    pub fn recycled(&self) -> Vec<(String, RecycledState)> {
        let of_engines = self.engines.iter().filter_map(Engine::recycled);
        of_engines.chain(self.waiting.iter().cloned()).collect()
    }

    /// Goes on from what [`Sequence::recycled`] gave, with the same ways: to the same bits. What is
    /// not of the size of the systems to come is left out.
    pub fn restore(&mut self, recycled: Vec<(String, RecycledState)>) {
        self.engines.clear();
        self.waiting = recycled;
    }

    /// Goes on as after another system, by what [`Sequence::recycled`] gave then: in a tree of systems, from
    /// the parent. Setups stay.
    pub fn go_on_from(&mut self, recycled: &[(String, RecycledState)]) {
        let mut waiting = recycled.to_vec();
        for engine in &mut self.engines {
            let name = engine.name();
            match waiting.iter().position(|(known, _)| *known == name) {
                Some(at) => engine.restore(&waiting.swap_remove(at).1),
                None => engine.forget(),
            }
        }
        self.waiting = waiting;
    }

    /// Drops the engines; the spaces they have found stay.
    pub(super) fn drop_engines(&mut self) {
        self.waiting = self.recycled();
        self.engines.clear();
    }

    /// Gives a new engine the space that waits for it.
    pub(super) fn hand_over(&mut self, engine: &mut Engine<T>) {
        let name = engine.name();
        if let Some(at) = self.waiting.iter().position(|(known, _)| *known == name) {
            let (_, state) = self.waiting.swap_remove(at);
            engine.restore(&state);
        }
    }
}
