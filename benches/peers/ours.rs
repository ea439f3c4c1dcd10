//! One in-process measurement of ours, for the comparison with other libraries.
//!
//! usage: kernels_bench STAGE FILE.mtx THREADS
//!
//! `spmv` times y ← Ax, `ic0` the set-up and the application of IC(0) beside y ← Ax, `read` the
//! reading of the file to compressed rows, `read-memory` the memory that takes. Prints one JSON
//! line.

use resolvent::precond::{Ic0, Ic0Config};
use resolvent::{Csr, LinearOperator, Preconditioner, mtx};
use std::error::Error;
use std::path::Path;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Calls are repeated for this long.
const REPEAT: Duration = Duration::from_millis(500);

/// Time spent by the process and on the wall.
#[derive(Clone, Copy)]
struct Seconds {
    cpu: f64,
    wall: f64,
}

impl std::fmt::Display for Seconds {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{{\"cpu\": {:.9}, \"wall\": {:.9}}}",
            self.cpu, self.wall
        )
    }
}

fn cpu_seconds() -> f64 {
    let mut t = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: `t` is a valid place for the answer.
    unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &mut t) };
    t.tv_sec as f64 + 1e-9 * t.tv_nsec as f64
}

fn once<R>(f: impl FnOnce() -> R) -> (Seconds, R) {
    let (cpu, wall) = (cpu_seconds(), Instant::now());
    let answer = f();
    let wall = wall.elapsed().as_secs_f64();
    let cpu = cpu_seconds() - cpu;
    (Seconds { cpu, wall }, answer)
}

/// Median time of a call, after one that is not counted.
fn repeat(mut f: impl FnMut()) -> Seconds {
    f();
    let (mut cpu, mut wall) = (vec![], vec![]);
    let begin = Instant::now();
    while begin.elapsed() < REPEAT || wall.len() < 5 {
        let (t, ()) = once(&mut f);
        cpu.push(t.cpu);
        wall.push(t.wall);
    }
    let median = |mut v: Vec<f64>| {
        v.sort_by(f64::total_cmp);
        v[v.len() / 2]
    };
    Seconds {
        cpu: median(cpu),
        wall: median(wall),
    }
}

fn read(path: &Path) -> Result<Csr<f64>, Box<dyn Error + Send + Sync>> {
    match mtx::read(path)?.matrix {
        mtx::AnyMatrix::Real(a) => Ok(a),
        mtx::AnyMatrix::Complex(_) => Err(format!("{} is complex", path.display()).into()),
    }
}

/// A line of `/proc/self/status`, in MB.
fn memory_mb(key: &str) -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|l| l.starts_with(key));
    let kb = line.and_then(|l| l.split_whitespace().nth(1)?.parse().ok());
    kb.unwrap_or(f64::NAN) / 1024.0
}

/// Peak of everything resident, the mapped file included, and of what was allocated alone (sampled
/// every 0.2 ms), above what was there before.
fn read_memory(path: &Path) -> Result<String, Box<dyn Error + Send + Sync>> {
    // Where the peak cannot be reset it is that of the process, which has done nothing else.
    let _ = std::fs::write("/proc/self/clear_refs", "5");
    let before = (memory_mb("VmRSS"), memory_mb("RssAnon"));
    let done = AtomicBool::new(false);
    let (a, allocated) = std::thread::scope(|scope| {
        let sampler = scope.spawn(|| {
            let mut peak = 0.0;
            while !done.load(Ordering::Relaxed) {
                peak = f64::max(peak, memory_mb("RssAnon"));
                std::thread::sleep(Duration::from_micros(200));
            }
            peak
        });
        let a = read(path);
        done.store(true, Ordering::Relaxed);
        (a, sampler.join().unwrap_or(f64::NAN))
    });
    let a = a?;
    let csr_bytes = 12 * a.nnz() + 4 * (a.nrows() + 1);
    Ok(format!(
        "{{\"growth_mb\": {:.2}, \"allocated_mb\": {:.2}, \"csr_mb\": {:.2}}}",
        memory_mb("VmHWM") - before.0,
        allocated - before.1,
        csr_bytes as f64 / f64::from(1 << 20)
    ))
}

fn measure(stage: &str, path: &Path) -> Result<String, Box<dyn Error + Send + Sync>> {
    match stage {
        "read" => {
            let (t, a) = once(|| read(path));
            Ok(format!("{{\"read\": {t}, \"nnz\": {}}}", a?.nnz()))
        }
        "read-memory" => read_memory(path),
        "spmv" => {
            let a = read(path)?;
            let x: Vec<f64> = (0..a.ncols()).map(|i| (i % 17) as f64 - 8.0).collect();
            let mut y = vec![0.0; a.nrows()];
            let t = repeat(|| a.apply(&x, &mut y));
            Ok(format!("{{\"product\": {t}}}"))
        }
        "ic0" => {
            let a = read(path)?;
            let x: Vec<f64> = (0..a.ncols()).map(|i| (i % 17) as f64 - 8.0).collect();
            let mut y = vec![0.0; a.nrows()];
            let (setup, m) = once(|| Ic0::new(&a, Ic0Config::default()));
            let mut m = m?;
            m.apply(&x, &mut y)?;
            let product = repeat(|| a.apply(&x, &mut y));
            let mut outcome = Ok(());
            let apply = repeat(|| outcome = m.apply(&x, &mut y));
            outcome?;
            Ok(format!(
                "{{\"setup\": {setup}, \"apply\": {apply}, \"product\": {product}}}"
            ))
        }
        _ => Err(format!("no stage {stage}: spmv, ic0, read or read-memory").into()),
    }
}

fn run() -> Result<String, Box<dyn Error + Send + Sync>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [stage, path, threads] = args.as_slice() else {
        return Err("usage: kernels_bench STAGE FILE.mtx THREADS".into());
    };
    match threads.parse()? {
        1 => measure(stage, path.as_ref()), // outside of any pool: one thread
        threads => rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()?
            .install(|| measure(stage, path.as_ref())),
    }
}

fn main() -> ExitCode {
    match run() {
        Ok(line) => {
            println!("{line}");
            ExitCode::SUCCESS
        }
        Err(e) => {
            eprintln!("{e}");
            ExitCode::from(2)
        }
    }
}
