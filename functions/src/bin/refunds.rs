//! The Lambda function of `functions::refunds`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), api::lambda::Error> {
    api::lambda::serve(functions::refunds::routes()).await
}
