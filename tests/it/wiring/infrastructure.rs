//! What tables, queues and policies must have in production.

use super::openapi::sources;
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

/// The seconds that a worker's own bounds are made for, and where they stand: it stops looking for more in time to be done with what
/// it has begun.
const MADE_FOR: &[(&str, u64, &str)] = &[
    ("Relay", 30, "relay.rs"),
    ("BookShipment", 60, "book_shipment.rs"),
    ("CancelUnpaidOrders", 60, "sweep.rs"),
    ("RejectLateReturns", 60, "sweep.rs"),
    ("AskProviders", 180, "ask_providers.rs"),
];

#[test]
fn a_worker_has_the_time_that_its_bounds_are_made_for() {
    let template = Template::main();
    let mut complaints = Vec::new();
    for (name, seconds, place) in MADE_FOR {
        let function = template.resource(&format!("{name}Function")).unwrap_or_else(|| panic!("template.yaml has no {name}Function"));
        let timeout = function["Properties"]["Timeout"].as_u64();
        if timeout != Some(*seconds) {
            complaints
                .push(format!("template.yaml: {name}Function has {timeout:?} s, and functions/src/workers/{place} is made for {seconds}"));
        }
    }
    let asked = written(
        &template.resource("AskProvidersFunction").expect("a function")["Properties"]["Events"]["Schedule"]["Properties"]["Schedule"],
    );
    if asked != "rate(5 minutes)" {
        complaints.push(format!(
            "template.yaml: AskProvidersFunction runs at {asked}, and functions/src/workers/ask_providers.rs is made for 5 minutes"
        ));
    }
    none(&complaints);
}

