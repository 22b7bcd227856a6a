//! The number that everything drawn in a storm is drawn from.

/// `STORM_SEED`, else any number. It is printed, which the harness shows of a test that fails.
pub fn storm_seed() -> u64 {
    let given = std::env::var("STORM_SEED").ok().map(|seed| seed.parse().expect("STORM_SEED is a whole number"));
    let seed = given.unwrap_or_else(api::clock::random);
    println!("drawn from STORM_SEED={seed}");
    seed
}
