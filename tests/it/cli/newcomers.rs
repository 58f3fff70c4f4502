//! What somebody meets who has read nothing: a narrow terminal, an empty folder, a greeting, a code
//! in the wrong place. Each gets words that are true and name the next step.

use keylapse::clock::{Clock, System};

use super::Host;
use super::terminal::Terminal;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lines_break_at_words_in_a_terminal_of_any_width() {
    let host = Host::new();
    let args = ["faq", "what", "does", "400003", "mean"];
    let whole = host.run(&args).out;
    for columns in [40, 50, 120] {
        let terminal = Terminal::as_wide_as(columns, &host, &args, &[]);
        let (code, screen) = terminal.ends().await;
        assert_eq!(code, 0, "{screen}");
        let widest = screen.lines().map(|line| line.trim_end().chars().count()).max();
        assert!(widest <= Some(usize::from(columns)), "{columns}: {screen}");
        let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(words(&screen), words(&whole), "{columns}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_test_is_stamped_by_the_clock_on_the_wall_of_its_workspace() {
    let host = Host::new();
    let receiver = "[[workspace.receiver]]\nplatform = \"console\"\nname = \"desk\"\n";
    // Three quarters of an hour beside every whole zone, so that its minutes are no one else's.
    let workspace = "[[workspace]]\nname = \"home\"\nzone = \"Asia/Kathmandu\"\n";
    host.configure(&format!("{workspace}{receiver}"));
    let mut terminal = Terminal::start(&host, &["run", "--console"], &[]);
    terminal.reads("I watch the keys").await;
    let began = System::new().now();
    terminal.types("/notify test");
    terminal.reads("on its way").await;
    let before = terminal.reads("Test by").await;
    let stamped = before.lines().last().unwrap_or_default();
    let minutes = (System::new().now() - began).num_minutes() + 1;
    let on_the_wall = (0..=minutes).map(|minute| {
        let at = began + chrono::TimeDelta::minutes(minute);
        at.with_timezone(&chrono_tz::Tz::Asia__Kathmandu).format("%H:%M ").to_string()
    });
    assert!(on_the_wall.into_iter().any(|time| stamped.contains(&time)), "{before:?}");
    terminal.types("quit");
    assert_eq!(terminal.ends().await.0, 0);
}
