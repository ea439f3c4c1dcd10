//! What is typed, as a request.

use super::args::{FRACTION, MakeArgs, RtolArg, SolveDirArgs, SolveWith};
use resolvent::dataset::npy::Rows;
use resolvent::dataset::systems::{self, Pair};
use resolvent::dataset::{DatasetError, Dtype, ErrorBars, Folder, Request, Shares, source};
use resolvent::matrices::Grid;
use resolvent::matrices::families::Description;
use resolvent::registry;
use std::path::{Path, PathBuf};

/// What is asked for, and other sets of the same kind to test on: their names and options.
pub struct Asked {
    pub request: Request,
    pub folder: PathBuf,
    pub others: Vec<(String, Request)>,
}

/// Reads what was typed.
///
/// # Errors
/// [`DatasetError`] for what is missing, cannot be read or makes no sense.
pub fn read(args: &MakeArgs) -> Result<Asked, DatasetError> {
    let missing =
        |what: &str| DatasetError::Request(format!("{what}; see resolvent dataset --help"));
    let spec = args
        .family
        .as_deref()
        .ok_or_else(|| missing("name a family, such as darcy"))?;
    let folder = args
        .out
        .clone()
        .ok_or_else(|| missing("--out DIR is missing: the folder to write to"))?;
    let grid = match (&args.grid, &args.coefficients) {
        (Some(grid), _) => grid.clone(),
        (None, Some(path)) => grid_of(&Rows::open(path)?)?,
        (None, None) => {
            return Err(missing(
                "--grid is missing: the points of the grid, such as 64 or 64x32",
            ));
        }
    };
    let points = Request::points(&grid)?;
    let spec = &with_fields(spec, &args.input);
    let family = registry::sample_family(spec, points)?.describe();
    let files = files(args, &family)?;
    let (given, samples) = source::given(&files, &family, args.samples)?;
    let samples = samples.ok_or_else(|| missing("--samples is missing: how many"))?;
    let dtype = Dtype::from(args.files.dtype);
    let largest = family
        .inputs
        .iter()
        .chain(&family.outputs)
        .map(|f| f.len())
        .max();
    let (shard, chain) = Request::parts(samples, largest.unwrap_or(1), dtype);
    let shard = args.files.shard_samples.unwrap_or(shard);
    let (split, other) = splits(&args.split)?;
    let request = Request {
        family: family.spec(),
        grid: dims(points),
        solve_grid: match &args.solve_grid {
            Some(grid) => Some(dims(Request::points(grid)?)),
            None => None,
        },
        samples,
        first: 0,
        seed: args.common.seed,
        systems: Vec::new(),
        given,
        dtype,
        solver: args.how.solver.clone(),
        precond: absolute(&args.how.precond),
        rtol: args.how.rtol.number(),
        auto_rtol: args.how.rtol == RtolArg::Auto,
        max_iters: args.how.max_iters,
        order: args.how.order.into(),
        shard,
        chain: chain.min(shard.max(1)),
        error_bars: error_bars(&args.how)?,
        split,
    };
    request.check()?;
    let mut others = Vec::new();
    for options in other {
        others.push(other_set(&request, &options, others.len())?);
    }
    Ok(Asked {
        request,
        folder,
        others,
    })
}

/// A request for systems in files.
///
/// # Errors
/// As [`read`].
pub fn of_systems(args: &SolveDirArgs, systems: Vec<Pair>) -> Result<Request, DatasetError> {
    let samples = systems.len() as u64;
    let description = systems::family(&systems)?.describe();
    let dtype = Dtype::from(args.files.dtype);
    let (shard, chain) = Request::parts(samples, description.rows(), dtype);
    let shard = args.files.shard_samples.unwrap_or(shard);
    let request = Request {
        family: systems::NAME.into(),
        grid: description.rows().to_string(),
        solve_grid: None,
        samples,
        first: 0,
        seed: args.common.seed,
        systems,
        given: Vec::new(),
        dtype,
        solver: args.how.solver.clone(),
        precond: absolute(&args.how.precond),
        rtol: args.how.rtol.number(),
        auto_rtol: args.how.rtol == RtolArg::Auto,
        max_iters: args.how.max_iters,
        order: args.how.order.into(),
        shard,
        chain: chain.min(shard.max(1)),
        error_bars: error_bars(&args.how)?,
        split: Shares::default(),
    };
    request.check()?;
    Ok(request)
}

