//! Systems in another order.

use super::log;
use crate::{error, resolvent, scratch};
use std::collections::BTreeSet;

const SOURCE: &str = "advection-diffusion:grid=16,systems=40,peclet=50";

#[test]
fn every_order_solves_every_system_once() {
    let way = [
        "--solver",
        "gcrodr:restart=20,k=8,auto=false",
        "--precond",
        "jacobi",
    ];
    for order in ["greedy", "hilbert", "mst"] {
        let lines = scratch(&format!("order_{order}.jsonl"));
        let args = [
            &[
                "sequence", SOURCE, "--json", "--order", order, "--log", &lines,
            ],
            &way[..],
        ];
        let ran = resolvent(&args.concat());
        assert_eq!(ran.status, 0, "{order}: {}", ran.stderr);
        let closing = ran.json();
        assert_eq!(closing["converged"], 40, "{order}");
        assert_eq!(closing["order"]["name"], order);
        let step = |key: &str| closing["order"][key].as_f64().expect("a number");
        assert!(step("mean_step") < step("mean_step_given"), "{order}");
        assert!(closing["recycled"].as_u64() >= Some(39), "{order}");
        let log = log(&lines);
        let names: Vec<_> = log
            .iter()
            .map(|line| line["matrix"]["path"].to_string())
            .collect();
        assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), 40, "{order}");
        assert_ne!(
            names[..3],
            [0, 1, 2].map(|i| format!("\"{SOURCE}#{i}\"")),
            "{order}"
        );
    }
}

/// Greedy order from 10 goes up to 12.5 and has all the way down to 9 left: 6 in all, as they come 4.5.
#[test]
fn an_order_with_longer_steps_is_not_used() {
    let folder = scratch("order_longer");
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).expect("the scratch folder can be written to");
    for (at, value) in [10.0, 9.0, 10.9, 12.5].iter().enumerate() {
        let write = |name: String, text: String| {
            std::fs::write(format!("{folder}/{name}"), text).expect("it can be written to");
        };
        let entries: String = (1..=8).map(|i| format!("{i} {i} {value}\n")).collect();
        write(
            format!("A_{at}.mtx"),
            format!("%%MatrixMarket matrix coordinate real symmetric\n8 8 8\n{entries}"),
        );
        write(
            format!("b_{at}.mtx"),
            format!(
                "%%MatrixMarket matrix array real general\n8 1\n{}",
                "1\n".repeat(8)
            ),
        );
    }
    let ran = resolvent(&["sequence", &folder, "--order", "greedy", "--json"]);
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    let closing = ran.json();
    assert_eq!(closing["order"]["used"], false, "{}", closing["order"]);
    assert_eq!(closing["converged"], 4);
    let ran = resolvent(&["sequence", &folder, "--order", "greedy"]);
    assert!(ran.stdout.contains("not used"), "{}", ran.stdout);
}

#[test]
fn a_run_in_another_order_goes_on() {
    let (state, whole) = (scratch("order_state.json"), scratch("order_whole.json"));
    let base = [
        "sequence",
        SOURCE,
        "--order",
        "greedy",
        "--solver",
        "gcrodr:restart=20,k=8",
        "--json",
    ];
    let all = resolvent(&[&base[..], &["--state", &whole]].concat()).json();
    let stopped = resolvent(&[&base[..], &["--state", &state, "--max-time", "1e-4"]].concat());
    assert_eq!(stopped.status, 1);
    let on = resolvent(&[&base[..], &["--state", &state]].concat()).json();
    assert_eq!(on["iterations_total"], all["iterations_total"]);
    let other = error(&[
        "sequence",
        SOURCE,
        "--order",
        "hilbert",
        "--solver",
        "gcrodr:restart=20,k=8",
        "--state",
        &state,
    ]);
    assert!(other.contains("--order greedy"), "{other}");
}

#[test]
fn what_cannot_be_ordered_is_refused() {
    let heat = error(&["sequence", "heat2d:nx=10,systems=5", "--order", "greedy"]);
    assert!(heat.contains("follow on each other"), "{heat}");
    let newton = error(&["sequence", "newton:nx=10,systems=10", "--order", "mst"]);
    assert!(newton.contains("follow on each other"), "{newton}");
    let state = scratch("order_mst_state.json");
    let mst = error(&["sequence", SOURCE, "--order", "mst", "--state", &state]);
    assert!(mst.contains("--order greedy"), "{mst}");
}
