//! Files of PyTorch: a dictionary of tensors, as `torch.save({"x": …, "y": …}, path)` writes it.
//!
//! The archive holds a pickle (protocol 2) that rebuilds each tensor from a storage, and each storage as
//! raw little-endian numbers: `NAME/data.pkl`, `NAME/byteorder`, `NAME/data/0`, …, `NAME/version`. The
//! opcodes are those of Python's pickletools; nothing is called but `torch._utils._rebuild_tensor_v2`
//! and `collections.OrderedDict`, so that `torch.load(…, weights_only=True)` takes it.

/// The pickle of a dictionary of float32 tensors in C order.
pub fn pickle(tensors: &[(&str, &[u64])]) -> Vec<u8> {
    let mut p = b"\x80\x02}(".to_vec();
    for (storage, (name, shape)) in tensors.iter().enumerate() {
        text(&mut p, name);
        p.extend(b"ctorch._utils\n_rebuild_tensor_v2\n(");
        // the storage: ('storage', torch.FloatStorage, key, 'cpu', numel), by its persistent id
        p.push(b'(');
        text(&mut p, "storage");
        p.extend(b"ctorch\nFloatStorage\n");
        text(&mut p, &storage.to_string());
        text(&mut p, "cpu");
        whole(&mut p, shape.iter().product());
        p.extend(b"tQ");
        whole(&mut p, 0); // offset
        tuple(&mut p, shape);
        tuple(&mut p, &strides(shape));
        p.extend(b"\x89ccollections\nOrderedDict\n)RtR"); // no gradient, no hooks
    }
    p.extend(b"u.");
    p
}

fn strides(shape: &[u64]) -> Vec<u64> {
    (0..shape.len())
        .map(|d| shape[d + 1..].iter().product())
        .collect()
}

fn text(p: &mut Vec<u8>, text: &str) {
    p.push(b'X');
    p.extend((text.len() as u32).to_le_bytes());
    p.extend(text.as_bytes());
}

fn tuple(p: &mut Vec<u8>, values: &[u64]) {
    p.push(b'(');
    values.iter().for_each(|v| whole(p, *v));
    p.push(b't');
}

/// A number that is not negative.
fn whole(p: &mut Vec<u8>, value: u64) {
    if let Ok(small) = i32::try_from(value) {
        p.push(b'J');
        p.extend(small.to_le_bytes());
    } else {
        p.extend([0x8a, 9]); // nine bytes: the highest keeps the sign
        p.extend(value.to_le_bytes());
        p.push(0);
    }
}
