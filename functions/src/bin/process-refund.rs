//! The Lambda function of `functions::workers::process_refund`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), api::lambda::Error> {
    functions::workers::run::process_refund().await
}
