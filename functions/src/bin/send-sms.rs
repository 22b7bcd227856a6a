//! The Lambda function of `functions::workers::send_sms`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), api::lambda::Error> {
    functions::workers::run::send_sms().await
}
