//! The Lambda function of `functions::webhooks::carriers::dhl`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), api::lambda::Error> {
    api::lambda::serve(functions::webhooks::carriers::dhl::routes()).await
}
