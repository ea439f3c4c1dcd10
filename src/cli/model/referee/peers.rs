//! Other packages, through the workers of `benches/peers`: each run a process of its own.

use super::entrant::Run;
use super::system::Problem;
use crate::cli::judge::Judge;
use resolvent::Csr;
use serde::Deserialize;
use std::fs::File;
use std::io::{BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Methods for symmetric positive definite systems, as `benches/peers` calls them.
const METHODS: [(&str, &str); 8] = [
    ("amgcl", "cg+sa"),
    ("amgcl", "cg+rs"),
    ("petsc", "cg+hypre"),
    ("petsc", "cg+icc0"),
    ("petsc", "preonly+cholmod"),
    ("pyamg", "cg+sa"),
    ("pyamg", "cg+rs"),
    ("scipy", "preonly+fft"),
];
/// For an interpreter and its packages to start, and for a package to be looked for.
const START: Duration = Duration::from_secs(30);
/// Times that a peer is asked for more, where it stops on another norm.
const TRIES: usize = 6;

/// One method of one package.
#[derive(Clone)]
pub struct Peer {
    python: PathBuf,
    worker: PathBuf,
    peer: &'static str,
    method: &'static str,
    threads: usize,
    /// Where the system is, and where the answer goes.
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
    let (mut there, mut absent): (Vec<&str>, Vec<&str>) = (Vec::new(), Vec::new());
    for (peer, _) in METHODS {
        if !there.contains(&peer) && !absent.contains(&peer) {
            match importable(&python, peer) {
                true => there.push(peer),
                false => absent.push(peer),
            }
        }
    }
    let methods = METHODS.iter().filter(|(peer, _)| there.contains(peer));
    let peers = methods.map(|&(peer, method)| Peer {
        python: python.clone(),
        worker: workers.join("py_worker.py"),
        peer,
        method,
        // PETSc has ranks instead
        threads: if peer == "petsc" { 1 } else { threads },
        folder: folder.into(),
    });
    (peers.collect(), absent)
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
        "scipy" => "import numpy, scipy",
        _ => "import pyamg, numpy, scipy",
    };
    let mut command = Command::new(python);
    command.args(["-c", test]);
    within(command, START).is_ok()
}

