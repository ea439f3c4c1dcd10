//! Networks as preconditioners, as typed: through ONNX Runtime itself.

use crate::{Ran, error, file, resolvent, scratch};
use resolvent::models::onnx::runtime;
use std::process::Command;

#[path = "../../models/tests/ort/mod.rs"]
pub mod ort;

/// A model of the tests.
fn model(name: &str) -> String {
    format!("models/tests/data/{name}.onnx")
}

/// The 5-point Laplacian on 24 × 20 cells with u = 0 around them.
pub fn poisson() -> String {
    let (nx, ny) = (24, 20);
    let mut entries = Vec::new();
    for row in 1..=nx * ny {
        entries.push(format!("{row} {row} 4"));
        if row % nx != 0 {
            entries.push(format!("{} {row} -1", row + 1));
        }
        if row + nx <= nx * ny {
            entries.push(format!("{} {row} -1", row + nx));
        }
    }
    let head = "%%MatrixMarket matrix coordinate real symmetric";
    let text = format!(
        "{head}\n480 480 {}\n{}\n",
        entries.len(),
        entries.join("\n")
    );
    file(&format!("poisson-{}.mtx", line()), &text)
}

/// A number of its own for each call, so that tests do not write over each other's files.
fn line() -> usize {
    use std::sync::atomic::{AtomicUsize, Ordering};
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    COUNT.fetch_add(1, Ordering::Relaxed)
}

fn solve(a: &str, precond: &str, more: &[&str]) -> Ran {
    let mut args = vec![
        "solve",
        a,
        "--precond",
        precond,
        "--grid",
        "24x20",
        "--json",
    ];
    args.extend(more);
    resolvent(&args)
}

#[test]
fn a_network_solves_a_system() {
    if !ort::there("a network solves a system") {
        return;
    }
    let (a, x) = (poisson(), scratch("network_x.mtx"));
    for solver in ["fcg", "dcdm", "fgmres", "gcrodr", "cg", "rcg", "auto"] {
        let precond = format!("onnx:{}", model("vcycle"));
        let ran = solve(&a, &precond, &["--solver", solver, "--out", &x]);
        assert_eq!(ran.status, 0, "{solver}: {}", ran.stderr);
        let json = ran.json();
        assert_eq!(json["precond"], "onnx", "{solver}");
        assert_eq!(
            json["attempts"].as_array().map(Vec::len),
            Some(0),
            "{solver}"
        );
        assert!(
            json["iterations"].as_u64().is_some_and(|n| n < 20),
            "{solver}: {json}"
        );
        assert!(
            json["relative_residual"]
                .as_f64()
                .is_some_and(|r| r <= 1e-8)
        );
        let seconds = |key: &str| json["seconds"][key].as_f64().unwrap_or(-1.0);
        assert!(seconds("runtime") > 0.0, "{json}");
        let parts = ["read", "runtime", "setup", "solve"]
            .map(seconds)
            .iter()
            .sum::<f64>();
        assert!(seconds("total") >= 0.999 * parts, "{json}");
        assert!(std::fs::read_to_string(&x).is_ok_and(|text| text.contains("480 1")));
    }
    let ran = solve(&a, "ic0", &[]);
    assert_eq!(ran.json()["seconds"]["runtime"], 0.0);
}

#[test]
fn what_took_over_is_named_with_the_reason() {
    if !ort::there("what took over is named") {
        return;
    }
    let a = poisson();
    for (name, reasons) in [
        ("nan", vec!["non_finite"]),
        ("zero", vec!["zero"]),
        ("random", vec!["no_progress", "slow"]),
    ] {
        let ran = solve(
            &a,
            &format!("onnx:{},fallback=jacobi", model(name)),
            &["--solver", "fcg"],
        );
        assert_eq!(ran.status, 0, "{name}: {}", ran.stderr);
        let json = ran.json();
        assert_eq!(json["precond"], "jacobi", "{name}");
        let attempt = &json["attempts"][0];
        assert_eq!(
            (&attempt["solver"], &attempt["precond"]),
            (&"fcg".into(), &"onnx".into())
        );
        let reason = attempt["reason"].as_str().unwrap_or_default();
        assert!(reasons.contains(&reason), "{name}: {reason}");
        let text = attempt["error"].as_str().unwrap_or_default();
        assert!(text.contains("jacobi took over after"), "{text}");
    }
    let text = resolvent(&["solve", &a, "--precond", &format!("onnx:{}", model("nan"))]).stdout;
    let said =
        "tried fcg + onnx: it answered with NaN or infinity; ic0 took over after 0 iterations";
    assert!(text.contains(said), "{text}");
}

