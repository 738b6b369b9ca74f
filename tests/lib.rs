//! The tests of the whole service, all of them in `it/`.
