//! The Lambda function of `functions::shipments`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), api::lambda::Error> {
    api::lambda::serve(functions::shipments::routes()).await
}