#[test]
fn a_file_without_a_contract_takes_a_layout() {
    if !ort::there("a file without a contract") {
        return;
    }
    let a = poisson();
    let bare = format!("onnx:{}", model("no_contract"));
    let text = error(&["solve", &a, "--precond", &bare]);
    assert!(text.contains("no_contract.onnx,layout=NCHW"), "{text}");
    let ran = solve(
        &a,
        &format!("{bare},layout=NCHW,multiple=8"),
        &["--solver", "fcg"],
    );
    assert_eq!(ran.json()["precond"], "onnx", "{}", ran.stderr);
}

#[test]
fn models_are_inspected_and_checked() {
    if !ort::there("models are inspected and checked") {
        return;
    }
    let ran = resolvent(&["model", "inspect", &model("fields"), "--json"]);
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    let contract = &ran.json()["contract"];
    assert_eq!(contract["layout"], "NCHW");
    assert_eq!(contract["inputs"][3]["fields"][0], "west");
    let ran = resolvent(&["model", "inspect", &model("no_contract")]);
    assert!(
        ran.stdout.contains("cannot be used as it is"),
        "{}",
        ran.stdout
    );
    let a = poisson();
    for (name, more, status) in [
        ("vcycle", vec![], 0),
        ("vcycle", vec!["--matrix", &a], 0),
        ("vcycle", vec!["--grid", "21x13"], 0),
        ("vcycle3d", vec!["--grid", "6x7x8"], 0),
        ("flipped_lies", vec![], 1),
        ("nan", vec![], 1),
        ("f64_conv", vec![], 2),
        ("vcycle", vec!["--grid", "21"], 2),
        ("vcycle", vec!["--matrix", &a, "--grid", "21x13"], 2),
    ] {
        let path = model(name);
        let mut args = vec!["model", "check", &path];
        args.extend(&more);
        let ran = resolvent(&args);
        assert_eq!(
            ran.status, status,
            "{name} {more:?}: {} {}",
            ran.stdout, ran.stderr
        );
    }
    let ran = resolvent(&["model", "check", &model("vcycle"), "--json"]);
    let json = ran.json();
    assert_eq!(json["passed"], true);
    assert_eq!(json["serves"][0], "cg");
}

#[test]
fn the_status_is_zero_if_and_only_if_a_library_loads() {
    if !ort::there("the status of the runtime") {
        return;
    }
    let ran = resolvent(&["runtime", "status", "--json"]);
    assert_eq!((ran.status, &ran.json()["loads"]), (0, &true.into()));
    let library = ran.json()["path"].as_str().unwrap_or_default().to_owned();
    let ran = resolvent(&["runtime", "status", "--ort-lib", &library]);
    assert!(
        ran.status == 0 && ran.stdout.contains("as given"),
        "{}",
        ran.stdout
    );
}

#[test]
fn libraries_that_do_not_load_are_named() {
    let text = file("libtext.so", "this is a text\n");
    for (library, part) in [
        ("/nowhere/libonnxruntime.so", "/nowhere/libonnxruntime.so"),
        (&text, "libtext.so"),
        (env!("CARGO_TARGET_TMPDIR"), "Looked for at"),
    ] {
        let said = error(&["runtime", "status", "--ort-lib", library]);
        assert!(
            said.contains(part) && said.contains("runtime install"),
            "{said}"
        );
        // the same by a variable: what is named is what is tried
        let ran = Command::new(env!("CARGO_BIN_EXE_resolvent"))
            .args(["runtime", "status"])
            .env("RESOLVENT_ORT_LIB", library)
            .output()
            .expect("the command starts");
        assert_eq!(ran.status.code(), Some(2));
        assert!(String::from_utf8_lossy(&ran.stderr).contains("environment variable"));
    }
    let libm = "/lib/x86_64-linux-gnu/libm.so.6";
    if std::path::Path::new(libm).exists() {
        let said = error(&["runtime", "status", "--ort-lib", libm]);
        assert!(said.contains("does not export OrtGetApiBase"), "{said}");
    }
}

#[test]
fn what_is_typed_wrong() {
    const NOS4: &str = "matrices/mtx/nos4.mtx";
    let vcycle = format!("onnx:{}", model("vcycle"));
    for (precond, part) in [
        ("onnx".into(), "give the file of the model"),
        ("onnx:".into(), "give the file of the model"),
        (format!("{vcycle},layut=HW"), "did you mean `layout`?"),
        (
            format!("{vcycle},layout=NHWC"),
            "expected axes such as NCHW",
        ),
        (format!("{vcycle},multiple=4"), "together with layout"),
        (
            format!("{vcycle},fallback=onnx"),
            "a classical preconditioner",
        ),
        (format!("{vcycle},fallback=icc"), "did you mean `ic0`?"),
        (format!("{vcycle},threads=0"), "a whole number from 1"),
        (format!("{vcycle},threads=5000"), "from 1 to 1024"),
        ("onnx:nowhere.onnx".into(), "nowhere.onnx: cannot be read"),
    ] {
        let text = error(&["solve", NOS4, "--precond", &precond]);
        assert!(text.contains(part), "{precond}: {text}");
    }
    let named = resolvent::registry::precond(&vcycle).map_err(|error| error.to_string());
    assert!(named.is_err_and(|text| text.contains("`resolvent sequence`")));
    let text = error(&["solve", NOS4, "--precond", "ic0", "--ort-lib", "x.so"]);
    assert!(text.contains("belongs to --precond onnx"), "{text}");
}

