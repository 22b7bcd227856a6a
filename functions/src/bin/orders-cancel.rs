//! The Lambda function of `functions::orders::cancel`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), api::lambda::Error> {
    api::lambda::serve(functions::orders::cancel::routes()).await
}
