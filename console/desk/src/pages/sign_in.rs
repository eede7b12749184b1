//! Signing in and out.

use actix_web::web;
use tanqiao_console::Html;
use tanqiao_console::parts::{Field, Form, Input};
use tanqiao_protocol::id::Name;
use tanqiao_protocol::time::Timestamp;

use crate::address::back_to;
use crate::factor;
use crate::house::{DeskStore, House, Session, StoreFault};
use crate::password;
use crate::session::{ABSOLUTE_US, IDLE_US, OF_ACCOUNT, OF_ADDRESS, begin};
use crate::visit::{Reply, Turn, Visit};

/// The longest password that is looked at.
const PASSWORD_BYTES_MAX: usize = 1_024;

/// `GET /sign-in`
pub async fn form<H: House>(visit: Visit<H>) -> Turn {
    let to = visit.asked("to").to_owned();
    Ok(Reply::page(visit.words().sign_in, fields(&visit, &to, "")))
}

fn fields<H: House>(visit: &Visit<H>, to: &str, account: &str) -> Html {
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
pub async fn submit<H: House>(visit: Visit<H>) -> Turn {
    let words = visit.words();
    let (entered, code) = (visit.entered("account").to_owned(), visit.entered("code").to_owned());
    let (to, now) = (visit.entered("to").to_owned(), visit.house.now());
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
    if !visit
        .house
        .change(move |store| counted_attempt(store, &counted, now))
        .await?
    {
        return again(429, words.locked_out, "locked-out");
    }
    let name: Option<Name> = entered.parse().ok();
    let known = match &name {
        Some(name) => visit.house.account(name).await?,
        None => None,
    };
    let known = known.filter(|account| account.active);
    let (hash, password) = (
        known.as_ref().map(|account| account.password_hash.clone()),
        visit.form.get("password").cloned(),
    );
    let password = password
        .filter(|text| text.len() <= PASSWORD_BYTES_MAX)
        .unwrap_or_default();
    let fits = web::block(move || password::fits(hash.as_deref(), &password)).await;
    let fits = fits.map_err(|error| visit.house.fault(&error))?;
    let (true, Some(name), Some(account)) = (fits, name, known) else {
        return again(401, words.sign_in_failed, "wrong");
    };
    let of = name.to_string();
    let second = visit.house.change(move |store| second_factor(store, &of, &code, now));
    let Some(second) = second.await? else {
        return again(401, words.sign_in_failed, "wrong");
    };
    let Some((token, session)) = begin(&name, &account, second, now) else {
        return again(401, words.sign_in_failed, "wrong");
    };
    visit
        .house
        .change(move |store| begun(store, &subjects, &session, now))
        .await?;
    Ok(Reply::see(back_to(&to, H::home(account.role))).cookie(visit.house.keeping().cookie(&token)))
}

/// The longest name of an account is 64 characters: more is not kept.
fn short(text: &str) -> String {
    text.chars().take(64).collect()
}

/// Counts the attempt for account and address; false if either is locked out.
fn counted_attempt(store: &mut dyn DeskStore, subjects: &[String; 2], now: Timestamp) -> Result<bool, StoreFault> {
    let [account, address] = subjects;
    // The address first: whoever is locked out by it leaves no more names behind.
    Ok(store.attempt(address, now, OF_ADDRESS)? && store.attempt(account, now, OF_ACCOUNT)?)
}

/// Whether a second factor was shown; `None` if it had to be and was not.
fn second_factor(
    store: &mut dyn DeskStore,
    account: &str,
    code: &str,
    now: Timestamp,
) -> Result<Option<bool>, StoreFault> {
    let enrolled = store.factor(account)?.is_some_and(|factor| factor.enrolled);
    if !enrolled {
        return Ok(Some(false));
    }
    Ok(factor::take(store, account, code, now)?.then_some(true))
}

/// Keeps the session, forgives the attempts, and forgets what is over.
fn begun(
    store: &mut dyn DeskStore,
    subjects: &[String; 2],
    session: &Session,
    now: Timestamp,
) -> Result<(), StoreFault> {
    let [account, address] = subjects;
    store.forgive(account, true)?;
    store.forgive(address, false)?;
    store.forget_sessions(now.plus_micros(-ABSOLUTE_US), now.plus_micros(-IDLE_US))?;
    store.forget_attempts(now.plus_micros(-OF_ACCOUNT.window_us))?;
    store.begin_session(session)
}

/// `POST /sign-out`
pub async fn sign_out<H: House>(visit: Visit<H>) -> Turn {
    let token = visit.known()?.session.token;
    visit.house.change(move |store| store.end_session(&token)).await?;
    Ok(Reply::see("/sign-in").cookie(visit.house.keeping().end()))
}
