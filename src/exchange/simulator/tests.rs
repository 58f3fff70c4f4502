//! The client against the simulator: one test per fault and per weather. Time is stepped.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::*;
use crate::clock::Stepped;
use crate::domain::evidence::{Fault, Outcome};
use crate::domain::facts::{Binding, Facts, ReportedEnd, Site};
use crate::domain::permission::Power;
use crate::exchange::kucoin::sign::{self, SignedGet};
use crate::exchange::{Client, Endpoint, Probed, Service, ServiceState};
use crate::http_client::{self, Reach, Timeouts};
use crate::secret::KeySecrets;

fn start() -> DateTime<Utc> {
    DateTime::from_timestamp(1_790_000_000, 0).unwrap()
}

/// A simulator with one key, `grid`, and a client that asks it.
struct Stage {
    clock: Stepped,
    exchange: Simulator,
    client: Client,
}

impl Stage {
    async fn set() -> Self {
        Self::set_for(Site::Global).await
    }

    async fn set_for(site: Site) -> Self {
        let clock = Stepped::new(start());
        let listen = "127.0.0.1:0".parse().unwrap();
        let exchange = Simulator::start(Arc::new(clock.clone()), listen).await.unwrap();
        let mut key = SimKey::made_up("grid");
        key.site = site;
        key.permissions = ["General", "Spot"].map(str::to_owned).into();
        key.addresses = vec!["203.0.113.7".parse().unwrap()];
        key.end = SimEnd::At(start() + TimeDelta::days(40));
        exchange.add_key(key);
        let client = client(&exchange.base_url(), site, &clock);
        Self { clock, exchange, client }
    }

    fn edit(&self, change: impl FnOnce(&mut SimKey)) {
        assert!(self.exchange.edit("grid", change));
    }

    fn secrets(&self) -> KeySecrets {
        self.exchange.key("grid").unwrap().secrets()
    }

    async fn probe(&self) -> Probed {
        let account = self.exchange.key("grid").unwrap().uid.to_string();
        self.client.probe(&self.secrets(), Some(&account)).await
    }

    async fn facts(&self) -> Facts {
        match self.probe().await.outcome {
            Outcome::Good(facts) => facts,
            Outcome::Bad { fault, code } => panic!("{fault:?} {code:?}"),
        }
    }

    /// The fault and the code of a probe.
    async fn refused(&self) -> (Fault, Option<String>) {
        match self.probe().await.outcome {
            Outcome::Bad { fault, code } => (fault, code),
            Outcome::Good(facts) => panic!("{facts:?}"),
        }
    }

    fn signed(&self) -> usize {
        self.exchange.requests().iter().filter(|seen| seen.signed).count()
    }
}

fn client(base_url: &str, site: Site, clock: &Stepped) -> Client {
    let endpoint = Endpoint::kucoin(site, Some(base_url), false).unwrap();
    let total = Duration::from_secs(1);
    let timeouts = Timeouts { connect: total, read: total, total };
    Client::kucoin_with(endpoint, Arc::new(clock.clone()), timeouts, None).unwrap()
}

fn code(fault: Fault, code: &str) -> (Fault, Option<String>) {
    (fault, Some(code.to_owned()))
}

#[tokio::test]
async fn a_good_key_tells_its_facts() {
    let stage = Stage::set().await;
    let probed = stage.probe().await;
    assert!(probed.server_time_confirmed);
    assert_eq!(probed.key_matches, Some(true));
    assert_eq!((probed.at, probed.not_before, probed.caller_address), (start(), None, None));
    let facts = stage.facts().await;
    assert_eq!(facts.permissions.words(), "General, Spot");
    assert_eq!(facts.binding, Binding::Bound(["203.0.113.7".to_owned()].into()));
    assert_eq!(facts.end, ReportedEnd::At(start() + TimeDelta::days(40)));
    assert_eq!(
        (facts.site, facts.version, facts.master),
        (Some(Site::Global), Some(3), Some(true))
    );
    assert_eq!(facts.created_at, Some(start()));
    // The time was asked once and kept.
    let targets: Vec<String> = stage.exchange.requests().into_iter().map(|s| s.target).collect();
    assert_eq!(targets, ["/api/v1/timestamp", "/api/v1/user/api-key", "/api/v1/user/api-key"]);
}

#[tokio::test]
async fn each_site_knows_its_own_keys() {
    for site in Site::ALL {
        let stage = Stage::set_for(site).await;
        assert_eq!(stage.facts().await.site, Some(site));
    }
    let stage = Stage::set_for(Site::Au).await;
    let elsewhere = client(&stage.exchange.base_url(), Site::Global, &stage.clock);
    let probed = elsewhere.probe(&stage.secrets(), None).await;
    assert_eq!(probed.outcome.fault(), Some(Fault::NotKnown));
}

