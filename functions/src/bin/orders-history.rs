//! The Lambda function of `functions::orders::history`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), api::lambda::Error> {
    api::lambda::serve(functions::orders::history::routes()).await
}
