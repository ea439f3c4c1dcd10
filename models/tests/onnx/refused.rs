//! Every file and library that cannot be used, and that nothing panics.

use crate::{laplacian, load, noise, ort};
use resolvent_matrices::Grid;
use resolvent_models::onnx::{
    Contract, Layout, Model, ModelConfig, OnnxConfig, OnnxError, OnnxPrecond, runtime,
};
use resolvent_solvers::Preconditioner;
use std::path::{Path, PathBuf};

fn refusal(name: &str) -> OnnxError {
    load(name).expect_err(name)
}

#[test]
fn models_that_are_not_what_they_say() {
    if !ort::there("models that are not what they say") {
        return;
    }
    for name in [
        "f64_add",
        "wrong_name",
        "wrong_rank",
        "wrong_channels",
        "levels_four_ratios",
    ] {
        let error = refusal(name);
        assert!(
            matches!(error, OnnxError::Mismatch { .. }),
            "{name}: {error:?}"
        );
        assert!(error.to_string().contains(name), "{error}");
    }
    let error = refusal("f64_conv");
    assert!(
        matches!(error, OnnxError::UnsupportedOp { .. }),
        "{error:?}"
    );
    assert!(
        error.to_string().contains("export the model in float32"),
        "{error}"
    );
    let error = refusal("bad_contract");
    assert!(matches!(error, OnnxError::BadContract { .. }), "{error:?}");
    let error = refusal("no_contract");
    assert!(
        matches!(error, OnnxError::NoContract { layout: "NCHW", .. }),
        "{error:?}"
    );
    assert!(
        error.to_string().contains("no_contract.onnx,layout=NCHW"),
        "{error}"
    );
}

#[test]
fn a_layout_makes_up_for_a_missing_contract_if_it_fits() {
    if !ort::there("a layout makes up for a missing contract") {
        return;
    }
    let with = |layout: &str| {
        let contract = Contract::bare(Layout::parse(layout).unwrap());
        let config = ModelConfig {
            contract: Some(contract),
            ..ModelConfig::default()
        };
        Model::load(&ort::model("no_contract"), config)
    };
    assert_eq!(with("NCHW").unwrap().contract().inputs[0].name, "r");
    assert!(with("N1HW").is_ok());
    for layout in ["HW", "NCDHW", "NHW"] {
        let error = with(layout).unwrap_err();
        assert!(
            matches!(error, OnnxError::Mismatch { .. }),
            "{layout}: {error:?}"
        );
    }
    // several inputs have to be named
    let contract = Contract::bare(Layout::parse("NCHW").unwrap());
    let config = ModelConfig {
        contract: Some(contract),
        ..ModelConfig::default()
    };
    let error = Model::load(&ort::model("fields"), config).unwrap_err();
    assert!(error.to_string().contains("the graph has 7"), "{error}");
}

#[test]
fn grids_that_do_not_fit() {
    if !ort::there("grids that do not fit") {
        return;
    }
    let on = |name: &str, grid: Grid, given: Option<Grid>| {
        let model = load(name).unwrap();
        let a = laplacian(grid);
        OnnxPrecond::new(&model, &a, OnnxConfig { grid: given }).map(drop)
    };
    let (plane, solid) = (Grid::new(12, 20, 1), Grid::new(8, 4, 6));
    for (name, grid, given, part) in [
        (
            "vcycle",
            solid,
            Some(solid),
            "2 dimensions, and the grid has 3",
        ),
        (
            "vcycle3d",
            plane,
            Some(plane),
            "3 dimensions, and the grid has 2",
        ),
        (
            "vcycle",
            Grid::new(50, 1, 1),
            None,
            "2 dimensions, and the grid has 1",
        ),
        (
            "vcycle",
            plane,
            Some(Grid::new(12, 12, 1)),
            "does not have the 240 unknowns",
        ),
        (
            "vcycle32",
            Grid::new(33, 8, 1),
            None,
            "32 cells along x, and the grid has 33",
        ),
    ] {
        let error = on(name, grid, given).unwrap_err();
        assert!(matches!(error, OnnxError::Grid { .. }), "{error:?}");
        assert!(error.to_string().contains(part), "{error}");
    }
    for (name, grid) in [
        ("vcycle", plane),
        ("vcycle3d", solid),
        ("vcycle32", Grid::new(30, 32, 1)),
    ] {
        on(name, grid, None).unwrap();
    }
    // no grid shows in a matrix without one
    let a = resolvent_matrices::Csr::from_triplets(
        3,
        3,
        (0..9).map(|k| (k / 3, k % 3, 1.0 + k as f64)),
    );
    let model = load("vcycle").unwrap();
    let error = OnnxPrecond::new(&model, &a.unwrap(), OnnxConfig::default())
        .map(drop)
        .unwrap_err();
    assert!(error.to_string().contains("give it with --grid"), "{error}");
    // fields are of stencils that reach the next cells
    let nine = resolvent_matrices::generate::Poisson {
        stencil: resolvent_matrices::generate::Stencil::Box,
        ..Default::default()
    };
    let nine = nine.generate::<f64>().unwrap().matrix;
    let model = load("fields").unwrap();
    let error = OnnxPrecond::new(&model, &nine, OnnxConfig::default())
        .map(drop)
        .unwrap_err();
    assert!(matches!(error, OnnxError::Field { .. }), "{error:?}");
}

