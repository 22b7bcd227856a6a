//! The Lambda function of `functions::docs::document`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), api::lambda::Error> {
    api::lambda::serve(functions::docs::document::routes()).await
}
