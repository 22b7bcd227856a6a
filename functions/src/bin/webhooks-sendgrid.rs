//! The Lambda function of `functions::webhooks::sendgrid`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), api::lambda::Error> {
    api::lambda::serve(functions::webhooks::sendgrid::routes()).await
}
