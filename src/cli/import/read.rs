//! A file of rows taken apart, CSV or JSON lines, into named fields. Nothing is judged but the form;
//! a value is never repeated.

use serde_json::Value;
use zeroize::Zeroizing;

use super::Format;
use crate::cli::failure::{Failure, refused};
use crate::config::nearest;

/// The names of fields.
pub const FIELDS: [&str; 11] = [
    "label",
    "key",
    "secret",
    "passphrase",
    "site",
    "expires",
    "term",
    "created",
    "used_by",
    "allow",
    "co_located",
];
/// The longest text that is taken for a name and repeated.
const LONGEST_NAME: usize = 20;
const SECRET_FIELDS: [&str; 3] = ["key", "secret", "passphrase"];

/// A row of the file.
pub struct Row {
    /// Its line, from 1.
    pub line: u64,
    fields: [Option<Zeroizing<String>>; FIELDS.len()],
}

impl Row {
    /// A field's text, trimmed; `None` when it is empty or not there.
    pub fn get(&self, name: &str) -> Option<&str> {
        let at = FIELDS.iter().position(|field| *field == name)?;
        self.fields[at].as_ref().map(|text| text.trim()).filter(|text| !text.is_empty())
    }
}

/// What a file holds.
#[derive(Default)]
pub struct Read {
    /// The rows that have the right form.
    pub rows: Vec<Row>,
    /// What is wrong with the others, by line.
    pub problems: Vec<(u64, String)>,
}

/// Whether any row holds a secret: then the file must be private.
pub fn has_secrets(rows: &[Row]) -> bool {
    rows.iter().any(|row| SECRET_FIELDS.iter().any(|field| row.get(field).is_some()))
}

/// Takes a file apart.
pub fn read(bytes: &[u8], format: Format) -> Result<Read, Failure> {
    let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
    match format {
        Format::Csv => read_csv(bytes),
        Format::Jsonl => Ok(read_lines(bytes)),
    }
}

fn read_csv(bytes: &[u8]) -> Result<Read, Failure> {
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(bytes);
    let Ok(names) = reader.headers() else {
        return refused("The file is not UTF-8 text: save it as UTF-8.");
    };
    let columns = columns_of(names).map_err(|why| Failure::Refused(format!("line 1: {why}")))?;
    if !columns.contains(&0) {
        return refused("line 1: there is no column label. The first line names the columns.");
    }
    let mut read = Read::default();
    for record in reader.records() {
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                let line = error.position().map_or(0, csv::Position::line);
                read.problems.push((line, "it is not UTF-8 text.".to_owned()));
                continue;
            }
        };
        let line = record.position().map_or(0, csv::Position::line);
        if record.len() != columns.len() {
            let why = format!(
                "it has {} fields where line 1 names {}: put texts with commas in quotes.",
                record.len(),
                columns.len()
            );
            read.problems.push((line, why));
            continue;
        }
        let mut row = Row { line, fields: [const { None }; FIELDS.len()] };
        for (text, at) in record.iter().zip(&columns) {
            row.fields[*at] = Some(Zeroizing::new(text.to_owned()));
        }
        read.rows.push(row);
    }
    Ok(read)
}

/// Which field each column holds. A file without a line of names begins with values, and none of
/// those is repeated.
fn columns_of(names: &csv::StringRecord) -> Result<Vec<usize>, String> {
    if !names.iter().any(|name| place_of(name).is_some()) {
        return Err(format!(
            "it names no known column. The first line names the columns: {}.",
            FIELDS.join(", ")
        ));
    }
    let mut columns = Vec::with_capacity(names.len());
    for (at, name) in names.iter().enumerate() {
        let place = place_of(name)
            .ok_or_else(|| unknown(&format!("column {}{}", at + 1, quoted(name)), name))?;
        if columns.contains(&place) {
            return Err(format!("two columns are named {}: keep one.", FIELDS[place]));
        }
        columns.push(place);
    }
    Ok(columns)
}

/// Where a field of this name stands.
fn place_of(name: &str) -> Option<usize> {
    let name = name.trim().to_lowercase().replace([' ', '-'], "_");
    FIELDS.iter().position(|field| *field == name)
}

/// What is said of a name that is no field's.
fn unknown(place: &str, name: &str) -> String {
    match nearest(&name.trim().replace([' ', '-'], "_"), FIELDS) {
        Some(field) => format!("{place} is not known: did you mean {field}?"),
        None => format!("{place} is not known: use {}.", FIELDS.join(", ")),
    }
}

/// The name, where it can be one: what holds a digit or is long may be a value in the wrong place,
/// and is not repeated.
fn quoted(name: &str) -> String {
    let name = name.trim();
    let is_plain = |c: char| c.is_ascii_alphabetic() || matches!(c, '_' | '-' | ' ');
    let is_name = (1..=LONGEST_NAME).contains(&name.len()) && name.chars().all(is_plain);
    if is_name { format!(" ({name})") } else { String::new() }
}

fn read_lines(bytes: &[u8]) -> Read {
    let mut read = Read::default();
    for (line, text) in (1..).zip(bytes.split(|byte| *byte == b'\n')) {
        if text.trim_ascii().is_empty() {
            continue;
        }
        match read_object(line, text) {
            Ok(row) => read.rows.push(row),
            Err(why) => read.problems.push((line, why)),
        }
    }
    read
}

