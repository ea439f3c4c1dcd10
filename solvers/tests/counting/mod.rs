//! A global allocator that counts, for binaries with one test that asserts that nothing is allocated.
//!
//! Counted are threads that ask for it alone: the one that prints the names of tests allocates, too.

use std::alloc::{GlobalAlloc, Layout, System as Heap};
use std::cell::Cell;
use std::sync::atomic::{AtomicUsize, Ordering};

struct Counting;

#[global_allocator]
static COUNTING: Counting = Counting;

static ALLOCATIONS: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    static COUNTED: Cell<bool> = const { Cell::new(false) };
}

fn count() {
    ALLOCATIONS.fetch_add(usize::from(COUNTED.get()), Ordering::SeqCst);
}

// SAFETY: every call is handed on unchanged to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: the caller keeps the contract of `alloc`.
        unsafe { Heap.alloc(layout) }
    }
    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the pointer came from `alloc` above.
        unsafe { Heap.dealloc(pointer, layout) }
    }
    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count();
        // SAFETY: the pointer came from `alloc` above.
        unsafe { Heap.realloc(pointer, layout, size) }
    }
}

/// From here on, what this thread allocates counts. Fails where it does not.
pub fn count_this_thread() {
    COUNTED.set(true);
    let before = allocations();
    drop(std::hint::black_box(vec![1u8; 100]));
    assert!(allocations() > before, "the counter does not count");
}

/// Allocations so far, of the threads that count.
pub fn allocations() -> usize {
    ALLOCATIONS.load(Ordering::SeqCst)
}
