//! The Lambda function of `functions::workers::relay`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), api::lambda::Error> {
    functions::workers::run::relay().await
}
