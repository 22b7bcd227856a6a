//! The Lambda function of `functions::webhooks::twilio`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), api::lambda::Error> {
    api::lambda::serve(functions::webhooks::twilio::routes()).await
}
