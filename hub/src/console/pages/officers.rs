//! Accounts and their roles: all of them, and what two officers decide about one.

use tanqiao_console::parts::{Chip, Column, Empty, Field, Input, Kind, Table, cut};
use tanqiao_console::{Html, Words, html};
use tanqiao_desk::{DeskStore as _, password};
use tanqiao_protocol::id::Name;

use super::{ROWS, by_name};
use crate::api::answer::Refused;
use crate::console::described::{Described, officer_consequences};
use crate::console::frame::role as role_name;
use crate::console::proposing::Proposing;
use crate::console::visit::{Fault, Reply, Turn, Visit};
use crate::ledger::command::Decision;
use crate::ledger::objects::{Governance, Officer, Role};

/// The fewest characters of a password, and the most that are hashed.
const PASSWORD_CHARS: std::ops::RangeInclusive<usize> = 12..=200;
/// Officers who must stay: what two decide needs two.
const OFFICERS_MIN: usize = 2;

/// `GET /officers`
pub(in crate::console) async fn list(visit: Visit) -> Turn {
    let words = visit.words();
    let said = words.events;
    let governance = visit.hub.sequencer.governance();
    let after = visit.asked("after");
    let found: Vec<(&Name, &Officer)> = governance
        .officers
        .iter()
        .filter(|(account, _)| account.as_str() > after)
        .take(ROWS + 1)
        .collect();
    let (found, next) = cut(found, ROWS, |(account, _)| account.to_string());
    let names: Vec<String> = found.iter().map(|(account, _)| account.to_string()).collect();
    let factors = visit
        .hub
        .read(move |c| {
            let enrolled = |name: &String| Ok(c.factor(name)?.is_some_and(|factor| factor.enrolled));
            names.iter().map(enrolled).collect::<Result<Vec<bool>, _>>()
        })
        .await?;
    let columns = [
        words.account_name,
        words.role,
        words.state,
        words.second_factor,
        words.show,
    ];
    let rows = found
        .iter()
        .zip(factors)
        .map(|((account, officer), factor)| row(account, officer, factor, &visit));
    let table = Table::new(said.officers, columns.map(Column::text).into()).rows(rows);
    let empty = Empty {
        why: words.none,
        next: said.admit,
    };
    let list = by_name(&visit, "/officers", &[]).render(&table, next.as_deref(), &empty);
    let admit = visit.is(Role::Officer).then(|| html::link("/officers/new", said.admit));
    let body = html::paragraph(said.officers_how).and(&html::actions(admit)).and(&list);
    Ok(Reply::page(said.officers, body))
}

fn row(account: &Name, officer: &Officer, factor: bool, visit: &Visit) -> Vec<Html> {
    let words = visit.words();
    let said = words.events;
    let state = if officer.active {
        Chip::new(Kind::Good, said.active)
    } else {
        Chip::new(Kind::Neutral, said.withdrawn)
    };
    let factor = if factor {
        Chip::new(Kind::Good, words.second_factor_on)
    } else {
        Chip::new(Kind::Waiting, words.second_factor_off)
    };
    let change = visit.is(Role::Officer) && !is_own(visit, account);
    let change = change.then(|| html::link(&format!("/officers/{account}/change"), said.change));
    vec![
        html::code(account),
        Html::text(role_name(officer.role, words)),
        state.render(),
        factor.render(),
        change.unwrap_or_default(),
    ]
}

fn is_own(visit: &Visit, account: &Name) -> bool {
    visit.who.as_ref().is_some_and(|known| known.account == *account)
}

fn roles(words: &'static Words) -> Vec<(String, String)> {
    let name = |role: &Role| (role.to_string(), role_name(*role, words).to_owned());
    Role::ALL.iter().map(name).collect()
}

fn admission(visit: &Visit) -> Proposing {
    let words = visit.words();
    let said = words.events;
    let follows = officer_consequences(true, false, words);
    Proposing {
        said: Described::new(said.d_account, Html::text(said.new_account), follows),
        fields: vec![
            Field::new("account", words.account_name, Input::Text)
                .hint(said.account_hint)
                .chars_max(100)
                .value(visit.entered("account")),
            Field::choice("role", words.role, roles(words)).value(visit.entered("role")),
            Field::new("password", words.password, Input::NewPassword).hint(said.password_hint),
        ],
        submit: words.recognition.propose,
        back: "/officers".to_owned(),
    }
}

