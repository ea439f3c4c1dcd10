//! A damaged state is refused with what is wrong with it, and changes nothing; one that is not refused
//! is one to go on from.

use super::*;

/// With something else at a place.
fn damaged(state: &Value, place: &str, with: Value) -> Value {
    let mut state = state.clone();
    *state.pointer_mut(place).expect(place) = with;
    state
}

/// The places of all parts that are asked for.
fn places(value: &Value, at: &str, asked: &dyn Fn(&Value) -> bool, found: &mut Vec<String>) {
    if asked(value) {
        found.push(at.into());
    }
    match value {
        Value::Array(list) => {
            for (i, part) in list.iter().enumerate() {
                places(part, &format!("{at}/{i}"), asked, found);
            }
        }
        Value::Object(map) => {
            for (key, part) in map {
                places(part, &format!("{at}/{key}"), asked, found);
            }
        }
        _ => {}
    }
}

fn learned(arms: usize) -> Vec<Box<dyn Tuner>> {
    let mut all = all(arms);
    all.push(Box::new(TsallisBins::new(
        arms,
        4,
        Some([0.0, 1.0]),
        Estimator::ReducedVariance,
    )));
    all.iter_mut().for_each(|tuner| {
        play(tuner.as_mut(), 40, 15, &bowl);
    });
    all
}

#[test]
fn what_is_missing_is_seen() {
    for mut tuner in learned(9) {
        let state = tuner.save();
        let mut wrong = Vec::new();
        let mut found = Vec::new();
        let list = |value: &Value| value.as_array().is_some_and(|list| !list.is_empty());
        places(&state, "", &list, &mut found);
        for place in &found {
            let mut list = state.pointer(place).cloned().expect(place);
            list.as_array_mut().expect(place).pop();
            wrong.push((place.clone(), damaged(&state, place, list)));
        }
        let mut found = Vec::new();
        places(&state, "", &Value::is_number, &mut found);
        for place in found.iter().step_by(3) {
            wrong.push((place.clone(), damaged(&state, place, Value::Null)));
        }
        for (place, wrong) in wrong {
            let restored = tuner.restore(&wrong);
            assert!(restored.is_err(), "{}: {place}", tuner.name());
        }
        assert_eq!(tuner.save(), state, "{}", tuner.name());
        assert_eq!(tuner.restore(&state), Ok(()), "{}", tuner.name());
    }
}

#[test]
fn no_number_of_a_state_breaks_a_tuner() {
    let far = [
        json!(-1),
        json!(0),
        json!(1_000_000_000_000u64),
        json!(1e300),
        json!(-1e300),
    ];
    for (mut tuner, mut other) in learned(9).into_iter().zip(learned(9)) {
        let state = tuner.save();
        let mut found = Vec::new();
        places(&state, "", &Value::is_number, &mut found);
        let mut p = vec![0.0; tuner.arms()];
        for place in found.iter().step_by(5) {
            for with in &far {
                let wrong = damaged(&state, place, with.clone());
                if tuner.restore(&wrong).is_ok() {
                    // checks that it is a distribution
                    for t in 40..43 {
                        round(tuner.as_mut(), &mut p, t, 15, &bowl);
                    }
                    let after = tuner.save();
                    assert_eq!(
                        other.restore(&after),
                        Ok(()),
                        "{}: {place} {with}",
                        tuner.name()
                    );
                }
            }
        }
    }
}

/// Refuses the state with this at a place, with these words, and is as it was.
fn refused(tuner: &mut dyn Tuner, place: &str, with: Value, says: &str) {
    play(tuner, 20, 16, &bowl);
    let state = tuner.save();
    let restored = tuner.restore(&damaged(&state, place, with));
    let error = restored.expect_err(place).to_string();
    assert!(error.contains(says), "{place}: {error}");
    assert_eq!(tuner.save(), state, "{place}");
}

#[test]
fn what_is_wrong_is_named() {
    let mut one = smooth(9, true);
    for (place, with, says) in [
        (
            "/posterior/covariance",
            json!([0.0]),
            "covariance: 1 entries",
        ),
        ("/posterior/theta", json!([0.0]), "theta: 1 entries"),
        (
            "/draws",
            json!(1_000_000_000_000u64),
            "draws = 1000000000000, not 16",
        ),
        ("/seed", json!(4), "seed = 4, not 3"),
        ("/arms/0", json!(-0.9), "its arms lie elsewhere"),
        ("/line/1", json!(7.0), "its arms lie elsewhere"),
        ("/context", json!(false), "other things"),
        ("/range/ends", Value::Null, "kept"),
        ("/range/width", json!(2.0), "another range"),
        ("/kept", json!([]), "kept: 0 entries"),
        ("/dispersion", json!([1.0, 0.0]), "dispersion"),
    ] {
        refused(&mut one, place, with, says);
    }
    let mut one = Tsallis::new(9);
    refused(&mut one, "/shifts", json!([]), "shifts: 0 entries");
    refused(&mut one, "/shifts/0", json!(1e9), "shifts");
    refused(&mut one, "/mean", json!(0.0), "mean");
    refused(
        &mut one,
        "/estimator",
        json!("ImportanceWeighted"),
        "another way",
    );
    let mut one = ChebCb::new(9, Some([0.0, 1.0]));
    refused(&mut one, "/arms/0/plays", json!(900), "plays");
    refused(&mut one, "/arms/0/theta/0", json!(10.0), "theta");
    refused(&mut one, "/range/ends", json!([0.5, 1.0]), "range");
    refused(&mut one, "/errors", json!(-1.0), "errors");
    let mut one = master(9);
    refused(&mut one, "/state/gaps", json!(-1), "gaps");
    refused(&mut one, "/state/t", json!(3), "plays");
    // the first expert is as it was where the second one's is wrong
    refused(&mut one, "/experts/1", Value::Null, "tsallis-inf");
    refused(&mut Fixed::new(9, 2), "", json!(3), "plays arm 3, not 2");
}
