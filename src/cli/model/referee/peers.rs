//! Other packages, through the workers of `benches/peers`: each run a process of its own.

use super::entrant::Run;
use super::system::Problem;
use resolvent::LinearOperator;
use serde::Deserialize;
use std::fs::File;
use std::io::{BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Methods for symmetric positive definite systems, as `benches/peers` calls them.
const METHODS: [(&str, &str); 7] = [
    ("amgcl", "cg+sa"),
    ("amgcl", "cg+rs"),
    ("petsc", "cg+hypre"),
    ("petsc", "cg+icc0"),
    ("petsc", "preonly+cholmod"),
    ("pyamg", "cg+sa"),
    ("pyamg", "cg+rs"),
];

/// What a worker is asked for at most.
const MOST_ITERATIONS: &str = "20000";

/// One method of one package.
pub struct Peer {
    python: PathBuf,
    worker: PathBuf,
    peer: &'static str,
    method: &'static str,
    threads: usize,
    /// Where a system, and the answer, are written.
    folder: PathBuf,
}

/// What a worker prints.
#[derive(Deserialize)]
struct Answer {
    setup: Clock,
    solve: Clock,
    iterations: usize,
}

#[derive(Deserialize)]
struct Clock {
    wall: f64,
}

/// The peers whose package Python finds, and the names of those it does not.
pub fn found(workers: &Path, folder: &Path, threads: usize) -> (Vec<Peer>, Vec<&'static str>) {
    let python = python();
    let worker = workers.join("py_worker.py");
    let (mut peers, mut absent): (Vec<Peer>, Vec<&str>) = (Vec::new(), Vec::new());
    for (peer, method) in METHODS {
        // what was asked once is not asked again
        let known = peers.iter().any(|p| p.peer == peer);
        if absent.contains(&peer) {
            continue;
        }
        if !known && !importable(&python, peer) {
            absent.push(peer);
            continue;
        }
        peers.push(Peer {
            python: python.clone(),
            worker: worker.clone(),
            peer,
            method,
            threads,
            folder: folder.into(),
        });
    }
    (peers, absent)
}

/// That of `benches/peers/setup.sh`, or any.
fn python() -> PathBuf {
    let home = std::env::var_os("PEERS_HOME").map(PathBuf::from);
    let home = home.unwrap_or_else(|| std::env::temp_dir().join("resolvent-peers"));
    let own = home.join("venv/bin/python");
    if own.exists() { own } else { "python3".into() }
}

fn importable(python: &Path, peer: &str) -> bool {
    let test = match peer {
        "amgcl" => "import pyamgcl, numpy, scipy",
        "petsc" => {
            "import glob, sys, numpy, scipy; sys.path += glob.glob('/usr/lib/petscdir/*/*-real/lib/python3/dist-packages'); import petsc4py"
        }
        _ => "import pyamg, numpy, scipy",
    };
    let mut command = Command::new(python);
    command.args(["-c", test]);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

impl Peer {
    pub fn name(&self) -> String {
        let (solver, precond) = self.parts();
        match solver {
            "preonly" => format!("{} {precond}", self.peer),
            _ => format!("{} {precond}", self.peer),
        }
    }

    pub fn solver(&self) -> &str {
        match self.parts().0 {
            "preonly" => "direct",
            solver => solver,
        }
    }

    fn parts(&self) -> (&'static str, &'static str) {
        self.method.split_once('+').unwrap_or((self.method, ""))
    }

    /// Solves to the tolerance of the true residual: a peer that stops on another norm is asked for more
    /// until it is so, and those tries are not counted.
    pub fn run(&self, problem: &Problem<'_>) -> Run {
        let file = self.folder.join("system.sys");
        if let Err(error) = write(problem, &file) {
            return Run::failed(format!("{}: {error}", file.display()));
        }
        let asked = problem.tolerance.rtol;
        let mut rtol = asked;
        let mut run = Run::failed("not tried".into());
        for _ in 0..6 {
            run = match self.once(problem, &file, rtol) {
                Ok(run) => run,
                Err(reason) => return Run::failed(reason),
            };
            let residual = run.relative_residual;
            if residual <= asked * 1.001 {
                run.converged = true;
                run.reason = "converged".into();
                return run;
            }
            if residual.is_nan() || residual > 1e-2 {
                break;
            }
            rtol *= 0.8 * asked / residual;
        }
        run.reason = "not converged".into();
        run
    }

    fn once(&self, problem: &Problem<'_>, file: &Path, rtol: f64) -> Result<Run, String> {
        let out = self.folder.join("x.bin");
        let threads = self.threads.to_string();
        let mut command = Command::new(&self.python);
        command
            .arg(&self.worker)
            .args(["solve", self.peer, self.method]);
        command
            .arg(file)
            .args([&threads, &rtol.to_string(), MOST_ITERATIONS]);
        command.arg(&out);
        for name in ["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"] {
            command.env(name, &threads);
        }
        command.stdout(Stdio::piped()).stderr(Stdio::null());
        let text = within(command, problem.max_time)?;
        let line = text.lines().rev().find(|line| line.starts_with('{'));
        let answer: Answer = line
            .and_then(|line| serde_json::from_str(line).ok())
            .ok_or("its worker failed")?;
        let bytes = std::fs::read(&out).map_err(|error| error.to_string())?;
        let number = |b: &[u8]| f64::from_le_bytes(std::array::from_fn(|k| b[k]));
        let x: Vec<f64> = bytes.chunks_exact(8).map(number).collect();
        if x.len() != problem.b.len() {
            return Err("its answer has another length".into());
        }
        let mut r = vec![0.0; x.len()];
        problem.a.residual(problem.b, &x, &mut r); // r = b − Ax
        let norm = |v: &[f64]| v.iter().map(|v| v * v).sum::<f64>().sqrt();
        Ok(Run {
            iterations: answer.iterations,
            relative_residual: norm(&r) / norm(problem.b),
            setup: answer.setup.wall,
            solve: answer.solve.wall,
            ..Run::failed(String::new())
        })
    }
}

/// What the process prints, if it ends in time; it is killed otherwise.
fn within(mut command: Command, limit: Duration) -> Result<String, String> {
    let mut child = command.spawn().map_err(|error| error.to_string())?;
    let started = Instant::now();
    // a line is all it prints, which fits into the pipe
    loop {
        match child.try_wait().map_err(|error| error.to_string())? {
            Some(_) => break,
            None if started.elapsed() > limit => {
                let _ = child.kill();
                let _ = child.wait();
                return Err(format!("more than {} s", limit.as_secs_f64()));
            }
            None => std::thread::sleep(Duration::from_millis(5)),
        }
    }
    let mut text = String::new();
    if let Some(mut stdout) = child.stdout.take() {
        let read = stdout.read_to_string(&mut text);
        read.map_err(|error| error.to_string())?;
    }
    Ok(text)
}

/// The system as workers read it (benches/peers/README.md).
fn write(problem: &Problem<'_>, path: &Path) -> std::io::Result<()> {
    let a = problem.a;
    let mut out = BufWriter::new(File::create(path)?);
    out.write_all(b"RSLVSYS1")?;
    for count in [a.nrows(), a.nnz()] {
        out.write_all(&(count as u64).to_le_bytes())?;
    }
    for index in a.row_ptr().iter().chain(a.col_idx()) {
        out.write_all(&index.to_le_bytes())?;
    }
    for value in a.values().iter().chain(problem.b) {
        out.write_all(&value.to_le_bytes())?;
    }
    out.flush()
}
