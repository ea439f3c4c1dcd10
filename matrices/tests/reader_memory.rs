//! Reading a symmetric file needs at most 2.2 times the memory of the matrix.
#![cfg(feature = "mtx")]

use resolvent_matrices::Csr;
use resolvent_matrices::mtx::{self, AnyMatrix};
use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

struct Counting;

static LIVE: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

// SAFETY: every call goes to the system's allocator unchanged; only sizes are noted.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        PEAK.fetch_max(
            LIVE.fetch_add(layout.size(), Relaxed) + layout.size(),
            Relaxed,
        );
        // SAFETY: the caller keeps the contract.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        LIVE.fetch_sub(layout.size(), Relaxed);
        // SAFETY: the caller keeps the contract.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Runs `f`: its result, and how far the heap grew meanwhile.
fn growth<R>(f: impl FnOnce() -> R) -> (R, usize) {
    let before = LIVE.load(Relaxed);
    PEAK.store(before, Relaxed);
    let result = f();
    (result, PEAK.load(Relaxed) - before)
}

#[test]
fn the_heap_stays_near_the_matrix_and_size_lines_allocate_nothing() {
    let n = 60_000usize;
    let stencil = (0..n).flat_map(|i| {
        let neighbours = [1, 245]
            .into_iter()
            .flat_map(move |d| [i.checked_sub(d), Some(i + d).filter(|&j| j < n)]);
        neighbours
            .flatten()
            .map(move |j| (i, j, -1.0))
            .chain([(i, i, 4.25)])
    });
    let a = Csr::from_triplets(n, n, stencil).unwrap();
    let path = std::env::temp_dir().join(format!("resolvent-memory-{}.mtx", std::process::id()));
    mtx::write_csr(&path, a.view(), mtx::Symmetry::Symmetric).unwrap();
    for threads in [1, 2] {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        let (read, peak) = growth(|| pool.install(|| mtx::read(&path)));
        let matrix = 12 * a.nnz() + 4 * (n + 1);
        assert_eq!(read.unwrap().matrix, AnyMatrix::Real(a.clone()));
        assert!(
            peak as f64 <= 2.2 * matrix as f64,
            "{peak} bytes for a matrix of {matrix}"
        );
    }
    std::fs::remove_file(&path).unwrap();

    for size in [
        "9 9 1000000000000",
        "1099511627776 9 1",
        "4000000000 9 1",
        "9 9 4000000000",
    ] {
        let text = format!("%%MatrixMarket matrix coordinate real general\n{size}\n1 1 1\n");
        let (read, peak) = growth(|| mtx::parse_matrix(text.as_bytes(), "text"));
        assert!(read.is_err() && peak < 10_000, "{size}: {peak} bytes");
    }
}
