//! The Lambda function of `functions::notifications::resend`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), api::lambda::Error> {
    api::lambda::serve(functions::notifications::resend::routes()).await
}
