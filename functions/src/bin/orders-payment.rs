//! The Lambda function of `functions::orders::payment`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), api::lambda::Error> {
    api::lambda::serve(functions::orders::payment::routes()).await
}
