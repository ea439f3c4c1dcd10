//! Ctrl-C: the first ends the solve after the iteration it is in, so that what was reached is
//! written and reported; the second ends the process.

use std::sync::atomic::{AtomicBool, Ordering};

static ASKED: AtomicBool = AtomicBool::new(false);

/// From here on Ctrl-C asks before it kills.
pub fn listen() {
    let handler = || {
        if ASKED.swap(true, Ordering::Relaxed) {
            std::process::exit(130);
        }
        eprintln!("resolvent: stopping after this iteration; Ctrl-C again to stop at once");
    };
    // where no handler can be set, Ctrl-C ends the process as ever
    let _ = ctrlc::set_handler(handler);
}

/// Whether the user has asked to stop.
pub fn asked() -> bool {
    ASKED.load(Ordering::Relaxed)
}
