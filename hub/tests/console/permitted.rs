//! Every route for every role: what is not named in the route's line is not permitted.

use tanqiao_hub::console::table::{ROUTES, Route};
use tanqiao_hub::ledger::objects::Role;
use tanqiao_hub::serve::new_id;

use crate::browser::{Browser, Seen, staff};
use crate::world::{World, on_each};

fn filled(path: &str) -> String {
    let id = new_id().to_string();
    let mut filled = path.to_owned();
    for (parameter, value) in [
        ("{member}", "wuhan"),
        ("{id}", id.as_str()),
        ("{transfer}", id.as_str()),
        ("{certificate}", id.as_str()),
        ("{index}", "0"),
        ("{name}", "none"),
        ("{methodology}", "wuhan-metro.v1"),
        ("{mapping}", "wuhan-to-harbin.v1"),
        ("{decision}", "suspend"),
        ("{conflict}", id.as_str()),
        ("{reconciliation}", id.as_str()),
        ("{event}", "none"),
        ("{donation}", id.as_str()),
        ("{asset}", "none"),
        ("{number}", "1"),
        ("{account}", "shen"),
    ] {
        filled = filled.replace(parameter, value);
    }
    assert!(!filled.contains('{'), "{filled}");
    filled
}

async fn ask(browser: &mut Browser, route: &Route) -> Seen {
    let path = filled(route.path);
    if route.method == "POST" {
        browser.post(&path, &[("account", "nobody")]).await
    } else {
        browser.get(&path).await
    }
}

fn is_turned_away(seen: &Seen, route: &Route, role: Option<Role>) -> bool {
    match (role, route.method) {
        (None, "GET") => {
            seen.status == 303
                && seen
                    .location
                    .as_deref()
                    .is_some_and(|to| to.starts_with("/sign-in?to="))
        }
        _ => seen.status == 403,
    }
}

#[actix_web::test]
async fn every_route_is_open_to_whom_its_line_names_and_to_nobody_else() {
    on_each(async |world: World| {
        staff(&world).await;
        let everybody = [
            (None, None),
            (Some("li"), Some(Role::Officer)),
            (Some("shen"), Some(Role::Auditor)),
            (Some("expo"), Some(Role::Organiser)),
        ];
        let mut denied = 0;
        for (account, role) in everybody {
            let mut browser = match account {
                Some(account) => Browser::of(&world, account).await,
                None => Browser::new(&world),
            };
            for route in ROUTES.iter().filter(|route| route.path != "/sign-out") {
                let seen = ask(&mut browser, route).await;
                let turned_away = is_turned_away(&seen, route, role);
                assert_eq!(
                    turned_away,
                    !route.who.may(role),
                    "{role:?} {} {}: {seen:?}",
                    route.method,
                    route.path
                );
                denied += usize::from(turned_away);
                assert!(seen.status < 500, "{} {}: {seen:?}", route.method, route.path);
                // Where the second factor is wanted, nobody gets further without it.
                if route.confirmed && route.who.may(role) {
                    assert!(seen.location.unwrap().starts_with("/confirm?to="), "{}", route.path);
                }
            }
        }
        assert!(denied > 40, "{denied}");
        // A page that has no line is not there.
        Browser::new(&world).get("/nothing").await.must_be(404);
    })
    .await;
}
