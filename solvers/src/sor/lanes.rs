//! Lines of a sweep on several threads: a wavefront through the planes of a grid.
//!
//! Each thread takes a lane, the lowest that is left, and does its lines in their order; before a
//! line it waits until the lanes below have come as far as the line needs. A lane waits for lower
//! ones only, which somebody has taken before and is working on: there is always a thread that need
//! not wait, however few of the pool come. Lines do the same wherever they are done, so that the
//! bits do not depend on the threads.

use super::stencil::{LANES, Line};
use crate::kernels::parallel;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Fewer values are not worth a second thread.
const MIN_VALUES: usize = 256 * 1024;
/// Looks at a counter before the thread offers its place to another.
const SPINS: usize = 4096;

/// The lines of each lane, and what they wait for, for one direction.
#[derive(Debug, Clone)]
struct Way {
    lanes: [Vec<u32>; LANES],
    /// For each line, how many lines each lane has to have done.
    waits: Vec<[u32; LANES]>,
}

/// The order of the lines of a matrix.
#[derive(Debug)]
pub(super) struct Lanes {
    /// Forward and backward, where lanes go side by side.
    ways: Option<[Way; 2]>,
    count: usize,
    done: [Counter; LANES],
    taken: AtomicUsize,
}

/// Alone on its cache lines.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Counter(AtomicUsize);

impl Clone for Lanes {
    fn clone(&self) -> Self {
        Self {
            ways: self.ways.clone(),
            count: self.count,
            done: Default::default(),
            taken: AtomicUsize::new(0),
        }
    }
}

impl Lanes {
    pub fn new(lines: &[Line]) -> Self {
        let values: usize = lines.iter().map(Line::len).sum();
        let cut = lines.iter().any(|line| line.lane > 0) && values >= MIN_VALUES;
        let ways = || Some([Way::new(lines, true)?, Way::new(lines, false)?]);
        Self {
            ways: if cut { ways() } else { None },
            count: lines.len(),
            done: Default::default(),
            taken: AtomicUsize::new(0),
        }
    }

    /// Whether lines are shared out among threads here and now.
    pub fn shared_out(&self) -> bool {
        self.ways.is_some() && parallel()
    }

    /// Calls `line` for every line in an order that a sweep allows, on the threads of the pool that
    /// we are in if it may and there is enough to do.
    pub fn run(&mut self, forward: bool, may: bool, line: &(impl Fn(usize) + Sync)) {
        if let Some(ways) = &self.ways
            && may
            && parallel()
        {
            let way = &ways[usize::from(!forward)];
            self.taken.store(0, Ordering::Relaxed);
            for done in &self.done {
                done.0.store(0, Ordering::Relaxed);
            }
            let threads = rayon::current_num_threads().min(LANES);
            return together(threads, &|| self.take_lanes(way, forward, line));
        }
        if forward {
            (0..self.count).for_each(line);
        } else {
            (0..self.count).rev().for_each(line);
        }
    }

    /// Takes lanes as long as there are any.
    fn take_lanes(&self, way: &Way, forward: bool, line: &(impl Fn(usize) + Sync)) {
        loop {
            let turn = self.taken.fetch_add(1, Ordering::Relaxed);
            if turn >= LANES {
                return;
            }
            let lane = if forward { turn } else { LANES - 1 - turn };
            for (at, &l) in way.lanes[lane].iter().enumerate() {
                for (done, &needed) in self.done.iter().zip(&way.waits[l as usize]) {
                    wait(&done.0, needed as usize);
                }
                line(l as usize);
                self.done[lane].0.store(at + 1, Ordering::Release);
            }
        }
    }

    pub fn bytes(&self) -> usize {
        let way = self.count * (size_of::<[u32; LANES]>() + size_of::<u32>());
        if self.ways.is_some() { 2 * way } else { 0 }
    }
}

/// Until `done` is as much as is needed.
fn wait(done: &AtomicUsize, needed: usize) {
    let mut spins = 0;
    while done.load(Ordering::Acquire) < needed {
        spins += 1;
        if spins < SPINS {
            std::hint::spin_loop();
        } else {
            std::thread::yield_now(); // more threads than processors
        }
    }
}

