//! The Lambda function of `functions::webhooks::stripe`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), api::lambda::Error> {
    api::lambda::serve(functions::webhooks::stripe::routes()).await
}
