//! The Lambda function of `functions::email_templates`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), api::lambda::Error> {
    api::lambda::serve(functions::email_templates::routes()).await
}
