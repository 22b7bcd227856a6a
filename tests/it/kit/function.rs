//! A function in a process of its own, as Lambda runs it: it has what its environment says and asks for its events.

use functions::{ENDPOINTS, workers::run};
use std::process::{Child, Command, Stdio};

/// Which function a process is.
const FUNCTION: &str = "TESTED_FUNCTION";

/// Not a test by itself: what [`process`] runs.
#[test]
fn is_a_function_where_it_is_told_so() {
    let Ok(function) = std::env::var(FUNCTION) else { return };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let ended = runtime.block_on(async {
        match function.as_str() {
            "relay" => run::relay().await,
            "inventory-log" => run::inventory_log().await,
            "send-email" => run::send_email().await,
            "send-sms" => run::send_sms().await,
            "process-refund" => run::process_refund().await,
            "book-shipment" => run::book_shipment().await,
            "cancel-unpaid-orders" => run::cancel_unpaid_orders().await,
            "reject-late-returns" => run::reject_late_returns().await,
            "ask-providers" => run::ask_providers().await,
            "track-shipments" => run::track_shipments().await,
            bin => {
                let endpoint =
                    ENDPOINTS.iter().find(|endpoint| endpoint.bin == bin).unwrap_or_else(|| panic!("there is no function {bin}"));
                api::lambda::serve((endpoint.routes)()).await
            }
        }
    });
    ended.expect("it runs for as long as there are events");
}

/// The function of a bin, with these variables and no others; Lambda is at an address.
pub fn process(bin: &str, variables: impl IntoIterator<Item = (String, String)>, lambda: &str) -> Child {
    let lambdas = [
        (FUNCTION, bin),
        ("AWS_LAMBDA_RUNTIME_API", lambda.trim_start_matches("http://")),
        ("AWS_LAMBDA_FUNCTION_NAME", bin),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256"),
        ("AWS_LAMBDA_FUNCTION_VERSION", "1"),
        ("AWS_ACCESS_KEY_ID", "local"),
        ("AWS_SECRET_ACCESS_KEY", "local"),
        ("AWS_REGION", "eu-west-1"),
    ];
    Command::new(std::env::current_exe().expect("a path"))
        .args(["kit::function::is_a_function_where_it_is_told_so", "--exact", "--quiet", "--nocapture"])
        .env_clear()
        .envs(lambdas)
        .envs(variables)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("a process")
}
