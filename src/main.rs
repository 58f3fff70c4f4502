//! The `keylapse` program: nothing but a door to the library.

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let mut args = std::env::args().skip(2);
    let script = match args.next().as_deref() {
        Some("--script") => args.next().map(Into::into),
        _ => None,
    };
    let options = keylapse::cli::demo::Options { day: std::time::Duration::from_secs(5), script };
    keylapse::cli::demo::run(options).await?;
    Ok(())
}
