//! The Lambda function of `functions::workers::inventory_log`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), api::lambda::Error> {
    functions::workers::run::inventory_log().await
}
