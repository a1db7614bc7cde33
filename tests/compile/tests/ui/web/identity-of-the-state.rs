use axum::extract::State;
use cached_web::axum::{RequestInfo, cached_response};

#[derive(Clone)]
struct Config {
    tenant: u32,
}

#[cached_response(per = config.tenant)]
async fn account(State(config): State<Config>, info: RequestInfo) -> String {
    format!("{} {:?}", config.tenant, info.header("cookie"))
}

fn main() {}
