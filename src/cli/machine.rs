//! What the machine says of itself.

/// Physical cores that this process may run on, at least 1.
pub fn physical_cores() -> usize {
    let logical = std::thread::available_parallelism().map_or(1, |n| n.get());
    siblings().map_or(logical, |cores| cores.clamp(1, logical))
}

/// Distinct sets of hardware threads that share a core; Linux only.
fn siblings() -> Option<usize> {
    let mut sets = std::collections::BTreeSet::new();
    for entry in std::fs::read_dir("/sys/devices/system/cpu").ok()? {
        let path = entry.ok()?.path().join("topology/thread_siblings_list");
        if let Ok(text) = std::fs::read_to_string(path) {
            sets.insert(text);
        }
    }
    (!sets.is_empty()).then_some(sets.len())
}

/// The most memory this process has held, in bytes; Linux only.
pub fn peak_rss_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}

/// What a factorisation may take: two thirds of the memory that is free, or 4 GiB where that is
/// not known.
pub fn memory_for_factors() -> usize {
    let available = || {
        let info = std::fs::read_to_string("/proc/meminfo").ok()?;
        let line = info.lines().find_map(|l| l.strip_prefix("MemAvailable:"))?;
        let kib: usize = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
        Some(kib * 1024 / 3 * 2)
    };
    available().unwrap_or(4 << 30)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_a_core() {
        assert!(physical_cores() >= 1);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn memory_is_known() {
        assert!(peak_rss_bytes().is_some_and(|bytes| bytes > 100_000));
    }
}
