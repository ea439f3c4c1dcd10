//! The same model with shuffled weights: a control that says whether the weights matter.
//!
//! An ONNX file is a protocol buffer, in which a tensor of weights is
//!
//! ```text
//! ModelProto.graph (7) → GraphProto.initializer (5), or .node (1) → .attribute (5) → .t (5)
//! NodeProto: input (1), output (2), op_type (4)
//! TensorProto: dims (1), data_type (2), float_data (4), name (8), raw_data (9), double_data (10)
//! ```
//!
//! Weights are what convolutions and matrix products read beside their first input, with two dimensions
//! or more. Numbers are shuffled and their signs drawn within each tensor, in place: nothing else of the
//! file changes, each layer keeps the size of its weights, biases and all other constants stay.

use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::ops::Range;

/// Shuffles the weights and draws their signs. Returns how many there are: none where the file is no
/// model, or keeps them in another file.
pub(super) fn shuffle(file: &mut [u8], seed: u64) -> usize {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut count = 0;
    for tensor in weights(file) {
        let numbers = tensor.place.len() / tensor.width;
        let mut order: Vec<usize> = (0..numbers).collect();
        order.shuffle(&mut rng);
        let place = &mut file[tensor.place];
        let before = place.to_vec();
        let place = place.chunks_exact_mut(tensor.width);
        for (bytes, from) in place.zip(order) {
            bytes.copy_from_slice(&before[from * tensor.width..][..tensor.width]);
            // little-endian: the sign is the highest bit of the last byte
            bytes[tensor.width - 1] ^= u8::from(rng.random::<bool>()) << 7;
        }
        count += numbers;
    }
    count
}

/// How many weights there are.
pub(super) fn count(file: &[u8]) -> usize {
    let tensors = weights(file).into_iter();
    tensors.map(|t| t.place.len() / t.width).sum()
}

/// Where the numbers of a tensor stand, and the bytes of each.
struct Tensor {
    place: Range<usize>,
    width: usize,
}

fn weights(file: &[u8]) -> Vec<Tensor> {
    let mut all = Vec::new();
    for graph in within(file, 0..file.len(), 7) {
        let nodes = within(file, graph.clone(), 1);
        let mut read: Vec<&[u8]> = nodes
            .iter()
            .flat_map(|node| multiplied(file, node.clone()))
            .map(|name| &file[name])
            .collect();
        // of what is stored in half the bits, the numbers before they are widened; nodes come in order
        for node in nodes.iter().rev().filter(|node| passes_on(file, node)) {
            let [from, to] = [1, 2].map(|number| within(file, (*node).clone(), number));
            if let (Some(from), Some(to)) = (from.first(), to.first())
                && read.contains(&&file[to.clone()])
            {
                read.push(&file[from.clone()]);
            }
        }
        let is_weight = |name: Option<&Range<usize>>| {
            name.is_some_and(|name| read.contains(&&file[name.clone()]))
        };
        let constants = nodes
            .iter()
            .filter(|node| is_weight(within(file, (*node).clone(), 2).first()))
            .flat_map(|node| within(file, node.clone(), 5))
            .flat_map(|attribute| within(file, attribute, 5));
        let initializers = within(file, graph, 5);
        let initializers = initializers
            .into_iter()
            .filter(|tensor| is_weight(within(file, tensor.clone(), 8).first()));
        let tensors: Vec<_> = initializers.chain(constants).collect();
        all.extend(tensors.into_iter().flat_map(|tensor| floats(file, tensor)));
    }
    all
}

/// Whether a node says what it is told, perhaps in other bits.
fn passes_on(file: &[u8], node: &Range<usize>) -> bool {
    let kind = within(file, node.clone(), 4);
    let kind = kind.first().map(|kind| &file[kind.clone()]);
    [Some(&b"Cast"[..]), Some(b"Identity")].contains(&kind)
}

/// Names of what a node multiplies its input by.
fn multiplied(file: &[u8], node: Range<usize>) -> Vec<Range<usize>> {
    let kind = within(file, node.clone(), 4);
    let kind = kind.first().map_or(&[][..], |kind| &file[kind.clone()]);
    let inputs = within(file, node, 1);
    match kind {
        b"Conv" | b"ConvTranspose" => inputs.into_iter().skip(1).take(1).collect(),
        b"MatMul" | b"Gemm" => inputs.into_iter().take(2).collect(),
        _ => Vec::new(),
    }
}