/// `GET /officers/new`
pub(in crate::console) async fn admission_form(visit: Visit) -> Turn {
    Ok(admission(&visit).page(&visit, 200, &Html::default()))
}

/// `POST /officers/new`
pub(in crate::console) async fn propose_admission(visit: Visit) -> Turn {
    let form = admission(&visit);
    let entered = match entered(&visit) {
        Err(errors) => Err(errors),
        Ok((account, role)) => {
            let password = password_of(&visit).to_owned();
            // Hashing takes its time, and that of a thread that nobody waits for.
            let hashed = actix_web::web::block(move || password::hash(&password)).await;
            let password_hash = hashed
                .map_err(|error| Refused::fault(&error))?
                .map_err(|error| Refused::fault(&std::io::Error::other(error.to_string())))?;
            Ok(Decision::PutOfficer {
                account,
                role,
                password_hash,
                active: true,
            })
        }
    };
    form.propose(&visit, entered).await
}

/// The password as it was typed, blanks and all: so the sign-in takes it.
fn password_of(visit: &Visit) -> &str {
    visit.form.get("password").map_or("", String::as_str)
}

fn entered(visit: &Visit) -> Result<(Name, Role), Html> {
    let words = visit.words();
    let wrong = |field: &str, what: &str| visit.error(field, what.to_owned());
    let account: Name = visit
        .entered("account")
        .parse()
        .map_err(|_| wrong("account", words.events.account_hint))?;
    let governance = visit.hub.sequencer.governance();
    if governance.officers.contains_key(&account) {
        return Err(wrong("account", words.events.account_known));
    }
    let role = visit
        .entered("role")
        .parse()
        .map_err(|_| wrong("role", words.required))?;
    if !PASSWORD_CHARS.contains(&password_of(visit).chars().count()) {
        return Err(wrong("password", words.events.password_hint));
    }
    Ok((account, role))
}

/// The account of the path, and the page before its change.
fn change(visit: &Visit) -> Result<(Name, Officer, Proposing), Fault> {
    let words = visit.words();
    let account: Name = visit.parameter("account")?;
    let governance = visit.hub.sequencer.governance();
    let officer = governance.officers.get(&account).ok_or(Fault::NotFound)?.clone();
    let asked = visit.entered("role");
    let role = if asked.is_empty() {
        officer.role.to_string()
    } else {
        asked.to_owned()
    };
    let standing = vec![
        ("yes".to_owned(), words.events.active.to_owned()),
        ("no".to_owned(), words.events.withdrawn.to_owned()),
    ];
    let active = if officer.active { "yes" } else { "no" };
    let fields = vec![
        Field::choice("role", words.role, roles(words)).value(role),
        Field::choice("active", words.state, standing).value(active),
    ];
    let said = words.events;
    let follows = vec![said.change_1, said.withdraw_1];
    let form = Proposing {
        said: Described::new(said.d_account, html::code(&account), follows),
        fields,
        submit: words.recognition.propose,
        back: "/officers".to_owned(),
    };
    Ok((account, officer, form))
}

/// `GET /officers/{account}/change`
pub(in crate::console) async fn change_form(visit: Visit) -> Turn {
    Ok(change(&visit)?.2.page(&visit, 200, &Html::default()))
}

/// `POST /officers/{account}/change`
pub(in crate::console) async fn propose_change(visit: Visit) -> Turn {
    let words = visit.words();
    let (account, officer, form) = change(&visit)?;
    let role = visit.entered("role").parse::<Role>();
    let active = match visit.entered("active") {
        "yes" => Some(true),
        "no" => Some(false),
        _ => None,
    };
    let entered = match (role, active) {
        (Ok(role), Some(active)) if (role, active) == (officer.role, officer.active) => {
            Err(visit.error("role", words.recognition.nothing_changed))
        }
        (Ok(role), Some(active)) => Ok(Decision::PutOfficer {
            account,
            role,
            password_hash: officer.password_hash,
            active,
        }),
        _ => Err(visit.error("role", words.required)),
    };
    form.propose(&visit, entered).await
}

