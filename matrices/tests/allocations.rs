//! What must not allocate: new values on an old pattern, vectors in and out of an order.

use resolvent_matrices::families::*;
use resolvent_matrices::fields::Scratch;
use resolvent_matrices::{Csr, Grid, MatrixError, Permutation, Scalar, TransposePlan};
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
}

/// The system allocator, counting for each thread.
struct Counting;

// SAFETY: every call is handed on to the system allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.with(|count| count.set(count.get() + 1));
        // SAFETY: the caller keeps the contract of `alloc`.
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, ptr: *mut u8, layout: Layout) {
        // SAFETY: the caller keeps the contract of `dealloc`.
        unsafe { System.dealloc(ptr, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn allocations(work: impl FnOnce()) -> usize {
    let before = ALLOCATIONS.with(Cell::get);
    work();
    ALLOCATIONS.with(Cell::get) - before
}

#[test]
fn new_values_on_an_old_pattern_allocate_nothing() {
    let t = (0..100).flat_map(|i| [(i, i, 2.0), (i, (i + 7) % 100, -1.0)]);
    let a = Csr::<f64>::from_triplets(100, 100, t).unwrap();
    let mut b = a.clone();
    let plan = TransposePlan::new(a.view());
    let mut at = a.view().transpose();
    let p = Permutation::new((0..100).rev().collect()).unwrap();
    let (x, mut y, scales) = (vec![1.0; 100], vec![0.0; 100], vec![2.0; 100]);
    let count = allocations(|| {
        plan.apply(a.values(), at.values_mut()).unwrap();
        plan.apply_conj(a.values(), at.values_mut()).unwrap();
        b.update_values(a.view()).unwrap();
        b.scale(&scales, &scales).unwrap();
        p.apply(&x, &mut y).unwrap();
        p.apply_inverse(&x, &mut y).unwrap();
        a.view().diagonal(&mut y).unwrap();
        a.view().mul_vec(&x, &mut y).unwrap();
        assert_eq!(a.as_faer().val().len(), a.as_sprs().nnz());
    });
    assert_eq!(count, 0);
    assert_eq!(allocations(|| drop(a.clone())), 3); // the counter counts
}

/// Allocations of drawing and assembling samples after the first two.
fn of_samples<T: Scalar>(family: Result<impl SampleFamily<T>, MatrixError>) -> usize {
    let family = family.unwrap();
    let described = family.describe();
    let (mut inputs, mut outputs) = (described.new_inputs(), described.new_outputs());
    let (mut scratch, mut system) = (Scratch::default(), Assembled::default());
    let mut x = vec![T::ZERO; described.rows()];
    let mut make = |index| {
        family.draw(1, index, &mut scratch, &mut inputs).unwrap();
        for index in 0..family.steps() {
            let step = Step { index, before: &x };
            family.assemble(&inputs, step, &mut system).unwrap();
            family.outputs(&x, index, &inputs, &mut outputs).unwrap();
        }
        family.unknowns(&outputs, 0, &mut x).unwrap();
    };
    (0..2).for_each(&mut make);
    allocations(|| (2..5).for_each(make))
}

#[test]
fn samples_allocate_nothing_from_the_second_on() {
    let (plane, space) = (Grid::new(12, 10, 1), Grid::new(6, 5, 4));
    let correlated = AdvectionDiffusion {
        rho: 0.99,
        ..Default::default()
    };
    let periodic = DarcyLognormal {
        sides: resolvent_matrices::fields::Sides::Periodic,
        ..Default::default()
    };
    let nodes = Darcy {
        place: resolvent_matrices::fields::Place::Nodes,
        ..Default::default()
    };
    let waves = |order| Helmholtz {
        order,
        k: 2.0,
        ..Default::default()
    };
    for (name, count) in [
        ("darcy", of_samples(Darcy::default().on(plane))),
        ("darcy in space", of_samples(Darcy::default().on(space))),
        ("darcy at nodes", of_samples(nodes.on(plane))),
        ("darcy-lognormal", of_samples(periodic.on(plane))),
        (
            "skr-released",
            of_samples(SkrReleased::default().on(Grid::new(9, 9, 1))),
        ),
        ("poisson", of_samples(Poisson::default().on(space))),
        ("advection-diffusion", of_samples(correlated.on(plane))),
        ("helmholtz", of_samples(waves(2).on(plane))),
        ("helmholtz, order 4", of_samples(waves(4).on(plane))),
        ("elasticity", of_samples(Elasticity::default().on(plane))),
        (
            "reaction-diffusion",
            of_samples(ReactionDiffusion::default().on(plane)),
        ),
        ("heat", of_samples(Heat::default().on(space))),
    ] {
        assert_eq!(count, 0, "{name}");
    }
}
