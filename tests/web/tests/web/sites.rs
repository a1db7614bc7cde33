//! The same site in five frameworks, with cached handlers and behind layers.

mod actix;
mod axum;
mod poem;
mod rocket;
mod salvo;

use crate::site::{Adapter, Up};

/// Serves a site until this is dropped.
pub async fn serve(adapter: Adapter, up: Up) {
    match adapter {
        Adapter::Axum => axum::serve(axum::attributed(), up).await,
        Adapter::AxumLayer => axum::serve(axum::layered(), up).await,
        Adapter::Actix => actix::serve(actix::attributed, up).await,
        Adapter::ActixLayer => actix::serve(actix::layered, up).await,
        Adapter::Rocket => rocket::serve(up).await,
        Adapter::Poem => poem::serve(poem::attributed(), up).await,
        Adapter::PoemLayer => poem::serve(poem::layered(), up).await,
        Adapter::Salvo => salvo::serve(salvo::attributed(), up).await,
        Adapter::SalvoLayer => salvo::serve(salvo::layered(), up).await,
    }
}
