//! The tests of the whole service; all of it is in `it/`.