/// Writes the system for all peers, as workers read it (benches/peers/README.md).
pub fn write(problem: &Problem<'_>, folder: &Path) -> std::io::Result<()> {
    let a = problem.a;
    let mut out = BufWriter::new(File::create(folder.join(SYSTEM))?);
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

const SYSTEM: &str = "system.sys";

impl Peer {
    pub fn name(&self) -> String {
        let ranks = if self.peer == "petsc" {
            " (1 thread)"
        } else {
            ""
        };
        format!("{} {}{ranks}", self.peer, self.parts().1)
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

    /// Whether it is for systems like this one: transforms are for constant coefficients alone.
    pub fn serves(&self, problem: &Problem<'_>) -> bool {
        self.parts().1 != "fft" || constant(problem.a)
    }

    /// Solves to the tolerance of the true residual: a peer that stops on another norm is asked for more
    /// until it is so, and those tries are not counted.
    pub fn run(&self, problem: &Problem<'_>) -> Run {
        let judge = Judge::new(problem.a, problem.b, None, problem.tolerance);
        let target = judge.targets()[0] / judge.norms[0].max(f64::MIN_POSITIVE);
        let mut rtol = target;
        let mut run = Run::failed("not converged".into());
        for _ in 0..TRIES {
            run = match self.once(problem, &judge, rtol) {
                Ok(run) => run,
                Err(reason) => return Run::failed(reason),
            };
            let residual = run.relative_residual;
            let hopeless = residual.is_nan() || residual > 1e-2 || target == 0.0;
            if run.converged || hopeless || run.total() > problem.max_time.as_secs_f64() {
                break;
            }
            rtol *= 0.8 * target / residual;
        }
        if run.total() > problem.max_time.as_secs_f64() {
            run.converged = false;
            run.reason = "max time".into();
        }
        run
    }

    fn once(
        &self,
        problem: &Problem<'_>,
        judge: &Judge<'_, f64>,
        rtol: f64,
    ) -> Result<Run, String> {
        let out = self.folder.join("x.bin");
        // no answer of another run
        if let Err(error) = std::fs::remove_file(&out)
            && error.kind() != std::io::ErrorKind::NotFound
        {
            return Err(error.to_string());
        }
        let threads = self.threads.to_string();
        let most = judge.stopping(None, None).max_iters.to_string();
        let mut command = Command::new(&self.python);
        command.arg(&self.worker);
        command.args(["solve", self.peer, self.method]);
        command.arg(self.folder.join(SYSTEM));
        command.args([&threads, &rtol.to_string(), &most]);
        command.arg(&out);
        for name in ["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"] {
            command.env(name, &threads);
        }
        // threads that wait must not take the cores of those that compute
        command.env("OMP_WAIT_POLICY", "PASSIVE");
        command.env("GOMP_SPINCOUNT", "0");
        let text = within(command, problem.max_time.saturating_add(START))?;
        let line = text.lines().rev().find(|line| line.starts_with('{'));
        let answer: Option<Answer> = line.and_then(|line| serde_json::from_str(line).ok());
        let answer = answer.ok_or("its worker says nothing that can be read")?;
        let [setup, solve] = [answer.setup.wall, answer.solve.wall];
        if !(setup >= 0.0 && solve >= 0.0 && (setup + solve).is_finite()) {
            return Err("its worker says times that are none".into());
        }
        let bytes = std::fs::read(&out).map_err(|_| "its worker left no answer")?;
        let number = |b: &[u8]| f64::from_le_bytes(std::array::from_fn(|k| b[k]));
        let x: Vec<f64> = bytes.chunks_exact(8).map(number).collect();
        if x.len() != problem.b.len() {
            return Err("its answer has another length".into());
        }
        let (relative_residual, converged) = judge.arrived(&x);
        Ok(Run {
            converged,
            reason: if converged {
                "converged"
            } else {
                "not converged"
            }
            .into(),
            iterations: answer.iterations,
            precond_applies: None,
            relative_residual,
            setup,
            solve,
        })
    }
}

/// Whether A is that of constant coefficients in a box: what stands beside the diagonal is the same in every
/// row, for each distance from it, and no face is missing.
fn constant(a: &Csr<f64>) -> bool {
    let n = a.nrows();
    // distance from the diagonal, the number there, and how often
    let mut steps: Vec<(usize, f64, usize)> = Vec::new();
    for i in 0..n {
        let range = a.row_range(i);
        for (&j, &value) in a.col_idx()[range.clone()].iter().zip(&a.values()[range]) {
            let Some(step) = (j as usize).checked_sub(i).filter(|step| *step > 0) else {
                continue;
            };
            let known = steps.iter().position(|(other, ..)| *other == step);
            let at = known.unwrap_or(steps.len());
            if at == 3 {
                return false;
            }
            if known.is_none() {
                steps.push((step, value, 0));
            }
            let (_, first, times) = &mut steps[at];
            *times += 1;
            if (value - *first).abs() > 1e-12 * first.abs() {
                return false;
            }
        }
    }
    steps.sort_by_key(|(step, ..)| *step);
    let after = steps.iter().skip(1).map(|(step, ..)| *step).chain([n]);
    let whole = steps.iter().zip(after).all(|(&(step, _, times), next)| {
        let cells = next / step;
        cells > 1 && n.is_multiple_of(next) && next.is_multiple_of(step) && times == n - n / cells
    });
    steps.first().is_some_and(|(step, ..)| *step == 1) && whole
}

/// What the process prints, if it ends well and in time; it is killed otherwise.
fn within(mut command: Command, limit: Duration) -> Result<String, String> {
    command.stdin(Stdio::null());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|error| error.to_string())?;
    // read as it is written: a pipe that is full would stop the process
    let mut reading = [None, None];
    let pipes: [Option<Box<dyn Read + Send>>; 2] = [
        child.stdout.take().map(|pipe| Box::new(pipe) as _),
        child.stderr.take().map(|pipe| Box::new(pipe) as _),
    ];
    for (pipe, reading) in pipes.into_iter().zip(&mut reading) {
        *reading = pipe.map(|mut pipe| {
            std::thread::spawn(move || {
                let mut bytes = Vec::new();
                // what was read before an error is what there is
                pipe.read_to_end(&mut bytes).ok();
                String::from_utf8_lossy(&bytes).into_owned()
            })
        });
    }
    let started = Instant::now();
    let status = loop {
        match child.try_wait().map_err(|error| error.to_string())? {
            Some(status) => break status,
            None if started.elapsed() > limit => {
                let _ = child.kill();
                let _ = child.wait();
                return Err(format!("more than {:.0} s", limit.as_secs_f64()));
            }
            None => std::thread::sleep(Duration::from_millis(5)),
        }
    };
    let [text, said] = reading.map(|thread| {
        let text = thread.and_then(|thread| thread.join().ok());
        text.unwrap_or_default()
    });
    match status.success() {
        true => Ok(text),
        false => {
            let said = said.lines().rev().find(|line| !line.trim().is_empty());
            Err(format!(
                "its worker failed: {}",
                said.unwrap_or("without a word")
            ))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use resolvent::generate::Poisson;

    #[test]
    fn transforms_are_for_constant_coefficients_in_a_whole_box() {
        let plane = Poisson::default().generate::<f64>().unwrap().matrix;
        assert!(constant(&plane));
        let mut other = plane.clone();
        other.values_mut()[1] *= 1.01; // the first face
        assert!(!constant(&other));
        // a face less
        let entries = (0..plane.nrows()).flat_map(|i| {
            let range = plane.row_range(i);
            let of = range.map(move |k| (i, k));
            of.collect::<Vec<_>>()
        });
        let kept = entries.filter_map(|(i, k)| {
            let j = plane.col_idx()[k] as usize;
            ((i, j) != (3, 4) && (i, j) != (4, 3)).then(|| (i, j, plane.values()[k]))
        });
        let kept: Vec<_> = kept.collect();
        let fewer = Csr::from_triplets(plane.nrows(), plane.ncols(), kept).unwrap();
        assert!(!constant(&fewer));
    }
}
