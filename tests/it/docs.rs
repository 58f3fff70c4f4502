//! Files beside the code that would rot unseen: the README's tables and examples, the
//! Dockerfile's copies, the licences, the changelog.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::fakes;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn read(name: &str) -> String {
    std::fs::read_to_string(root().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// What a Dockerfile copies out of the folder: not from another stage, and without the target.
fn copied(dockerfile: &str) -> Vec<&str> {
    let copies = dockerfile.lines().filter_map(|line| line.strip_prefix("COPY "));
    copies
        .filter(|copy| !copy.starts_with("--from="))
        .flat_map(|copy| {
            let words: Vec<&str> = copy.split_whitespace().collect();
            words[..words.len() - 1].to_vec()
        })
        .collect()
}

#[test]
fn the_dockerfile_copies_what_is_there_and_not_ignored() {
    let (dockerfile, ignore) = (read("Dockerfile"), read(".dockerignore"));
    let sources = copied(&dockerfile);
    assert!(sources.contains(&"src"), "{sources:?}");
    for source in sources {
        assert!(root().join(source).exists(), "the Dockerfile copies {source}, which is not there");
        let kept = format!("!{source}");
        assert!(ignore.lines().any(|line| line == kept), ".dockerignore leaves {source} out");
    }
}

#[test]
fn what_the_program_embeds_is_copied_into_the_image() {
    let sources = read("Dockerfile");
    // Tests may read beyond this; a build of the program must not.
    for embedded in ["migrations", "src", "build.rs", "Cargo.lock"] {
        assert!(copied(&sources).contains(&embedded), "{embedded} is embedded and not copied");
    }
    // A target that the manifest names must be there, even where it is not built.
    let manifest: toml::Table = read("Cargo.toml").parse().unwrap();
    for (kind, folder) in [("bench", "benches"), ("test", "tests"), ("example", "examples")] {
        let is_named = manifest.contains_key(kind);
        assert!(!is_named || copied(&sources).contains(&folder), "{folder} is not copied");
    }
}

#[test]
fn the_image_runs_as_nobody_special_and_keeps_one_folder() {
    let dockerfile = read("Dockerfile");
    let place = |line: &str| dockerfile.lines().position(|l| l.starts_with(line)).expect(line);
    assert!(place("USER keylapse") < place("ENTRYPOINT [\"keylapse\"]"));
    assert!(place("VOLUME /data") < place("CMD [\"run\""));
    assert!(dockerfile.contains("CMD [\"keylapse\", \"health\""));
    let images = dockerfile.lines().filter(|line| line.starts_with("FROM "));
    assert!(images.clone().all(|line| line.starts_with("FROM ${")), "base images come by ARG");
    assert_eq!(images.count(), 2);
}

#[test]
fn the_licences_are_those_of_the_manifest() {
    let manifest: toml::Table = read("Cargo.toml").parse().unwrap();
    assert_eq!(manifest["package"]["license"].as_str(), Some("MIT OR Apache-2.0"));
    assert!(read("LICENSE").contains("MIT OR Apache-2.0"));
    assert!(read("LICENSE-MIT").contains("the keylapse authors"));
    let apache = read("LICENSE-APACHE");
    assert!(apache.contains("Version 2.0, January 2004"));
    assert!(apache.contains("END OF TERMS AND CONDITIONS"));
    for file in ["LICENSE-MIT", "LICENSE-APACHE"] {
        assert!(read("LICENSE").contains(file), "LICENSE points to {file}");
    }
}

#[test]
fn the_changelog_has_a_place_for_what_is_not_released() {
    assert!(read("CHANGELOG.md").contains("\n## [Unreleased]\n"));
    assert!(Path::new(&root().join(".ci/run")).exists());
}

/// What `keylapse gallery` prints, which also says that two runs print the same.
#[test]
fn the_gallery_is_what_the_program_prints() {
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_keylapse"))
        .arg("gallery")
        .env_clear()
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let printed = String::from_utf8(output.stdout).unwrap();
    let kept = read("docs/gallery.md");
    let differs = printed.lines().zip(kept.lines()).find(|(one, other)| one != other);
    assert!(
        printed == kept,
        "docs/gallery.md is old at {differs:?}; make it anew: keylapse gallery > docs/gallery.md"
    );
}

/// What stands in the README between two markers.
fn readme_part(name: &str) -> String {
    let readme = read("README.md");
    let (begin, end) = (format!("<!-- {name}:begin -->\n"), format!("<!-- {name}:end -->"));
    let after = readme.split_once(&begin).expect("a begin marker").1;
    after.split_once(&end).expect("an end marker").0.to_owned()
}

#[test]
fn the_readme_lists_every_command_as_the_program_knows_it() {
    let table = keylapse::commands::markdown_table();
    assert_eq!(readme_part("commands").trim(), table.trim(), "the table should read:\n{table}");
}

/// The settings with every `# [section]` and `# key = value` switched on.
fn switched_on(toml: &str) -> String {
    let is_setting = |line: &str| {
        let name = line.split_once(" = ").map_or("", |(name, _)| name);
        let is_name = |name: &str| name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
        line.starts_with('[') || (!name.is_empty() && is_name(name))
    };
    let lines = toml.lines().map(|line| match line.strip_prefix("# ") {
        Some(setting) if is_setting(setting) => setting,
        _ => line,
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn the_readmes_settings_are_understood_also_with_all_of_them_switched_on() {
    let part = readme_part("settings");
    let toml = part.trim().trim_start_matches("```toml").trim_end_matches("```");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("keylapse.toml");
    let tokens = [("telegram", fakes::telegram::TOKEN), ("discord", fakes::discord::TOKEN)];
    for (platform, token) in tokens {
        let token_file = folder.path().join(format!("{platform}.token"));
        std::fs::write(&token_file, token).unwrap();
        std::fs::set_permissions(&token_file, Permissions::from_mode(0o600)).unwrap();
    }
    let load = |text: &str| {
        std::fs::write(&file, text).unwrap();
        let flags = keylapse::config::Flags {
            config: Some(file.clone()),
            data: Some(folder.path().to_owned()),
        };
        let config = keylapse::config::load(&flags, &[], &keylapse::config::Host::detect());
        let config = config.unwrap_or_else(|problems| panic!("{problems}"));
        assert_eq!(config.workspaces.len(), 1);
        assert_eq!(config.check.as_str(), "every 5 min");
        config
    };
    assert_eq!(load(toml).workspaces[0].receivers.len(), 1);
    let all = switched_on(toml);
    assert!(!all.lines().any(|line| line.starts_with("# [")), "{all}");
    let config = load(&all);
    assert!(config.telegram.is_some() && config.discord.is_some());
    assert!(matches!(config.database, keylapse::config::Database::Postgres { .. }));
    assert_eq!(config.vault.key_file, Path::new("/etc/keylapse/master.key"));
    assert!(config.operator.is_some());
    let workspace = &config.workspaces[0];
    assert_eq!((workspace.receivers.len(), workspace.grants.len()), (2, 1));
}

/// The source in which a test that docs/security.md names stands: `src::http::name` in the source of
/// the program, `cli::keys::name` under tests/it.
fn source_of(module: &[&str]) -> String {
    let path = if module[0] == "src" {
        module.join("/")
    } else {
        format!("tests/it/{}", module.join("/"))
    };
    let places = [format!("{path}.rs"), format!("{path}/mod.rs"), format!("{path}/tests.rs")];
    let there = places.iter().filter(|place| root().join(place).exists());
    there.map(|place| read(place)).collect()
}

/// Whether `name` is run by `cargo test`: it has the attribute of a test, or a list of stories that
/// are run on both databases names it.
fn is_test(source: &str, name: &str) -> bool {
    let start = format!("fn {name}(");
    let lines: Vec<&str> = source.lines().map(str::trim).collect();
    let at = lines.iter().position(|line| {
        line.starts_with(&start)
            || line.strip_prefix("async ").is_some_and(|l| l.starts_with(&start))
    });
    let Some(at) = at else { return false };
    let attributes = lines[..at].iter().rev().take_while(|line| line.starts_with("#["));
    let has_attribute =
        attributes.clone().any(|line| *line == "#[test]" || line.starts_with("#[tokio::test"));
    let is_ignored = attributes.clone().any(|line| line.starts_with("#[ignore"));
    let listed = source.split("on_both!(").nth(1).and_then(|rest| rest.split(");").next());
    let is_listed = listed.is_some_and(|list| list.split(',').any(|story| story.trim() == name));
    (has_attribute && !is_ignored) || is_listed
}

/// Each promise of docs/security.md names at least one test, and each that it names is run.
#[test]
fn every_promise_points_to_a_test_that_is_run() {
    let text = read("docs/security.md");
    let (promised, not_promised) =
        text.split_once("## Not promised").expect("what is not promised");
    assert!(!not_promised.contains("::"), "what is not promised has no test");
    let bullets: Vec<&str> = promised.split("\n- **").skip(1).collect();
    for bullet in &bullets {
        let named = bullet.split('`').skip(1).step_by(2).filter(|word| word.contains("::"));
        for word in named.clone() {
            let parts: Vec<&str> = word.split("::").collect();
            let (name, module) = parts.split_last().expect("a name");
            assert!(is_test(&source_of(module), name), "{word} is no test that is run");
        }
        assert!(named.count() >= 1, "no test holds this promise: {bullet}");
    }
    for demand in ["S1", "S2", "S3", "S4", "S5", "S6", "S7", "S8", "S11", "S12", "S13"]
        .iter()
        .chain(&["S15", "S17", "S18", "S19", "S20", "S21", "S25"])
    {
        let is_named = |bullet: &&&str| {
            let mut words = bullet.split(|c: char| !c.is_ascii_alphanumeric());
            words.any(|word| word == *demand)
        };
        assert!(bullets.iter().any(|bullet| is_named(&bullet)), "no promise is made for {demand}");
    }
}

#[test]
fn what_is_no_test_is_not_taken_for_one() {
    let source = "on_both!(\n    listed,\n);\nasync fn listed(db: &Db) {}\nasync fn forgotten(db: &Db) {}\n\
        #[test]\nfn plain() {}\n#[tokio::test(flavor = \"x\")]\nasync fn told() {}\n\
        #[test]\n#[ignore = \"slow\"]\nfn ignored() {}\n";
    let table = [
        ("listed", true),
        ("plain", true),
        ("told", true),
        ("forgotten", false),
        ("ignored", false),
        ("absent", false),
    ];
    for (name, expected) in table {
        assert_eq!(is_test(source, name), expected, "{name}");
    }
}

/// Both platforms' documents are kept as excerpts, each with the script that makes it anew and the
/// sum of what it was made from.
#[test]
fn each_excerpt_names_what_it_was_cut_from_and_how() {
    for name in ["telegram-bot-api", "discord-openapi"] {
        let excerpt: serde_json::Value =
            serde_json::from_str(&read(&format!("tests/data/{name}.json"))).unwrap();
        let sum = excerpt["sha256"].as_str().unwrap_or_default();
        assert!(sum.len() == 64 && sum.bytes().all(|b| b.is_ascii_hexdigit()), "{name}: {sum:?}");
        assert!(excerpt["source"].as_str().unwrap().contains(&format!("{name}.LICENSE")));
        let script = read(&format!("tests/data/excerpt-{name}.py"));
        assert!(script.contains(&format!("> tests/data/{name}.json")), "{name}");
        let methods = excerpt["methods"].as_object();
        for method in methods.into_iter().flat_map(serde_json::Map::keys) {
            assert!(script.contains(&format!("\"{method}\"")), "the script leaves out {method}");
        }
    }
}

/// The words after `keylapse` wherever these files start it.
fn started(file: &str, before: &str) -> Vec<Vec<String>> {
    let text = read(file);
    let lines = text.lines().filter_map(|line| line.split_once(before));
    lines
        .map(|(_, rest)| {
            let rest = rest.split(['`', ',', '(']).next().unwrap_or_default();
            rest.split_whitespace().map(str::to_owned).collect()
        })
        .collect()
}

#[test]
fn what_services_and_guides_start_is_known_to_the_program() {
    let command = read("compose.yaml");
    let command = command.lines().find_map(|line| line.trim().strip_prefix("command: ")).unwrap();
    let mut all: Vec<Vec<String>> = vec![serde_json::from_str(command).unwrap()];
    for (file, before, at_least) in [
        ("dist/keylapse.service", "ExecStart=/usr/local/bin/keylapse ", 1),
        ("dist/keylapse.service", "-u keylapse keylapse ", 1),
        ("compose.yaml", "run --rm keylapse ", 2),
        ("README.md", "run --rm keylapse ", 2),
        ("README.md", "runuser -u keylapse -- keylapse ", 1),
    ] {
        let found = started(file, before);
        assert!(found.len() >= at_least, "{file} starts less than it did: {found:?}");
        all.extend(found);
    }
    for words in all {
        // Read from left to right: a word that is not known is refused before the help is given.
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_keylapse"))
            .args(&words)
            .arg("--help")
            .env_clear()
            .output()
            .unwrap();
        assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
    let create = ["vault", "create", "--data", "/data"].map(str::to_owned).to_vec();
    for file in ["compose.yaml", "README.md"] {
        let told = started(file, "run --rm keylapse ");
        assert!(told.contains(&create), "{file} does not say how PostgreSQL gets a master key");
    }
}

#[test]
fn a_service_that_cannot_start_for_its_settings_is_not_started_again() {
    let unit = read("dist/keylapse.service");
    let status = unit.lines().find_map(|line| line.strip_prefix("RestartPreventExitStatus="));
    let host = crate::cli::Host::new();
    host.configure("[access]\nenrol = \"opn\"\n");
    let said = host.run(&["run"]);
    assert_eq!(status, Some(said.code.to_string().as_str()), "{said:?}");
    assert!(unit.contains("Restart=on-failure"), "anything else is tried again");
}

#[test]
fn the_compose_file_keeps_what_is_stored_and_names_a_database_that_is_understood() {
    let compose = read("compose.yaml");
    assert!(compose.contains("- keylapse:/data"), "the data folder is a volume");
    let variable = compose.lines().find_map(|line| {
        line.trim_start_matches(['#', ' ']).split_once("KEYLAPSE_DATABASE__URL: ")
    });
    let url = variable.expect("the database's variable").1.to_owned();
    let folder = tempfile::tempdir().unwrap();
    let flags = keylapse::config::Flags { config: None, data: Some(folder.path().to_owned()) };
    let environment = [("KEYLAPSE_DATABASE__URL".to_owned(), url)];
    let host = keylapse::config::Host::detect();
    let config = keylapse::config::load(&flags, &environment, &host);
    let config = config.unwrap_or_else(|problems| panic!("{problems}"));
    assert!(matches!(config.database, keylapse::config::Database::Postgres { .. }));
}
