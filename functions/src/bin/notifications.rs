//! The Lambda function of `functions::notifications`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), api::lambda::Error> {
    api::lambda::serve(functions::notifications::routes()).await
}
