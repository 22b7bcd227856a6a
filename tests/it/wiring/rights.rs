//! What functions may do beside the tables' items (`grants.rs`): to queues, streams, secrets, labels, and in SES's name. Each right
//! is for something that the function is told of by a variable, or is given to work on by a mapping; each of these has its rights.

use super::none;
use super::template::{Template, each, text, written};
use serde_norway::Value;
use std::collections::{BTreeMap, BTreeSet};

/// `sqs:SendMessage on !GetAtt Queues.Outputs.EmailQueueArn`, and of what is there only where a parameter is given `if HasX: …`.
type Rights = BTreeSet<String>;

/// What Lambda does in a function's name to hand it the jobs of a queue, and the worker itself to put one off.
const OF_A_QUEUE: [&str; 4] = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ChangeMessageVisibility"];
const OF_A_STREAM: [&str; 3] = ["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"];
/// How the tables' items are read and written.
const OF_ITEMS: [&str; 7] = ["GetItem", "BatchGetItem", "PutItem", "UpdateItem", "DeleteItem", "ConditionCheckItem", "Query"];

/// Every right of some policies, and the managed ones among them.
fn given(template: &Template, policies: &Value) -> (Rights, BTreeSet<String>) {
    let (mut rights, mut managed) = (Rights::new(), BTreeSet::new());
    collect(template, "", policies, &mut |condition, statement| match statement {
        Value::Tagged(reference) if reference.tag == "!Ref" => {
            managed.insert(format!("{condition}{}", text(&reference.value)));
        }
        statement => {
            for action in each(&statement["Action"]).into_iter().map(text) {
                let is_of_items = action.strip_prefix("dynamodb:").is_some_and(|name| OF_ITEMS.contains(&name));
                for resource in each(&statement["Resource"]).into_iter().filter(|_| !is_of_items) {
                    rights.insert(format!("{condition}{action} on {}", written(resource)));
                }
            }
        }
    });
    (rights, managed)
}