fn read_object(line: u64, text: &[u8]) -> Result<Row, String> {
    let no_object =
        || "it is no JSON object: write {\"label\": \"...\", ...} on one line.".to_owned();
    let Ok(Value::Object(object)) = serde_json::from_slice(text) else { return Err(no_object()) };
    let has_names = object.keys().any(|name| place_of(name).is_some());
    let mut row = Row { line, fields: [const { None }; FIELDS.len()] };
    for (name, value) in object {
        let shown = if has_names { quoted(&name) } else { String::new() };
        let at = place_of(&name).ok_or_else(|| unknown(&format!("a name{shown}"), &name))?;
        row.fields[at] = field_of(FIELDS[at], value)?;
    }
    Ok(row)
}

/// The text of a field. What a secret is made of is never guessed from a number or a list.
fn field_of(name: &str, value: Value) -> Result<Option<Zeroizing<String>>, String> {
    let takes = match (name, value) {
        (_, Value::Null) => return Ok(None),
        (_, Value::String(text)) => return Ok(Some(Zeroizing::new(text))),
        ("co_located", Value::Bool(is)) => return Ok(Some(Zeroizing::new(is.to_string()))),
        ("term", Value::Number(days)) => return Ok(Some(Zeroizing::new(days.to_string()))),
        ("used_by" | "allow", Value::Array(list)) => match joined(&list) {
            Some(text) => return Ok(Some(Zeroizing::new(text))),
            None => "a list of texts in quotes",
        },
        ("co_located", _) => "true or false",
        ("used_by" | "allow", _) => "a text in quotes, or a list of them",
        (_, _) => "a text in quotes",
    };
    Err(format!("{name} must be {takes}."))
}

fn joined(list: &[Value]) -> Option<String> {
    let texts: Option<Vec<&str>> = list.iter().map(Value::as_str).collect();
    texts.map(|texts| texts.join(";"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_give_the_same_rows() {
        let csv = "\u{feff}Label,expires,used by\na-1,2026-12-01,\"grid, fra-2;tracker\"\n";
        let lines = "\n{\"label\":\"a-1\",\"expires\":\"2026-12-01\",\"used_by\":[\"grid, fra-2\",\"tracker\"]}\r\n";
        for (text, format) in [(csv, Format::Csv), (lines, Format::Jsonl)] {
            let read = read(text.as_bytes(), format).ok().unwrap();
            assert!(read.problems.is_empty());
            let row = &read.rows[0];
            assert_eq!(row.line, 2);
            assert_eq!(row.get("label"), Some("a-1"));
            assert_eq!(row.get("used_by"), Some("grid, fra-2;tracker"));
            assert_eq!(row.get("secret"), None);
            assert!(!has_secrets(&read.rows));
        }
    }

    #[test]
    fn a_bad_form_is_reported_with_its_line_and_without_its_text() {
        let csv = "label,secret\nfine,x\nalone\n\"two\nlines\",y\nthree,too,many\n";
        let problems = read(csv.as_bytes(), Format::Csv).ok().unwrap().problems;
        assert_eq!(problems.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [3, 6]);
        let lines = "{\"label\":\"a\"}\nhush\n[1]\n{\"secrte\":\"hush\"}\n{\"secret\":{}}\n";
        let read = read(lines.as_bytes(), Format::Jsonl).ok().unwrap();
        assert_eq!(read.rows.len(), 1);
        assert_eq!(read.problems.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [2, 3, 4, 5]);
        assert!(read.problems.iter().all(|(_, why)| !why.contains("hush")));
        assert!(read.problems[2].1.contains("did you mean secret?"));
    }

    #[test]
    fn a_value_of_another_type_is_named_by_its_field_alone() {
        let table = [
            (r#""secret":["hush"]"#, "secret must be a text in quotes."),
            (r#""passphrase":4711004711"#, "passphrase must be a text in quotes."),
            (r#""key":true"#, "key must be a text in quotes."),
            (r#""label":7"#, "label must be a text in quotes."),
            (r#""co_located":"hush","co_located":[]"#, "co_located must be true or false."),
            (r#""used_by":["a",["hush"]]"#, "used_by must be a list of texts in quotes."),
            (r#""label":"a","scret":"hush""#, "a name (scret) is not known: did you mean secret?"),
            (r#""6705f5c311545b000157d3eb":"hush""#, "a name is not known: use label, key,"),
        ];
        for (fields, begins) in table {
            let text = format!("{{\"label\":\"a\"}}\n{{{fields}}}\n");
            let problems = read(text.as_bytes(), Format::Jsonl).ok().unwrap().problems;
            assert_eq!(problems.len(), 1, "{fields}");
            assert!(problems[0].0 == 2 && problems[0].1.starts_with(begins), "{problems:?}");
            assert!(!problems[0].1.contains("hush") && !problems[0].1.contains("6705"));
        }
    }

    #[test]
    fn an_unknown_column_is_named_unless_it_may_be_a_value() {
        let table = [
            ("label,secrte\n", "line 1: column 2 (secrte) is not known: did you mean secret?"),
            ("label,Expiry\n", "line 1: column 2 (Expiry) is not known: did you mean expires?"),
            ("label,hunter2\n", "line 1: column 2 is not known: "),
            ("label,key,key\n", "line 1: two columns are named key: keep one."),
            // No line of names at all: these are values.
            ("mm-bot,correct-horse\n", "line 1: it names no known column."),
            ("key,secret\n", "line 1: there is no column label."),
        ];
        for (text, begins) in table {
            let Err(Failure::Refused(said)) = read(text.as_bytes(), Format::Csv) else {
                panic!("{text}");
            };
            assert!(said.starts_with(begins), "{said}");
            assert!(!said.contains("hunter2") && !said.contains("horse"), "{said}");
        }
    }
}
