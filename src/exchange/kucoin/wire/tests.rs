//! Bodies that were published, and bodies that a proxy, a bug or a bad day could make of them.

use serde_json::json;

use super::*;

fn at(ms: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(ms).unwrap()
}

fn names(power: Power, facts: &Facts) -> Vec<&str> {
    facts.permissions.of(power).map(|p| p.name.as_str()).collect()
}

fn data(body: &str) -> Value {
    let envelope = envelope(body.as_bytes()).unwrap();
    assert_eq!(envelope.code, "200000");
    envelope.data
}

/// A small good answer with one field replaced.
fn with(field: &str, value: Value) -> Facts {
    let mut data =
        json!({"apiKey": "k", "permission": "General", "createdAt": 1_728_443_843_000_i64});
    data[field] = value;
    this_key(&data).unwrap().facts
}

#[test]
fn the_documented_master_key_reads() {
    let body = include_str!("../../../../tests/data/kucoin/user-api-key.master.docs-2024.json");
    let ThisKey { key, facts } = this_key(&data(body)).unwrap();
    assert_eq!(key.as_deref(), Some("6705f5c311545b000157d3eb"));
    assert_eq!(names(Power::Read, &facts), ["General"]);
    assert_eq!(names(Power::Trade, &facts), ["Futures", "Margin", "Spot"]);
    assert_eq!(names(Power::Earn, &facts), ["Earn"]);
    assert_eq!(names(Power::Transfer, &facts), ["InnerTransfer"]);
    assert_eq!(names(Power::Withdraw, &facts), ["Transfer"]);
    assert!(!facts.permissions.can(Power::Unknown));
    let masked = ["103.**.34", "203.**.154"].map(str::to_owned);
    assert_eq!(facts.binding, Binding::Bound(masked.into()));
    assert_eq!(facts.created_at, Some(at(1_728_443_843_000)));
    assert_eq!(facts.end, ReportedEnd::Unknown);
    assert_eq!(facts.account.as_deref(), Some("165111215"));
    assert_eq!((facts.master, facts.version, facts.site), (Some(true), Some(3), None));
    assert_eq!(facts.sub_account, None);
}

#[test]
fn the_unified_key_of_2026_reads() {
    let body = include_str!("../../../../tests/data/kucoin/user-api-key.ua.master.2026-05.json");
    let facts = this_key(&data(body)).unwrap().facts;
    assert_eq!(facts.binding, Binding::Unbound);
    assert_eq!(facts.site, Some(Site::Global));
    assert_eq!(names(Power::Trade, &facts), ["Futures", "Margin", "Spot", "Unified"]);
}

#[test]
fn time_and_status_read() {
    let body = include_str!("../../../../tests/data/kucoin/timestamp.spot.docs-2024.json");
    assert_eq!(server_time(&data(body)), Some(at(1_729_100_692_873)));
    let body = include_str!("../../../../tests/data/kucoin/status.spot.docs-2024.json");
    assert_eq!(service(&data(body)), Some(("open".to_owned(), Clean::default())));
    let body = include_str!("../../../../tests/data/kucoin/status.futures.with-msg.json");
    let (_, message) = service(&data(body)).unwrap();
    assert_eq!(message.as_str(), "upgrade match engine");
}

#[test]
fn a_status_message_carries_no_address_and_no_key() {
    let data = json!({"status": "close", "msg": "from 203.0.113.9, key 6705f5c311545b000157d3eb \u{202e}!"});
    assert_eq!(service(&data).unwrap().1.as_str(), "from key !");
}

#[test]
fn the_end_is_a_date_or_never_or_unknown() {
    let future = at(1_777_790_893_000);
    let table = [
        (json!(1_777_790_893_000_i64), ReportedEnd::At(future)),
        (json!("1777790893000"), ReportedEnd::At(future)),
        (json!(1.777_790_893e12), ReportedEnd::At(future)),
        (json!(null), ReportedEnd::Never),
        (json!(0), ReportedEnd::Never),
        (json!("0"), ReportedEnd::Never),
        (json!(""), ReportedEnd::Unknown),
        (json!(-1), ReportedEnd::Unknown),
        (json!("soon"), ReportedEnd::Unknown),
        (json!(true), ReportedEnd::Unknown),
        (json!({"at": 1}), ReportedEnd::Unknown),
        // Seconds instead of milliseconds, the year 9999, more than a date can hold.
        (json!(1_777_790_893), ReportedEnd::Unknown),
        (json!(253_402_300_799_000_i64), ReportedEnd::Unknown),
        (json!(i64::MAX), ReportedEnd::Unknown),
        (json!(u64::MAX), ReportedEnd::Unknown),
    ];
    for (value, end) in table {
        assert_eq!(with("expiredAt", value.clone()).end, end, "{value}");
    }
    assert_eq!(with("remark", json!("x")).end, ReportedEnd::Unknown);
}

#[test]
fn an_absurd_birthday_is_no_birthday() {
    for value in [json!(0), json!(1_000_000_000_000_i64), json!("never"), json!([1])] {
        assert_eq!(with("createdAt", value.clone()).created_at, None, "{value}");
    }
}