/// With the path of a network's file from the root, so that shards can be made in any folder.
fn absolute(precond: &str) -> String {
    let file = registry::network(precond).ok().flatten();
    let file = file.map(|network| network.path);
    let whole = file.as_deref().and_then(|file| file.canonicalize().ok());
    let parts = precond.split_once(':');
    match (&file, &whole, parts) {
        (Some(file), Some(whole), Some((name, rest))) if !whole.to_string_lossy().contains(',') => {
            let rest = rest.replacen(&*file.to_string_lossy(), &whole.to_string_lossy(), 1);
            format!("{name}:{rest}")
        }
        _ => precond.into(),
    }
}

/// The error bars asked for.
fn error_bars(how: &SolveWith) -> Result<Option<ErrorBars>, DatasetError> {
    match (how.error_bars, how.error_bars_fraction) {
        (false, None) => Ok(None),
        (_, fraction) => Ok(Some(ErrorBars::of_fraction(fraction.unwrap_or(FRACTION))?)),
    }
}

/// `NXxNY` or `NXxNYxNZ`.
fn dims(grid: Grid) -> String {
    let dims = grid.dims();
    let dims: Vec<_> = dims[..grid.dimension().max(2)] // one number alone means NxN
        .iter()
        .map(usize::to_string)
        .collect();
    dims.join("x")
}

/// The grid of coefficients with a value for each point.
fn grid_of(rows: &Rows) -> Result<String, DatasetError> {
    match rows.shape() {
        [_, dims @ ..] if (2..=3).contains(&dims.len()) => {
            let dims: Vec<_> = dims.iter().rev().map(u64::to_string).collect();
            Ok(dims.join("x"))
        }
        shape => Err(DatasetError::Request(format!(
            "{}: the array is of shape {shape:?}; (N, NY, NX) or (N, NZ, NY, NX) is needed: a field a sample",
            rows.path().display()
        ))),
    }
}

/// `custom` takes the fields that are given, without being told so.
fn with_fields(spec: &str, inputs: &[String]) -> String {
    let mut spec = spec.to_owned();
    if spec.split(':').next() == Some("custom") {
        for (name, _) in inputs.iter().filter_map(|pair| pair.split_once('=')) {
            spec += if spec.contains(':') { "," } else { ":" };
            spec += &format!("{name}=true");
        }
    }
    spec
}

/// Each input that is read, and its file.
fn files(args: &MakeArgs, family: &Description) -> Result<Vec<(String, PathBuf)>, DatasetError> {
    let mut files = Vec::new();
    if let Some(path) = &args.coefficients {
        let Some(first) = family.inputs.first() else {
            return Err(DatasetError::Request(format!(
                "--coefficients: {} has no first input, it takes what it is told to; use --input k={file} or \
                 --input f={file}",
                family.name,
                file = path.display()
            )));
        };
        files.push((first.name.to_owned(), path.clone()));
    }
    for pair in &args.input {
        let Some((name, path)) = pair.split_once('=') else {
            return Err(DatasetError::Request(format!(
                "--input {pair}: expected NAME=FILE.npy"
            )));
        };
        files.push((name.to_owned(), path.into()));
    }
    let mut inputs = family.inputs.iter();
    let unread = inputs.find(|input| files.iter().all(|(name, _)| name != input.name));
    match unread {
        // the others are drawn
        Some(input) if family.name == "custom" => Err(DatasetError::Request(format!(
            "custom: the input `{0}` is read from a file, and none is given: --input {0}=FILE.npy",
            input.name
        ))),
        _ => Ok(files),
    }
}

/// The parts, and the options of other sets.
fn splits(texts: &[String]) -> Result<(Shares, Vec<String>), DatasetError> {
    let mut shares = Shares::default();
    let mut others = Vec::new();
    for text in texts {
        match text.strip_prefix("ood:") {
            Some(options) if options.split(',').all(|pair| pair.contains('=')) => {
                others.push(options.to_owned());
            }
            Some(_) => {
                return Err(DatasetError::Request(format!(
                    "--split {text}: say what is other there, ood:KEY=VALUE,... with options of the family, such as ood:tau=7"
                )));
            }
            None => shares = parts(text)?,
        }
    }
    Ok((shares, others))
}

