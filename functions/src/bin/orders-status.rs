//! The Lambda function of `functions::orders::status`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), api::lambda::Error> {
    api::lambda::serve(functions::orders::status::routes()).await
}
