//! A source file without its comments, strings and test code, every other character in its
//! place, and the paths of ours that it uses. No parser: enough of Rust's lexing to be exact
//! about what is text and what is code.

/// A file, blanked where it is not code.
pub struct Source {
    /// The module at the root of the crate that it belongs to.
    pub module: String,
    /// How many `super`s lead to the root of the crate.
    depth: usize,
    code: Vec<char>,
}

impl Source {
    pub fn read(path: &str, text: &str) -> Self {
        let inside = path.trim_start_matches("src/").trim_end_matches(".rs");
        let mut names: Vec<&str> = inside.split('/').collect();
        if names.last() == Some(&"mod") {
            names.pop();
        }
        let is_root = matches!(names[..], ["lib" | "main"]);
        let mut code = blank(&text.chars().collect::<Vec<_>>());
        if names.contains(&"tests") {
            code.fill(' ');
        }
        blank_tests(&mut code);
        let depth = if is_root { 0 } else { names.len() };
        Self { module: names[0].to_owned(), depth, code }
    }

    /// The line of a place, from 1.
    pub fn line(&self, at: usize) -> usize {
        1 + self.code[..at].iter().filter(|c| **c == '\n').count()
    }

    /// Where `word` stands, as a whole word wherever it begins or ends like one.
    pub fn find(&self, word: &str) -> Vec<usize> {
        let word: Vec<char> = word.chars().collect();
        let is_whole = |at: usize| {
            let before = at.checked_sub(1).map(|n| self.code[n]);
            let after = self.code.get(at + word.len()).copied();
            let grows_before = is_name(word[0]) && before.is_some_and(is_name);
            let grows_after = is_name(word[word.len() - 1]) && after.is_some_and(is_name);
            !grows_before && !grows_after
        };
        let found = self.code.windows(word.len()).enumerate().filter(|(_, part)| *part == word);
        found.map(|(at, _)| at).filter(|at| is_whole(*at)).collect()
    }
}

fn is_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Replaces comments and literals by blanks; line ends stay.
fn blank(text: &[char]) -> Vec<char> {
    let mut code = text.to_vec();
    let mut at = 0;
    while at < text.len() {
        let end = match text[at] {
            '/' if text.get(at + 1) == Some(&'/') => line_end(text, at),
            '/' if text.get(at + 1) == Some(&'*') => comment_end(text, at),
            '"' => string_end(text, at),
            'r' if !at.checked_sub(1).is_some_and(|n| is_name(text[n]) && text[n] != 'b') => {
                raw_end(text, at).unwrap_or(at)
            }
            '\'' => char_end(text, at).unwrap_or(at),
            _ => at,
        };
        for c in &mut code[at..end] {
            if *c != '\n' {
                *c = ' ';
            }
        }
        at = end.max(at + 1);
    }
    code
}

fn line_end(text: &[char], at: usize) -> usize {
    text[at..].iter().position(|c| *c == '\n').map_or(text.len(), |n| at + n)
}

fn comment_end(text: &[char], start: usize) -> usize {
    let (mut at, mut open) = (start, 0);
    while at < text.len() {
        match text[at..] {
            ['/', '*', ..] => (open, at) = (open + 1, at + 2),
            ['*', '/', ..] => (open, at) = (open - 1, at + 2),
            _ => at += 1,
        }
        if open == 0 {
            return at;
        }
    }
    at
}

fn string_end(text: &[char], start: usize) -> usize {
    let mut at = start + 1;
    while at < text.len() {
        match text[at] {
            '\\' => at += 2,
            '"' => return at + 1,
            _ => at += 1,
        }
    }
    text.len()
}

/// The end of `r"…"` or `r#"…"#`, if `start` begins one.
fn raw_end(text: &[char], start: usize) -> Option<usize> {
    let hashes = text[start + 1..].iter().take_while(|c| **c == '#').count();
    let open = start + 1 + hashes;
    if text.get(open) != Some(&'"') {
        return None;
    }
    let is_end = |at: &usize| {
        text[*at] == '"'
            && text[at + 1..].iter().take(hashes).filter(|c| **c == '#').count() == hashes
    };
    Some((open + 1..text.len()).find(is_end).map_or(text.len(), |at| at + 1 + hashes))
}

