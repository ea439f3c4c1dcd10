//! What must not allocate: new values on an old pattern, vectors in and out of an order.

use resolvent_matrices::{Csr, Permutation, TransposePlan};
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
