use super::*;
use serde_json::json;

fn properties(yaml: &str) -> Result<Json, String> {
    let indented = yaml.replace('\n', "\n      ");
    let template = format!(
        "Parameters:\n  Days:\n    Default: 14\nResources:\n  Jobs:\n    Type: AWS::SQS::Queue\n    Properties:\n      \
         QueueName: !Sub '${{Project}}-${{Stage}}-jobs'\n      {indented}\n"
    );
    let mut resources = Template::parse(&template).unwrap().resources("AWS::SQS::Queue", &[]).map_err(|e| e.to_string())?;
    Ok(Json::Object(resources.remove(0).properties))
}

#[test]
fn the_short_forms_are_resolved_for_the_local_stage() {
    let yaml = "A: !Ref Stage\nB: !GetAtt Jobs.Arn\nC: !Sub 'a-${Days}-${Jobs.Arn}-${!Literal}'\nD: [1, true]";
    assert_eq!(
        properties(yaml).unwrap(),
        json!({
            "QueueName": "shop-local-jobs",
            "A": "local",
            "B": "arn:aws:sqs:local:000000000000:shop-local-jobs",
            "C": "a-14-arn:aws:sqs:local:000000000000:shop-local-jobs-${Literal}",
            "D": [1, true],
        })
    );
}

#[test]
fn what_is_not_understood_is_named_with_its_place() {
    let cases = [
        ("Ref: x", "Jobs: the long form `Ref` is not supported by the local emulators"),
        ("A: !If [x, 1, 2]", "Jobs.A: `!If` is not supported by the local emulators"),
        ("A: {B: {Fn::Join: [x]}}", "Jobs.A.B: the long form `Fn::Join` is not supported by the local emulators"),
        ("A: !GetAtt Jobs.QueueUrl", "Jobs.A: `!GetAtt Jobs.QueueUrl` is not supported by the local emulators"),
        ("A: !Sub ['${x}', {x: 1}]", "Jobs.A: `!Sub` of a list is not supported by the local emulators"),
        ("A: !Ref Nobody", "Jobs.A: there is no Nobody in the template, or it has no value here"),
        ("A: !GetAtt No.Arn", "Jobs.A: there is no No.Arn in the template, or it has no value here"),
    ];
    for (yaml, expected) in cases {
        assert_eq!(properties(yaml).unwrap_err(), expected);
    }
}

#[test]
fn a_resource_of_another_type_is_named_unless_it_has_no_effect_here() {
    let template = Template::parse("Resources:\n  Alarm:\n    Type: AWS::CloudWatch::Alarm\n").unwrap();
    let error = template.resources("AWS::SQS::Queue", &[]).err().unwrap();
    assert_eq!(error.to_string(), "Alarm: AWS::CloudWatch::Alarm is not supported by the local emulators");
    assert!(template.resources("AWS::SQS::Queue", &["AWS::CloudWatch::Alarm"]).unwrap().is_empty());
}