#[tokio::test]
async fn an_end_may_be_a_date_never_or_unsaid_and_addresses_may_be_masked() {
    let stage = Stage::set().await;
    stage.edit(|key| (key.end, key.masked) = (SimEnd::Never, true));
    let facts = stage.facts().await;
    assert_eq!(facts.end, ReportedEnd::Never);
    assert_eq!(facts.binding, Binding::Bound(["203.**.7".to_owned()].into()));
    stage.edit(|key| (key.end, key.addresses) = (SimEnd::Absent, Vec::new()));
    let facts = stage.facts().await;
    assert_eq!((facts.end, facts.binding), (ReportedEnd::Unknown, Binding::Unbound));
}

#[tokio::test]
async fn an_expired_a_revoked_and_a_forgotten_key_look_the_same() {
    let stage = Stage::set().await;
    stage.clock.advance(TimeDelta::days(40) - TimeDelta::seconds(1)).await;
    stage.facts().await;
    stage.clock.advance(TimeDelta::seconds(1)).await;
    assert_eq!(stage.refused().await, code(Fault::NotKnown, "400003"));
    stage.edit(|key| (key.end, key.revoked) = (SimEnd::Never, true));
    assert_eq!(stage.refused().await, code(Fault::NotKnown, "400003"));
    stage.edit(|key| (key.revoked, key.addresses) = (false, Vec::new()));
    stage.facts().await;
    stage.clock.advance(TimeDelta::days(30)).await;
    assert_eq!(stage.refused().await, code(Fault::NotKnown, "400003"));
}

#[tokio::test]
async fn wrong_parts_are_told_apart() {
    let stage = Stage::set().await;
    let good = stage.secrets();
    let with = |change: fn(&mut KeySecrets)| {
        let mut secrets = good.clone();
        change(&mut secrets);
        secrets
    };
    let table = [
        (with(|s| s.key = "f".repeat(24).into()), Fault::NotKnown),
        (with(|s| s.passphrase = "wrong".to_owned().into()), Fault::WrongPassphrase),
        // A wrong secret spoils the signed passphrase as well, and that is looked at first.
        (with(|s| s.secret = "wrong".to_owned().into()), Fault::WrongPassphrase),
        (with(|s| s.key = "a\nb".to_owned().into()), Fault::OurRequest),
    ];
    for (secrets, fault) in table {
        let probed = stage.client.probe(&secrets, None).await;
        assert_eq!(probed.outcome.fault(), Some(fault));
    }
}

#[tokio::test]
async fn a_refused_address_is_told_and_kept_out_of_print() {
    let stage = Stage::set().await;
    stage.exchange.set_caller("2001:db8::9".parse().unwrap());
    let probed = stage.probe().await;
    assert_eq!(probed.outcome.fault(), Some(Fault::IpRefused));
    assert_eq!(probed.caller_address, Some("2001:db8::9".parse().unwrap()));
    assert!(!format!("{probed:?}").contains("2001"));
}

#[tokio::test]
async fn the_state_of_the_account_has_its_own_faults() {
    let stage = Stage::set().await;
    stage.edit(|key| key.account = SimAccount::Frozen);
    assert_eq!(stage.refused().await, code(Fault::AccountFrozen, "411100"));
    stage.edit(|key| key.account = SimAccount::IdentityRequired);
    assert_eq!(stage.refused().await, code(Fault::IdentityRequired, "400303"));
    stage.edit(|key| (key.account, key.version) = (SimAccount::Open, 1));
    assert_eq!(stage.refused().await, code(Fault::OldVersion, "400008"));
    stage.edit(|key| (key.version, key.permissions) = (3, vec!["Spot".to_owned()]));
    assert_eq!(stage.refused().await, code(Fault::NotAllowed, "400007"));
}

