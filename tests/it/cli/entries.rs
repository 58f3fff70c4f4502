//! A folder of the operator's own FAQ entries, through the program: found, and refused whole with
//! every mistake.

use std::os::unix::fs::{PermissionsExt as _, symlink};

use super::Host;

/// What `docs/entries.md` shows, so that the guide cannot show what is refused.
fn documented() -> String {
    let guide = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/entries.md"));
    let guide = guide.unwrap();
    let (_, rest) = guide.split_once("```markdown\n").expect("an example");
    rest.split_once("```").expect("its end").0.to_owned()
}

fn host() -> Host {
    let host = Host::new();
    host.configure("[knowledge]\ndir = \"answers\"\n");
    host
}

#[test]
fn the_entry_of_the_guide_is_answered_with() {
    let host = host();
    let folder = host.data().join("answers");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("our-vpn.md"), documented()).unwrap();
    std::fs::write(folder.join("notes.txt"), "no entry").unwrap();
    for question in ["which address do our bots have?", "our-vpn"] {
        let said = host.run(&["faq", question]);
        assert_eq!(said.code, 0, "{said:?}");
        assert!(said.out.starts_with("Trading through our VPN"), "{said:?}");
    }
    let said = host.run(&["check-config"]);
    assert_eq!(said.code, 0, "{said:?}");
}

#[test]
fn a_folder_with_mistakes_is_refused_whole_with_each_of_them() {
    let host = host();
    let said = host.run(&["check-config"]);
    assert!(said.code == 2 && said.err.contains("answers: it cannot be read"), "{said:?}");
    let folder = host.data().join("answers");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("long.md"), "x".repeat(64 * 1024 + 1)).unwrap();
    std::fs::write(folder.join("odd.md"), [0xff, 0xfe]).unwrap();
    std::fs::create_dir(folder.join("inner.md")).unwrap();
    let outside = host.file("outside.md", &documented(), 0o644);
    symlink(&outside, folder.join("linked.md")).unwrap();
    symlink("/nowhere/at/all", folder.join("dangling.md")).unwrap();
    let pipe = folder.join("pipe.md");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let loose = folder.join("loose.md");
    std::fs::write(&loose, documented()).unwrap();
    std::fs::set_permissions(&loose, std::fs::Permissions::from_mode(0o666)).unwrap();
    for args in [&["check-config"][..], &["run", "--console"], &["faq", "400003"]] {
        let said = host.run(args);
        assert_eq!(said.code, 2, "{said:?}");
        for mistake in [
            "long.md:1: it is longer than 64 KiB",
            "odd.md:1: it is not UTF-8 text",
            "inner.md:1: it is a folder, not a file",
            "pipe.md:1: it is a device or pipe, not a file",
            "loose.md:1: others can change it (mode 666)",
            "linked.md:1: it is a link out of the folder",
            "dangling.md:1: it cannot be read",
        ] {
            assert!(said.err.contains(mistake), "{mistake}: {said:?}");
        }
    }
    for name in ["long.md", "odd.md", "linked.md", "dangling.md", "pipe.md", "loose.md"] {
        std::fs::remove_file(folder.join(name)).unwrap();
    }
    std::fs::remove_dir(folder.join("inner.md")).unwrap();
    std::fs::write(folder.join("revoke-key.md"), documented()).unwrap();
    std::fs::write(folder.join("x.md"), documented().replace("ip-whitelist", "ip-whitelst"))
        .unwrap();
    let said = host.run(&["check-config"]);
    assert!(said.err.contains("x.md:4: no entry is called ip-whitelst"), "{said:?}");
    assert!(said.err.contains("revoke-key.md:1: there is such an entry"), "{said:?}");
    std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o777)).unwrap();
    let said = host.run(&["check-config"]);
    assert!(said.code == 2 && said.err.contains("others can put files into it"), "{said:?}");
}
