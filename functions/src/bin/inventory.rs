//! The Lambda function of `functions::inventory`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), api::lambda::Error> {
    api::lambda::serve(functions::inventory::routes()).await
}