#[test]
fn an_output_of_another_size_is_found_before_the_solve() {
    if !ort::there("an output of another size") {
        return;
    }
    let model = load("half_size").unwrap();
    let a = laplacian(Grid::new(16, 16, 1));
    let error = OnnxPrecond::new(&model, &a, OnnxConfig::default())
        .map(drop)
        .unwrap_err();
    assert!(matches!(error, OnnxError::Mismatch { .. }), "{error:?}");
    assert_eq!(model.idle_sessions(), 1);
}

fn scratch(name: &str, bytes: &[u8]) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, bytes).unwrap();
    path
}

#[test]
fn files_that_are_no_models() {
    if !ort::there("files that are no models") {
        return;
    }
    let load = |path: &Path| Model::load(path, ModelConfig::default()).map(drop);
    let error = load(Path::new("nowhere.onnx")).unwrap_err();
    assert!(matches!(error, OnnxError::ModelIo { .. }), "{error:?}");
    let error = load(Path::new(env!("CARGO_TARGET_TMPDIR"))).unwrap_err();
    assert!(matches!(error, OnnxError::ModelIo { .. }), "{error:?}");
    let whole = std::fs::read(ort::model("vcycle")).unwrap();
    let text = b"%%MatrixMarket matrix coordinate real symmetric\n1 1 1\n1 1 1\n";
    let noise: Vec<u8> = noise(5000, 3)
        .iter()
        .map(|v| (v * 127.0) as i8 as u8)
        .collect();
    for (name, bytes) in [
        ("empty.onnx", &[][..]),
        ("text.onnx", text),
        ("noise.onnx", &noise),
        ("half.onnx", &whole[..whole.len() / 2]),
    ] {
        let error = load(&scratch(name, bytes)).unwrap_err();
        assert!(
            matches!(error, OnnxError::BadModel { .. }),
            "{name}: {error:?}"
        );
    }
}

#[test]
fn damaged_models_are_refused_or_run_and_never_panic() {
    if !ort::there("damaged models") {
        return;
    }
    let whole = std::fs::read(ort::model("vcycle")).unwrap();
    let a = laplacian(Grid::new(16, 16, 1));
    let r = noise(256, 1);
    let places = noise(200, 9);
    let (mut refused, mut ran) = (0, 0);
    for (case, place) in places.iter().enumerate() {
        let at = ((place + 1.0) / 2.0 * whole.len() as f64) as usize % whole.len();
        let mut bytes = whole.clone();
        match case % 3 {
            0 => bytes.truncate(at),
            1 => bytes[at] ^= 1 << (case % 8),
            _ => bytes[at] = 0xff,
        }
        let path = scratch("damaged.onnx", &bytes);
        let applied = Model::load(&path, ModelConfig::default()).and_then(|model| {
            let mut m = OnnxPrecond::new(&model, &a, OnnxConfig::default())?;
            let mut z = vec![0.0; 256];
            let _ = m.apply(&r, &mut z); // an error, or numbers that may be anything
            Ok(())
        });
        match applied {
            Ok(()) => ran += 1,
            Err(_) => refused += 1,
        }
    }
    assert!(refused > 50 && ran > 0, "{refused} {ran}");
}

#[test]
fn a_process_has_one_library() {
    if !ort::there("a process has one library") {
        return;
    }
    let text = scratch("libtext.so", b"no library");
    let error = runtime::load(Some(&text)).unwrap_err();
    assert!(matches!(error, OnnxError::RuntimeInUse { .. }), "{error:?}");
    let library = runtime::load(None).unwrap();
    assert_eq!(runtime::load(Some(&library.path)).unwrap(), library);
}