#[tokio::test]
async fn bad_weather_is_about_the_probe() {
    let stage = Stage::set().await;
    stage.facts().await;
    let table = [
        (Weather::Outage, Fault::ExchangeDown, Some("503000")),
        (Weather::Page, Fault::ExchangeDown, None),
        (Weather::Garbage, Fault::ExchangeDown, None),
        (Weather::Cut, Fault::Network, None),
        (Weather::Slow(Duration::from_secs(5)), Fault::Network, None),
        (Weather::WrongKey, Fault::ExchangeDown, None),
        (Weather::RateLimited, Fault::RateLimited, Some("429000")),
        (Weather::Overload, Fault::RateLimited, Some("429000")),
        (Weather::AddressLimit, Fault::RateLimited, None),
    ];
    for (weather, fault, code) in table {
        stage.exchange.set_weather(weather.clone());
        let probed = stage.probe().await;
        let expected = Outcome::Bad { fault, code: code.map(str::to_owned) };
        assert_eq!(probed.outcome, expected, "{weather:?}");
        assert_eq!(probed.key_matches, (weather == Weather::WrongKey).then_some(false));
        assert!(!probed.server_time_confirmed, "{weather:?}");
        stage.exchange.set_weather(Weather::Fine);
        stage.clock.advance(TimeDelta::seconds(61)).await;
        stage.facts().await;
    }
}

#[tokio::test]
async fn the_clock_may_be_a_little_off_and_is_followed() {
    let stage = Stage::set().await;
    stage.facts().await;
    // KuCoin's clock jumps by more than its own window: one retry with a new measurement.
    stage.exchange.set_weather(Weather::ClockOff(TimeDelta::seconds(40)));
    assert!(stage.probe().await.server_time_confirmed);
    let codes: Vec<String> = stage.exchange.requests().into_iter().map(|seen| seen.code).collect();
    assert_eq!(codes, ["200000", "200000", "400002", "200000", "200000"]);
    // Ten minutes later it is measured anew without being refused first.
    stage.clock.advance(TimeDelta::minutes(10)).await;
    stage.exchange.set_weather(Weather::ClockOff(TimeDelta::seconds(-40)));
    stage.facts().await;
    assert!(stage.exchange.requests()[5..].iter().all(|seen| seen.code == "200000"));
}

#[tokio::test]
async fn a_clock_that_is_off_by_a_day_signs_nothing() {
    for off in [TimeDelta::days(1), TimeDelta::days(-1), TimeDelta::milliseconds(60_001)] {
        let stage = Stage::set().await;
        stage.exchange.set_weather(Weather::ClockOff(off));
        let probed = stage.probe().await;
        assert_eq!(probed.outcome.fault(), Some(Fault::ClockSkew));
        assert!(!probed.server_time_confirmed);
        assert_eq!((stage.exchange.count(), stage.signed()), (1, 0));
        // Not kept: as soon as the clocks agree, it goes on.
        stage.exchange.set_weather(Weather::Fine);
        stage.facts().await;
    }
}

#[tokio::test]
async fn a_clock_that_runs_away_between_two_probes_is_signed_once_and_not_again() {
    let stage = Stage::set().await;
    stage.facts().await;
    stage.exchange.set_weather(Weather::ClockOff(TimeDelta::days(1)));
    let probed = stage.probe().await;
    assert_eq!(probed.outcome.fault(), Some(Fault::ClockSkew));
    assert!(!probed.server_time_confirmed);
    // The second signature was still for the time that we believed to be true.
    assert_eq!(stage.signed(), 2);
    stage.probe().await;
    assert_eq!(stage.signed(), 2);
}

#[tokio::test]
async fn many_probes_look_at_the_clock_once() {
    let stage = Stage::set().await;
    let secrets = stage.secrets();
    let ask = || stage.client.probe(&secrets, None);
    let (a, b, c, d) = tokio::join!(ask(), ask(), ask(), ask());
    for probed in [a, b, c, d] {
        assert!(matches!(probed.outcome, Outcome::Good(_)));
    }
    let looks = |seen: &Seen| seen.target == "/api/v1/timestamp";
    assert_eq!(stage.exchange.requests().iter().filter(|seen| looks(seen)).count(), 1);
}

#[tokio::test]
async fn during_an_outage_many_probes_share_one_look_at_the_clock() {
    let stage = Stage::set().await;
    stage.exchange.set_weather(Weather::Slow(Duration::from_secs(5)));
    let secrets = stage.secrets();
    let ask = || stage.client.probe(&secrets, None);
    let all = tokio::time::timeout(Duration::from_millis(1_900), async {
        tokio::join!(ask(), ask(), ask(), ask())
    });
    let (a, b, c, d) = all.await.expect("they wait together, not one after the other");
    for probed in [a, b, c, d] {
        assert_eq!(probed.outcome.fault(), Some(Fault::Network));
    }
}

