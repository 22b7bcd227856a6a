//! The Lambda function of `functions::orders::packing_slip`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), api::lambda::Error> {
    api::lambda::serve(functions::orders::packing_slip::routes()).await
}