/// Calls `see` with each statement and each reference to a managed policy, and with what has to hold for it to be there.
fn collect(template: &Template, condition: &str, value: &Value, see: &mut impl FnMut(&str, &Value)) {
    match value {
        Value::Sequence(values) => values.iter().for_each(|value| collect(template, condition, value, see)),
        Value::Mapping(_) if value.get("Effect").is_some() => see(condition, value),
        Value::Mapping(members) => members.iter().for_each(|(_, value)| collect(template, condition, value, see)),
        Value::Tagged(tagged) if tagged.tag == "!If" => {
            let [name, then, otherwise] = [0, 1, 2].map(|at| &tagged.value[at]);
            assert!(condition.is_empty() && written(otherwise) == "!Ref AWS::NoValue", "{value:?}");
            assert!(!template.root["Conditions"][text(name)].is_null(), "{value:?}");
            collect(template, &format!("if {}: ", text(name)), then, see);
        }
        Value::Tagged(_) => see(condition, value),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// `HasDhlSecret`, which holds where `DhlSecretArn` is given.
fn condition_of(template: &Template, parameter: &str) -> Option<String> {
    let conditions = template.root["Conditions"].as_mapping().expect("conditions");
    let is_given = |definition: &Value| {
        let Value::Tagged(not) = definition else { return false };
        let Value::Tagged(equals) = &not.value[0] else { return false };
        not.tag == "!Not" && equals.tag == "!Equals" && written(&equals.value[0]) == format!("!Ref {parameter}") && equals.value[1] == ""
    };
    conditions.iter().find(|(_, definition)| is_given(definition)).map(|(name, _)| text(name))
}

/// What a function needs, by what it is told and what it is given to work on.
fn needed(template: &Template, name: &str, variables: &BTreeMap<String, &Value>) -> (Rights, BTreeSet<String>) {
    let (mut rights, mut managed) = (Rights::new(), BTreeSet::new());
    let mut worked_off = BTreeSet::new();
    for (_, mapping) in template.resources("AWS::Lambda::EventSourceMapping") {
        if written(&mapping["FunctionName"]).trim_end_matches(".Alias") != format!("!Ref {name}") {
            continue;
        }
        let source = written(&mapping["EventSourceArn"]);
        if source.contains("Queues.Outputs") {
            rights.extend(OF_A_QUEUE.map(|action| format!("{action} on {source}")));
            worked_off.insert(source);
        } else {
            rights.extend(OF_A_STREAM.map(|action| format!("{action} on {source}")));
            let table = source.replace("!GetAtt ", "").replace("StreamArn", "TableArn");
            rights.insert(format!("dynamodb:ListStreams on !Sub ${{{table}}}/stream/*"));
            rights.insert(format!("sqs:SendMessage on {}", written(&mapping["DestinationConfig"]["OnFailure"]["Destination"])));
        }
    }
    for (variable, value) in variables {
        match variable.as_str() {
            "JWT_SECRET_ARN" => {
                managed.insert("if ReadsJwtSecret: ReadJwtSecret".to_owned());
            }
            // A topic that tells, and that nobody here writes to.
            "SES_TOPIC_ARN" => {}
            secret if secret.ends_with("_ARN") => {
                let parameter = written(value).replace("!Ref ", "");
                let condition =
                    condition_of(template, &parameter).unwrap_or_else(|| panic!("template.yaml has no condition for {parameter}"));
                rights.insert(format!("if {condition}: secretsmanager:GetSecretValue on !Ref {parameter}"));
                managed.insert("if HasSecretsKey: DecryptSecrets".to_owned());
            }
            queue if queue.ends_with("_QUEUE_URL") => {
                let queue = written(value).replace("QueueUrl", "QueueArn");
                // Health asks whether it is there; whoever works it off has its rights already; all others send to it.
                if name == "HealthFunction" {
                    rights.insert(format!("sqs:GetQueueAttributes on {queue}"));
                } else if !worked_off.contains(&queue) {
                    rights.insert(format!("sqs:SendMessage on {queue}"));
                }
            }
            "LABELS_URL" => {
                let action = if name == "BookShipmentFunction" { "PutObject" } else { "GetObject" };
                rights.insert(format!("s3:{action} on !Sub ${{Labels.Outputs.LabelsBucketArn}}/labels/*"));
            }
            "EMAIL_FROM" => {
                let sender = ["identity/${Identity}", "configuration-set/${Name}"];
                let ses = "arn:${AWS::Partition}:ses:${AWS::Region}:${AWS::AccountId}";
                rights.extend(sender.map(|sender| format!("ses:SendEmail on !Sub {ses}:{sender}")));
            }
            _ => {}
        }
    }
    (rights, managed)
}

#[test]
fn every_right_beside_the_tables_is_for_something_that_the_function_is_told_of() {
    let template = Template::main();
    let mut complaints = Vec::new();
    let mut seen = 0;
    for (name, function) in template.resources("AWS::Serverless::Function") {
        let variables = function["Environment"]["Variables"].as_mapping().into_iter().flatten();
        let variables: BTreeMap<String, &Value> = variables.map(|(variable, value)| (text(variable), value)).collect();
        let (given, given_by) = given(&template, &function["Policies"]);
        let (needed, needed_by) = needed(&template, &name, &variables);
        seen += given.len() + given_by.len();
        for (given, needed) in [(&given, &needed), (&given_by, &needed_by)] {
            complaints.extend(needed.difference(given).map(|right| format!("template.yaml: {name} lacks {right}")));
            complaints
                .extend(given.difference(needed).map(|right| format!("template.yaml: {name} has {right}, for nothing that it is told of")));
        }
    }
    assert!(seen > 70, "{seen} rights: this test doesn't see them");
    none(&complaints);
}

/// What several functions are given by one policy.
#[test]
fn the_shared_policies_read_the_secret_of_tokens_and_have_secrets_decrypted() {
    let template = Template::main();
    let of = |name: &str| {
        let policy = &template.resource(name).expect("a policy");
        (text(&policy["Condition"]), given(&template, &policy["Properties"]["PolicyDocument"]["Statement"]).0)
    };
    let rights = |rights: &[&str]| rights.iter().map(ToString::to_string).collect::<Rights>();
    let decrypts = "kms:Decrypt on !Ref SecretsKeyArn";
    let (condition, reads) = of("ReadJwtSecret");
    assert_eq!(condition, "ReadsJwtSecret");
    // Which of the two it is, is the variable's own choice.
    let statement = &template.resource("ReadJwtSecret").expect("it is there")["Properties"]["PolicyDocument"]["Statement"][0];
    let variable = &template.resource("OrdersFunction").expect("it is there")["Properties"]["Environment"]["Variables"]["JWT_SECRET_ARN"];
    assert_eq!(&statement["Resource"], variable);
    assert_eq!(reads.len(), 2, "{reads:?}");
    assert!(reads.contains(&format!("if HasSecretsKey: {decrypts}")), "{reads:?}");
    assert_eq!(of("DecryptSecrets"), ("HasSecretsKey".to_owned(), rights(&[decrypts])));
    assert_eq!(condition_of(&template, "SecretsKeyArn").as_deref(), Some("HasSecretsKey"));

    // A key of the account's own decrypts much else.
    let mut through = 0;
    let mut look = |_: &str, statement: &Value| {
        if each(&statement["Action"]).into_iter().any(|action| text(action).starts_with("kms:")) {
            through += 1;
            let service = written(&statement["Condition"]["StringEquals"]["kms:ViaService"]);
            assert_eq!(service, "!Sub secretsmanager.${AWS::Region}.amazonaws.com", "{statement:?}");
        }
    };
    for (_, policy) in template.resources("AWS::IAM::ManagedPolicy") {
        collect(&template, "", &policy["PolicyDocument"]["Statement"], &mut look);
    }
    assert_eq!(through, 3, "two policies and the boundary");
}
