//! Scratch.
fn main() {
    let url = std::env::args().nth(1).unwrap();
    let plan = tanqiao_hub::bench::program::Plan { url, members: 16, blocks: std::env::args().nth(2).map_or(400_000, |s| s.parse().unwrap()), seconds: std::env::args().nth(3).map_or(4, |s| s.parse().unwrap()), rounds: 2 };
    let _ = tanqiao_certs::tls::install_crypto_provider();
    let dir = tempfile::tempdir().unwrap();
    let rt = actix_web::rt::System::new();
    let r = rt.block_on(tanqiao_hub::bench::program::measure(&plan, dir.path(), &|s| eprintln!("{s}"))).unwrap();
    println!("{}", serde_json::to_string_pretty(&r).unwrap());
}
