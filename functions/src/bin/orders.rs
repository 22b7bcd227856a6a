//! The Lambda function of `functions::orders`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), api::lambda::Error> {
    api::lambda::serve(functions::orders::routes()).await
}
