//! Signing in and out.

use actix_web::web;
use tanqiao_console::Html;
use tanqiao_console::parts::{Field, Form, Input};
use tanqiao_protocol::id::Name;
use tanqiao_protocol::time::Timestamp;

use crate::api::answer::Refused;
use crate::console::factor;
use crate::console::frame::back_to;
use crate::console::session::{ABSOLUTE_US, IDLE_US, OF_ACCOUNT, OF_ADDRESS, begin};
use crate::console::visit::{Reply, Turn, Visit};
use crate::ledger::objects::Role;
use crate::password;
use crate::store::console as store;
use crate::store::database::{ReadConnection, StoreError};

/// The longest password that is looked at.
const PASSWORD_BYTES_MAX: usize = 1_024;

/// `GET /sign-in`
pub(in crate::console) async fn form(visit: Visit) -> Turn {
    let to = visit.asked("to").to_owned();
    Ok(Reply::page(visit.words().sign_in, fields(&visit, &to, "")))
}

fn fields(visit: &Visit, to: &str, account: &str) -> Html {
    let words = visit.words();
    let fields = vec![
        Field::new("account", words.account_name, Input::Account).value(account),
        Field::new("password", words.password, Input::Password),
        Field::new("code", words.code, Input::OneTimeCode)
            .hint(words.code_hint)
            .optional(),
        Field::hidden("to", to),
    ];
    Form::new("/sign-in", None, fields, words.sign_in).render()
}

/// `POST /sign-in`
pub(in crate::console) async fn submit(visit: Visit) -> Turn {
    let words = visit.words();
    let (entered, code) = (visit.entered("account").to_owned(), visit.entered("code").to_owned());
    let (to, now) = (visit.entered("to").to_owned(), visit.hub.now());
    let again = |status: u16, said: &str, outcome: &str| {
        let body = visit.error("account", said).and(&fields(&visit, &to, &entered));
        Ok(Reply::status(status, words.sign_in, body).outcome(outcome))
    };
    // What is no account is counted as one all the same: the answers must not tell which there are.
    let subjects = [
        format!("account:{}", short(&entered)),
        format!("address:{}", visit.address),
    ];
    let counted = subjects.clone();
    if !visit.hub.read(move |c| counted_attempt(c, &counted, now)).await? {
        return again(429, words.locked_out, "locked-out");
    }
    let account: Option<Name> = entered.parse().ok();
    let governance = visit.hub.sequencer.governance();
    let officer = account
        .as_ref()
        .and_then(|name| governance.officers.get(name))
        .filter(|officer| officer.active);
    let (hash, password) = (
        officer.map(|o| o.password_hash.clone()),
        visit.form.get("password").cloned(),
    );
    let password = password
        .filter(|text| text.len() <= PASSWORD_BYTES_MAX)
        .unwrap_or_default();
    let fits = web::block(move || password::fits(hash.as_deref(), &password)).await;
    let (true, Some(account)) = (fits.map_err(|error| Refused::fault(&error))?, account) else {
        return again(401, words.sign_in_failed, "wrong");
    };
    let name = account.to_string();
    let Some(second) = visit.hub.read(move |c| second_factor(c, &name, &code, now)).await? else {
        return again(401, words.sign_in_failed, "wrong");
    };
    let Some((token, session)) = begin(&governance, &account, second, now) else {
        return again(401, words.sign_in_failed, "wrong");
    };
    visit.hub.read(move |c| begun(c, &subjects, &session, now)).await?;
    let organiser = officer.is_some_and(|officer| officer.role == Role::Organiser);
    let home = if organiser { "/account" } else { "/" };
    Ok(Reply::see(back_to(&to, home)).cookie(visit.console.keeping.cookie(&token)))
}

/// The longest name of an account is 64 characters: more is not kept.
fn short(text: &str) -> String {
    text.chars().take(64).collect()
}

/// Counts the attempt for account and address; false if either is locked out.
fn counted_attempt(c: &mut ReadConnection<'_>, subjects: &[String; 2], now: Timestamp) -> Result<bool, StoreError> {
    let [account, address] = subjects;
    // The address first: whoever is locked out by it leaves no more names behind.
    Ok(store::attempt(c, address, now, OF_ADDRESS)? && store::attempt(c, account, now, OF_ACCOUNT)?)
}

/// Whether a second factor was shown; `None` if it had to be and was not.
fn second_factor(
    c: &mut ReadConnection<'_>,
    account: &str,
    code: &str,
    now: Timestamp,
) -> Result<Option<bool>, StoreError> {
    let enrolled = store::factor(c, account)?.is_some_and(|factor| factor.enrolled);
    if !enrolled {
        return Ok(Some(false));
    }
    Ok(factor::take(c, account, code, now)?.then_some(true))
}

/// Keeps the session, forgives the attempts, and forgets what is over.
fn begun(
    c: &mut ReadConnection<'_>,
    subjects: &[String; 2],
    session: &store::Session,
    now: Timestamp,
) -> Result<(), StoreError> {
    let [account, address] = subjects;
    store::forgive(c, account, true)?;
    store::forgive(c, address, false)?;
    store::forget_sessions(c, now.plus_micros(-ABSOLUTE_US), now.plus_micros(-IDLE_US))?;
    store::forget_attempts(c, now.plus_micros(-OF_ACCOUNT.window_us))?;
    store::begin(c, session)
}

/// `POST /sign-out`
pub(in crate::console) async fn sign_out(visit: Visit) -> Turn {
    let token = visit.known()?.session.token;
    visit.hub.read(move |c| store::end_session(c, token)).await?;
    Ok(Reply::see("/sign-in").cookie(visit.console.keeping.end()))
}