#[tokio::test]
async fn a_nearly_used_pool_is_left_to_its_owner() {
    let stage = Stage::set().await;
    let mut good = 0;
    let held = loop {
        let probed = stage.probe().await;
        match probed.outcome {
            Outcome::Good(_) => good += 1,
            Outcome::Bad { .. } => break probed,
        }
        assert!(good < 200);
    };
    // 95 probes of weight 20 leave 100 of 2000.
    assert_eq!((good, held.outcome.fault()), (95, Some(Fault::RateLimited)));
    assert_eq!(held.not_before, Some(start() + TimeDelta::seconds(30)));
    let asked = stage.exchange.count();
    stage.probe().await;
    assert_eq!(stage.exchange.count(), asked, "nothing goes out while held");
    // Another account is not held, and after the window this one is free again.
    let mut other = SimKey::made_up("other");
    other.addresses.push("203.0.113.7".parse().unwrap());
    stage.exchange.add_key(other.clone());
    let probed = stage.client.probe(&other.secrets(), Some(&other.uid.to_string())).await;
    assert!(matches!(probed.outcome, Outcome::Good(_)));
    stage.clock.advance(TimeDelta::seconds(30)).await;
    stage.facts().await;
}

#[tokio::test]
async fn an_overload_is_not_answered_with_more_requests() {
    let stage = Stage::set().await;
    stage.facts().await;
    stage.exchange.set_weather(Weather::Overload);
    let probed = stage.probe().await;
    assert_eq!(probed.not_before, Some(start() + TimeDelta::seconds(2)));
    let asked = stage.exchange.count();
    assert_eq!(stage.refused().await, (Fault::RateLimited, None));
    assert_eq!(stage.exchange.count(), asked);
}

#[tokio::test]
async fn no_redirect_carries_a_header_to_another_server() {
    for status in [301, 302, 303, 307, 308] {
        let sink = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let to = format!("http://{}/api/v1/user/api-key", sink.local_addr().unwrap());
        let stage = Stage::set().await;
        stage.facts().await;
        stage.exchange.set_weather(Weather::Redirect(status, to));
        assert_eq!(stage.refused().await, (Fault::ExchangeDown, None), "{status}");
        let visit = tokio::time::timeout(Duration::from_millis(30), sink.accept()).await;
        assert!(visit.is_err(), "somebody followed a {status}");
    }
}

#[tokio::test]
async fn a_closed_port_and_a_server_that_speaks_no_http_are_the_network() {
    let clock = Stepped::new(start());
    let secrets = SimKey::made_up("grid").secrets();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let client = client(&base, Site::Global, &clock);
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let _ = stream.read(&mut [0; 1024]).await;
        let _ = stream.write_all(b"SSH-2.0-OpenSSH_9.9\r\n").await;
    });
    let fault = client.probe(&secrets, None).await.outcome.fault();
    assert_eq!(fault, Some(Fault::Network));
    server.await.unwrap();
    let fault = client.probe(&secrets, None).await.outcome.fault();
    assert_eq!(fault, Some(Fault::Network));
}

#[tokio::test]
async fn an_endless_body_is_read_to_its_cap_only() {
    let clock = Stepped::new(start());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let _ = stream.read(&mut [0; 1024]).await;
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await;
        while stream.write_all(&[b' '; 4096]).await.is_ok() {}
    });
    let client = client(&base, Site::Global, &clock);
    let probed = client.probe(&SimKey::made_up("grid").secrets(), None).await;
    assert_eq!(probed.outcome.fault(), Some(Fault::ExchangeDown));
}

#[tokio::test]
async fn the_service_tells_its_own_state() {
    let stage = Stage::set().await;
    let open = Service { state: ServiceState::Open, message: None };
    assert_eq!(stage.client.service().await, Some(open));
    stage.exchange.set_service("cancelonly", "upgrade match engine");
    let service = stage.client.service().await.unwrap();
    assert_eq!(service.state, ServiceState::CancelOnly);
    assert_eq!(service.message.unwrap().as_str(), "upgrade match engine");
    stage.exchange.set_weather(Weather::Outage);
    assert_eq!(stage.client.service().await, None);
}

#[tokio::test]
async fn a_script_happens_by_the_clock() {
    let stage = Stage::set().await;
    let text = "\
key bot permissions=General,Spot expires=+3d
at +1d gain bot Withdrawal
at +2d renew bot 90d
at +4d outage 2h
at +5d revoke bot
";
    stage.exchange.play(Script::parse(text, start()).unwrap_or_else(|error| panic!("{error}")));
    let bot = stage.exchange.key("bot").unwrap().secrets();
    let ask = || async { stage.client.probe(&bot, None).await.outcome };
    let at = |hours| start() + TimeDelta::hours(hours);
    stage.clock.advance_to(at(24)).await;
    let Outcome::Good(facts) = ask().await else { panic!() };
    assert!(facts.permissions.can(Power::Withdraw));
    stage.clock.advance_to(at(95)).await;
    let Outcome::Good(facts) = ask().await else { panic!() };
    assert_eq!(facts.end, ReportedEnd::At(at(92 * 24)));
    stage.clock.advance_to(at(97)).await;
    assert_eq!(ask().await.fault(), Some(Fault::ExchangeDown));
    stage.clock.advance_to(at(98)).await;
    assert_eq!(ask().await.fault(), None);
    stage.clock.advance_to(at(120)).await;
    assert_eq!(ask().await.fault(), Some(Fault::NotKnown));
}

