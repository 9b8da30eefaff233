//! Small lives of a desk with each method of assignment; see [`floor`](crate::floor).

use libtest_mimic::Trial;

use crate::floor::{METHODS, Plan, live};

pub fn trials() -> Vec<Trial> {
    (1..)
        .zip(METHODS)
        .map(|(seed, method)| {
            let plan = Plan { seed, agents: 25, cases: 500, method };
            Trial::test(format!("assignment: {method:?} with seed {seed}"), move || {
                #[allow(clippy::print_stdout, reason = "the waiting times are part of the report")]
                {
                    println!("\n{}", live(plan)?);
                }
                Ok(())
            })
        })
        .collect()
}
