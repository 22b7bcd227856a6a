//! The Lambda function of `functions::workers::book_shipment`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), api::lambda::Error> {
    functions::workers::run::book_shipment().await
}
