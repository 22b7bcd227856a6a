//! The Lambda function of `functions::docs::explorer`.

use functions::docs::explorer;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), api::lambda::Error> {
    api::lambda::serve(explorer::routes().merge(explorer::file_routes())).await
}
