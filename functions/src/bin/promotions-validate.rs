//! The Lambda function of `functions::promotions::validate`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), api::lambda::Error> {
    api::lambda::serve(functions::promotions::validate::routes()).await
}
