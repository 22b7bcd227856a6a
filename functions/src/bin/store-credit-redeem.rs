//! The Lambda function of `functions::store_credit::redeem`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), api::lambda::Error> {
    api::lambda::serve(functions::store_credit::redeem::routes()).await
}
