//! The Lambda function of `functions::not_found`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), api::lambda::Error> {
    api::lambda::serve(functions::not_found::routes()).await
}