#[test]
fn an_address_list_is_bound_unbound_or_unknown() {
    let bound = |items: &[&str]| Binding::Bound(items.iter().map(|s| (*s).to_owned()).collect());
    let table = [
        (json!(null), Binding::Unbound),
        (json!(""), Binding::Unbound),
        (json!(" , "), Binding::Unbound),
        (json!([]), Binding::Unbound),
        (json!(7), Binding::Unknown),
        (json!([7]), Binding::Unknown),
        (json!("10.**.1"), bound(&["10.**.1"])),
        (json!("203.0.113.7, 2001:db8::1,"), bound(&["2001:db8::1", "203.0.113.7"])),
        (json!(["203.0.113.7"]), bound(&["203.0.113.7"])),
    ];
    for (value, binding) in table {
        assert_eq!(with("ipWhitelist", value.clone()).binding, binding, "{value}");
    }
}

#[test]
fn permissions_are_split_trimmed_and_sorted_by_power() {
    let table: &[(&str, &[(Power, &str)])] = &[
        ("General, Trade", &[(Power::Read, "General"), (Power::Trade, "Trade")]),
        ("general", &[(Power::Read, "general")]),
        ("Withdrawal", &[(Power::Withdraw, "Withdrawal")]),
        ("FlexTransfers", &[(Power::Transfer, "FlexTransfers")]),
        ("LeadtradeFutures", &[(Power::Trade, "LeadtradeFutures")]),
        ("Options2027", &[(Power::Unknown, "Options2027")]),
        // A hidden character or a foreign letter makes another word.
        ("Gen\u{200b}eral", &[(Power::Unknown, "General")]),
        ("Gener\u{430}l", &[(Power::Unknown, "Gener\u{430}l")]),
        ("\u{200b}", &[(Power::Unknown, "(unreadable)")]),
        ("", &[]),
        ("General,,General,", &[(Power::Read, "General")]),
    ];
    for (raw, expected) in table {
        let facts = with("permission", json!(raw));
        let got: Vec<_> = facts.permissions.0.iter().map(|p| (p.power, p.name.as_str())).collect();
        assert_eq!(got, *expected, "{raw:?}");
    }
    assert_eq!(with("permission", json!(["General"])).permissions.words(), "General");
    for missing in [json!(null), json!(7), json!({})] {
        let data = json!({"apiKey": "k", "permission": missing});
        assert!(this_key(&data).is_none(), "{data}");
    }
}

#[test]
fn other_fields_may_have_other_types_or_be_missing() {
    let facts = with("uid", json!("165111215"));
    assert_eq!(facts.account.as_deref(), Some("165111215"));
    assert_eq!((facts.master, facts.version, facts.sub_account), (None, None, None));
    assert_eq!(with("apiVersion", json!("3")).version, Some(3));
    assert_eq!(with("apiVersion", json!(-3)).version, None);
    assert_eq!(with("isMaster", json!("false")).master, Some(false));
    assert_eq!(with("isMaster", json!(1)).master, Some(true));
    assert_eq!(with("isMaster", json!("perhaps")).master, None);
    assert_eq!(with("subName", json!("")).sub_account, None);
    assert_eq!(with("subName", json!("gr\u{1b}id")).sub_account.as_deref(), Some("grid"));
    let sites = [
        ("global", Some(Site::Global)),
        ("Europe", Some(Site::Eu)),
        ("australia", Some(Site::Au)),
        ("turkey", Some(Site::Tr)),
        ("thailand", Some(Site::Other)),
        ("", None),
    ];
    for (word, site) in sites {
        assert_eq!(with("siteType", json!(word)).site, site, "{word}");
    }
    assert_eq!(with("brandNew", json!({"deep": [1, {"er": null}]})).account, None);
    assert_eq!(this_key(&json!({"permission": "General", "apiKey": "67**3eb"})).unwrap().key, None);
}

#[test]
fn what_is_no_envelope_is_no_answer() {
    let deep = format!("{}1{}", "[".repeat(5_000), "]".repeat(5_000));
    for body in [
        "",
        "<html>502</html>",
        "[]",
        "7",
        "\"200000\"",
        "{}",
        "{\"code\":null}",
        &deep,
        "{\"code\":\"200000\",\"data\":{\"per",
    ] {
        assert!(envelope(body.as_bytes()).is_none(), "{body:.40}");
    }
    assert!(envelope(b"\xff\xfe{}").is_none());
    assert_eq!(envelope(b"{\"code\":400003}").unwrap().code, "400003");
    assert!(is_cloudflare_limit(b"<title>Access denied | Cloudflare</title> Error 1015"));
    assert!(!is_cloudflare_limit(b"order 1015"));
}

#[test]
fn the_callers_address_is_found_in_either_message() {
    let table = [
        ("Invalid request ip, the current clientIp is:203.0.113.10", Some("203.0.113.10")),
        ("Invalid request IP, the current client IP is: 203.0.113.10.", Some("203.0.113.10")),
        ("Invalid request ip, the current clientIp is:2001:db8::7", Some("2001:db8::7")),
        (
            "Sorry, the service is unavailable in your current area. IP: 203.0.113.10",
            Some("203.0.113.10"),
        ),
        ("Invalid request ip", None),
        ("clientIp is:999.1.1.1", None),
        ("", None),
    ];
    for (message, address) in table {
        let expected: Option<IpAddr> = address.map(|text| text.parse().unwrap());
        assert_eq!(caller_address(message), expected, "{message}");
    }
}

#[test]
fn a_list_that_is_longer_than_any_real_one_is_not_understood() {
    // What stands behind the end of what we read could be the right to withdraw.
    let long = format!("{}Withdrawal", "General,".repeat(LONGEST_LIST));
    assert!(permissions(&Value::String(long)).is_none());
    let addresses = vec!["203.0.113.7"; LONGEST_LIST + 1];
    assert_eq!(binding(Some(&serde_json::json!(addresses))), Binding::Unknown);
}
