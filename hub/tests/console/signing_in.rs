//! Sessions, second factors, lock-outs, and forms from elsewhere.

use tanqiao_desk::password;
use tanqiao_desk::{DeskStore as _, factor};
use tanqiao_hub::ledger::command::Decision;
use tanqiao_hub::ledger::objects::Role;
use tanqiao_hub::store::console;

use crate::browser::{Browser, PASSWORD, staff};
use crate::support::name;
use crate::world::{World, now, on_each};

#[actix_web::test]
async fn a_session_begins_with_a_password_and_ends_with_the_sign_out() {
    on_each(async |world: World| {
        staff(&world).await;
        let mut browser = Browser::new(&world);
        let away = browser.get("/members/wuhan").await.must_be(303);
        assert_eq!(away.location.as_deref(), Some("/sign-in?to=/members/wuhan"));
        for (account, password) in [
            ("li", "wrong"),
            ("nobody", PASSWORD),
            ("", ""),
            ("first-officer", PASSWORD),
        ] {
            browser
                .sign_in(account, password, "")
                .await
                .must_be(401)
                .must_say("不相符");
        }
        let form = [("account", "li"), ("password", PASSWORD), ("to", "/members/wuhan")];
        let signed = browser.post("/sign-in", &form).await.must_be(303);
        assert_eq!(signed.location.as_deref(), Some("/members/wuhan"));
        let cookie = &signed.headers["set-cookie"];
        assert!(
            cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"),
            "{cookie}"
        );
        browser.read_csrf().await;
        browser.get("/members/wuhan").await.must_be(200).must_say("wuhan");
        let before = browser.cookies.clone();
        browser.post("/sign-out", &[]).await.must_be(303);
        browser.cookies = before;
        browser.get("/members/wuhan").await.must_be(303);
        // An evil address to go back to is not followed.
        let form = [("account", "li"), ("password", PASSWORD), ("to", "//evil.example/")];
        let signed = browser.post("/sign-in", &form).await.must_be(303);
        assert_eq!(signed.location.as_deref(), Some("/"));
    })
    .await;
}

#[actix_web::test]
async fn a_session_falls_with_its_account_or_password() {
    on_each(async |world: World| {
        staff(&world).await;
        let mut browser = Browser::of(&world, "wang").await;
        let hash = password::hash("another password").unwrap();
        let changed = Decision::PutOfficer {
            account: name("wang"),
            role: Role::Officer,
            password_hash: hash,
            active: true,
        };
        world
            .officers(move |federation| federation.by_officers(&["first-officer"], changed).unwrap())
            .await;
        browser.get("/members").await.must_be(303);
    })
    .await;
}

#[actix_web::test]
async fn whoever_guesses_is_locked_out_with_the_right_password_too() {
    on_each(async |world: World| {
        staff(&world).await;
        let mut browser = Browser::new(&world);
        for _ in 0..5 {
            browser.sign_in("li", "a wrong password", "").await.must_be(401);
        }
        browser
            .sign_in("li", PASSWORD, "")
            .await
            .must_be(429)
            .must_say("失败次数过多");
        // Another account is not concerned, and a name that is none is locked out alike.
        browser.sign_in("wang", PASSWORD, "").await.must_be(303);
        let mut other = Browser::new(&world);
        for _ in 0..5 {
            other.sign_in("nobody", "a wrong password", "").await.must_be(401);
        }
        other.sign_in("nobody", "a wrong password", "").await.must_be(429);
        let acts = world.federation.database.read(|c| Ok(c.acts(None, 100)?)).unwrap();
        let outcomes: Vec<(&str, &str)> = acts
            .iter()
            .map(|act| (act.account.as_str(), act.outcome.as_str()))
            .collect();
        assert!(
            outcomes.contains(&("li", "locked-out")) && outcomes.contains(&("wang", "done")),
            "{outcomes:?}"
        );
        assert!(
            outcomes.iter().all(|(account, _)| *account != "nobody"),
            "only accounts are written down"
        );
    })
    .await;
}

#[actix_web::test]
async fn an_address_from_which_many_fail_is_locked_out() {
    on_each(async |world: World| {
        staff(&world).await;
        let mut browser = Browser::new(&world);
        for n in 0..50 {
            let seen = browser.sign_in(&format!("guess-{n}"), "x", "").await;
            assert_eq!(seen.status, 401);
        }
        browser.sign_in("li", PASSWORD, "").await.must_be(429);
    })
    .await;
}

#[actix_web::test]
async fn a_second_factor_is_demanded_and_each_code_counts_once() {
    on_each(async |world: World| {
        staff(&world).await;
        let mut browser = Browser::of(&world, "li").await;
        browser.get("/members/wuhan/suspension").await.must_be(303);
        browser.get("/confirm").await.must_be(200).must_say("须先启用第二因素");
        browser
            .post("/account/factor", &[("code", "000000")])
            .await
            .must_be(422);
        let (secret, recovery) = browser.enrol_factor().await;
        assert_eq!(recovery.len(), 10);
        browser.get("/members/wuhan/suspension").await.must_be(200);
        let again = browser.get("/account/factor").await.must_be(200);
        assert!(
            !again.body.contains("secret="),
            "an enrolled secret is never shown again"
        );

        let mut next = Browser::new(&world);
        next.sign_in("li", PASSWORD, "").await.must_be(401);
        let code = factor::code(&secret, factor::step(now()) + 1);
        next.sign_in("li", PASSWORD, &code).await.must_be(303);
        next.sign_in("li", PASSWORD, &code).await.must_be(401);
        next.sign_in("li", PASSWORD, &recovery[0].to_lowercase())
            .await
            .must_be(303);
        next.sign_in("li", PASSWORD, &recovery[0]).await.must_be(401);
        // Lost with all its codes: it is taken away, and every session of the account with it.
        world.federation.database.read(|c| Ok(c.forget_factor("li")?)).unwrap();
        browser.get("/members").await.must_be(303);
        next.sign_in("li", PASSWORD, "").await.must_be(303);
    })
    .await;
}

#[actix_web::test]
async fn a_form_from_elsewhere_changes_nothing() {
    on_each(async |world: World| {
        staff(&world).await;
        let mut browser = Browser::of(&world, "li").await;
        browser.enrol_factor().await;
        let head = world.head();
        let path = "/members/wuhan/suspension";
        let fields = [("reason", "an inspection")];
        for origin in [None, Some("http://evil.example"), Some("null")] {
            browser
                .post_from(path, &fields, origin)
                .await
                .must_be(403)
                .must_say("没有任何改动");
        }
        let csrf = std::mem::take(&mut browser.csrf);
        browser.post(path, &fields).await.must_be(403);
        browser.csrf = csrf.chars().rev().collect();
        browser.post(path, &fields).await.must_be(403);
        let approvals = world
            .federation
            .database
            .read(|c| console::approvals(c, None, 10))
            .unwrap();
        assert!(approvals.is_empty());
        assert_eq!(world.head(), head);
        browser.csrf = csrf;
        browser.post(path, &fields).await.must_be(303);
    })
    .await;
}
