//! The Lambda function of `functions::workers::cancel_unpaid_orders`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), api::lambda::Error> {
    functions::workers::run::cancel_unpaid_orders().await
}
