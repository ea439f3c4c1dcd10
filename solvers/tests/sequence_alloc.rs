//! From the second system of one pattern on, a sequence allocates nothing. This binary has one test
//! and its own global allocator, which counts.

use resolvent_solvers::matrices::{Csr, generate::Poisson};
use resolvent_solvers::precond::{Ic0Config, JacobiConfig, SsorConfig};
use resolvent_solvers::{
    Backstop, CgConfig, Change, Guess, Method, Precond, Sequence, SequenceConfig, Way,
};
use std::alloc::{GlobalAlloc, Layout, System as Heap};
use std::cell::Cell;
use std::sync::atomic::{AtomicUsize, Ordering};

struct Counting;

static ALLOCATIONS: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    /// The test's own thread: the one that prints its name allocates, too.
    static COUNTED: Cell<bool> = const { Cell::new(false) };
}

// SAFETY: every call is handed on unchanged to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(usize::from(COUNTED.get()), Ordering::Relaxed);
        // SAFETY: the caller keeps the contract of `alloc`.
        unsafe { Heap.alloc(layout) }
    }
    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the pointer came from `alloc` above.
        unsafe { Heap.dealloc(pointer, layout) }
    }
    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        ALLOCATIONS.fetch_add(usize::from(COUNTED.get()), Ordering::Relaxed);
        // SAFETY: the pointer came from `alloc` above.
        unsafe { Heap.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

fn way(precond: Precond) -> Way<f64> {
    Way {
        method: Method::Cg(CgConfig::default()),
        precond,
    }
}

#[test]
fn nothing_is_allocated_from_the_second_system_on() {
    COUNTED.set(true);
    let mut a: Csr<f64> = Poisson::default().generate().unwrap().matrix;
    let n = a.nrows();
    let (mut x, mut b) = (vec![0.0; n], vec![1.0; n]);
    let ssor = way(Precond::Ssor(SsorConfig::default()));
    let ways = [
        ssor,
        way(Precond::Jacobi(JacobiConfig::default())),
        way(Precond::Ic0(Ic0Config::default())),
        way(Precond::None),
    ];
    for way in ways {
        let mut sequence = Sequence::new(SequenceConfig {
            guess: Guess::Extrapolate,
            ..SequenceConfig::default()
        });
        let backstop = Backstop {
            iterations: 1000,
            time: None,
            safe: ssor,
        };
        for t in 0..6 {
            let change = if t == 0 {
                Change::Pattern
            } else {
                Change::Values
            };
            a.values_mut().iter_mut().for_each(|v| *v *= 1.01);
            b[t] = -1.0;
            let way = way.with_omega(1.0 + 0.1 * t as f64);
            let before = ALLOCATIONS.load(Ordering::Relaxed);
            sequence.advance(change);
            sequence.guess(&a, &b, &mut x);
            let solved = sequence.solve(&a, &b, Some(&way), Some(&backstop), &mut x, &mut ());
            sequence.keep(&x);
            let made = ALLOCATIONS.load(Ordering::Relaxed) - before;
            assert!(solved.unwrap().report.converged());
            if t > 0 {
                assert_eq!(made, 0, "{way}, system {t}");
            }
        }
    }
}
