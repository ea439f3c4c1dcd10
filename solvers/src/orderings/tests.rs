use super::*;
use resolvent_matrices::Csr;

/// Numbers in [0, 1) that look random.
fn numbers(seed: u64) -> impl Iterator<Item = f64> {
    let mut state = seed;
    std::iter::repeat_with(move || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1u64 << 53) as f64
    })
}

fn cloud(n: usize, dims: usize) -> Points {
    let mut points = Points::new(dims);
    let mut numbers = numbers(7);
    for _ in 0..n {
        let point: Vec<f64> = numbers.by_ref().take(dims).collect();
        points.push(&point);
    }
    points
}

/// Every point once, and nobody before its parent.
fn check(visits: &[Visit], n: usize, roots: usize) {
    assert_eq!(visits.len(), n);
    let mut seen = vec![false; n];
    let mut found = 0;
    for visit in visits {
        assert!(!seen[visit.sample], "{} twice", visit.sample);
        found += usize::from(visit.parent.is_none());
        assert!(visit.parent.is_none_or(|parent| seen[parent]));
        seen[visit.sample] = true;
    }
    assert_eq!(found, roots);
}

#[test]
fn every_order_visits_every_point_after_its_parent() {
    for n in [0, 1, 2, 3, 50, 300] {
        let points = cloud(n, 3);
        for (name, order) in Order::ALL {
            assert_eq!(name, order.name());
            check(&order.visits(&points, euclidean), n, n.min(1));
            for chain in order.chains(&points, euclidean, 32) {
                assert!(chain.len() <= 32 && chain[0].parent.is_none());
                let inside = |s: usize| chain.iter().position(|v| v.sample == s);
                for (place, visit) in chain.iter().enumerate().skip(1) {
                    assert!(inside(visit.parent.unwrap()).unwrap() < place);
                }
            }
        }
    }
}

#[test]
fn large_sets_are_cut_into_groups() {
    let points = cloud(GROUP + 500, 2);
    for order in [Order::Greedy, Order::Mst] {
        let visits = order.visits(&points, euclidean);
        check(&visits, points.len(), 1);
        let step = mean_step(&points, &visits, euclidean);
        // about 0.65/√n for trees, a little more for a nearest neighbour's walk
        assert!(step < 1.1 / (points.len() as f64).sqrt(), "{step}");
    }
}

#[test]
fn orders_make_steps_smaller_and_a_tree_smallest() {
    let points = cloud(400, 2);
    let step = |order: Order| mean_step(&points, &order.visits(&points, euclidean), euclidean);
    let [given, greedy, hilbert, mst] = Order::ALL.map(|(_, order)| step(order));
    assert!(mst < greedy && greedy < hilbert && hilbert < 0.2 * given);
}

#[test]
fn the_tree_is_the_smallest_of_all_trees() {
    // against Kruskal's algorithm
    let points = cloud(60, 3);
    let mut edges: Vec<(f64, usize, usize)> = (0..60)
        .flat_map(|i| (0..i).map(move |j| (i, j)))
        .map(|(i, j)| (euclidean(points.point(i), points.point(j)), i, j))
        .collect();
    edges.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut part: Vec<usize> = (0..60).collect();
    let mut total = 0.0;
    for (length, i, j) in edges {
        let (from, to) = (part[i], part[j]);
        if from != to {
            part.iter_mut()
                .filter(|p| **p == from)
                .for_each(|p| *p = to);
            total += length;
        }
    }
    let visits = Order::Mst.visits(&points, euclidean);
    let ours = 59.0 * mean_step(&points, &visits, euclidean);
    assert!((ours - total).abs() < 1e-12 * total, "{ours} {total}");
}

/// While a tree is walked, the points that are still needed are few.
#[test]
fn few_branches_are_open_at_a_time() {
    for n in [100, 1000] {
        let visits = Order::Mst.visits(&cloud(n, 4), euclidean);
        let mut children = vec![0usize; n];
        visits
            .iter()
            .filter_map(|v| v.parent)
            .for_each(|p| children[p] += 1);
        let (mut open, mut most) = (0usize, 0);
        for visit in &visits {
            if let Some(parent) = visit.parent {
                children[parent] -= 1;
                open -= usize::from(children[parent] == 0);
            }
            open += usize::from(children[visit.sample] > 0);
            most = most.max(open);
        }
        assert!(most <= 2 + n.ilog2() as usize, "{most} of {n}");
    }
}

