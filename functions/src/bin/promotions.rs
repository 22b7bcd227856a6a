//! The Lambda function of `functions::promotions`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), api::lambda::Error> {
    api::lambda::serve(functions::promotions::routes()).await
}
