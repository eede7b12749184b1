//! Before any page runs: who asks, whether the route is for them, whether a form is really ours; and after it, the record.

use actix_web::http::StatusCode;
use actix_web::http::header::{
    ACCEPT_LANGUAGE, CACHE_CONTROL, CONTENT_DISPOSITION, COOKIE, HOST, LOCATION, ORIGIN, SET_COOKIE,
};
use actix_web::web::{Bytes, Query};
use actix_web::{HttpRequest, HttpResponse};
use aws_lc_rs::constant_time;
use tanqiao_console::{Html, Language, headers, html};
use tanqiao_protocol::id::{Name, Sha256};

use crate::house::{Act, House};
use crate::route::Route;
use crate::session::{self, cookie_value};
use crate::visit::{Fault, Fields, Kind, Known, Reply, Turn, Visit};

/// The largest form.
const FORM_BYTES_MAX: usize = 65_536;
/// The cookie of the language that was chosen.
const LANGUAGE_COOKIE: &str = "lang";

/// Answers a request of a route.
pub(crate) async fn pass<H: House>(
    house: H,
    route: &'static Route<H>,
    request: HttpRequest,
    body: Bytes,
) -> HttpResponse {
    let query = fields(request.query_string());
    let (language, chosen) = language(&request, &query);
    let mut visit = Visit {
        house,
        language,
        who: None,
        path: request.path().to_owned(),
        parameters: request
            .match_info()
            .iter()
            .map(|(k, v)| (k.to_owned(), v.to_owned()))
            .collect(),
        query,
        form: Fields::new(),
        address: request
            .peer_addr()
            .map_or_else(String::new, |peer| peer.ip().to_string()),
    };
    let turn = admitted(route, &request, &body, &mut visit).await;
    let mut reply = turn.unwrap_or_else(|fault| explain(&visit, fault));
    if let Some(cookie) = chosen {
        reply.cookies.push(cookie);
    }
    if !route.action.is_empty() {
        record(route, &visit, &reply.outcome).await;
    }
    respond(&visit, reply).await
}

/// Lets the route answer, if it is for whoever asks.
async fn admitted<H: House>(
    route: &'static Route<H>,
    request: &HttpRequest,
    body: &Bytes,
    visit: &mut Visit<H>,
) -> Turn {
    visit.who = known(request, visit).await?;
    if route.method == "POST" {
        if !is_ours(request) || body.len() > FORM_BYTES_MAX {
            return Ok(stale(visit));
        }
        visit.form = fields(std::str::from_utf8(body).unwrap_or_default());
    }
    let role = visit.who.as_ref().map(|known| known.role);
    if !route.who.may(role) {
        return Ok(turned_away(route, visit));
    }
    if let Some(known) = visit
        .who
        .as_ref()
        .filter(|_| route.method == "POST" && route.path != "/sign-in")
    {
        let shown = visit.form.get("csrf").map_or("", String::as_str);
        if constant_time::verify_slices_are_equal(shown.as_bytes(), known.session.csrf.as_bytes()).is_err() {
            return Ok(stale(visit));
        }
    }
    let confirmed = visit
        .who
        .as_ref()
        .is_some_and(|known| session::is_confirmed(&known.session, visit.house.now()));
    if route.confirmed && !confirmed {
        // After a form the reader comes back to the page that had it; what was entered is not kept anywhere.
        let back = if route.method == "POST" {
            page_of_form(route, &visit.path)
        } else {
            visit.path.clone()
        };
        return Ok(Reply::see(format!("/confirm?to={}", html::query_value(&back))).outcome("not-confirmed"));
    }
    (route.answer)(visit.clone()).await
}

/// The page on which a form stood that is posted to this path: that of the same path, or the one above it.
fn page_of_form<H: House>(route: &Route<H>, path: &str) -> String {
    let itself = H::routes()
        .iter()
        .any(|other| other.method == "GET" && other.path == route.path);
    if itself {
        return path.to_owned();
    }
    path.rsplit_once('/').map_or(path, |(parent, _)| parent).to_owned()
}

/// Who has signed in, if the session still holds.
async fn known<H: House>(request: &HttpRequest, visit: &Visit<H>) -> Result<Option<Known<H::Role>>, Fault> {
    let header = request.headers().get(COOKIE).and_then(|value| value.to_str().ok());
    let (house, now) = (&visit.house, visit.house.now());
    let Some(token) = header.and_then(|header| cookie_value(header, house.keeping().name())) else {
        return Ok(None);
    };
    let hash = Sha256::of(token.as_bytes());
    let Some(found) = house.look(move |store| store.session(&hash)).await? else {
        return Ok(None);
    };
    let Ok(name) = found.account.parse::<Name>() else {
        return Ok(None);
    };
    let Some(account) = house.account(&name).await? else {
        return Ok(None);
    };
    let Some(mut known) = session::holds(found, name, account, now) else {
        return Ok(None);
    };
    if session::is_to_note(&known.session, now) {
        known.session.seen_at = now;
        let noted = known.session.clone();
        house.change(move |store| store.keep_session(&noted)).await?;
    }
    Ok(Some(known))
}

