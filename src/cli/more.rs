//! Whether a list goes on behind its last row: one row more than was wanted is asked for, and not shown.

use crate::desk::command::ItemCommand;
use crate::desk::{Command, Outcome};

/// Asks for one row more; how many are wanted. None for what is no list, or a list as a whole.
pub fn ask(command: &mut Command) -> Option<usize> {
    let limit = match command {
        Command::CaseList(filter) => &mut filter.limit,
        Command::MessageList(filter) => &mut filter.limit,
        Command::Item(ItemCommand::List(filter)) => &mut filter.limit,
        Command::AddressList { limit }
        | Command::AccountList { limit }
        | Command::ContactList { limit, .. }
        | Command::AuditList { limit }
        | Command::SpoolList { limit } => limit,
        _ => return None,
    };
    limit.as_mut().map(|limit| std::mem::replace(limit, limit.saturating_add(1)))
}

/// Leaves as many rows as are wanted; says so when there were more.
pub fn cut(outcome: &mut Outcome, wanted: Option<usize>) -> Option<String> {
    let (Outcome::Json(value), Some(wanted)) = (outcome, wanted) else { return None };
    let rows = value.as_array_mut().filter(|rows| rows.len() > wanted)?;
    rows.truncate(wanted);
    Some(format!("there are more rows; to see them: a --limit above {wanted}, or --all"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::desk::command::CaseFilter;

    #[test]
    fn a_list_that_goes_on_says_so() {
        let check = |limit, stored: usize, shown: usize, says: bool| {
            let mut command = Command::CaseList(CaseFilter { limit, ..CaseFilter::default() });
            let wanted = ask(&mut command);
            let Command::CaseList(asked) = &command else { unreachable!() };
            let sent = stored.min(asked.limit.unwrap_or(usize::MAX));
            let mut outcome = Outcome::Json((0..sent).collect::<Vec<_>>().into());
            let said = cut(&mut outcome, wanted);
            let expected: Vec<usize> = (0..shown).collect();
            assert!(matches!(&outcome, Outcome::Json(rows) if *rows == json!(expected)), "{limit:?} of {stored}");
            assert_eq!(said.is_some(), says, "{limit:?} of {stored}");
        };
        check(Some(3), 4, 3, true);
        check(Some(3), 3, 3, false);
        check(Some(3), 0, 0, false);
        check(None, 4, 4, false);
        check(Some(usize::MAX), 4, 4, false);
        assert_eq!((ask(&mut Command::QueueList), cut(&mut Outcome::Json(json!([1])), None)), (None, None));
    }
}