fn parts(text: &str) -> Result<Shares, DatasetError> {
    let wrong = || {
        DatasetError::Request(format!(
            "--split {text}: expected train=0.8,valid=0.1,test=0.1 (what is left out is 0), or \
             ood:KEY=VALUE,..."
        ))
    };
    let mut shares = Shares {
        train: 0.0,
        valid: 0.0,
        test: 0.0,
    };
    for pair in text.split(',') {
        let (key, value) = pair.split_once('=').ok_or_else(wrong)?;
        let value: f64 = value.parse().map_err(|_| wrong())?;
        match key {
            "train" => shares.train = value,
            "valid" => shares.valid = value,
            "test" => shares.test = value,
            _ => return Err(wrong()),
        }
    }
    Ok(shares)
}

/// As many samples as test, of the same family with other parameters, and with indices of their own.
fn other_set(
    request: &Request,
    options: &str,
    at: usize,
) -> Result<(String, Request), DatasetError> {
    let tested = request.split.of(request.samples).test;
    if !request.given.is_empty() {
        return Err(DatasetError::Request(
            "--split ood: samples of other parameters are drawn, and these are read from files"
                .into(),
        ));
    }
    let mut family = request.family.clone();
    for pair in options.split(',') {
        let pair = match pair.strip_prefix("contrast=") {
            Some(contrast) => contrasted(request, contrast)?,
            None => pair.to_owned(),
        };
        // of a key given twice the last counts
        family += if family.contains(':') { "," } else { ":" };
        family += &pair;
    }
    let points = Request::points(&request.grid)?;
    let family = registry::sample_family(&family, points)?.describe().spec();
    let samples = (tested.end - tested.start).max(1);
    let other = Request {
        family,
        samples,
        first: request.first + request.samples + at as u64 * samples,
        split: Shares {
            train: 0.0,
            valid: 0.0,
            test: 1.0,
        },
        shard: request.shard.min(samples as usize),
        chain: request.chain.min(samples as usize),
        ..request.clone()
    };
    Ok((name_of_other(at), other))
}

/// The folder of a set that was begun, and those of the sets of other parameters that lie in it.
pub fn nested(folder: &Path) -> Vec<PathBuf> {
    let inside = (0..).map(|at| folder.join(name_of_other(at)));
    let inside = inside.take_while(|path| Folder::begun(path));
    std::iter::once(folder.to_path_buf())
        .chain(inside)
        .collect()
}

/// The folder, in that of a set, of the set number `at` of other parameters.
fn name_of_other(at: usize) -> String {
    match at {
        0 => "ood".to_owned(),
        at => format!("ood-{}", at + 1),
    }
}

/// `high` = contrast · `low`.
fn contrasted(request: &Request, contrast: &str) -> Result<String, DatasetError> {
    let low = request
        .family
        .split([':', ','])
        .find_map(|pair| pair.strip_prefix("low="));
    let product = low
        .and_then(|low| low.parse::<f64>().ok())
        .zip(contrast.parse::<f64>().ok())
        .map(|(low, contrast)| low * contrast);
    product.map(|high| format!("high={high}")).ok_or_else(|| {
        DatasetError::Request(format!(
            "--split ood:contrast={contrast}: it is for families with the options low and high, and a \
             number"
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::absolute;

    #[test]
    fn the_path_of_a_network_becomes_whole_and_its_options_stay() {
        let whole = std::path::Path::new("src").canonicalize().unwrap();
        let whole = whole.display();
        assert_eq!(
            absolute("onnx:src,threads=1"),
            format!("onnx:{whole},threads=1")
        );
        assert_eq!(absolute("mgnet:src"), format!("mgnet:{whole}"));
        for as_it_is in ["mgnet", "ic0", "onnx:no_such_file", "mgnet:threads=1"] {
            assert_eq!(absolute(as_it_is), as_it_is);
        }
    }
}
