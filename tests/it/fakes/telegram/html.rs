//! Telegram's HTML as its server reads it: what is shown, and what becomes alive in it.

/// A parsed text.
#[derive(Debug, PartialEq, Eq)]
pub struct Parsed {
    /// What people see.
    pub plain: String,
    /// What people can tap that is no command: mentions, hashtags, links.
    pub alive: Vec<String>,
}

const TAGS: &[&str] = &["b", "strong", "i", "em", "u", "s", "code", "pre", "blockquote", "a"];

/// Reads it, or says why the server would refuse it.
pub fn parse(html: &str) -> Result<Parsed, String> {
    let (mut plain, mut loose) = (String::new(), String::new());
    let mut open: Vec<String> = Vec::new();
    let mut rest = html;
    while let Some(c) = rest.chars().next() {
        match c {
            '<' => {
                let end = rest.find('>').ok_or("unclosed start tag")?;
                tag(&rest[1..end], &mut open)?;
                rest = &rest[end + 1..];
            }
            '>' => return Err("a bare >".to_owned()),
            '&' => {
                let end = rest.find(';').filter(|end| *end <= 10).ok_or("a bare &")?;
                let c = entity(&rest[1..end]).ok_or("an unknown named entity")?;
                plain.push(c);
                loose.push(if is_code(&open) { ' ' } else { c });
                rest = &rest[end + 1..];
            }
            c => {
                plain.push(c);
                loose.push(if is_code(&open) { ' ' } else { c });
                rest = &rest[c.len_utf8()..];
            }
        }
    }
    if let Some(tag) = open.pop() {
        return Err(format!("can't find end tag corresponding to start tag \"{tag}\""));
    }
    Ok(Parsed { plain, alive: alive(&loose) })
}

fn is_code(open: &[String]) -> bool {
    open.iter().any(|tag| tag == "code" || tag == "pre")
}

fn tag(inside: &str, open: &mut Vec<String>) -> Result<(), String> {
    if let Some(name) = inside.strip_prefix('/') {
        return match open.pop() {
            Some(last) if last == name => Ok(()),
            _ => Err(format!("unmatched end tag \"{name}\"")),
        };
    }
    let name = inside.split(' ').next().unwrap_or_default();
    if !TAGS.contains(&name) {
        return Err(format!("unsupported start tag \"{name}\""));
    }
    if is_code(open) || (name == "code" && !open.is_empty()) {
        return Err("a test of ours: code neither holds nor sits in other marks".to_owned());
    }
    open.push(name.to_owned());
    Ok(())
}

fn entity(name: &str) -> Option<char> {
    match name {
        "lt" => Some('<'),
        "gt" => Some('>'),
        "amp" => Some('&'),
        "quot" => Some('"'),
        other => char::from_u32(other.strip_prefix('#')?.parse().ok()?),
    }
}

/// What the server makes tappable by itself.
fn alive(text: &str) -> Vec<String> {
    let chars: Vec<char> = text.chars().collect();
    let is_word = |c: Option<&char>| c.is_some_and(|c| c.is_alphanumeric() || *c == '_');
    let mut found = Vec::new();
    for (n, c) in chars.iter().enumerate() {
        let (before, after) = (n.checked_sub(1).and_then(|n| chars.get(n)), chars.get(n + 1));
        let rest = || chars[n..].iter().take_while(|c| !c.is_whitespace()).collect::<String>();
        let is_link = || {
            let top: String =
                chars[n + 1..].iter().take_while(|c| c.is_ascii_alphabetic()).collect();
            is_word(before) && ["com", "org", "net", "me", "io", "example"].contains(&top.as_str())
        };
        let is_scheme =
            || before.is_some() && after == Some(&'/') && chars.get(n + 2) == Some(&'/');
        match c {
            '@' | '$' if !is_word(before) && is_word(after) => found.push(rest()),
            // A number alone is no hashtag.
            '#' if !is_word(before)
                && is_word(after)
                && rest().chars().any(char::is_alphabetic) =>
            {
                found.push(rest());
            }
            '.' if is_link() => found.push(format!("link{}", rest())),
            ':' if is_scheme() => found.push(format!("link{}", rest())),
            _ => {}
        }
    }
    found
}

#[test]
fn what_the_server_refuses_is_refused_and_what_it_links_is_found() {
    for bad in ["a < b", "a & b", "<b>x", "<b><i>x</b></i>", "<script>x</script>", "x</b>", "a > b"]
    {
        assert!(parse(bad).is_err(), "{bad}");
    }
    let good = parse(
        "<b>a &lt;</b> @ann <code>@bob</code> see kucoin.com and http://x #tag 1.5 #\u{2060}no",
    )
    .unwrap();
    assert_eq!(good.plain, "a < @ann @bob see kucoin.com and http://x #tag 1.5 #\u{2060}no");
    assert_eq!(good.alive, ["@ann", "link.com", "link://x", "#tag"]);
}
