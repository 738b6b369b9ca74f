//! Properties that hold for any input. The ordinary tests try each with a few hundred inputs; `cargo properties` prints figures,
//! and `PROPTEST_CASES=1000000 cargo properties` tries each with a million.

mod canonical;
pub mod json;

use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed, TestCaseResult, TestRunner};
use std::env;
use std::time::Instant;

/// How many inputs each property is tried with unless `PROPTEST_CASES` is set.
const CASES: u32 = 400;

/// Tries a property with random inputs. A failure reports the smallest failing input and the seed.
pub fn check<S: Strategy>(name: &str, inputs: S, holds: impl Fn(S::Value) -> TestCaseResult) {
    let mut config = Config { failure_persistence: None, ..Config::default() };
    if env::var_os("PROPTEST_CASES").is_none() {
        config.cases = CASES;
    }
    let seed = match config.rng_seed {
        RngSeed::Fixed(seed) => seed,
        RngSeed::Random => rand::random(),
    };
    config.rng_seed = RngSeed::Fixed(seed);
    let (cases, began) = (config.cases, Instant::now());
    if let Err(error) = TestRunner::new(config).run(&inputs, holds) {
        panic!("{name}: {error}\nReproduce with: PROPTEST_CASES={cases} PROPTEST_RNG_SEED={seed}");
    }
    println!("{name}: {cases} cases in {:.1} s, seed {seed}", began.elapsed().as_secs_f64());
}

/// A character that some readers misinterpret, or any other.
pub fn letter() -> impl Strategy<Value = char> {
    const ODD: &str = "\0\t\n\r \"'%&+,-./:;<=>?@[\\]^_{|}~\
                       \u{7f}\u{85}\u{a0}\u{ad}é\u{301}\u{200b}\u{200d}\u{2028}\u{202e}\u{2212}\
                       \u{3000}\u{feff}\u{fffd}＝＋－＠﹢﹣﹦﹫🦊\u{e0041}";
    let odd: Vec<char> = ODD.chars().collect();
    prop_oneof![4 => prop::sample::select(odd), 4 => prop::char::range('0', 'z'), 1 => any::<char>()]
}

/// Any text of at most this many characters.
pub fn text(length_max: usize) -> impl Strategy<Value = String> {
    prop::collection::vec(letter(), 0..=length_max).prop_map(String::from_iter)
}
