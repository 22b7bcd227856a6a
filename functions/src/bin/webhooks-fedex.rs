//! The Lambda function of `functions::webhooks::carriers::fedex`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), api::lambda::Error> {
    api::lambda::serve(functions::webhooks::carriers::fedex::routes()).await
}