#[test]
fn a_hilbert_curve_moves_one_cell_at_a_time() {
    // the 2^b × 2^b (× 2^b) cells in one corner are the first that the curve fills
    for (dims, side) in [(1usize, 64u32), (2, 16), (3, 8)] {
        let cells = side.pow(dims as u32);
        let cell_of =
            |i: u32| -> Vec<u32> { (0..dims as u32).map(|k| i / side.pow(k) % side).collect() };
        let mut keyed: Vec<(u128, Vec<u32>)> = (0..cells)
            .map(|i| (hilbert::key(&mut cell_of(i)), cell_of(i)))
            .collect();
        keyed.sort();
        for (place, pair) in keyed.windows(2).enumerate() {
            assert_eq!(pair[0].0, place as u128);
            let steps: u32 = pair[0]
                .1
                .iter()
                .zip(&pair[1].1)
                .map(|(a, b)| a.abs_diff(*b))
                .sum();
            assert_eq!(steps, 1, "{pair:?}");
        }
    }
}

#[test]
fn principal_components_keep_distances() {
    // points near a plane in six dimensions
    let mut points = Points::new(6);
    let mut random = numbers(3);
    let mut next = || random.next().unwrap() - 0.5;
    for _ in 0..100 {
        let (s, t) = (10.0 * next(), 7.0 * next());
        points.push(&[s + t, s - t, s, 2.0 * t, 0.5 * s, t].map(|x| x + 1e-6 * next()));
    }
    let reduced = points.principal(4);
    assert_eq!(reduced.dims(), 2);
    for i in 1..100 {
        let was = euclidean(points.point(0), points.point(i));
        let is = euclidean(reduced.point(0), reduced.point(i));
        assert!((was - is).abs() < 1e-4 * was);
    }
    let same = cloud(1, 3).principal(2);
    assert_eq!(same.dims(), 3);
    let mut equal = Points::new(2);
    (0..4).for_each(|_| equal.push(&[1.0, f64::NAN]));
    assert_eq!(equal.principal(2).dims(), 1);
    check(&Order::Hilbert.visits(&equal, chebyshev), 4, 1);
}

#[test]
fn ties_go_by_number() {
    let mut points = Points::new(1);
    [0.0, 1.0, -1.0, 1.0]
        .iter()
        .for_each(|x| points.push(&[*x]));
    let order: Vec<usize> = Order::Greedy
        .visits(&points, manhattan)
        .iter()
        .map(|v| v.sample)
        .collect();
    assert_eq!(order, [0, 1, 3, 2]);
}

#[test]
fn sketches_keep_distances() {
    let matrix = |scale: f64| {
        let entries = (0..400usize).flat_map(|i| {
            let near = [i.saturating_sub(20), i.saturating_sub(1), (i + 1) % 400];
            let value = 1.0 + scale * (i as f64).sin();
            near.into_iter()
                .filter(move |&j| j != i)
                .map(move |j| (i, j, -value))
                .chain([(i, i, 4.0 * value)])
        });
        Csr::from_triplets(400, 400, entries).unwrap()
    };
    let mut sketch = Sketch::new(64);
    let b = vec![1.0; 400];
    let [one, two, three] = [0.0, 0.1, 1.0].map(|s| sketch.of(&matrix(s), &b).to_vec());
    let frobenius = |s: f64, t: f64| {
        let (a, b) = (matrix(s), matrix(t));
        let pairs = a.values().iter().zip(b.values());
        pairs.map(|(x, y)| (x - y).powi(2)).sum::<f64>().sqrt()
    };
    for (sketched, exact) in [
        (euclidean(&one, &two), frobenius(0.0, 0.1)),
        (euclidean(&one, &three), frobenius(0.0, 1.0)),
    ] {
        assert!((sketched / exact - 1.0).abs() < 0.4, "{sketched} {exact}");
    }
}