/// What stands in the way of a decision about an account: it is one's own, its password has changed since, or too few officers would stay.
pub(in crate::console) fn objection(visit: &Visit, decision: &Decision, deciding: &[Name]) -> Option<String> {
    let governance = visit.hub.sequencer.governance();
    let said = visit.words().events;
    stands_in_the_way(&governance, decision, deciding).map(|why| {
        match why {
            Why::OwnAccount => said.own_account,
            Why::PasswordChanged => said.password_changed,
            Why::TooFew => said.too_few_officers,
        }
        .to_owned()
    })
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Why {
    OwnAccount,
    PasswordChanged,
    TooFew,
}

fn stands_in_the_way(governance: &Governance, decision: &Decision, deciding: &[Name]) -> Option<Why> {
    let Decision::PutOfficer {
        account,
        role,
        password_hash,
        active,
    } = decision
    else {
        return None;
    };
    if deciding.contains(account) {
        return Some(Why::OwnAccount);
    }
    // A page never sets the password of an account that is there: the hash is the one that it had.
    let known = governance.officers.get(account);
    if known.is_some_and(|officer| officer.password_hash != *password_hash) {
        return Some(Why::PasswordChanged);
    }
    let counts = |officer: &Officer| officer.active && officer.role == Role::Officer;
    let stays = *active && *role == Role::Officer;
    let others = governance
        .officers
        .iter()
        .filter(|(name, officer)| *name != account && counts(officer));
    let left = others.count() + usize::from(stays);
    (left < OFFICERS_MIN).then_some(Why::TooFew)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn governance(officers: &[(&str, Role, bool)]) -> Governance {
        let officer = |(name, role, active): &(&str, Role, bool)| {
            let officer = Officer {
                role: *role,
                password_hash: format!("hash of {name}"),
                active: *active,
            };
            (name.parse().unwrap(), officer)
        };
        Governance {
            officers: officers.iter().map(officer).collect(),
            ..Governance::default()
        }
    }

    fn put(account: &str, role: Role, active: bool) -> Decision {
        Decision::PutOfficer {
            account: account.parse().unwrap(),
            role,
            password_hash: format!("hash of {account}"),
            active,
        }
    }

    #[test]
    fn nobody_decides_about_oneself_and_two_officers_stay() {
        let by: Vec<Name> = vec!["li".parse().unwrap(), "wang".parse().unwrap()];
        let three = governance(&[
            ("li", Role::Officer, true),
            ("wang", Role::Officer, true),
            ("zhao", Role::Officer, true),
        ]);
        let two = governance(&[
            ("li", Role::Officer, true),
            ("wang", Role::Officer, true),
            ("zhao", Role::Officer, false),
            ("shen", Role::Auditor, true),
        ]);
        let way = |governance: &Governance, decision: &Decision| stands_in_the_way(governance, decision, &by);
        assert_eq!(way(&three, &put("wang", Role::Auditor, true)), Some(Why::OwnAccount));
        assert_eq!(way(&three, &put("zhao", Role::Officer, false)), None);
        assert_eq!(way(&two, &put("shen", Role::Officer, true)), None);
        assert_eq!(
            way(&two, &put("zhao", Role::Officer, false)),
            None,
            "it is withdrawn already"
        );
        let alone = governance(&[("li", Role::Officer, true), ("zhao", Role::Officer, true)]);
        assert_eq!(
            stands_in_the_way(&alone, &put("zhao", Role::Auditor, true), &by[..1]),
            Some(Why::TooFew)
        );
    }

    #[test]
    fn a_password_that_was_changed_meanwhile_is_not_put_back() {
        let known = governance(&[
            ("li", Role::Officer, true),
            ("wang", Role::Officer, true),
            ("shen", Role::Auditor, true),
        ]);
        let by: Vec<Name> = vec!["li".parse().unwrap()];
        let stale = Decision::PutOfficer {
            account: "shen".parse().unwrap(),
            role: Role::Organiser,
            password_hash: "hash of before".to_owned(),
            active: true,
        };
        assert_eq!(stands_in_the_way(&known, &stale, &by), Some(Why::PasswordChanged));
        assert_eq!(
            stands_in_the_way(&known, &put("shen", Role::Organiser, true), &by),
            None
        );
        assert_eq!(stands_in_the_way(&known, &put("new", Role::Organiser, true), &by), None);
    }
}
