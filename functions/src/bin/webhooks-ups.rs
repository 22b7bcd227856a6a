//! The Lambda function of `functions::webhooks::carriers::ups`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), api::lambda::Error> {
    api::lambda::serve(functions::webhooks::carriers::ups::routes()).await
}
