//! One's own account, its second factor, and the record of what was done.

use tanqiao_console::parts::{Column, Definitions, Empty, Field, Form, Input, Table, cut};
use tanqiao_console::qr::QrCode;
use tanqiao_console::{Html, format, html};
use tanqiao_protocol::id::MessageId;

use crate::address::back_to;
use crate::factor;
use crate::house::House;
use crate::lists::newest_first;
use crate::pages::ROWS;
use crate::session::OF_ACCOUNT;
use crate::visit::{Fault, Reply, Turn, Visit};

/// `GET /account`
pub async fn show<H: House>(visit: Visit<H>) -> Turn {
    let (words, known) = (visit.words(), visit.known()?);
    let account = known.account.to_string();
    let enrolled = visit
        .house
        .look(move |store| store.factor(&account))
        .await?
        .is_some_and(|factor| factor.enrolled);
    let state = if enrolled {
        words.second_factor_on
    } else {
        words.second_factor_off
    };
    let facts = Definitions::new()
        .fact(words.account_name, Html::text(&known.account))
        .fact(words.role, Html::text(H::role(known.role, visit.language)))
        .fact(words.last_sign_in, format::time(known.session.began_at))
        .fact(words.second_factor, Html::text(state));
    let enrol = if enrolled {
        Html::default()
    } else {
        html::link("/account/factor", words.enrol_factor)
    };
    Ok(Reply::page(words.account, facts.render().and(&enrol)))
}

/// `GET /account/factor`
pub async fn factor_form<H: House>(visit: Visit<H>) -> Turn {
    let body = offered(&visit).await?;
    Ok(Reply::page(visit.words().enrol_factor, body))
}

/// The secret, and the form that takes its first code. An enrolled factor's secret is never shown again.
async fn offered<H: House>(visit: &Visit<H>) -> Result<Html, Fault> {
    let (words, account) = (visit.words(), visit.known()?.account.to_string());
    let name = account.clone();
    let fresh = factor::secret().ok_or_else(|| visit.house.fault(&std::io::Error::other("no random bytes")))?;
    let kept = visit.house.change(move |store| {
        store.offer_factor(&name, &fresh)?;
        store.factor(&name)
    });
    let Some(kept) = kept.await?.filter(|factor| !factor.enrolled) else {
        return Ok(html::paragraph(words.second_factor_on));
    };
    let secret = factor::base32(&kept.secret);
    let federation = visit.house.issuer();
    let address = format!("otpauth://totp/{federation}:{account}?secret={secret}&issuer={federation}");
    let code = QrCode::of(&address).map_err(|error| visit.house.fault(&error))?;
    let picture = html::paragraph_of(&code.picture(words.factor_code));
    let facts = Definitions::new()
        .fact(words.factor_key, html::code(factor::grouped(&secret)))
        .fact(words.factor_address, html::code(address));
    let form = Form::new(
        "/account/factor",
        visit.csrf(),
        vec![Field::new("code", words.code, Input::OneTimeCode)],
        words.enrol_factor,
    );
    Ok(html::paragraph(words.enrol_factor_how)
        .and(&picture)
        .and(&facts.render())
        .and(&form.render()))
}

/// `POST /account/factor`
pub async fn enrol_factor<H: House>(visit: Visit<H>) -> Turn {
    let words = visit.words();
    let (account, code, now) = (
        visit.known()?.account.to_string(),
        visit.entered("code").to_owned(),
        visit.house.now(),
    );
    let mut session = visit.known()?.session.clone();
    session.confirmed_at = Some(now);
    let enrolled = visit.house.change(move |store| {
        let codes = factor::enrol(store, &account, &code, now)?;
        if codes.is_some() {
            store.keep_session(&session)?;
        }
        Ok(codes)
    });
    let Some(codes) = enrolled.await? else {
        let body = visit.error("code", words.wrong_code).and(&offered(&visit).await?);
        return Ok(Reply::status(422, words.enrol_factor, body).outcome("wrong"));
    };
    let list = Html::all(codes.iter().map(html::paragraph));
    let body = html::paragraph(words.recovery_codes_how).and(&html::section(words.recovery_codes, &list));
    Ok(Reply::page(words.second_factor_on, body))
}

/// `GET /confirm`
pub async fn confirm_form<H: House>(visit: Visit<H>) -> Turn {
    let to = visit.asked("to").to_owned();
    confirmation(&visit, &to, 200, Html::default()).await
}

async fn confirmation<H: House>(visit: &Visit<H>, to: &str, status: u16, errors: Html) -> Turn {
    let (words, account) = (visit.words(), visit.known()?.account.to_string());
    let enrolled = visit
        .house
        .look(move |store| store.factor(&account))
        .await?
        .is_some_and(|factor| factor.enrolled);
    if !enrolled {
        let body = html::paragraph(words.factor_needed).and(&html::link("/account/factor", words.enrol_factor));
        return Ok(Reply::status(status, words.confirm_it_is_you, body).outcome("no-factor"));
    }
    let fields = vec![
        Field::new("code", words.code, Input::OneTimeCode),
        Field::hidden("to", to),
    ];
    let form = Form::new("/confirm", visit.csrf(), fields, words.confirm).render();
    let body = errors.and(&html::paragraph(words.confirm_why)).and(&form);
    Ok(Reply::status(status, words.confirm_it_is_you, body).outcome("wrong"))
}

/// `POST /confirm`
pub async fn confirm<H: House>(visit: Visit<H>) -> Turn {
    let words = visit.words();
    let known = visit.known()?.clone();
    let (to, code, now) = (
        visit.entered("to").to_owned(),
        visit.entered("code").to_owned(),
        visit.house.now(),
    );
    let taken = visit.house.change(move |store| {
        let (account, subject) = (known.account.as_str(), format!("factor:{}", known.account));
        if !store.attempt(&subject, now, OF_ACCOUNT)? {
            return Ok(None);
        }
        if !factor::take(store, account, &code, now)? {
            return Ok(Some(false));
        }
        store.forgive(&subject, true)?;
        let mut session = known.session.clone();
        session.confirmed_at = Some(now);
        store.keep_session(&session)?;
        Ok(Some(true))
    });
    match taken.await? {
        Some(true) => Ok(Reply::see(back_to(&to, "/account"))),
        Some(false) => confirmation(&visit, &to, 422, visit.error("code", words.wrong_code)).await,
        None => confirmation(&visit, &to, 429, visit.error("code", words.locked_out)).await,
    }
}

/// `GET /activity`
pub async fn activity<H: House>(visit: Visit<H>) -> Turn {
    let words = visit.words();
    let before: Option<MessageId> = visit.asked("before").parse().ok();
    let most = i64::try_from(ROWS).unwrap_or(i64::MAX);
    let acts = visit.house.look(move |store| store.acts(before, most + 1)).await?;
    let (acts, next) = cut(acts, ROWS, |act| act.id.to_string());
    let columns = [
        words.when,
        words.account_name,
        words.action,
        words.subject,
        words.outcome,
        words.address,
    ];
    let rows = acts.iter().map(|act| {
        vec![
            format::time(act.at),
            Html::text(&act.account),
            html::code(&act.action),
            html::code(&act.subject),
            html::code(&act.outcome),
            html::code(&act.address),
        ]
    });
    let table = Table::new(words.activity, columns.map(Column::text).into()).rows(rows);
    let empty = Empty {
        why: words.no_activity,
        next: words.no_activity_next,
    };
    let list = newest_first(&visit, "/activity", &[]).render(&table, next.as_deref(), &empty);
    Ok(Reply::page(words.activity, list))
}
