//! Mail on its way out, to a hundred domains at once, most of which are unkind: everything becomes final, nothing is lost,
//! and nothing is there twice unless a host's word was lost.

mod books;
mod crowd;
mod kills;
mod kinds;
mod place;
mod thousand;

use libtest_mimic::Trial;

use crate::unit::wait;

pub fn trials(ready: bool) -> Vec<Trial> {
    let crowd = || wait(crowd::a_host_that_lets_us_wait()).map_err(Into::into);
    let thousand = || wait(thousand::a_thousand_replies()).map_err(Into::into);
    let kills = || wait(kills::twenty_kills()).map_err(Into::into);
    let all = [
        Trial::test("delivery: a host that lets us wait is in nobody's way", crowd),
        Trial::test("delivery: a thousand replies to a hundred domains", thousand),
        Trial::test("delivery: twenty kills while replies leave", kills),
    ];
    all.map(|trial| trial.with_ignored_flag(!ready)).into()
}
