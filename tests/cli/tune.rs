//! `resolvent tune report`.

use crate::{error, resolvent, scratch};
use serde_json::{Value, json};

/// A file with this text; the other tests have names of their own.
fn file(name: &str, text: &str) -> String {
    crate::file(&format!("tune-{name}"), text)
}

/// One line of a log, as `sequence --log` writes it.
fn line(index: usize, iterations: u64) -> Value {
    json!({
        "index": index, "iterations": iterations, "work": 1.5 * iterations as f64,
        "seconds": {"read": 9.0, "setup": 0.25, "solve": 0.5, "total": 9.75},
        "converged": true, "capped": false, "arm": "omega=1.5", "omega": 1.5,
        "probability": null, "context": [], "cost": iterations as f64,
    })
}

/// Iterations of hindsight: `best` at the ω of this place on the grid, ten more at each step from it.
fn valley(place: usize, best: u64) -> Vec<u64> {
    let count = |i: usize| best + 10 * i.abs_diff(place) as u64;
    (0..20).map(count).collect()
}

fn log(name: &str, lines: &[Value]) -> String {
    let lines: Vec<_> = lines.iter().map(|line| format!("{line}\n")).collect();
    file(name, &lines.concat())
}

fn report(args: &[&str]) -> Value {
    let ran = resolvent(&[&["tune", "report", "--json"], args].concat());
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    ran.json()
}

/// R(t) = round(1000 t^power) against both the best fixed ω and the oracle.
fn power(name: &str, power: f64, systems: usize) -> String {
    let regret = |t: usize| (1000.0 * (t as f64).powf(power)).round() as u64;
    let lines: Vec<_> = (0..systems)
        .map(|t| {
            let mut line = line(t, 50 + regret(t + 1) - if t == 0 { 0 } else { regret(t) });
            line["hindsight"] = json!({
                "iterations": valley(16, 50), "golden": {"omega": 1.81, "iterations": 48},
            });
            line["tuner"] = "tsallis-inf".into();
            line
        })
        .collect();
    log(name, &lines)
}

fn close(value: &Value, expected: f64, tolerance: f64) {
    let value = value.as_f64().expect("a number");
    assert!((value - expected).abs() <= tolerance, "{value}, {expected}");
}

#[test]
fn regret_that_is_known() {
    let path = power("half.jsonl", 0.5, 4000);
    let json = report(&[&path]);
    let run = &json["logs"][0];
    let total = 4000 * 50 + (1000.0 * 4000f64.sqrt()).round() as u64;
    assert_eq!(run["total"], total as f64);
    assert_eq!(
        (&run["systems"], &run["converged"]),
        (&4000.into(), &4000.into())
    );
    let (fixed, oracle) = (&run["hindsight"]["best_fixed"], &run["hindsight"]["oracle"]);
    assert_eq!(fixed["omega"], 1.8);
    for other in [fixed, oracle] {
        assert_eq!(other["total"], 200_000.0);
        close(&other["ratio"], total as f64 / 200_000.0, 1e-12);
        close(&other["exponent"], 0.5, 1e-5);
        for (at, t) in [400, 1000, 2000, 4000].into_iter().enumerate() {
            assert_eq!(other["regret"][at]["systems"], t);
            let known = (1000.0 * f64::from(t).sqrt()).round();
            assert_eq!(other["regret"][at]["regret"], known);
        }
    }
    assert_eq!(run["hindsight"]["golden"]["total"], 192_000.0);
    let windows = run["windows"].as_array().expect("three of them");
    assert_eq!(windows.len(), 3);
    close(&windows[0]["mean"], 50.0 + 100.0, 1e-9);
    let last = (1000.0 * 4000f64.sqrt()).round() - (1000.0 * 3500f64.sqrt()).round();
    close(&windows[2]["mean"], 50.0 + last / 500.0, 1e-9);
    assert_eq!(windows[2]["oracle"], 50.0);

    let text = resolvent(&["tune", "report", &path]).stdout;
    assert!(text.contains("best fixed ω = 1.80"), "{text}");
    assert!(text.contains("0.500"), "{text}");
    assert!(text.contains("at most 2/3") && text.contains("at most 3/4"));
}

#[test]
fn linear_regret_has_slope_one_and_gain_has_none() {
    let linear = report(&[&power("linear.jsonl", 1.0, 500)]);
    close(
        &linear["logs"][0]["hindsight"]["best_fixed"]["exponent"],
        1.0,
        1e-9,
    );

    // a tuner that follows two kinds of systems does better than any fixed ω
    let lines: Vec<_> = (0..200)
        .map(|t| {
            let mut line = line(t, 40);
            line["hindsight"] = json!({"iterations": valley(if t % 2 == 0 { 2 } else { 18 }, 40)});
            line
        })
        .collect();
    let path = log("gain.jsonl", &lines);
    let json = report(&[&path]);
    let hindsight = &json["logs"][0]["hindsight"];
    // every ω between the two costs the same: the smallest of them is named
    assert_eq!(hindsight["best_fixed"]["omega"], 1.1);
    assert_eq!(hindsight["best_fixed"]["total"], 200.0 * 120.0);
    assert_eq!(
        hindsight["best_fixed"]["regret"][3]["regret"],
        -200.0 * 80.0
    );
    assert_eq!(hindsight["best_fixed"]["exponent"], Value::Null);
    assert_eq!(hindsight["oracle"]["ratio"], 1.0);
    assert_eq!(hindsight["golden"], Value::Null);
    let text = resolvent(&["tune", "report", &path]).stdout;
    assert!(text.contains("regret is not positive"), "{text}");
}

