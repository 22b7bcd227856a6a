//! A function is a bin, an entry of its manifest, a line of `functions/src/lib.rs`, and resources of the template.

use super::template::{Template, text, texts, written};
use super::{camel, file, none};
use functions::{ENDPOINTS, SCHEDULES, WORKERS};
use serde_norway::Value;
use std::collections::BTreeSet;

fn declared() -> Vec<&'static str> {
    ENDPOINTS.iter().map(|endpoint| endpoint.bin).chain(WORKERS.iter().copied()).chain(SCHEDULES.iter().copied()).collect()
}

#[test]
fn every_function_has_its_bin_and_its_manifest_entry() {
    let declared: BTreeSet<String> = declared().into_iter().map(ToOwned::to_owned).collect();
    let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/../functions/src/bin");
    let entries = std::fs::read_dir(directory).expect("functions/src/bin").map(|entry| entry.expect("an entry").path());
    let bins: BTreeSet<String> = entries.map(|path| path.file_stem().expect("a name").to_string_lossy().into_owned()).collect();
    let manifest = file("functions/Cargo.toml");
    let sections: Vec<&str> = manifest.split("[[bin]]").skip(1).collect();
    let listed: BTreeSet<String> = sections.iter().filter_map(|section| Some(section.split('"').nth(1)?.to_owned())).collect();

    let mut complaints = Vec::new();
    for bin in declared.difference(&bins) {
        complaints.push(format!("functions/src/bin/{bin}.rs is missing, which functions/src/lib.rs declares"));
    }
    for bin in bins.difference(&declared) {
        complaints.push(format!("functions/src/lib.rs has neither an endpoint nor a worker for functions/src/bin/{bin}.rs"));
    }
    for bin in bins.difference(&listed) {
        complaints.push(format!("functions/Cargo.toml lacks a [[bin]] {bin} with `test = false` and `doc = false`"));
    }
    for bin in listed.difference(&bins) {
        complaints.push(format!("functions/Cargo.toml has a [[bin]] {bin}, and functions/src/bin/{bin}.rs is missing"));
    }
    for section in sections.iter().filter(|section| !section.contains("test = false") || !section.contains("doc = false")) {
        complaints.push(format!("functions/Cargo.toml: a [[bin]] without `test = false` or `doc = false`:{section}"));
    }
    none(&complaints);
}

#[test]
fn every_function_has_its_resources() {
    let template = Template::main();
    let mut complaints = Vec::new();
    let known: BTreeSet<String> = declared().into_iter().map(|bin| camel(bin) + "Function").collect();
    for (name, _) in template.resources("AWS::Serverless::Function") {
        if !known.contains(&name) {
            complaints.push(format!("functions/src/lib.rs declares no function for template.yaml's {name}"));
        }
    }
    for bin in declared() {
        let name = camel(bin);
        let Some(function) = template.resource(&format!("{name}Function")) else {
            complaints.push(format!("template.yaml lacks {name}Function for the bin {bin}"));
            continue;
        };
        let properties = &function["Properties"];
        let mut expect = |what: &str, is: String, should: String| {
            if is != should {
                complaints.push(format!("template.yaml: {name}Function has {what} `{is}`; it should be `{should}`"));
            }
        };
        expect("CodeUri", text(&properties["CodeUri"]), format!("target/lambda/{bin}/"));
        expect("FunctionName", written(&properties["FunctionName"]), format!("!Sub ${{Project}}-${{Stage}}-{bin}"));
        expect("LoggingConfig.LogGroup", written(&properties["LoggingConfig"]["LogGroup"]), format!("!Ref {name}Logs"));
        let logs = template.resource(&format!("{name}Logs")).map(|logs| written(&logs["Properties"]["LogGroupName"]));
        expect("a log group", logs.unwrap_or_default(), format!("!Sub /aws/lambda/${{Project}}-${{Stage}}-{bin}"));
    }
    none(&complaints);
}

#[test]
fn every_endpoint_has_its_route() {
    let template = Template::main();
    let mut complaints = Vec::new();
    for bin in ENDPOINTS.iter().map(|endpoint| endpoint.bin).collect::<BTreeSet<_>>() {
        let name = camel(bin) + "Function";
        let paths = ENDPOINTS.iter().filter(|endpoint| endpoint.bin == bin).map(|endpoint| endpoint.path.unwrap_or("$default"));
        let paths: BTreeSet<String> = paths.map(ToOwned::to_owned).collect();
        let events = template.resource(&name).map_or(&Value::Null, |function| &function["Properties"]["Events"]);
        let events = events.as_mapping().into_iter().flatten().map(|(_, event)| event);
        let routes: BTreeSet<String> = events
            .map(|event| {
                let route = &event["Properties"];
                let is_any = text(&event["Type"]) == "HttpApi" && written(&route["ApiId"]) == "!Ref Api" && text(&route["Method"]) == "ANY";
                if is_any { text(&route["Path"]) } else { written(event) }
            })
            .collect();
        if routes != paths {
            complaints
                .push(format!("template.yaml: {name} has the events {routes:?}; of type HttpApi with method ANY it should have {paths:?}"));
        }
    }
    none(&complaints);
}

