//! The Lambda function of `functions::inventory::history`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), api::lambda::Error> {
    api::lambda::serve(functions::inventory::history::routes()).await
}
