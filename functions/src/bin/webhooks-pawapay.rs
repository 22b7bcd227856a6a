//! The Lambda function of `functions::webhooks::pawapay`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), api::lambda::Error> {
    api::lambda::serve(functions::webhooks::pawapay::routes()).await
}