#[test]
fn methods_that_cannot_take_it() {
    if !ort::there("methods that cannot take it") {
        return;
    }
    let a = poisson();
    let (cycle, bent) = (
        format!("onnx:{}", model("vcycle")),
        format!("onnx:{}", model("nonlinear")),
    );
    for (solver, precond, part) in [
        ("direct", &cycle, "it takes no preconditioner"),
        ("sor", &cycle, "it takes no preconditioner"),
        ("minres", &cycle, "a network serves dcdm"),
        ("cg", &bent, "a network serves dcdm"),
        ("gmres", &bent, "a network serves dcdm"),
    ] {
        let text = error(&["solve", &a, "--solver", solver, "--precond", precond]);
        assert!(text.contains(part), "{solver}: {text}");
    }
    let complex = "matrices/mtx/dwg961b.mtx";
    let text = error(&["solve", complex, "--precond", &cycle]);
    assert!(text.contains("for real systems"), "{text}");
}

#[test]
fn multigrid_on_predicted_levels() {
    if !ort::there("multigrid on predicted levels") {
        return;
    }
    let a = poisson();
    for (precond, solver, takes_over) in [
        ("mgnet".to_string(), "cg", None),
        ("mgnet:trials=false,fallback=ic0".into(), "fcg", None),
        ("mgnet:models/onnx/mgnet2d.onnx".into(), "auto", None),
        (format!("mgnet:{}", model("levels_nan")), "cg", Some("gmg")),
        (
            format!("mgnet:{},fallback=ic0", model("levels_huge")),
            "cg",
            Some("ic0"),
        ),
    ] {
        let ran = solve(&a, &precond, &["--solver", solver]);
        assert_eq!(ran.status, 0, "{precond}: {}", ran.stderr);
        let json = ran.json();
        let used = takes_over.unwrap_or("mgnet");
        assert_eq!(json["precond"], used, "{precond}: {json}");
        if takes_over.is_some() {
            assert_eq!(json["attempts"][0]["reason"], "failed", "{json}");
            assert_eq!(json["attempts"][0]["precond"], "mgnet");
        }
    }
    let path = model("vcycle");
    for (precond, part) in [
        (format!("mgnet:{path}"), "use it as onnx:"),
        (
            format!("onnx:{}", model("levels_default")),
            "use it as mgnet:",
        ),
        ("mgnet:nowhere.bin".into(), "nowhere.bin: cannot be read"),
        ("mgnet:layout=NCHW".into(), "no option `layout`"),
        ("mgnet:fallback=mgnet".into(), "a classical preconditioner"),
    ] {
        let ran = solve(&a, &precond, &["--solver", "cg"]);
        assert_eq!(ran.status, 2, "{precond}: {}", ran.stderr);
        assert!(ran.stderr.contains(part), "{precond}: {}", ran.stderr);
    }
    let ran = resolvent(&["model", "check", "mgnet", "--grid", "40x31"]);
    assert_eq!(ran.status, 0, "{}{}", ran.stdout, ran.stderr);
    assert!(ran.stdout.contains("may serve: cg"), "{}", ran.stdout);
    let broken = model("levels_nan");
    let ran = resolvent(&["model", "check", &broken, "--grid", "40x31"]);
    assert_ne!(ran.status, 0);
    assert!(ran.stderr.contains("scalings"), "{}", ran.stderr);
}

#[test]
fn grids_that_do_not_fit_are_refused() {
    if !ort::there("grids that do not fit are refused") {
        return;
    }
    let (a, cycle) = (poisson(), format!("onnx:{}", model("vcycle")));
    let turned = [
        "solve",
        &a,
        "--precond",
        &cycle,
        "--solver",
        "fcg",
        "--grid",
        "20x24",
    ];
    let text = error(&turned);
    assert!(
        text.contains("shows a grid of 24x20x1 cells, and 20x24x1"),
        "{text}"
    );
    let huge = [
        "model",
        "check",
        &model("vcycle"),
        "--grid",
        "4000000x4000000",
    ];
    let text = error(&huge);
    assert!(text.contains("takes more memory than is free"), "{text}");
    // options behind a comma, as of other models
    let options = resolvent(&[
        "solve",
        &a,
        "--precond",
        "mgnet,trials=false",
        "--solver",
        "cg",
        "--json",
    ]);
    assert_eq!(options.json()["precond"], "mgnet", "{}", options.stderr);
}