/// The numbers of a tensor, if it has two dimensions or more and they are floating-point ones.
fn floats(file: &[u8], tensor: Range<usize>) -> Option<Tensor> {
    let (mut rank, mut kind, mut place) = (0, 0, None);
    for (field, value) in fields(file, tensor)? {
        match (field, value) {
            (1, Value::Number(_)) => rank += 1,
            (1, Value::Bytes(packed)) => {
                let bytes = &file[packed];
                rank += bytes.iter().filter(|byte| **byte < 0x80).count();
            }
            (2, Value::Number(is)) => kind = is,
            (4 | 9 | 10, Value::Bytes(bytes)) => place = Some(bytes),
            _ => {}
        }
    }
    let width = match kind {
        1 => 4,       // float
        10 | 16 => 2, // float16, bfloat16
        11 => 8,      // double
        _ => return None,
    };
    let place = place.filter(|place| rank >= 2 && place.len() % width == 0)?;
    Some(Tensor { place, width })
}

enum Value {
    Number(u64),
    Bytes(Range<usize>),
    Other,
}

/// The parts of a message with this number; none of what is no message.
fn within(file: &[u8], message: Range<usize>, number: u64) -> Vec<Range<usize>> {
    let all = fields(file, message).unwrap_or_default();
    let wanted = all.into_iter().filter_map(|(field, value)| match value {
        Value::Bytes(bytes) if field == number => Some(bytes),
        _ => None,
    });
    wanted.collect()
}

/// All fields of a message; `None` if it is none.
fn fields(file: &[u8], message: Range<usize>) -> Option<Vec<(u64, Value)>> {
    let mut all = Vec::new();
    let Range { start: mut at, end } = message;
    while at < end {
        let key = varint(file, &mut at, end)?;
        let skip = |at: &mut usize, bytes: usize| {
            let from = *at;
            *at = from.checked_add(bytes).filter(|to| *to <= end)?;
            Some(from..*at)
        };
        let value = match key & 7 {
            0 => Value::Number(varint(file, &mut at, end)?),
            1 => skip(&mut at, 8).map(|_| Value::Other)?,
            2 => {
                let bytes = usize::try_from(varint(file, &mut at, end)?).ok()?;
                Value::Bytes(skip(&mut at, bytes)?)
            }
            5 => skip(&mut at, 4).map(|_| Value::Other)?,
            _ => return None,
        };
        all.push((key >> 3, value));
    }
    Some(all)
}

/// Seven bits a byte, the lowest first.
fn varint(file: &[u8], at: &mut usize, end: usize) -> Option<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        if *at >= end {
            return None;
        }
        let byte = file[*at];
        *at += 1;
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    static SHIPPED: &[u8] = include_bytes!("../../onnx/mgnet2d.onnx");

    fn sorted(file: &[u8]) -> Vec<f32> {
        let place = weights(file).into_iter().flat_map(|t| t.place);
        let bytes: Vec<u8> = place.map(|k| file[k]).collect();
        let number = |b: &[u8]| f32::from_le_bytes([b[0], b[1], b[2], b[3]]).abs();
        let mut all: Vec<_> = bytes.chunks_exact(4).map(number).collect();
        all.sort_by(f32::total_cmp);
        all
    }

    #[test]
    fn weights_move_within_their_tensor_and_nothing_else_changes() {
        let mut file = SHIPPED.to_vec();
        let count = shuffle(&mut file, 1);
        assert!(count > 1000, "{count}");
        assert_eq!(sorted(&file), sorted(SHIPPED));
        let inside: Vec<_> = weights(SHIPPED).into_iter().map(|t| t.place).collect();
        let differ = |k: &usize| file[*k] != SHIPPED[*k];
        let moved: Vec<usize> = (0..file.len()).filter(differ).collect();
        assert!(moved.len() > count);
        assert!(moved.iter().all(|k| inside.iter().any(|r| r.contains(k))));
        let mut again = SHIPPED.to_vec();
        shuffle(&mut again, 1);
        assert_eq!(file, again);
        shuffle(&mut again, 2);
        assert_ne!(file, again);
    }

    #[test]
    fn what_is_no_model_or_cut_off_is_left_alone_or_read_as_far_as_it_goes() {
        for cut in 0..SHIPPED.len().min(3000) {
            shuffle(&mut SHIPPED[..cut].to_vec(), 1);
        }
        for seed in 0..200 {
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            let mut noise: Vec<u8> = (0..400).map(|_| rng.random()).collect();
            shuffle(&mut noise, seed);
        }
        assert_eq!(shuffle(&mut b"no model".to_vec(), 1), 0);
        assert_eq!(shuffle(&mut [], 1), 0);
    }
}