#[tokio::test]
async fn each_check_of_the_gateway_has_its_own_answer() {
    const PATH: &str = "/api/v1/user/api-key";
    let stage = Stage::set().await;
    let plain = http_client::build(Reach::Loopback, Timeouts::default(), None).unwrap();
    let ask = |target: &str, headers: HeaderMap| {
        let request = plain.get(format!("{}{target}", stage.exchange.base_url())).headers(headers);
        async {
            let answer = request.send().await.unwrap();
            let status = answer.status().as_u16();
            let body = answer.text().await.unwrap();
            let body: serde_json::Value = serde_json::from_str(&body).unwrap();
            (status, body["code"].as_str().unwrap().to_owned())
        }
    };
    let signed = |off_ms: i64| {
        let at = start().timestamp_millis() + off_ms;
        SignedGet::ThisKey.headers(&stage.secrets(), at).unwrap()
    };
    let with = |name: HeaderName, value: &'static str| {
        let mut headers = signed(0);
        headers.insert(name, HeaderValue::from_static(value));
        headers
    };
    let without = |name: HeaderName| {
        let mut headers = signed(0);
        headers.remove(name);
        headers
    };
    let table = [
        (PATH, signed(0), 200, "200000"),
        (PATH, signed(5_000), 200, "200000"),
        (PATH, signed(5_001), 400, "400002"),
        (PATH, signed(-5_001), 400, "400002"),
        (PATH, with(sign::TIMESTAMP, "today"), 400, "400002"),
        (PATH, HeaderMap::new(), 400, "400001"),
        (PATH, without(sign::PASSPHRASE), 400, "400001"),
        (PATH, with(sign::KEY, "0"), 401, "400003"),
        (PATH, without(sign::VERSION), 400, "400009"),
        (PATH, with(sign::VERSION, "1"), 400, "400009"),
        (PATH, with(sign::PASSPHRASE, "x"), 401, "400004"),
        (PATH, with(sign::SIGN, "x"), 401, "400005"),
        ("/api/v1/user/api-key?subName=x", signed(0), 401, "400005"),
        ("/api/v1/accounts", signed(0), 404, "404000"),
    ];
    for (target, headers, status, code) in table {
        assert_eq!(ask(target, headers).await, (status, code.to_owned()), "{target} {code}");
    }
    let posted = plain.post(format!("{}{PATH}", stage.exchange.base_url())).send().await.unwrap();
    assert_eq!(posted.status(), 405);
}

#[tokio::test]
async fn alone_it_says_first_that_nothing_is_real() {
    let clock = Arc::new(Stepped::new(start()));
    let listen = "127.0.0.1:0".parse().unwrap();
    let mut out = Vec::new();
    serve_alone(listen, None, clock.clone(), &mut out, async {}).await.unwrap();
    let out = String::from_utf8(out).unwrap();
    let lines: Vec<&str> = out.lines().collect();
    assert!(lines[0].starts_with("Nothing here is real: "));
    assert!(lines[1].starts_with("http://127.0.0.1:"));
    assert!(out.contains(&format!("[kucoin]\nbase_url = \"{}\"", lines[1])));
    assert!(out.contains(&SimKey::made_up("soon").secret));
    let script = Some("kee x".to_owned());
    let error = serve_alone(listen, script, clock.clone(), Vec::new(), async {}).await;
    assert!(error.unwrap_err().to_string().contains("line 1"));
    let everywhere = "0.0.0.0:0".parse().unwrap();
    assert!(serve_alone(everywhere, None, clock, Vec::new(), async {}).await.is_err());
}

#[test]
fn made_up_keys_have_the_shape_of_real_ones_and_repeat() {
    let (a, b) = (SimKey::made_up("grid-eu"), SimKey::made_up("grid-eu"));
    assert_eq!((&a.key, &a.secret, &a.passphrase), (&b.key, &b.secret, &b.passphrase));
    assert!(crate::domain::text::looks_secret(&a.key) && a.key.len() == 24);
    assert!(crate::domain::text::looks_secret(&a.secret));
    assert_ne!(a.key, SimKey::made_up("grid-us").key);
}
