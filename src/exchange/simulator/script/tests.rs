//! The language of scripts: what is read, and how a mistake is told.

use super::*;

fn start() -> DateTime<Utc> {
    DateTime::from_timestamp(1_790_000_000, 0).unwrap()
}

fn error(text: &str) -> String {
    Script::parse(text, start()).err().map(|error| error.to_string()).unwrap_or_default()
}

#[test]
fn a_script_of_every_kind_of_line_is_read() {
    let text = "\
# the demo
key grid-eu permissions=General,Spot ip=203.0.113.7 expires=+40d created=-50d site=eu # first
key bare

at +2d revoke grid-eu
at +1d12h gain grid-eu Withdrawal
at +3d outage 2h
at +4d clock -90s 1h
at +5d ip bare none
at +5d ip bare 2001:db8::1,203.0.113.9
at +6d renew grid-eu 30d
at +6d caller 198.51.100.9
at +6d service close
";
    let script = Script::parse(text, start()).unwrap_or_else(|error| panic!("{error}"));
    let key = &script.keys[0];
    assert_eq!(key.permissions, ["General", "Spot"]);
    assert_eq!(key.end, SimEnd::At(start() + TimeDelta::days(40)));
    assert_eq!(key.created_at, Some(start() - TimeDelta::days(50)));
    assert_eq!(key.site, Site::Eu);
    assert_eq!(script.keys[1].end, SimEnd::Never);
    // Outage and clock end by themselves.
    assert_eq!(script.events.len(), 11);
    assert_eq!(script.events[1].at, start() + TimeDelta::hours(36));
    assert!(script.events.iter().any(|event| matches!(&event.act,
            Act::Weather(Weather::ClockOff(off)) if *off == TimeDelta::seconds(-90))));
}

#[test]
fn a_line_that_is_not_understood_is_named_with_what_to_write() {
    let table = [
        ("\nkee x", "line 2: a line begins with key or at, not with \"kee\""),
        ("key x colour=red", "line 1: a key has permissions, ip, expires"),
        ("key x expires=40d", "line 1: write expires=+40d, never or absent, not \"40d\""),
        ("key x created=50d", "line 1: write created=-50d"),
        ("key x ip=home", "line 1: \"home\" is no IP address; write 203.0.113.7 or none"),
        ("key x site=us", "line 1: site is global, eu, au or tr"),
        ("key x\nkey x", "line 2: there is already a key \"x\""),
        ("key x\nat 2d revoke x", "line 2: write the time as +2d, not \"2d\""),
        ("key x\nat +2w revoke x", "line 2: write the time as +2d"),
        ("key x\nat +2d revoke y", "line 2: no key \"y\" above this line; there are: x"),
        ("at +2d frezee x", "line 1: \"frezee x\" is nothing that can happen; write for example"),
        ("at +2d outage", "line 1: \"outage\" is nothing that can happen"),
        ("at +2d outage soon", "line 1: write a time such as 30s, 10m, 2h or 1d12h, not \"soon\""),
        ("at +99999999d service open", "line 1: write the time as +2d"),
        ("key \u{1b}[31m", "line 1: That label holds invisible"),
    ];
    for (text, expected) in table {
        assert!(error(text).starts_with(expected), "{text:?} gave {:?}", error(text));
    }
}

#[test]
fn times_are_read_exactly_or_not_at_all() {
    let seconds = |text| span(text).map(|span| span.num_seconds());
    assert_eq!(seconds("1d12h"), Some(129_600));
    assert_eq!(seconds("90s"), Some(90));
    for text in ["", "d", "2", "2d3", "-2d", "2 d", "2w", "99999999999999999999d"] {
        assert_eq!(seconds(text), None, "{text}");
    }
}

/// What stands between two marks of the page about scripts, without its fences.
fn page(mark: &str) -> String {
    let page = include_str!("../../../../docs/simulate.md");
    let (_, rest) = page.split_once(&format!("<!-- {mark}:begin -->")).unwrap();
    let (part, _) = rest.split_once(&format!("<!-- {mark}:end -->")).unwrap();
    part.trim().trim_start_matches("```text\n").trim_end_matches("```").to_owned()
}

#[test]
fn the_page_about_scripts_has_every_line_and_an_example_that_plays() {
    assert_eq!(page("lines"), HELP);
    let script = Script::parse(&page("example"), "2026-11-23T13:00:00Z".parse().unwrap()).unwrap();
    // The outage is two events: it begins and ends.
    assert_eq!((script.keys.len(), script.events.len()), (2, 5));
}
