//! The Lambda function of `functions::inventory::adjust`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), api::lambda::Error> {
    api::lambda::serve(functions::inventory::adjust::routes()).await
}
