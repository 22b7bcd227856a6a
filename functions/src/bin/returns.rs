//! The Lambda function of `functions::returns`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), api::lambda::Error> {
    api::lambda::serve(functions::returns::routes()).await
}
