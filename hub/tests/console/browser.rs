//! A browser without scripts: it keeps cookies, fills in forms, and follows where it is told.

use std::collections::BTreeMap;

use reqwest::header::{COOKIE, LOCATION, ORIGIN, SET_COOKIE};
use reqwest::redirect::Policy;
use reqwest::{Client, RequestBuilder, Response};
use tanqiao_desk::factor;
use tanqiao_desk::password;
use tanqiao_hub::ledger::command::Decision;
use tanqiao_hub::ledger::objects::Role;

use crate::support::name;
use crate::world::{World, now};

pub const PASSWORD: &str = "correct horse battery";

/// What came.
#[derive(Debug)]
pub struct Seen {
    pub status: u16,
    pub location: Option<String>,
    pub headers: BTreeMap<String, String>,
    pub body: String,
}

impl Seen {
    pub fn must_be(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{:?} {}", self.location, self.body);
        self
    }

    pub fn must_say(self, text: &str) -> Self {
        assert!(self.body.contains(text), "nothing of `{text}` in {}", self.body);
        self
    }

    /// The value of a hidden field.
    pub fn hidden(&self, field: &str) -> String {
        between(&self.body, &format!("name=\"{field}\" value=\""), "\"")
    }
}

/// The text between two others.
pub fn between(text: &str, before: &str, after: &str) -> String {
    let rest = text
        .split_once(before)
        .unwrap_or_else(|| panic!("nothing of `{before}` in {text}"))
        .1;
    rest.split_once(after).unwrap().0.to_owned()
}

pub struct Browser {
    client: Client,
    pub base: String,
    pub cookies: BTreeMap<String, String>,
    pub csrf: String,
}

impl Browser {
    pub fn new(world: &World) -> Self {
        Self {
            client: Client::builder().redirect(Policy::none()).no_proxy().build().unwrap(),
            base: world.console(""),
            cookies: BTreeMap::new(),
            csrf: String::new(),
        }
    }

    /// A browser of an account that has signed in.
    pub async fn of(world: &World, account: &str) -> Self {
        let mut browser = Self::new(world);
        browser.sign_in(account, PASSWORD, "").await.must_be(303);
        browser.read_csrf().await;
        browser
    }

    pub async fn read_csrf(&mut self) {
        self.csrf = self.get("/account").await.must_be(200).hidden("csrf");
    }

    pub async fn sign_in(&mut self, account: &str, password: &str, code: &str) -> Seen {
        let form = [("account", account), ("password", password), ("code", code), ("to", "")];
        self.post("/sign-in", &form).await
    }

    fn dressed(&self, request: RequestBuilder) -> RequestBuilder {
        let cookies: Vec<String> = self.cookies.iter().map(|(k, v)| format!("{k}={v}")).collect();
        request.header(COOKIE, cookies.join("; "))
    }

    pub async fn get(&mut self, path: &str) -> Seen {
        let request = self.dressed(self.client.get(format!("{}{path}", self.base)));
        self.keep(request.send().await.unwrap()).await
    }

    /// Sends a form as a page of ours does.
    pub async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Seen {
        let origin = self.base.clone();
        self.post_from(path, fields, Some(&origin)).await
    }

    pub async fn post_from(&mut self, path: &str, fields: &[(&str, &str)], origin: Option<&str>) -> Seen {
        let csrf = self.csrf.clone();
        let all = fields.iter().copied().chain([("csrf", csrf.as_str())]);
        let escaped = |text: &str| tanqiao_console::html::query_value(text);
        let body: Vec<String> = all.map(|(k, v)| format!("{k}={}", escaped(v))).collect();
        let request = self.client.post(format!("{}{path}", self.base)).body(body.join("&"));
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        let request = match origin {
            Some(origin) => request.header(ORIGIN, origin),
            None => request,
        };
        let request = self.dressed(request);
        self.keep(request.send().await.unwrap()).await
    }

    async fn keep(&mut self, response: Response) -> Seen {
        for set in response.headers().get_all(SET_COOKIE) {
            let set = set.to_str().unwrap();
            let (key, value) = set.split(';').next().unwrap().split_once('=').unwrap();
            if set.contains("Max-Age=0") {
                self.cookies.remove(key);
            } else {
                self.cookies.insert(key.to_owned(), value.to_owned());
            }
        }
        Seen {
            status: response.status().as_u16(),
            location: response
                .headers()
                .get(LOCATION)
                .map(|value| value.to_str().unwrap().to_owned()),
            headers: response
                .headers()
                .iter()
                .map(|(k, v)| (k.to_string(), v.to_str().unwrap().to_owned()))
                .collect(),
            body: response.text().await.unwrap(),
        }
    }

    /// Switches the second factor on; its secret and the recovery codes. The code is that of the step before, so that the next is free.
    pub async fn enrol_factor(&mut self) -> (Vec<u8>, Vec<String>) {
        let page = self.get("/account/factor").await.must_be(200);
        let secret = from_base32(&between(&page.body, "secret=", "&"));
        let code = factor::code(&secret, factor::step(now()) - 1);
        let done = self.post("/account/factor", &[("code", &code)]).await.must_be(200);
        let codes = done.body.split("<p>").filter_map(|part| part.split("</p>").next());
        let codes = codes.filter(|code| code.len() == 19 && code.matches('-').count() == 3);
        (secret, codes.map(str::to_owned).collect())
    }
}

/// The bytes of a base 32 text without padding.
pub fn from_base32(text: &str) -> Vec<u8> {
    let (mut bytes, mut held, mut bits) = (Vec::new(), 0_u32, 0);
    for letter in text.bytes() {
        let value = if letter.is_ascii_digit() {
            letter - b'2' + 26
        } else {
            letter - b'A'
        };
        held = (held << 5) | u32::from(value);
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from((held >> bits) & 0xff).unwrap());
            held &= (1 << bits) - 1;
        }
    }
    bytes
}

/// Accounts with [`PASSWORD`]: two officers, an auditor and an organiser.
pub async fn staff(world: &World) {
    let hash = password::hash(PASSWORD).unwrap();
    world
        .officers(move |federation| {
            for (account, role) in [
                ("li", Role::Officer),
                ("wang", Role::Officer),
                ("shen", Role::Auditor),
                ("expo", Role::Organiser),
            ] {
                let decision = Decision::PutOfficer {
                    account: name(account),
                    role,
                    password_hash: hash.clone(),
                    active: true,
                };
                federation.by_officers(&["first-officer"], decision).unwrap();
            }
        })
        .await;
}