/// Two arms at fixed odds; one costs 10 on even and 30 on odd systems, the other 100.
fn odds(name: &str) -> String {
    let lines: Vec<_> = (0..1000)
        .map(|t| {
            let first = t % 5 != 0;
            // played with probability 0.8, but on some systems twice as likely as on others
            let mut line = line(t, if first { [10, 30][t % 2] } else { 100 });
            line["arm"] = if first { "omega=1.2" } else { "adaptive" }.into();
            line["omega"] = if first { 1.2.into() } else { Value::Null };
            line["probability"] = if first { [0.4, 0.8][t % 2] } else { 0.2 }.into();
            line["expert"] = if t < 250 { "prior" } else { "learner" }.into();
            line["capped"] = (t == 5).into();
            line["context"] = json!([0.5]);
            line
        })
        .collect();
    log(name, &lines)
}

#[test]
fn without_hindsight_arms_are_estimated_from_probabilities() {
    let path = odds("odds.jsonl");
    let json = report(&[&path]);
    let run = &json["logs"][0];
    assert_eq!(run["hindsight"], Value::Null);
    let arms = run["arms"].as_array().expect("two arms");
    assert_eq!(
        (arms[0]["arm"].as_str(), arms[0]["played"].as_u64()),
        (Some("omega=1.2"), Some(800))
    );
    // 400 systems of weight 2.5 at 10, 400 of weight 1.25 at 30
    close(&arms[0]["mean"], 20.0, 1e-12);
    close(
        &arms[0]["estimated_mean"],
        (2.5 * 10.0 + 1.25 * 30.0) / 3.75,
        1e-12,
    );
    let weights = 400.0 * 3.75;
    let effective = weights * weights / (400.0 * (2.5 * 2.5 + 1.25 * 1.25));
    close(&arms[0]["effective_systems"], effective, 1e-9);
    assert_eq!(
        (arms[1]["arm"].as_str(), arms[1]["capped"].as_u64()),
        (Some("adaptive"), Some(1))
    );
    close(&arms[1]["effective_systems"], 200.0, 1e-9);
    assert_eq!(run["experts"][0]["expert"], "learner");
    close(&run["experts"][1]["share"], 0.25, 1e-12);
    let text = resolvent(&["tune", "report", &path]).stdout;
    insta::assert_snapshot!(text.replace(env!("CARGO_TARGET_TMPDIR"), "TMP"));
}

#[test]
fn other_costs() {
    let path = power("costs.jsonl", 0.5, 100);
    let iterations = report(&[&path]);
    let work = report(&[&path, "--cost", "work"]);
    let seconds = report(&[&path, "--cost", "seconds"]);
    let total = |json: &Value| json["logs"][0]["total"].as_f64().expect("a number");
    assert!((total(&work) - 1.5 * total(&iterations)).abs() < 1e-6);
    // reading is no part of it
    assert!((total(&seconds) - 75.0).abs() < 1e-9);
    assert_eq!(work["logs"][0]["hindsight"], Value::Null);
    let text = resolvent(&["tune", "report", &path, "--cost", "work"]).stdout;
    assert!(text.contains("hindsight counts iterations"), "{text}");
}

#[test]
fn several_logs_are_compared() {
    let paths = [
        power("seed1.jsonl", 0.5, 600),
        power("seed2.jsonl", 0.6, 600),
        odds("other.jsonl"),
    ];
    let paths: Vec<_> = paths.iter().map(String::as_str).collect();
    let json = report(&paths);
    let groups = json["groups"].as_array().expect("one group");
    assert_eq!((groups.len(), &groups[0]["logs"]), (1, &2.into()));
    assert_eq!(groups[0]["tuner"], "tsallis-inf");
    close(&groups[0]["exponent"]["mean"], 0.55, 1e-4);
    close(&groups[0]["exponent"]["deviation"], 0.1 / 2f64.sqrt(), 1e-4);
    let ran = resolvent(&[&["tune", "report"], &paths[..]].concat());
    assert!(ran.stdout.contains("mean of 2") && ran.stdout.contains("standard deviation"));
}

