//! What somebody meets who has read nothing: a narrow terminal, an empty folder, a greeting, a code
//! in the wrong place. Each gets words that are true and name the next step.

use keylapse::clock::{Clock, System};

use super::terminal::Terminal;
use super::{Host, harmless, lines, simulator};
use crate::program::put_token;

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

#[test]
fn looking_and_inviting_make_nothing_in_an_empty_folder() {
    let host = Host::new();
    let looked = host.run(&["doctor"]);
    assert!(looked.out.contains("There is no database yet"), "{looked:?}");
    assert!(looked.out.contains("keylapse setup makes it, or keylapse key add"), "{looked:?}");
    assert!(!looked.out.contains("The master key"), "{looked:?}");
    assert!(!host.data().exists());
    let invited = host.run(&["invite"]);
    assert_eq!(invited.code, 2, "{invited:?}");
    assert!(invited.sentence().contains("keylapse setup connects one"), "{invited:?}");
    assert!(!host.data().exists());
    // Connected, and never started.
    host.configure("[access]\nenrol = \"invite\"\n[telegram]\ntoken_file = \"telegram.token\"\n");
    put_token(&host, "telegram.token", crate::fakes::telegram::TOKEN);
    let invited = host.run(&["invite"]);
    assert_eq!(invited.code, 2, "{invited:?}");
    assert!(invited.sentence().contains("There is no database yet"), "{invited:?}");
    assert_eq!(std::fs::read_dir(host.data()).unwrap().count(), 2);
}

#[test]
fn a_code_says_where_it_may_be_sent() {
    let host = Host::new();
    host.configure("[access]\nenrol = \"invite\"\n[telegram]\ntoken_file = \"telegram.token\"\n");
    put_token(&host, "telegram.token", crate::fakes::telegram::TOKEN);
    assert_eq!(host.run(&["key", "list"]).code, 0);
    for (role, is_for_groups) in [("viewer", false), ("operator", false), ("admin", true)] {
        let said = host.run(&["invite", "--role", role]);
        assert_eq!(said.code, 0, "{said:?}");
        assert!(said.out.contains("/start "), "{said:?}");
        assert_eq!(said.out.contains("in a private chat with it"), !is_for_groups, "{said:?}");
        assert_eq!(said.out.contains("invite --role admin"), !is_for_groups, "{said:?}");
        assert_eq!(said.out.contains("chat, group or channel"), is_for_groups, "{said:?}");
    }
}

#[test]
fn a_greeting_and_a_code_typed_in_the_terminal_are_answered() {
    let host = Host::new();
    let said =
        host.tell(&["run", "--console"], "hello\nstatus\n/start ABCD-EFGHJ-KLMN\nStart\nquit\n");
    assert_eq!(said.code, 0, "{said:?}");
    assert_eq!(said.out.matches("I watch API keys and warn here").count(), 2, "{said:?}");
    assert!(said.out.contains("Did you mean /keystatus?"), "{said:?}");
    assert!(said.out.contains("A code is sent in Discord or Telegram"), "{said:?}");
}

/// The example of the page about scripts, played by the program until it says how to stop it.
#[test]
fn the_script_of_the_page_is_played_and_the_help_lists_its_lines() {
    let page = include_str!("../../../docs/simulate.md");
    let (_, example) = page.split_once("<!-- example:begin -->\n```text\n").unwrap();
    let (example, _) = example.split_once("```").unwrap();
    let host = Host::new();
    let file = host.file("keys.txt", example, 0o600);
    let mut served = host.command(&["simulate", "--script", &file.display().to_string()]);
    let mut served = served.spawn().unwrap();
    let out = std::io::BufReader::new(served.stdout.take().unwrap());
    let mut said = String::new();
    for line in std::io::BufRead::lines(out) {
        said.extend([line.unwrap().as_str(), "\n"]);
        if said.contains("Stop it with") {
            break;
        }
    }
    served.kill().unwrap();
    served.wait().unwrap();
    assert!(said.contains("mm-bot-1 (site global; General, Spot;"), "{said}");
    assert!(said.contains("Events to come: 5."), "{said}");
    let help = host.run(&["simulate", "--help"]).out;
    assert!(help.contains("at +2d clock 90s 2h"), "{help}");
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

#[test]
fn one_imported_key_is_one_key() {
    let host = Host::new();
    let file = host.file("keys.csv", "label,expires\nold-sub,2099-01-31\n", 0o600);
    let said = host.run(&["key", "import", &file.display().to_string()]);
    assert!(said.out.starts_with("Imported 1 key. "), "{said:?}");
}

#[test]
fn settings_that_are_not_there_are_said_so() {
    let host = Host::new();
    let said = host.run(&["check-config"]);
    let folder = host.data();
    let line =
        format!("none (there is no folder {} yet; keylapse setup makes it)", folder.display());
    assert!(said.code == 0 && said.out.contains(&line), "{said:?}");
    std::fs::write(&folder, "a file").unwrap();
    let said = host.run(&["check-config"]);
    let line = format!("Data folder: {} is a file: name a folder with --data.", folder.display());
    assert_eq!((said.code, said.sentence()), (2, line.as_str()), "{said:?}");
}

#[test]
fn a_name_in_the_environment_that_may_be_a_token_is_not_repeated() {
    let host = Host::new();
    let name = format!("KEYLAPSE_{}", crate::fakes::telegram::TOKEN.replace(':', "9876543_"));
    let mut command = host.command(&["check-config"]);
    command.env(&name, "").env("KEYLAPSE_KUCOIN__SIT", "eu");
    let said = super::end(command.spawn().unwrap(), "");
    assert_eq!(said.code, 2, "{said:?}");
    assert!(!said.err.contains(&name), "{said:?}");
    assert!(said.err.contains("a name that is not shown here"), "{said:?}");
    assert!(said.err.contains("KEYLAPSE_KUCOIN__SIT: "), "{said:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_that_was_saved_without_an_answer_does_not_count_as_checked() {
    let key = harmless("mm-bot-1");
    let exchange = simulator(std::slice::from_ref(&key)).await;
    let host = Host::with(&exchange);
    exchange.shutdown().await;
    let add = ["key", "add", "--label", "mm-bot-1", "--stdin", "--yes", "--save-anyway"];
    let added = host.tell(&add, &lines(&key));
    assert_eq!(added.code, 0, "{added:?}");
    let listed = host.run(&["key", "list"]).out;
    assert!(listed.contains("tried in vain now") && !listed.contains("checked"), "{listed}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_date_for_a_key_without_an_end_is_kept_and_said_to_warn_of_nothing() {
    let key = harmless("mm-bot-1");
    let exchange = simulator(std::slice::from_ref(&key)).await;
    let host = Host::with(&exchange);
    let add = ["key", "add", "--label", "mm-bot-1", "--stdin", "--yes"];
    assert_eq!(host.tell(&add, &lines(&key)).code, 0);
    let edited = host.run(&["key", "edit", "mm-bot-1", "--expires", "2099-01-31"]);
    assert_eq!(edited.code, 0, "{edited:?}");
    let line = "It has no end, says KuCoin, so your date is kept and warns of nothing.";
    assert!(edited.out.contains(line), "{edited:?}");
    exchange.shutdown().await;
}
