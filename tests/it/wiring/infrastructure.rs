//! What tables, queues and policies must have in production.

use super::template::{Template, each, statements, text, written};
use super::{file, none};
use serde_norway::Value;
use std::collections::BTreeSet;

#[test]
fn no_function_may_more_than_can_be_named() {
    let mut complaints = Vec::new();
    let template = Template::main();
    for (name, function) in template.resources("AWS::Serverless::Function") {
        for statement in statements(function) {
            for action in each(&statement["Action"]).into_iter().map(text) {
                if action.contains('*') || !action.contains(':') {
                    complaints.push(format!("template.yaml: {name} may `{action}`; name the actions"));
                }
            }
            for resource in each(&statement["Resource"]).into_iter().map(written) {
                // A stream's name is the time it was made and a label's the parcel it is for: they can't be named beforehand.
                if resource.is_empty()
                    || (resource.contains('*') && !["Arn}/stream/*", "Arn}/labels/*"].iter().any(|named| resource.ends_with(named)))
                {
                    complaints.push(format!("template.yaml: {name} may act on `{resource}`; name the resource"));
                }
            }
        }
        for policy in each(&function["Policies"]).into_iter().filter(|policy| policy.is_string()) {
            complaints.push(format!("template.yaml: {name} has the managed policy {}; name its rights", text(policy)));
        }
    }
    none(&complaints);
}

/// Lambda's own advice: six times the function's timeout, so that no job is handed out while it is still tried.
#[test]
fn a_job_stays_hidden_for_six_times_its_workers_timeout() {
    let (template, queues) = (Template::main(), Template::read("infra/queues.yaml"));
    let mut complaints = Vec::new();
    for (name, mapping) in template.resources("AWS::Lambda::EventSourceMapping") {
        let source = written(&mapping["EventSourceArn"]);
        let Some(queue) = source.strip_prefix("!GetAtt Queues.Outputs.").and_then(|output| output.strip_suffix("Arn")) else { continue };
        let function = written(&mapping["FunctionName"]).replace("!Ref ", "").replace(".Alias", "");
        let own = template.resource(&function).and_then(|function| function["Properties"]["Timeout"].as_u64());
        let timeout = own.or(template.root["Globals"]["Function"]["Timeout"].as_u64()).expect("a timeout");
        let hidden = queues.resource(queue).and_then(|queue| queue["Properties"]["VisibilityTimeout"].as_u64()).unwrap_or(30);
        if hidden < 6 * timeout {
            complaints.push(format!("infra/queues.yaml: {queue} hides a job for {hidden} s; {name} needs {} s", 6 * timeout));
        }
    }
    none(&complaints);
}

#[test]
fn every_queue_is_encrypted_and_has_dead_letters_that_are_kept_longest() {
    let queues = Template::read("infra/queues.yaml");
    let mut complaints = Vec::new();
    for (name, queue) in queues.resources("AWS::SQS::Queue") {
        let mut expect = |what: &str, holds: bool| {
            if !holds {
                complaints.push(format!("infra/queues.yaml: {name} lacks {what}"));
            }
        };
        expect("SqsManagedSseEnabled: true", queue["SqsManagedSseEnabled"].as_bool() == Some(true));
        expect("MessageRetentionPeriod: 1209600", queue["MessageRetentionPeriod"].as_u64() == Some(1_209_600));
        let dead = name.ends_with("DeadLetters");
        expect("a RedriveAllowPolicy", !dead || !queue["RedriveAllowPolicy"].is_null());
        let letters = written(&queue["RedrivePolicy"]["deadLetterTargetArn"]);
        let expected = format!("!GetAtt {}DeadLetters.Arn", name.trim_end_matches("Queue"));
        expect(&format!("a RedrivePolicy to {expected}"), dead || letters == expected);
        expect("maxReceiveCount: 20", dead || queue["RedrivePolicy"]["maxReceiveCount"].as_u64() == Some(20));
        let policy = queues.resource("TlsOnly").expect("TlsOnly");
        let covered = each(&policy["Properties"]["Queues"]).into_iter().any(|covered| written(covered) == format!("!Ref {name}"));
        expect("its line in TlsOnly", covered);
    }
    none(&complaints);
}