#[test]
fn a_line_cut_off_is_left_out_with_a_warning() {
    let whole: Vec<_> = (0..4).map(|t| line(t, 7).to_string()).collect();
    let text = whole.join("\n");
    let path = file("cut.jsonl", &text[..text.len() - 20]);
    let ran = resolvent(&["tune", "report", &path, "--json"]);
    assert_eq!(ran.status, 0);
    assert!(
        ran.stderr.contains("cut.jsonl:4: the last line is cut off"),
        "{}",
        ran.stderr
    );
    assert_eq!(ran.json()["logs"][0]["systems"], 3);
    assert_eq!(ran.json()["logs"][0]["cut_off"], true);
    let quiet = resolvent(&["tune", "report", &path, "--quiet"]);
    assert_eq!(
        (quiet.status, quiet.stdout + &quiet.stderr),
        (0, String::new())
    );

    // without its end, but whole
    let ran = resolvent(&["tune", "report", &file("whole.jsonl", &text), "--json"]);
    assert_eq!(
        (ran.stderr.as_str(), &ran.json()["logs"][0]["systems"]),
        ("", &4.into())
    );
}

fn without(line: &mut Value, key: &str) {
    line.as_object_mut().expect("an object").remove(key);
}

#[test]
fn what_is_no_log_is_explained() {
    let with = |name: &str, change: fn(&mut Value)| {
        let mut second = line(1, 7);
        change(&mut second);
        log(name, &[line(0, 7), second, line(2, 7)])
    };
    let paths = [
        file("empty.jsonl", ""),
        file("words.jsonl", "iterations, 5\n"),
        file("half.jsonl.part", &line(0, 7).to_string()[..50]),
        file("blank.jsonl", &format!("{}\n\n", line(0, 7))),
        with("no-work.jsonl", |line| without(line, "work")),
        with("no-arm.jsonl", |line| without(line, "arm")),
        with("text.jsonl", |line| line["iterations"] = "7".into()),
        with("gap.jsonl", |line| line["index"] = 2.into()),
        with("again.jsonl", |line| line["index"] = 0.into()),
        with("odds0.jsonl", |line| line["probability"] = 0.into()),
        with("omega.jsonl", |line| line["omega"] = 2.5.into()),
        with("short.jsonl", |line| {
            line["hindsight"] = json!({"iterations": [1, 2]})
        }),
        with("back.jsonl", |line| line["seconds"]["solve"] = (-1).into()),
        "nowhere.jsonl".into(),
    ];
    let texts: Vec<_> = paths
        .iter()
        .map(|path| error(&["tune", "report", path]))
        .collect();
    insta::assert_snapshot!(texts.join("\n"));

    let precious = log("precious.jsonl", &[line(0, 7)]);
    let text = error(&["tune", "report", &precious, "--plot", &precious]);
    assert!(text.contains("would write over a log"), "{text}");
    assert_eq!(resolvent(&["tune", "report"]).status, 2);
    // a folder; what it is called differs between systems
    assert!(error(&["tune", "report", "src"]).starts_with("src: cannot be read"));
}

#[test]
fn partial_hindsight_is_not_used() {
    let mut lines: Vec<_> = (0..5).map(|t| line(t, 7)).collect();
    lines[3]["hindsight"] = json!({"iterations": valley(3, 7)});
    let path = log("partial.jsonl", &lines);
    let text = resolvent(&["tune", "report", &path]).stdout;
    assert!(text.contains("hindsight on 1 of 5 lines only"), "{text}");
}

#[test]
fn pictures_of_every_kind_of_log() {
    let known = power("drawn.jsonl", 0.5, 300);
    let unknown = odds("drawn-odds.jsonl");
    let one = log("one.jsonl", &[line(0, 7)]);
    let zero = log("zero.jsonl", &[line(0, 0), line(1, 0)]);
    for (index, logs) in [
        vec![&known[..]],
        vec![&unknown],
        vec![&one],
        vec![&zero],
        vec![&known, &unknown, &one, &zero],
    ]
    .into_iter()
    .enumerate()
    {
        let svg = scratch(&format!("tune-{index}.svg"));
        let args = [&["tune", "report", "--quiet", "--plot", &svg], &logs[..]].concat();
        let ran = resolvent(&args);
        assert_eq!((ran.status, ran.stdout.as_str()), (0, ""), "{}", ran.stderr);
        let svg = std::fs::read_to_string(svg).expect("the picture");
        assert!(svg.contains("</svg>"));
        for broken in ["NaN", "\"inf", "\"-inf", ",inf", ",-inf", " inf", " -inf"] {
            assert!(!svg.contains(broken), "{logs:?}");
        }
        assert_eq!(
            svg.contains("cumulative regret"),
            logs.contains(&&known[..])
        );
    }
}

#[test]
fn help_of_it() {
    let ran = resolvent(&["tune", "report", "--help"]);
    let text: Vec<_> = ran.stdout.lines().map(str::trim_end).collect();
    insta::assert_snapshot!("help_tune_report", text.join("\n"));
}