/// The same on as many threads of the pool as are free, at most `count`.
fn together(count: usize, work: &(impl Fn() + Sync)) {
    if count <= 1 {
        return work();
    }
    let half = count / 2;
    rayon::join(|| together(half, work), || together(count - half, work));
}

impl Way {
    /// `None` if some lane would wait for one that comes after it.
    fn new(lines: &[Line], forward: bool) -> Option<Self> {
        let mut lanes: [Vec<u32>; LANES] = Default::default();
        let mut place = vec![0; lines.len()];
        let mut waits = vec![[0; LANES]; lines.len()];
        for step in 0..lines.len() {
            let l = if forward {
                step
            } else {
                lines.len() - 1 - step
            };
            let line = &lines[l];
            place[l] = lanes[line.lane].len() as u32;
            lanes[line.lane].push(l as u32);
            for m in needed(lines, l, forward) {
                let lane = lines[m].lane;
                if lane == line.lane {
                    continue; // done before it in any case
                }
                if (lane > line.lane) == forward {
                    return None;
                }
                let wait = &mut waits[l][lane];
                *wait = (*wait).max(place[m] + 1);
            }
        }
        Some(Self { lanes, waits })
    }
}

/// Lines whose new values line `l` reads.
fn needed(lines: &[Line], l: usize, forward: bool) -> impl Iterator<Item = usize> {
    let line = &lines[l];
    let behind = if forward {
        &line.offsets[..line.lower]
    } else {
        &line.offsets[line.lower + 1..]
    };
    behind.iter().flat_map(move |&o| {
        let (mut first, mut last) = (line.first, line.first + line.rows - 1);
        match o {
            -1 if !line.from_below => first += 1, // see `Line::from_below`
            1 if !line.from_above => last = last.wrapping_sub(1),
            _ => {}
        }
        let holds = |i: usize| {
            let i = i.wrapping_add_signed(o);
            lines.partition_point(|line| line.first <= i) - 1
        };
        let range = if line.rows == 1 && (first, last) != (line.first, line.first) {
            0..0
        } else {
            holds(first)..holds(last) + 1
        };
        range.filter(move |&m| m != l)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sor::stencil::Stencil;
    use resolvent_matrices::Csr;
    use std::sync::Mutex;

    fn box_(nx: usize, ny: usize, nz: usize) -> Csr<f64> {
        let n = nx * ny * nz;
        let mut entries = Vec::new();
        for i in 0..n {
            let (x, y, z) = (i % nx, i / nx % ny, i / (nx * ny));
            let links = [
                (x > 0, -1),
                (x + 1 < nx, 1),
                (y > 0, -(nx as isize)),
                (y + 1 < ny, nx as isize),
                (z > 0, -((nx * ny) as isize)),
                (z + 1 < nz, (nx * ny) as isize),
            ];
            entries.push((i, i, 6.0));
            for (_, o) in links.into_iter().filter(|l| l.0) {
                entries.push((i, i.wrapping_add_signed(o), -1.0));
            }
        }
        Csr::from_triplets(n, n, entries).unwrap()
    }

    /// In any order in which the lanes come, lines find done what they need.
    #[test]
    fn lanes_wait_for_what_they_need() {
        let a = box_(48, 32, 48);
        let lines = Stencil::new(a.view()).unwrap().lines;
        assert!(lines.iter().any(|line| line.lane == LANES - 1));
        for threads in [1, 2, 3, 5] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
            pool.build().unwrap().install(|| {
                let mut lanes = Lanes::new(&lines);
                lanes.ways =
                    Some([Way::new(&lines, true), Way::new(&lines, false)].map(|w| w.unwrap()));
                for forward in [true, false] {
                    let done = Mutex::new(vec![false; lines.len()]);
                    lanes.run(forward, true, &|l| {
                        let mut done = done.lock().unwrap();
                        assert!(needed(&lines, l, forward).all(|m| done[m]), "line {l}");
                        assert!(!std::mem::replace(&mut done[l], true), "line {l} twice");
                    });
                    assert!(done.into_inner().unwrap().iter().all(|&done| done));
                }
            });
        }
    }
}