#[test]
fn every_dead_letter_and_every_late_stream_wakes_somebody() {
    let (queues, monitoring) = (Template::read("infra/queues.yaml"), Template::read("infra/monitoring.yaml"));
    let alarms: Vec<String> = monitoring
        .resources("AWS::CloudWatch::Alarm")
        .into_iter()
        .filter(|(_, alarm)| written(&alarm["AlarmActions"][0]) == "!Ref AlarmTopic")
        .flat_map(|(_, alarm)| each(&alarm["Dimensions"]).into_iter().map(|dimension| written(&dimension["Value"])).collect::<Vec<_>>())
        .collect();
    let queues = queues.resources("AWS::SQS::Queue").into_iter().map(|(name, _)| name + "Name");
    let streams = ["RelayFunctionName", "InventoryLogFunctionName"].map(ToOwned::to_owned);
    let silent = queues.chain(streams).filter(|name| !alarms.contains(&format!("!Ref {name}")));
    none(&silent.map(|name| format!("infra/monitoring.yaml has no alarm on {name}")).collect::<Vec<_>>());
}

#[test]
fn every_worker_and_schedule_that_crashes_wakes_somebody() {
    let templates = [Template::main(), Template::read("infra/monitoring.yaml")];
    let alarms: Vec<String> = templates
        .iter()
        .flat_map(|template| template.resources("AWS::CloudWatch::Alarm"))
        .filter(|(_, alarm)| (text(&alarm["Namespace"]), text(&alarm["MetricName"])) == ("AWS/Lambda".to_owned(), "Errors".to_owned()))
        .map(|(_, alarm)| written(&alarm["Dimensions"][0]["Value"]))
        .collect();
    let silent = functions::WORKERS.iter().chain(functions::SCHEDULES).filter(|bin| {
        let watched = format!("!Sub ${{Project}}-${{Stage}}-{bin}");
        alarms.iter().filter(|alarm| **alarm == watched).count() != 1
    });
    none(&silent.map(|bin| format!("{bin} has no alarm on its errors, or two")).collect::<Vec<_>>());
    let runbook = file("docs/runbook.md");
    let section = runbook.split("\n## ").find(|section| section.starts_with("FUNCTION-errors")).expect("a section");
    let prefix = "!Sub ${Project}-${Stage}-";
    let unnamed = alarms.iter().filter_map(|alarm| alarm.strip_prefix(prefix)).filter(|bin| !section.contains(&format!("`{bin}`")));
    none(&unnamed.map(|bin| format!("docs/runbook.md says nothing of {bin}")).collect::<Vec<_>>());
}

/// There is a customer's name and address on every label.
#[test]
fn the_labels_are_encrypted_and_nobody_but_our_functions_reaches_them() {
    let labels = Template::read("infra/labels.yaml");
    let buckets = labels.resources("AWS::S3::Bucket");
    let [(name, bucket)] = buckets.as_slice() else { panic!("{buckets:?}") };
    let whole = labels.resource(name).expect("it is there");
    assert_eq!((text(&whole["DeletionPolicy"]), text(&whole["UpdateReplacePolicy"])), ("Retain".to_owned(), "Retain".to_owned()));
    for block in ["BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"] {
        assert_eq!(bucket["PublicAccessBlockConfiguration"][block].as_bool(), Some(true), "{block}");
    }
    let encryption = &bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"][0]["ServerSideEncryptionByDefault"];
    assert_eq!(text(&encryption["SSEAlgorithm"]), "AES256");
    let policy = &labels.resource("TlsOnly").expect("TlsOnly")["Properties"];
    let statement = &policy["PolicyDocument"]["Statement"][0];
    assert_eq!((written(&policy["Bucket"]), text(&statement["Effect"])), (format!("!Ref {name}"), "Deny".to_owned()));
    assert_eq!(statement["Condition"]["Bool"]["aws:SecureTransport"].as_bool(), Some(false));
    let may: Vec<(String, String)> = Template::main()
        .resources("AWS::Serverless::Function")
        .into_iter()
        .flat_map(|(function, properties)| {
            let actions = statements(properties).into_iter().flat_map(|statement| each(&statement["Action"])).map(text);
            actions.filter(|action| action.starts_with("s3:")).map(move |action| (function.clone(), action)).collect::<Vec<_>>()
        })
        .collect();
    let expected = [("ShipmentsFunction", "s3:GetObject"), ("BookShipmentFunction", "s3:PutObject")];
    assert_eq!(may, expected.map(|(function, action)| (function.to_owned(), action.to_owned())));
}