#[test]
fn every_worker_has_its_mapping() {
    let template = Template::main();
    let mut complaints = Vec::new();
    for bin in WORKERS {
        let name = camel(bin);
        match template.resource(&format!("{name}Mapping")).map(|mapping| written(&mapping["Properties"]["FunctionName"])) {
            None => complaints.push(format!("template.yaml lacks {name}Mapping for the worker {bin}")),
            Some(called) if called_by(&called) != name => {
                complaints.push(format!("template.yaml: {name}Mapping doesn't call {name}Function"));
            }
            Some(_) => {}
        }
        if template.resource(&format!("{name}Function")).is_some_and(|function| !function["Properties"]["Events"].is_null()) {
            complaints.push(format!("template.yaml: {name}Function has Events; SAM would let it read every queue of the account"));
        }
    }
    for (name, mapping) in template.resources("AWS::Lambda::EventSourceMapping") {
        let function = written(&mapping["FunctionName"]);
        if text(&mapping["FunctionResponseTypes"][0]) != "ReportBatchItemFailures" {
            complaints.push(format!("template.yaml: {name} lacks ReportBatchItemFailures; one failed job would repeat its batch"));
        }
        let source = written(&mapping["EventSourceArn"]);
        if source.ends_with("StreamArn") && mapping["FilterCriteria"]["Filters"][0]["Pattern"].is_null() {
            complaints.push(format!("template.yaml: {name} lacks a filter; the worker would get every item of the table"));
        }
        if !WORKERS.iter().any(|bin| called_by(&function) == camel(bin)) {
            complaints.push(format!("functions/src/lib.rs has no worker for template.yaml's {name}"));
        }
    }
    none(&complaints);
}

/// The name in `!Ref NameFunction`, or in the alias of one that is deployed gradually.
fn called_by(function: &str) -> &str {
    let reference = function.strip_prefix("!Ref ").unwrap_or_default();
    reference.strip_suffix(".Alias").unwrap_or(reference).strip_suffix("Function").unwrap_or_default()
}

#[test]
fn every_schedule_has_its_event_and_only_they_have() {
    let template = Template::main();
    let mut complaints = Vec::new();
    for (name, properties) in template.resources("AWS::Serverless::Function") {
        let is_schedule = SCHEDULES.iter().any(|bin| name == camel(bin) + "Function");
        let events = properties["Events"].as_mapping().into_iter().flatten();
        let scheduled = events.filter(|(_, event)| text(&event["Type"]).starts_with("Schedule")).count();
        if scheduled != usize::from(is_schedule) {
            complaints.push(format!("template.yaml: {name} has {scheduled} schedules; SCHEDULES of functions/src/lib.rs says otherwise"));
        }
    }
    none(&complaints);
}

/// cfn-lint takes `!GetAtt Tables.Outputs.Anything`: it doesn't read the nested templates.
#[test]
fn every_output_of_a_nested_template_that_is_used_is_there_and_every_parameter_is_given() {
    let template = Template::main();
    let mut complaints = Vec::new();
    let mut nested = Vec::new();
    for (stack, properties) in template.resources("AWS::CloudFormation::Stack") {
        let inner = Template::read(&text(&properties["TemplateURL"]));
        let given = &properties["Parameters"];
        let parameters = inner.root["Parameters"].as_mapping().expect("parameters");
        for (name, parameter) in parameters.iter().filter(|(name, _)| given.get(name).is_none()) {
            if parameter.get("Default").is_none() {
                complaints.push(format!("template.yaml: {stack} isn't given {}, which {} asks for", text(name), inner.file));
            }
        }
        for (name, _) in given.as_mapping().into_iter().flatten().filter(|(name, _)| !parameters.contains_key(name)) {
            complaints.push(format!("{} has no parameter {}, which template.yaml gives to {stack}", inner.file, text(name)));
        }
        nested.push((stack, inner));
    }
    let mut uses = 0;
    texts(&template.root, &mut |tag, text| {
        let names: Vec<&str> = match tag {
            "!GetAtt" => vec![text],
            "!Sub" => text.split("${").skip(1).filter_map(|rest| rest.split('}').next()).collect(),
            _ => Vec::new(),
        };
        for (stack, output) in names.into_iter().filter_map(|name| name.split_once(".Outputs.")) {
            uses += 1;
            match nested.iter().find(|(name, _)| name == stack) {
                Some((_, inner)) if inner.root["Outputs"].get(output).is_some() => {}
                Some((_, inner)) => complaints.push(format!("{} has no output {output}, which template.yaml uses", inner.file)),
                None => complaints.push(format!("template.yaml has no nested stack {stack}, whose {output} it uses")),
            }
        }
    });
    assert!(uses > 50, "only {uses} outputs are used: this test doesn't see them");
    none(&complaints);
}

/// Is for `CloudFormation` to see a change in (docs/decisions/gradual-deployments.md).
const NUMBER: &str = "SETTINGS_VERSION";

/// A variable with a typing error is one that no code reads.
#[test]
fn every_variable_of_a_function_is_read_by_some_code() {
    let template = Template::main();
    let code: String = [
        "shared/api/src/config.rs",
        "shared/api/src/secrets.rs",
        "shared/api/src/shop.rs",
        "shared/api/src/log.rs",
        "shared/store/src/lib.rs",
        "functions/src/workers/carriers.rs",
        "functions/src/workers/email.rs",
        "functions/src/workers/relay.rs",
        "functions/src/workers/sms.rs",
    ]
    .map(file)
    .concat();
    let mut complaints = Vec::new();
    let environment = |function: &str| -> BTreeSet<String> {
        let own = template.resource(function).map_or(&Value::Null, |function| &function["Properties"]["Environment"]["Variables"]);
        own.as_mapping().into_iter().flatten().map(|(name, _)| text(name)).collect()
    };
    for bin in declared() {
        let name = camel(bin) + "Function";
        for variable in environment(&name).iter().filter(|variable| *variable != NUMBER && !code.contains(&format!("\"{variable}\""))) {
            complaints.push(format!("template.yaml: {name} is given {variable}, which no code reads"));
        }
    }
    none(&complaints);
}
