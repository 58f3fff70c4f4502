//! Words for Discord: what is somebody else's stays dead text, what is ours shows as written.
//! Markdown, mentions, custom emoji, timestamps, links and invites are cut at the character that
//! would start them, so that the eye sees the same word.

/// Put behind an at sign: it is not seen, and no mention begins there.
const ZERO_WIDTH: char = '\u{200B}';

/// Somebody else's words: nothing in them is markup, a mention, a moment or a link.
pub fn dead(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for (at, c) in text.chars().filter(|c| !c.is_control()).enumerate() {
        match c {
            '\\' | '*' | '_' | '~' | '`' | '|' | '<' | '>' | '[' | ']' | '(' | ')' | ':' | '/' => {
                out.push('\\');
                out.push(c);
            }
            // Lists, headings and small print begin only where a line does.
            '#' | '-' | '+' if at == 0 => {
                out.push('\\');
                out.push(c);
            }
            '@' => {
                out.push(c);
                out.push(ZERO_WIDTH);
            }
            // "1." at the start of a line would be a list; "discord.gg" an invite.
            '.' => out.push_str("\\."),
            _ => out.push(c),
        }
    }
    out
}

/// Our own words as they are written; a link to an exchange stays one.
pub fn own(text: &str) -> String {
    let words = text.split(' ').map(|word| {
        if word.trim_start_matches('(').starts_with("https://") { plain(word) } else { marks(word) }
    });
    words.collect::<Vec<_>>().join(" ")
}

fn plain(word: &str) -> String {
    word.chars().filter(|c| !c.is_control()).collect()
}

fn marks(word: &str) -> String {
    let mut out = String::with_capacity(word.len() + 4);
    for (at, c) in word.chars().filter(|c| !c.is_control()).enumerate() {
        let is_mark = matches!(c, '\\' | '*' | '_' | '~' | '`' | '|' | '<' | '[' | ']');
        if is_mark || (at == 0 && matches!(c, '#' | '>' | '-' | '+')) {
            out.push('\\');
        }
        out.push(c);
        if c == '@' {
            out.push(ZERO_WIDTH);
        }
    }
    out
}

/// Something to type as it stands; a backtick inside would end it.
pub fn code(text: &str) -> String {
    let text: String = text
        .chars()
        .filter(|c| !c.is_control())
        .map(|c| if c == '`' { '\u{2CB}' } else { c })
        .collect();
    if text.trim().is_empty() { String::new() } else { format!("`{text}`") }
}

/// The text as the eye sees it: what [`dead`] put in is taken out again.
#[cfg(test)]
pub fn seen(text: &str) -> String {
    let mut out = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => out.extend(chars.next()),
            ZERO_WIDTH => {}
            _ => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each escaped character as a dot.
    fn bare(text: &str) -> String {
        let mut chars = text.chars();
        let mut out = String::new();
        while let Some(c) = chars.next() {
            out.push(if c == '\\' && chars.next().is_some() { '\u{B7}' } else { c });
        }
        out
    }

    #[test]
    fn hostile_words_are_dead_and_look_the_same() {
        let hostile = [
            "@everyone",
            "<@123>",
            "<@&123>",
            "<#123>",
            "</keystatus:1>",
            "<t:0:R>",
            "<:a:1>",
            "**b** __u__ ~~s~~ ||x||",
            "`code` ```block```",
            "[click](https://evil.example)",
            "https://evil.example/a_b",
            "discord.gg/abc",
            "# big",
            "-# small",
            "> quote",
            "1. one",
            "- item",
            "\\*",
            "http://x",
            "a@here.b",
        ];
        let live = [
            "@everyone",
            "@here",
            "<@",
            "<#",
            "</",
            "<t:",
            "<:",
            "**",
            "__",
            "~~",
            "||",
            "``",
            "](",
            "://",
            "discord.gg",
            "1. ",
        ];
        for text in hostile {
            let out = dead(text);
            assert_eq!(seen(&out), text);
            // What stands behind a backslash starts nothing.
            let bare = bare(&out);
            for start in live {
                assert!(!bare.contains(start), "{text} -> {out}");
            }
            assert!(!out.starts_with(['#', '>', '-', '+']), "{out}");
        }
    }

    #[test]
    fn our_own_words_show_as_written_and_links_to_exchanges_live() {
        assert_eq!(own("a_b [Steps] *"), "a\\_b \\[Steps\\] \\*");
        assert_eq!(own("see https://www.kucoin.com/a_b"), "see https://www.kucoin.com/a_b");
        assert_eq!(code("/ack `x`\n"), "`/ack \u{2CB}x\u{2CB}`");
        assert_eq!(code(" "), "");
    }
}
