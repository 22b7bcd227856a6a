//! The Lambda function of `functions::workers::ask_providers`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), api::lambda::Error> {
    functions::workers::run::ask_providers().await
}
