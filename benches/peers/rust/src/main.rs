//! One measurement with a Rust library: faer or kryst.
//! usage: rust-worker STAGE PEER METHOD SYSTEM.sys THREADS RTOL MAX_ITERS X_OUT     (contract: README.md)

mod faer_peer;
mod kryst_peer;

use std::{env, fs, process::ExitCode, time::Instant};

type Failure = Box<dyn std::error::Error>;

/// A x = b, as the binary file has it.
pub struct System {
    pub ptr: Vec<u32>,
    pub col: Vec<u32>,
    pub val: Vec<f64>,
    pub b: Vec<f64>,
}

impl System {
    pub fn n(&self) -> usize {
        self.b.len()
    }

    pub fn diagonal(&self) -> Vec<f64> {
        let mut d = vec![0.0; self.n()];
        for (i, d) in d.iter_mut().enumerate() {
            for k in self.ptr[i] as usize..self.ptr[i + 1] as usize {
                if self.col[k] as usize == i {
                    *d = self.val[k];
                }
            }
        }
        d
    }

    fn read(path: &str) -> Result<Self, Failure> {
        let bytes = fs::read(path)?;
        let mut rest = bytes
            .strip_prefix(b"RSLVSYS1")
            .ok_or_else(|| format!("{path} is not a system file"))?;
        let mut take = |count: usize, size: usize| -> Result<&[u8], Failure> {
            let (head, tail) = rest
                .split_at_checked(count * size)
                .ok_or_else(|| format!("{path} is truncated"))?;
            rest = tail;
            Ok(head)
        };
        let words = |b: &[u8]| b.as_chunks().0.iter().map(|&c| u32::from_le_bytes(c)).collect();
        let doubles = |b: &[u8]| b.as_chunks().0.iter().map(|&c| f64::from_le_bytes(c)).collect();
        let size: Vec<usize> = (take(2, 8)?.as_chunks().0.iter())
            .map(|&c| u64::from_le_bytes(c) as usize)
            .collect();
        let (n, nnz) = (size[0], size[1]);
        Ok(Self {
            ptr: words(take(n + 1, 4)?),
            col: words(take(nnz, 4)?),
            val: doubles(take(nnz, 8)?),
            b: doubles(take(n, 8)?),
        })
    }
}

/// Seconds of processor and of wall clock.
#[derive(Clone, Copy)]
pub struct Seconds {
    cpu: f64,
    wall: f64,
}

impl Seconds {
    fn json(self) -> String {
        format!("{{\"cpu\": {:.9}, \"wall\": {:.9}}}", self.cpu, self.wall)
    }
}

pub struct Clock {
    cpu: f64,
    wall: Instant,
}

impl Clock {
    pub fn start() -> Self {
        Self { cpu: cpu_seconds(), wall: Instant::now() }
    }

    pub fn read(&self) -> Seconds {
        Seconds { cpu: cpu_seconds() - self.cpu, wall: self.wall.elapsed().as_secs_f64() }
    }
}

fn cpu_seconds() -> f64 {
    let mut t = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `t` is a valid place for the answer.
    unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &mut t) };
    t.tv_sec as f64 + 1e-9 * t.tv_nsec as f64
}

fn memory_mb(key: &str) -> Option<f64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|l| l.starts_with(key))?;
    let kb: f64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kb / 1024.0)
}

/// A set-up and solved system.
pub struct Solved {
    pub setup: Seconds,
    pub solve: Seconds,
    pub iterations: usize,
    pub x: Vec<f64>,
}

/// What is asked of a solve.
pub struct Job {
    pub threads: usize,
    pub rtol: f64,
    pub max_iters: usize,
}

/// Median time of a call, after one that is not counted.
pub fn repeat(mut f: impl FnMut()) -> Seconds {
    f();
    let (mut cpu, mut wall) = (vec![], vec![]);
    let begin = Instant::now();
    while begin.elapsed().as_secs_f64() < 0.5 || wall.len() < 5 {
        let clock = Clock::start();
        f();
        let t = clock.read();
        cpu.push(t.cpu);
        wall.push(t.wall);
    }
    let median = |mut v: Vec<f64>| {
        v.sort_by(f64::total_cmp);
        v[v.len() / 2]
    };
    Seconds { cpu: median(cpu), wall: median(wall) }
}

fn run() -> Result<String, Failure> {
    let args: Vec<String> = env::args().skip(1).collect();
    let [stage, peer, method, path, threads, rtol, max_iters, out] = args.as_slice() else {
        return Err("eight arguments are needed, see README.md".into());
    };
    let job = Job { threads: threads.parse()?, rtol: rtol.parse()?, max_iters: max_iters.parse()? };
    let system = System::read(path)?;
    if stage == "spmv" {
        let t = match peer.as_str() {
            "faer" => faer_peer::spmv(&system, job.threads)?,
            "kryst" => kryst_peer::spmv(&system),
            _ => return Err(format!("no peer {peer}").into()),
        };
        return Ok(format!("{{\"product\": {}}}", t.json()));
    }
    let _ = fs::write("/proc/self/clear_refs", "5");
    let before = memory_mb("VmRSS").unwrap_or(0.0);
    let solved = match peer.as_str() {
        "faer" => faer_peer::solve(method, &system, &job)?,
        "kryst" => kryst_peer::solve(method, &system, &job)?,
        _ => return Err(format!("no peer {peer}").into()),
    };
    let growth = memory_mb("VmHWM").unwrap_or(before) - before;
    let bytes: Vec<u8> = solved.x.iter().flat_map(|v| v.to_le_bytes()).collect();
    fs::write(out, bytes)?;
    Ok(format!(
        "{{\"setup\": {}, \"solve\": {}, \"iterations\": {}, \"growth_mb\": {growth:.2}}}",
        solved.setup.json(),
        solved.solve.json(),
        solved.iterations
    ))
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
