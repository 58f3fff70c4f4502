use super::*;
#[test]
#[ignore]
fn dump() {
    let k = Knowledge::embedded();
    let q = std::env::var("Q").unwrap();
    for line in std::fs::read_to_string(q).unwrap().lines() {
        let v: serde_json::Value = serde_json::from_str(line).unwrap();
        let query = v["query"].as_str().unwrap();
        let t = std::time::Instant::now();
        let a = k.lookup(query);
        eprintln!("{:?}", t.elapsed());
        println!("P{}", to_json(query, &a));
    }
}
