//! The Lambda function of `functions::workers::track_shipments`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), api::lambda::Error> {
    functions::workers::run::track_shipments().await
}
