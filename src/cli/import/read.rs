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
    let columns: Result<Vec<usize>, String> = names.iter().map(place_of).collect();
    let columns = columns.map_err(|why| {
        Failure::Refused(format!("line 1: {why} The first line names the columns."))
    })?;
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

/// Where a field of this name stands.
fn place_of(name: &str) -> Result<usize, String> {
    let name = name.trim().to_lowercase().replace([' ', '-'], "_");
    let found = FIELDS.iter().position(|field| *field == name);
    found.ok_or_else(|| match nearest(&name, FIELDS) {
        // A name may be a secret in the wrong line: it is not repeated.
        Some(field) => format!("one name is not known: did you mean {field}?"),
        None => format!("one name is not known: use {}.", FIELDS.join(", ")),
    })
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
    let mut row = Row { line, fields: [const { None }; FIELDS.len()] };
    for (name, value) in object {
        let at = place_of(&name)?;
        row.fields[at] = match value {
            Value::Null => None,
            Value::String(text) => Some(Zeroizing::new(text)),
            Value::Bool(is) => Some(Zeroizing::new(is.to_string())),
            Value::Number(number) => Some(Zeroizing::new(number.to_string())),
            Value::Array(list) => Some(Zeroizing::new(joined(&list).ok_or_else(|| {
                format!("{} holds a list of something else than texts.", FIELDS[at])
            })?)),
            Value::Object(_) => {
                return Err(format!("{} holds an object: write a text.", FIELDS[at]));
            }
        };
    }
    Ok(row)
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
        assert!(super::read(b"name,key\n", Format::Csv).is_err());
    }
}
