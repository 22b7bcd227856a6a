//! The Lambda function of `functions::webhooks::ses`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), api::lambda::Error> {
    api::lambda::serve(functions::webhooks::ses::routes()).await
}