/// SNS makes no subscription whose retries could take longer (docs.aws.amazon.com/sns, sns-message-delivery-retries). Which delays
/// lie between the least and the most is its own, so they count as the most.
#[test]
fn no_subscription_is_tried_again_for_longer_than_an_hour_and_what_is_given_up_is_kept() {
    let mut complaints = Vec::new();
    let template = Template::main();
    let subscriptions = template.resources("AWS::SNS::Subscription");
    assert!(!subscriptions.is_empty());
    for (name, subscription) in subscriptions {
        let policy = &subscription["DeliveryPolicy"]["healthyRetryPolicy"];
        let of = |what: &str| policy[what].as_u64().unwrap_or_else(|| panic!("{name} says no {what}"));
        let short = of("numMinDelayRetries");
        let long = of("numRetries") - of("numNoDelayRetries") - short;
        let seconds = short * of("minDelayTarget") + long * of("maxDelayTarget");
        if seconds > 3600 {
            complaints.push(format!("template.yaml: {name} may be tried again for {seconds} s; SNS takes 3600 at most"));
        }
        if written(&subscription["RedrivePolicy"]["deadLetterTargetArn"]) != "!GetAtt EmailEvents.Outputs.DeadLettersArn" {
            complaints.push(format!("template.yaml: what SNS gives up of {name} is lost"));
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
    let of_sns = "EmailEventsDeadLettersName".to_owned();
    let alarms: Vec<String> = monitoring
        .resources("AWS::CloudWatch::Alarm")
        .into_iter()
        .filter(|(_, alarm)| written(&alarm["AlarmActions"][0]) == "!Ref AlarmTopic")
        .flat_map(|(_, alarm)| each(&alarm["Dimensions"]).into_iter().map(|dimension| written(&dimension["Value"])).collect::<Vec<_>>())
        .collect();
    let queues = queues.resources("AWS::SQS::Queue").into_iter().map(|(name, _)| name + "Name");
    let streams = ["RelayFunctionName", "InventoryLogFunctionName"].map(ToOwned::to_owned);
    let silent = queues.chain(streams).chain([of_sns]).filter(|name| !alarms.contains(&format!("!Ref {name}")));
    none(&silent.map(|name| format!("infra/monitoring.yaml has no alarm on {name}")).collect::<Vec<_>>());
}

/// Whoever isn't called makes neither errors nor an age, so what a table was written is held against what was heard of it.
#[test]
fn every_stream_that_nobody_is_called_for_wakes_somebody() {
    let (main, monitoring) = (Template::main(), Template::read("infra/monitoring.yaml"));
    let given = &main.resource("Monitoring").expect("a stack")["Properties"]["Parameters"];
    let alarms = monitoring.resources("AWS::CloudWatch::Alarm");
    let mut complaints = Vec::new();
    for (mapping, properties) in main.resources("AWS::Lambda::EventSourceMapping") {
        let source = written(&properties["EventSourceArn"]);
        let Some(table) = source.strip_prefix("!GetAtt Tables.Outputs.").and_then(|name| name.strip_suffix("StreamArn")) else { continue };
        let table = format!("{table}TableName");
        assert_eq!(written(&given[table.as_str()]), format!("!GetAtt Tables.Outputs.{table}"));
        let has_events = text(&properties["FilterCriteria"]["Filters"][0]["Pattern"]).contains("EVENT#");
        let watching = alarms.iter().filter(|(_, alarm)| {
            let [lost, written_to, heard] = each(&alarm["Metrics"])[..] else { return false };
            let dimensions = each(&written_to["MetricStat"]["Metric"]["Dimensions"]);
            let at: Vec<String> = dimensions.into_iter().map(|dimension| written(&dimension["Value"])).collect();
            let expected = if has_events { vec![format!("!Ref {table}"), "byHour".to_owned()] } else { vec![format!("!Ref {table}")] };
            let heard_as = text(&heard["Id"]);
            let stats = [written_to, heard].map(|metric| (text(&metric["MetricStat"]["Stat"]), metric["MetricStat"]["Period"].as_u64()));
            at == expected
                && text(&written_to["MetricStat"]["Metric"]["MetricName"]) == "ConsumedWriteCapacityUnits"
                && text(&lost["Expression"]) == format!("IF(FILL(written, 0) > 0 AND FILL({heard_as}, 0) == 0, 1, 0)")
                && text(&written_to["Id"]) == "written"
                && stats.iter().all(|stat| *stat == ("Sum".to_owned(), Some(900)))
                && [written_to, heard].iter().all(|metric| metric["ReturnData"].as_bool() == Some(false))
                && written(&alarm["AlarmActions"][0]) == "!Ref AlarmTopic"
        });
        if watching.count() != 1 {
            complaints.push(format!("infra/monitoring.yaml has no alarm on the stream of {mapping} that nobody is called for, or two"));
        }
    }
    none(&complaints);
}

/// A queue where nobody takes anything is SQS's to tell of, and what is taken and goes back is its worker's.
#[test]
fn every_queue_whose_jobs_wait_wakes_somebody_whether_they_are_tried_or_not() {
    let (queues, monitoring) = (Template::read("infra/queues.yaml"), Template::read("infra/monitoring.yaml"));
    let alarms = monitoring.resources("AWS::CloudWatch::Alarm");
    let mut complaints = Vec::new();
    for (queue, _) in queues.resources("AWS::SQS::Queue").into_iter().filter(|(name, _)| !name.ends_with("DeadLetters")) {
        for metric in [("AWS/SQS", "ApproximateAgeOfOldestMessage"), ("!Sub ${Project}-${Stage}", "JobAge")] {
            let watched = alarms.iter().filter(|(_, alarm)| {
                let looks = (written(&alarm["Namespace"]), text(&alarm["MetricName"]));
                let at = (text(&alarm["Dimensions"][0]["Name"]), written(&alarm["Dimensions"][0]["Value"]));
                looks == (metric.0.to_owned(), metric.1.to_owned()) && at == ("QueueName".to_owned(), format!("!Ref {queue}Name"))
            });
            if watched.count() != 1 {
                complaints.push(format!("infra/monitoring.yaml has no alarm on {metric:?} of {queue}, or two"));
            }
        }
    }
    none(&complaints);
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

/// What is not started makes no errors.
#[test]
fn every_schedule_that_no_longer_runs_wakes_somebody() {
    let template = Template::read("infra/monitoring.yaml");
    let missed = functions::SCHEDULES.iter().filter(|bin| {
        !template.resources("AWS::CloudWatch::Alarm").iter().any(|(_, alarm)| {
            let looks = (text(&alarm["MetricName"]), text(&alarm["ComparisonOperator"]), text(&alarm["TreatMissingData"]));
            looks == ("Invocations".to_owned(), "LessThanThreshold".to_owned(), "breaching".to_owned())
                && written(&alarm["Dimensions"][0]["Value"]) == format!("!Sub ${{Project}}-${{Stage}}-{bin}")
        })
    });
    none(&missed.map(|bin| format!("{bin} may stop unheard")).collect::<Vec<_>>());
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

/// What code says in `alarm = "…"` of a log line, and the functions that come by that line.
const ALARMS: [(&str, &[&str]); 5] = [
    ("over-refunded", &["relay"]),
    ("refund-came-back", &["relay"]),
    ("payment-mismatch", &["relay", "ask-providers", "webhooks-stripe", "webhooks-pawapay"]),
    ("refund-stuck", &["ask-providers"]),
    ("template-unfilled", &["send-email"]),
];

/// The word of each `alarm = "…"`.
fn alarms_in(text: &str) -> impl Iterator<Item = String> {
    text.split("alarm = \"").skip(1).filter_map(|rest| Some(rest.split_once('"')?.0.to_owned()))
}

/// Every source of what is deployed: its path, and what is in it.
fn deployed() -> Vec<(String, String)> {
    let shared = ["api", "domain", "providers", "store"].map(|name| format!("shared/{name}/src"));
    let places = std::iter::once("functions/src".to_owned()).chain(shared);
    places
        .flat_map(|place| sources(&place))
        .map(|path| {
            let code = file(&path);
            (path, code)
        })
        .collect()
}

#[test]
fn every_alarm_is_said_by_those_who_are_known_to_say_it() {
    let sources = deployed();
    let said: BTreeSet<String> = sources.iter().flat_map(|(_, code)| alarms_in(code).collect::<Vec<_>>()).collect();
    let known: BTreeSet<String> = ALARMS.iter().map(|(word, _)| (*word).to_owned()).collect();
    assert_eq!(said, known, "what the code says, and what this table has");

    // They are said by who relays the events, where payments are dealt with that come in and mails are made, and by who calls that.
    let speaks = |code: &str| code.contains("incoming::") || code.contains("messages::email(");
    let is_shared = |path: &str| path.contains("/payments/") || path.contains("/messages/");
    let callers = sources.iter().filter(|(path, code)| !is_shared(path) && (speaks(code) || alarms_in(code).next().is_some()));
    let bins =
        functions::ENDPOINTS.iter().map(|endpoint| endpoint.bin).chain(functions::WORKERS.iter().chain(functions::SCHEDULES).copied());
    let bins: Vec<&str> = bins.collect();
    let mut speakers = BTreeSet::new();
    for (path, _) in callers.filter(|(path, _)| path.starts_with("functions/src/")) {
        let place = path.trim_start_matches("functions/src/").trim_start_matches("workers/").replace(['/', '_'], "-");
        let own = bins
            .iter()
            .filter(|bin| place.starts_with(&format!("{bin}-")) || place.starts_with(&format!("{bin}.")))
            .max_by_key(|bin| bin.len());
        speakers.insert((*own.unwrap_or_else(|| panic!("{path} is no function's"))).to_owned());
    }
    let known: BTreeSet<String> = ALARMS.iter().flat_map(|(_, functions)| *functions).map(|bin| (*bin).to_owned()).collect();
    assert_eq!(speakers, known, "who calls code that raises alarms, and who is in this table");
}

/// Each function has its own log, so a word needs a filter on the log of everybody who can say it, and an alarm on what that counts.
#[test]
fn every_alarm_of_the_logs_is_counted_in_each_log_and_wakes_somebody() {
    let (template, monitoring) = (Template::main(), Template::read("infra/monitoring.yaml"));
    let names = &template.resource("Monitoring").expect("Monitoring")["Properties"]["Parameters"];
    let wake = monitoring.resources("AWS::CloudWatch::Alarm").into_iter();
    let wake = wake.filter(|(_, alarm)| written(&alarm["AlarmActions"][0]) == "!Ref AlarmTopic");
    let woken_by: BTreeSet<String> = wake.map(|(_, alarm)| text(&alarm["MetricName"])).collect();
    let (mut heard, mut complaints) = (BTreeSet::new(), Vec::new());
    for (filter, properties) in monitoring.resources("AWS::Logs::MetricFilter") {
        let metric = text(&properties["MetricTransformations"][0]["MetricName"]);
        if !woken_by.contains(&metric) {
            complaints.push(format!("infra/monitoring.yaml: {filter} counts {metric}, which wakes nobody"));
        }
        let group = written(&names[written(&properties["LogGroupName"]).trim_start_matches("!Ref ")]);
        let group = template.resource(group.trim_start_matches("!Ref ")).unwrap_or_else(|| panic!("template.yaml: {filter} has no log"));
        let group = written(&group["Properties"]["LogGroupName"]);
        let bin = group.strip_prefix("!Sub /aws/lambda/${Project}-${Stage}-").unwrap_or_else(|| panic!("{group} is no function's"));
        heard.extend(alarms_in(&text(&properties["FilterPattern"])).map(|word| (word, bin.to_owned())));
    }
    for (word, functions) in ALARMS {
        let deaf = functions.iter().filter(|bin| !heard.contains(&(word.to_owned(), (**bin).to_owned())));
        complaints.extend(deaf.map(|bin| format!("infra/monitoring.yaml is deaf to {word} in the log of {bin}")));
    }
    let unsaid = heard.iter().filter(|(word, _)| ALARMS.iter().all(|(said, _)| said != word));
    complaints.extend(unsaid.map(|(word, bin)| format!("infra/monitoring.yaml listens to {bin} for {word}, which nobody says")));
    none(&complaints);
}

#[test]
fn every_alarm_has_its_section_in_the_runbook() {
    let templates = [Template::main(), Template::read("infra/monitoring.yaml")];
    let alarms = templates.iter().flat_map(|template| template.resources("AWS::CloudWatch::Alarm")).map(|(_, alarm)| {
        let name = written(&alarm["AlarmName"]).replace("!Sub ${Project}-${Stage}-", "");
        // What to do about a function that crashes is the same for each.
        match name.rsplit_once('-') {
            Some((_, "errors")) if text(&alarm["Namespace"]) == "AWS/Lambda" => "FUNCTION-errors".to_owned(),
            Some((_, "silent")) => "SCHEDULE-silent".to_owned(),
            Some((_, "unrelayed")) => "TABLE-unrelayed".to_owned(),
            _ if name.ends_with("-job-age") => "QUEUE-job-age".to_owned(),
            _ => name,
        }
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
