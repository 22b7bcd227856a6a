//! What whoever runs the shop relies on: settings that say what they are, limits where money goes, deployments that turn back.

use super::template::{Template, each, text, written};
use super::{camel, file, none};
use functions::{ENDPOINTS, SCHEDULES, WORKERS};
use serde_norway::Value;
use std::collections::BTreeSet;

/// What moves money, or sets off what does: a new version of one gets a tenth of the calls first. Why these, and no others, is in
/// `docs/decisions/gradual-deployments.md`.
const GRADUAL: [&str; 13] = [
    "orders",
    "orders-status",
    "orders-payment",
    "orders-cancel",
    "refunds",
    "returns",
    "store-credit-redeem",
    "webhooks-stripe",
    "webhooks-pawapay",
    "process-refund",
    "ask-providers",
    "relay",
    "book-shipment",
];

/// The paths at which a caller can move money, book a parcel or have a message sent.
const SPENDING: [&str; 10] = [
    "/api/orders",
    "/api/orders/{orderId}/status",
    "/api/orders/{orderId}/payment",
    "/api/orders/{orderId}/cancel",
    "/api/refunds",
    "/api/returns",
    "/api/shipments",
    "/api/store-credit/redeem",
    "/api/notifications/{id}/resend",
    "/api/email-templates/preview",
];

const NESTED: [&str; 5] =
    ["infra/tables.yaml", "infra/queues.yaml", "infra/labels.yaml", "infra/email-events.yaml", "infra/monitoring.yaml"];

#[test]
fn every_parameter_is_described_and_what_somebody_types_is_checked() {
    let mut complaints = Vec::new();
    for template in [Template::main()].into_iter().chain(NESTED.map(Template::read)) {
        for (name, parameter) in template.root["Parameters"].as_mapping().expect("parameters") {
            let said = text(&parameter["Description"]);
            if !said.ends_with('.') && !said.ends_with(')') {
                complaints.push(format!("{}: {} has the description `{said}`", template.file, text(name)));
            }
            let checks = ["AllowedPattern", "AllowedValues", "MinValue", "MaxLength"];
            // A nested template is given what the main one has checked.
            if template.file == "template.yaml" && checks.iter().all(|check| parameter[*check].is_null()) {
                complaints.push(format!("template.yaml: {} takes anything; it needs one of {checks:?}", text(name)));
            }
        }
    }
    none(&complaints);
}

#[test]
fn no_secret_is_a_parameter_or_an_output() {
    let template = Template::main();
    let names =
        |section: &str| -> Vec<String> { template.root[section].as_mapping().into_iter().flatten().map(|(name, _)| text(name)).collect() };
    let secret = |name: &String| ["Secret", "Token", "Password"].iter().any(|word| name.contains(word)) && !name.ends_with("Arn");
    let told: Vec<String> = names("Parameters").into_iter().chain(names("Outputs")).filter(secret).collect();
    assert_eq!(told, [""; 0], "a secret is named by its ARN");
}

#[test]
fn whoever_has_a_token_can_t_spend_without_end() {
    let template = Template::main();
    let settings = template.resource("Api").expect("Api")["Properties"]["RouteSettings"].as_mapping().expect("route settings");
    let throttled: BTreeSet<String> = settings.iter().map(|(route, _)| text(route)).collect();
    assert_eq!(throttled, SPENDING.iter().map(|path| format!("ANY {path}")).collect());
    for (route, setting) in settings {
        let limits = (written(&setting["ThrottlingRateLimit"]), written(&setting["ThrottlingBurstLimit"]));
        assert_eq!(limits, ("!Ref SpendRateLimit".to_owned(), "!Ref SpendBurstLimit".to_owned()), "{route:?}");
    }
    for path in SPENDING {
        assert!(ENDPOINTS.iter().any(|endpoint| endpoint.path == Some(path)), "there is no {path}");
    }
}