/// Whether a form comes from a page of ours: the browser says from where, and that is here.
fn is_ours(request: &HttpRequest) -> bool {
    let header = |name| {
        request
            .headers()
            .get(name)
            .and_then(|value: &actix_web::http::header::HeaderValue| value.to_str().ok())
    };
    let host = header(HOST)
        .map(str::to_owned)
        .or_else(|| request.uri().authority().map(ToString::to_string));
    let origin = header(ORIGIN)
        .and_then(|origin| origin.split_once("://"))
        .map(|(_, host)| host);
    host.is_some() && host.as_deref() == origin
}

fn fields(text: &str) -> Fields {
    Query::<Fields>::from_query(text)
        .map(Query::into_inner)
        .unwrap_or_default()
}

/// The language, and the cookie that keeps it where it was chosen now.
fn language(request: &HttpRequest, query: &Fields) -> (Language, Option<String>) {
    let header = |name| {
        request
            .headers()
            .get(name)
            .and_then(|value: &actix_web::http::header::HeaderValue| value.to_str().ok())
    };
    if let Some(chosen) = query.get("lang").and_then(|code| Language::from_code(code)) {
        let cookie = format!(
            "{LANGUAGE_COOKIE}={}; Path=/; Max-Age=31536000; SameSite=Lax",
            chosen.code()
        );
        return (chosen, Some(cookie));
    }
    let kept = header(COOKIE).and_then(|header| cookie_value(header, LANGUAGE_COOKIE));
    let kept = kept.and_then(Language::from_code);
    let accepted = || Language::accepted(header(ACCEPT_LANGUAGE).unwrap_or_default());
    (kept.unwrap_or_else(accepted), None)
}

fn stale<H: House>(visit: &Visit<H>) -> Reply {
    let words = visit.words();
    Reply::status(403, words.problem, html::paragraph(words.stale_form)).outcome("stale-form")
}

/// Whoever is not known signs in first; whoever is known may not.
fn turned_away<H: House>(route: &Route<H>, visit: &Visit<H>) -> Reply {
    let words = visit.words();
    if visit.who.is_some() {
        return Reply::status(403, words.not_permitted, html::paragraph(words.not_permitted_why))
            .outcome("not-permitted");
    }
    if route.method == "POST" {
        return Reply::status(403, words.sign_in, html::paragraph(words.signed_out)).outcome("not-signed-in");
    }
    Reply::see(format!("/sign-in?to={}", html::query_value(&visit.path))).outcome("not-signed-in")
}

fn explain<H: House>(visit: &Visit<H>, fault: Fault) -> Reply {
    let words = visit.words();
    match fault {
        Fault::NotFound => {
            Reply::status(404, words.not_found, html::paragraph(words.not_found_why)).outcome("not-found")
        }
        Fault::Refused(problem) if problem.status < 500 => {
            let detail = html::paragraph(&problem.detail);
            Reply::status(problem.status, words.problem, detail).outcome(problem.code.clone())
        }
        Fault::Refused(problem) => {
            Reply::status(problem.status, words.fault, html::paragraph(words.fault_why)).outcome(problem.code.clone())
        }
    }
}

/// Writes down what was done, or tried. That it cannot be written is logged: the ledger has its own record of every decision.
async fn record<H: House>(route: &'static Route<H>, visit: &Visit<H>, outcome: &str) {
    let account = match (&visit.who, visit.entered("account").parse::<Name>()) {
        (Some(known), _) => Some(known.account.clone()),
        // A name that is no account may be a password in the wrong field: it is not written down.
        (None, Ok(name)) => visit.house.account(&name).await.ok().flatten().map(|_| name),
        (None, Err(_)) => None,
    };
    let act = Act {
        id: visit.house.new_id(),
        at: visit.house.now(),
        account: account.map_or_else(String::new, |name| name.to_string()),
        address: visit.address.clone(),
        action: route.action.to_owned(),
        subject: visit.path.clone(),
        outcome: outcome.to_owned(),
    };
    if visit.house.change(move |store| store.record(&act)).await.is_err() {
        tracing::error!(
            action = route.action,
            outcome,
            "an act of the console could not be recorded"
        );
    }
}

async fn respond<H: House>(visit: &Visit<H>, reply: Reply) -> HttpResponse {
    let tls = visit.house.keeping().tls();
    let mut response = match &reply.kind {
        Kind::Page { status, .. } => {
            HttpResponse::build(StatusCode::from_u16(*status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR))
        }
        Kind::See(_) => HttpResponse::SeeOther(),
        Kind::Fragment(_) | Kind::File { .. } => HttpResponse::Ok(),
    };
    for (name, value) in headers::PAGE.iter().copied().chain(tls.then_some(headers::TLS)) {
        response.insert_header((name, value));
    }
    for cookie in &reply.cookies {
        response.append_header((SET_COOKIE, cookie.as_str()));
    }
    const HTML: &str = "text/html; charset=utf-8";
    match reply.kind {
        Kind::Page { title, body, .. } => response.content_type(HTML).body(H::frame(visit, title, body).await),
        Kind::See(path) => response.insert_header((LOCATION, path)).finish(),
        Kind::Fragment(html) => response.content_type(HTML).body(Html::to_string(&html)),
        Kind::File {
            media_type,
            name,
            cache,
            bytes,
        } => {
            if let Some(name) = name {
                response.insert_header((CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")));
            }
            response
                .insert_header((CACHE_CONTROL, cache))
                .content_type(media_type)
                .body(bytes)
        }
    }
}
