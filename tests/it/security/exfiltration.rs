//! Test 1: whatever a liar on the way says, no header of a key and no secret goes anywhere but to
//! the exchange. The sink gets not even a connection.

use chrono::TimeDelta;
use keylapse::exchange::simulator::{SimKey, Simulator, Weather};

use super::bot::Bot;
use super::door::{Answer, Door};
use super::needles::Needles;
use super::{good_answer, looks, make_due, wait_for_look};
use crate::cli::{Host, Said, end, harmless, lines, simulator};

const ADD: [&str; 5] = ["key", "add", "--label", "bot", "--stdin"];
const SIGNED_PATH: &str = "/api/v1/user/api-key";

/// A host whose KuCoin is at this address, with the key in it already.
fn host_with(door: &Door, key: &SimKey) -> Host {
    let host = Host::new();
    host.configure(&format!("[kucoin]\nbase_url = \"{}\"\n", door.url()));
    let mut args = ADD.to_vec();
    args.push("--save-anyway");
    assert_eq!(host.tell(&args, &lines(key)).code, 0);
    host
}

/// Everything that asks an exchange: adding, testing, replacing, and the bot's own checks.
async fn ask_in_every_way(host: &Host, env: &[(&str, &str)]) -> Vec<Said> {
    let run = |args: &[&str], input: &str| {
        let mut command = host.command(args);
        command.envs(env.iter().copied());
        end(command.spawn().unwrap(), input)
    };
    let other = harmless("other");
    let mut said = vec![
        run(&["key", "add", "--label", "other", "--stdin"], &lines(&other)),
        run(&["key", "test", "bot"], ""),
        run(&["key", "replace", "bot", "--stdin"], &lines(&other)),
    ];
    make_due(host).await;
    let before = looks(host, "bot").await;
    let bot = Bot::start(host, env);
    wait_for_look(host, "bot", before).await;
    said.push(bot.quit());
    said
}

fn assert_untouched(sink: &Door) {
    let heard: Vec<String> =
        sink.heard().iter().map(|bytes| String::from_utf8_lossy(bytes).into_owned()).collect();
    assert!(heard.is_empty(), "something came to the sink:\n{}", heard.join("\n---\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redirect_of_any_kind_and_at_any_step_carries_nothing_away() {
    for status in [301, 302, 303, 307, 308] {
        for at_the_clock in [true, false] {
            let (sink, key) = (Door::sink(), harmless("bot"));
            let target = sink.url();
            let exchange = Door::open(move |path| match path {
                SIGNED_PATH => Answer::redirect(status, &format!("{target}{SIGNED_PATH}")),
                _ if at_the_clock => Answer::redirect(status, &target),
                _ => Answer::time(),
            });
            let host = host_with(&exchange, &key);
            let said = ask_in_every_way(&host, &[]).await;
            let codes: Vec<i32> = said.iter().map(|said| said.code).collect();
            assert_eq!(codes, [1, 1, 1, 0], "{status}: {said:?}");
            assert!(said[0].sentence().contains("Nothing was saved"), "{said:?}");
            let signed = exchange.heard().iter().filter(|heard| is_signed(heard)).count();
            assert_eq!(signed == 0, at_the_clock, "{status}");
            assert_untouched(&sink);
        }
    }
}

fn is_signed(request: &[u8]) -> bool {
    String::from_utf8_lossy(request).to_lowercase().contains("kc-api-")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_proxies_of_the_environment_see_nothing() {
    let (sink, key) = (Door::sink(), harmless("bot"));
    let bent = key.clone();
    let exchange = Door::open(move |path| match path {
        SIGNED_PATH => Answer::json(&good_answer(&bent)),
        _ => Answer::time(),
    });
    let (proxy, host) = (sink.url(), host_with(&exchange, &key));
    let names =
        ["ALL_PROXY", "HTTPS_PROXY", "HTTP_PROXY", "all_proxy", "https_proxy", "http_proxy"];
    let env: Vec<(&str, &str)> = names.iter().map(|name| (*name, proxy.as_str())).collect();
    ask_in_every_way(&host, &env).await;
    assert!(exchange.heard().iter().any(|heard| is_signed(heard)), "the exchange was asked");
    // The client for the world, which a proxy would really serve: an address that is no loopback
    // by its number and this machine all the same.
    let port = exchange.port();
    host.configure(&format!(
        "[kucoin]\nbase_url = \"https://0.0.0.0:{port}\"\nallow_custom_endpoint = true\n"
    ));
    let before = exchange.heard().len();
    let said = ask_in_every_way(&host, &env).await;
    assert!(said[1].err.contains("CUSTOM ENDPOINT https://0.0.0.0"), "{said:?}");
    for heard in &exchange.heard()[before..] {
        assert_eq!(heard.first(), Some(&0x16), "something else than TLS was sent");
        assert_eq!(Needles::of(&[&key]).find("the wire", heard), Vec::<String>::new());
    }
    assert_untouched(&sink);
}

#[test]
fn the_environment_cannot_send_a_key_elsewhere() {
    let sink = Door::sink();
    let key = harmless("bot");
    let base = format!("https://0.0.0.0:{}", sink.port());
    let table: [(&[(&str, &str)], &str); 4] = [
        (&[("KEYLAPSE_KUCOIN__BASE_URL", &base)], "this is no host of KuCoin"),
        (
            &[
                ("KEYLAPSE_KUCOIN__BASE_URL", &base),
                ("KEYLAPSE_KUCOIN__ALLOW_CUSTOM_ENDPOINT", "true"),
            ],
            "only the settings file can allow another endpoint",
        ),
        (&[("KEYLAPSE_KUCOIN__BASE_URL", "http://192.0.2.1")], "over https only"),
        (
            &[("KEYLAPSE_KUCOIN__BASE_URL", "https://api.kucoin.com@192.0.2.1")],
            "write scheme and host only",
        ),
    ];
    for (env, words) in table {
        let host = Host::new();
        for args in [&ADD[..], &["key", "list"], &["run", "--console"]] {
            let mut command = host.command(args);
            command.envs(env.iter().copied());
            let said = end(command.spawn().unwrap(), &lines(&key));
            assert_eq!(said.code, 2, "{said:?}");
            assert!(said.err.contains(words), "{said:?}");
        }
        assert!(!host.data().exists(), "something was made");
    }
    assert_untouched(&sink);
}

fn signed(simulator: &Simulator) -> usize {
    simulator.requests().iter().filter(|seen| seen.signed).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_lies_by_a_day_gets_nothing_signed() {
    let key = harmless("bot");
    let simulator = simulator(std::slice::from_ref(&key)).await;
    let host = Host::with(&simulator);
    assert_eq!(host.tell(&ADD, &lines(&key)).code, 0);
    let before = signed(&simulator);
    assert!(before > 0);
    for days in [-1, 1] {
        simulator.set_weather(Weather::ClockOff(TimeDelta::days(days)));
        let other = harmless("other");
        let said = host.tell(&["key", "add", "--label", "other", "--stdin"], &lines(&other));
        assert_eq!(said.code, 1, "{said:?}");
        assert_eq!(host.run(&["key", "test", "bot"]).code, 1);
        make_due(&host).await;
        let looked = looks(&host, "bot").await;
        let bot = Bot::start(&host, &[]);
        wait_for_look(&host, "bot", looked).await;
        bot.quit();
        assert_eq!(signed(&simulator), before, "{days}");
    }
}
