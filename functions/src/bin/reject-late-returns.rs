//! The Lambda function of `functions::workers::reject_late_returns`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), api::lambda::Error> {
    functions::workers::run::reject_late_returns().await
}