/// What the code says in `alarm = "…"` of a log line is what a metric filter counts, and an alarm looks at its metric.
#[test]
fn every_alarm_of_the_logs_is_counted_and_wakes_somebody() {
    let monitoring = Template::read("infra/monitoring.yaml");
    let code =
        ["payments/outgoing.rs", "payments/incoming.rs", "workers/ask_providers.rs"].map(|path| file(&format!("functions/src/{path}")));
    let words: Vec<String> =
        code.iter().flat_map(|code| code.split("alarm = \"").skip(1)).filter_map(|rest| Some(rest.split('"').next()?.to_owned())).collect();
    assert!(words.len() > 3, "{words:?}");
    let alarms = monitoring.resources("AWS::CloudWatch::Alarm");
    let filters = monitoring.resources("AWS::Logs::MetricFilter");
    let is_heard = |word: &String| {
        let counted = filters.iter().filter(|(_, filter)| text(&filter["FilterPattern"]).contains(&format!("$.alarm = \"{word}\"")));
        let mut metrics = counted.map(|(_, filter)| text(&filter["MetricTransformations"][0]["MetricName"])).peekable();
        metrics.peek().is_some() && metrics.all(|metric| alarms.iter().any(|(_, alarm)| text(&alarm["MetricName"]) == metric))
    };
    none(&words.iter().filter(|word| !is_heard(word)).map(|word| format!("infra/monitoring.yaml is deaf to {word}")).collect::<Vec<_>>());
}

#[test]
fn every_alarm_has_its_section_in_the_runbook() {
    let templates = [Template::main(), Template::read("infra/monitoring.yaml")];
    let alarms = templates.iter().flat_map(|template| template.resources("AWS::CloudWatch::Alarm")).map(|(_, alarm)| {
        let name = written(&alarm["AlarmName"]).replace("!Sub ${Project}-${Stage}-", "");
        // What to do about a function that crashes is the same for each.
        if text(&alarm["Namespace"]) == "AWS/Lambda" && name.ends_with("-errors") { "FUNCTION-errors".to_owned() } else { name }
    });
    let alarms: Vec<String> = alarms.collect::<BTreeSet<_>>().into_iter().collect();
    let runbook = file("docs/runbook.md");
    let mut sections: Vec<&str> = runbook.lines().filter_map(|line| line.strip_prefix("## ")).collect();
    sections.sort_unstable();
    assert_eq!(alarms, sections, "alarms of the templates, and sections of docs/runbook.md");
    for section in runbook.split("\n## ").skip(1) {
        for part in ["**Means**", "**Look**", "**Do**"] {
            assert!(section.contains(part), "no {part} in {section}");
        }
    }
}

#[test]
fn every_table_can_be_restored_and_not_be_lost() {
    let tables = Template::read("infra/tables.yaml");
    let resources = tables.resources("AWS::DynamoDB::Table");
    assert_eq!(resources.len(), store::Table::ALL.len(), "infra/tables.yaml and store::Table have different tables");
    let mut complaints = Vec::new();
    for (name, table) in resources {
        let whole = tables.resource(&name).expect("it is there");
        let is = |value: &Value| value.as_bool() == Some(true);
        let mut expect = |what: &str, holds: bool| {
            if !holds {
                complaints.push(format!("infra/tables.yaml: {name} lacks {what}"));
            }
        };
        expect("DeletionPolicy: Retain", text(&whole["DeletionPolicy"]) == "Retain");
        expect("UpdateReplacePolicy: Retain", text(&whole["UpdateReplacePolicy"]) == "Retain");
        expect("BillingMode: PAY_PER_REQUEST", text(&table["BillingMode"]) == "PAY_PER_REQUEST");
        expect("DeletionProtectionEnabled: true", is(&table["DeletionProtectionEnabled"]));
        expect("point-in-time recovery", is(&table["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"]));
        expect("encryption", is(&table["SSESpecification"]["SSEEnabled"]));
        expect(
            "TTL on ttl",
            text(&table["TimeToLiveSpecification"]["AttributeName"]) == "ttl" && is(&table["TimeToLiveSpecification"]["Enabled"]),
        );
        let streamed = ["OrdersTable", "ReturnsTable", "InventoryTable"].contains(&name.as_str());
        let stream = text(&table["StreamSpecification"]["StreamViewType"]);
        expect("a stream of both images", !streamed || stream == "NEW_AND_OLD_IMAGES");
        let indexes = table["GlobalSecondaryIndexes"].as_sequence().into_iter().flatten();
        for index in indexes {
            expect("an index of keys alone", text(&index["Projection"]["ProjectionType"]) == "KEYS_ONLY");
        }
    }
    none(&complaints);
}
