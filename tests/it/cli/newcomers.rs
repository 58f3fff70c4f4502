//! What somebody meets who has read nothing: a narrow terminal, an empty folder, a greeting, a code
//! in the wrong place. Each gets words that are true and name the next step.

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