/// The end of a character, if `start` begins one and no lifetime.
fn char_end(text: &[char], start: usize) -> Option<usize> {
    match text[start + 1..] {
        ['\\', ..] => (start + 3..text.len()).find(|at| text[*at] == '\'').map(|at| at + 1),
        [_, '\'', ..] => Some(start + 3),
        _ => None,
    }
}

/// Blanks `#[cfg(test)] mod name { … }`.
fn blank_tests(code: &mut [char]) {
    let mark: Vec<char> = "#[cfg(test)]".chars().collect();
    let mut at = 0;
    while let Some(n) = code[at..].windows(mark.len()).position(|part| part == mark) {
        let start = at + n;
        let opens = code[start..].iter().position(|c| *c == '{').map(|n| start + n);
        let ends = code[start..].iter().position(|c| *c == ';').map(|n| start + n);
        at = start + mark.len();
        let Some(open) = opens.filter(|open| ends.is_none_or(|end| *open < end)) else { continue };
        let mut depth = 0;
        let close = (open..code.len()).find(|at| {
            depth += match code[*at] {
                '{' => 1,
                '}' => -1,
                _ => 0,
            };
            depth == 0
        });
        let end = close.map_or(code.len(), |close| close + 1);
        for c in &mut code[start..end] {
            if *c != '\n' {
                *c = ' ';
            }
        }
        at = end;
    }
}

/// A word or a sign, and where it stands.
type Token = (usize, String);

/// A used path: where, the module at the root, what is used of it.
pub type Use = (usize, String, Option<String>);

/// Every path of ours in the file.
pub fn uses(source: &Source) -> Vec<Use> {
    let tokens = tokens(&source.code);
    let word = |at: usize| tokens.get(at).map_or("", |(_, word)| word.as_str());
    let mut found = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let is_head = at == 0 || word(at - 1) != "::";
        let mut next = at;
        while is_head && word(next) == "super" && word(next + 1) == "::" {
            next += 2;
        }
        let supers = (next - at) / 2;
        let is_crate = is_head && matches!(word(at), "crate" | "keylapse") && word(at + 1) == "::";
        if is_crate {
            at = tree(&tokens, at + 2, None, &mut found);
        } else if supers > 0 && supers == source.depth {
            at = tree(&tokens, next, None, &mut found);
        } else {
            at = next.max(at + 1);
        }
    }
    found
}

fn tokens(code: &[char]) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while at < code.len() {
        let len = match code[at..] {
            [':', ':', ..] => 2,
            [c, ..] if is_name(c) => code[at..].iter().take_while(|c| is_name(**c)).count(),
            _ => 1,
        };
        if !code[at].is_whitespace() {
            tokens.push((at, code[at..at + len].iter().collect()));
        }
        at += len;
    }
    tokens
}

/// Reads one path or `{…}` of paths at `at`, below `root` if the root module is known by now.
/// Answers where it ends.
fn tree(tokens: &[Token], at: usize, root: Option<(usize, &str)>, found: &mut Vec<Use>) -> usize {
    let Some((place, word)) = tokens.get(at) else { return at };
    if word == "{" {
        let mut next = at + 1;
        while let Some((_, word)) = tokens.get(next).filter(|(_, word)| word != "}") {
            next =
                if word == "," { next + 1 } else { tree(tokens, next, root, found).max(next + 1) };
        }
        return next + 1;
    }
    let goes_on = tokens.get(at + 1).is_some_and(|(_, word)| word == "::");
    match root {
        None if goes_on => tree(tokens, at + 2, Some((*place, word)), found),
        None => {
            found.push((*place, word.clone(), None));
            at + 1
        }
        Some((place, root)) => {
            found.push((place, root.to_owned(), Some(word.clone())));
            if goes_on { skip(tokens, at + 2) } else { at + 1 }
        }
    }
}

/// Passes over the rest of a path, whatever hangs below.
fn skip(tokens: &[Token], at: usize) -> usize {
    let mut depth = 0;
    let mut next = at;
    while let Some((_, word)) = tokens.get(next) {
        match word.as_str() {
            "{" => depth += 1,
            "}" if depth == 0 => return next,
            "}" if depth == 1 => return next + 1,
            "}" => depth -= 1,
            _ if depth > 0 => {}
            "::" | "*" => {}
            word if word.chars().all(is_name) && tokens[next - 1].1 == "::" => {}
            _ => return next,
        }
        next += 1;
    }
    next
}