#[test]
fn what_moves_money_or_sets_it_off_is_deployed_gradually_and_rolled_back_by_its_own_alarm() {
    let template = Template::main();
    let mut complaints = Vec::new();
    for (name, function) in template.resources("AWS::Serverless::Function") {
        let preference = &function["DeploymentPreference"];
        let Some(bin) = GRADUAL.iter().find(|bin| name == camel(bin) + "Function") else {
            if !preference.is_null() {
                complaints.push(format!("template.yaml: {name} is deployed gradually; tests/it/wiring/operations.rs doesn't say so"));
            }
            continue;
        };
        let errors = camel(bin) + "ErrorsAlarm";
        let alarms: Vec<String> = each(&preference["Alarms"]).into_iter().map(written).collect();
        let right = text(&function["AutoPublishAlias"]) == "live"
            && text(&preference["Type"]) == "Canary10Percent5Minutes"
            && written(&preference["Enabled"]) == "!Ref GradualDeployments"
            && alarms == [format!("!Ref {errors}"), "!Ref ServerErrorsAlarm".to_owned()];
        if !right {
            complaints.push(format!("template.yaml: {name} moves money or sets off what does, and isn't deployed gradually with {errors}"));
        }
        let alarm = template.resource(&errors).map_or(&Value::Null, |alarm| &alarm["Properties"]);
        let watched = written(&alarm["Dimensions"][0]["Value"]);
        if text(&alarm["MetricName"]) != "Errors" || watched != format!("!Sub ${{Project}}-${{Stage}}-{bin}") {
            complaints.push(format!("template.yaml: {errors} watches {watched}"));
        }
    }
    for (name, mapping) in template.resources("AWS::Lambda::EventSourceMapping") {
        let called = written(&mapping["FunctionName"]);
        let gradual = GRADUAL.iter().any(|bin| called.starts_with(&format!("!Ref {}Function", camel(bin))));
        if gradual && !called.ends_with(".Alias") {
            complaints.push(format!("template.yaml: {name} goes past its function's alias; a new version would have all of it at once"));
        }
    }
    none(&complaints);
    let stages = file("samconfig.toml");
    for stage in ["staging", "prod"] {
        let section = stages.split("\n[").find(|section| section.starts_with(&format!("{stage}.deploy"))).expect("a stage");
        assert!(section.contains("\"GradualDeployments=true\""), "{stage} is deployed at once");
    }
    assert!(
        GRADUAL.iter().all(|bin| ENDPOINTS.iter().any(|endpoint| endpoint.bin == *bin) || WORKERS.contains(bin) || SCHEDULES.contains(bin))
    );
}

#[test]
fn a_queue_takes_a_share_of_the_account_s_concurrency_and_reserves_none() {
    let template = Template::main();
    let mut complaints = Vec::new();
    for (name, mapping) in template.resources("AWS::Lambda::EventSourceMapping") {
        let of_queue = written(&mapping["EventSourceArn"]).contains("Queues.Outputs");
        if of_queue && mapping["ScalingConfig"]["MaximumConcurrency"].as_u64().is_none() {
            complaints.push(format!("template.yaml: {name} lacks MaximumConcurrency"));
        }
    }
    for (name, function) in template.resources("AWS::Serverless::Function") {
        if !function["ReservedConcurrentExecutions"].is_null() {
            complaints.push(format!("template.yaml: {name} reserves concurrency, which is the account's and small"));
        }
    }
    none(&complaints);
}

#[test]
fn every_log_is_forgotten_in_time_and_every_call_can_be_traced() {
    let template = Template::main();
    let logs = template.resources("AWS::Logs::LogGroup");
    assert!(logs.len() > ENDPOINTS.iter().map(|endpoint| endpoint.bin).collect::<BTreeSet<_>>().len(), "{} logs", logs.len());
    let forgetful = |(name, log): &(String, &Value)| {
        (written(&log["RetentionInDays"]) != "!Ref LogRetentionDays").then(|| format!("template.yaml: {name} is kept for ever"))
    };
    none(&logs.iter().filter_map(forgetful).collect::<Vec<_>>());
    let globals = &template.root["Globals"]["Function"];
    assert_eq!(text(&globals["Tracing"]), "Active");
    assert_eq!(written(&globals["Environment"]["Variables"]["METRICS_NAMESPACE"]), "!Sub ${Project}-${Stage}");
}

/// What the code counts is what the dashboard shows, and the namespace of both is the stack's.
#[test]
fn every_number_of_the_shop_is_on_the_dashboard() {
    let monitoring = Template::read("infra/monitoring.yaml");
    let body = written(&monitoring.resource("Dashboard").expect("Dashboard")["Properties"]["DashboardBody"]);
    let body = body.strip_prefix("!Sub ").expect("a text with names in it");
    let dashboard: serde_json::Value = serde_json::from_str(body).expect("the dashboard is JSON");
    assert!(dashboard["widgets"].as_array().is_some_and(|widgets| widgets.len() >= 10));
    let code = file("functions/src/workers/numbers.rs");
    let counted = code.split("count(\"").skip(1).chain(code.split("name: \"").skip(1)).filter_map(|rest| rest.split('"').next());
    let counted: BTreeSet<&str> = counted.collect();
    assert!(counted.len() >= 7, "{counted:?}");
    let shown = |name: &&str| body.contains(&format!("\"{name}\"")) || body.contains(&format!("MetricName=\\\"{name}\\\""));
    let missing: Vec<String> = counted.iter().filter(|name| !shown(name)).map(|name| format!("the dashboard lacks {name}")).collect();
    none(&missing);
}
