//! The Lambda function of `functions::workers::send_email`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), api::lambda::Error> {
    functions::workers::run::send_email().await
}
