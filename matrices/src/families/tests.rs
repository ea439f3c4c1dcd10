//! What holds for every family.
