//! Settings: the rules that refuse what could not work, before anything is deployed, and the README's table of them.

use super::template::{Template, each, text, written};
use super::{camel, file, none};
use functions::{ENDPOINTS, SCHEDULES, WORKERS};
use serde_norway::Value;
use std::collections::{BTreeMap, BTreeSet};

/// The values of parameters, as they are when a deployment looks at the rules.
struct Settings<'a>(BTreeMap<String, String>, &'a Template);

impl<'a> Settings<'a> {
    fn new(template: &'a Template, given: &[(&str, &str)]) -> Self {
        let parameters = template.root["Parameters"].as_mapping().expect("parameters");
        let mut values: BTreeMap<String, String> =
            parameters.iter().map(|(name, parameter)| (text(name), scalar(&parameter["Default"]))).collect();
        for (name, value) in given {
            let known = values.insert((*name).to_owned(), (*value).to_owned());
            assert!(known.is_some(), "template.yaml has no parameter {name}");
        }
        Self(values, template)
    }

    /// The rules that don't hold.
    fn broken(&self) -> Vec<String> {
        let rules = self.1.root["Rules"].as_mapping().expect("rules");
        let is_broken = |rule: &Value| {
            self.holds(&rule["RuleCondition"]) && each(&rule["Assertions"]).into_iter().any(|assertion| !self.holds(&assertion["Assert"]))
        };
        rules.iter().filter(|(_, rule)| is_broken(rule)).map(|(name, _)| text(name)).collect()
    }

    /// A condition of a rule, in the functions that rules may use, as far as they are used here.
    fn holds(&self, condition: &Value) -> bool {
        let (function, arguments) = called(condition);
        match function.as_str() {
            "Equals" => self.value(&arguments[0]) == self.value(&arguments[1]),
            "Not" => !self.holds(&arguments[0]),
            "And" => each(arguments).into_iter().all(|condition| self.holds(condition)),
            "Or" => each(arguments).into_iter().any(|condition| self.holds(condition)),
            // Of a list, which a CommaDelimitedList is.
            "Contains" => self.value(&arguments[0]).split(',').any(|one| one.trim() == self.value(&arguments[1])),
            other => panic!("a rule can't use {other}, or this test doesn't know it"),
        }
    }

    fn value(&self, value: &Value) -> String {
        match written(value).strip_prefix("!Ref ") {
            Some(name) => self.0.get(name).unwrap_or_else(|| panic!("a rule can't refer to {name}, which is no parameter")).clone(),
            None => text(value),
        }
    }
}

/// `!Not [x]` and `Fn::Not: [x]`.
fn called(condition: &Value) -> (String, &Value) {
    match condition {
        Value::Tagged(tagged) => (tagged.tag.to_string().trim_start_matches('!').to_owned(), &tagged.value),
        Value::Mapping(members) if members.len() == 1 => {
            let (name, arguments) = members.iter().next().expect("one");
            (text(name).trim_start_matches("Fn::").to_owned(), arguments)
        }
        other => panic!("no function: {other:?}"),
    }
}

fn scalar(value: &Value) -> String {
    match value {
        Value::Number(number) => number.to_string(),
        other => text(other),
    }
}

const SECRET: &str = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:x";
const PRODUCTION: [(&str, &str); 3] =
    [("Stage", "prod"), ("EmailFrom", "orders@shop.example"), ("CorsOrigins", "https://shop.example,https://till.shop.example")];

/// Settings, and the rules that they break.
type Case<'a> = (Vec<(&'a str, &'a str)>, &'a [&'a str]);

#[test]
fn settings_that_could_not_work_are_refused_before_anything_is_deployed() {
    let template = Template::main();
    let account = "AC0123456789abcdef0123456789abcdef";
    let twilio = [("TwilioAccountSid", account), ("TwilioFrom", "+243810000000"), ("TwilioSecretArn", SECRET)];
    let key = "-----BEGIN PUBLIC KEY----- MIIB -----END PUBLIC KEY-----";
    let production = |changed: &[(&'static str, &'static str)]| [&PRODUCTION, changed].concat();
    let table: Vec<Case> = vec![
        (vec![], &[]),
        (vec![("Stage", "staging")], &[]),
        (vec![("Stage", "prod")], &["ProductionHasItsOwnSender", "ProductionHasItsOwnOrigins"]),
        (production(&[]), &[]),
        (production(&[("EmailFrom", "orders@example.com")]), &["ProductionHasItsOwnSender"]),
        (production(&[("CorsOrigins", "*")]), &["ProductionHasItsOwnOrigins"]),
        (production(&[("CorsOrigins", "https://shop.example,http://localhost:3000")]), &["ProductionHasItsOwnOrigins"]),
        (production(&[("CorsOrigins", "http://localhost:5173")]), &["ProductionHasItsOwnOrigins"]),
        (vec![("CorsOrigins", "*")], &[]),
        (vec![("EmailProviders", "ses,sendgrid")], &["SendGridHasItsKey"]),
        (vec![("EmailProviders", "sendgrid"), ("SendGridSecretArn", SECRET)], &[]),
        (twilio.to_vec(), &[]),
        (twilio[..1].to_vec(), &["TwilioIsWholeOrAbsent"]),
        (twilio[1..].to_vec(), &["TwilioIsWholeOrAbsent"]),
        (twilio[2..].to_vec(), &["TwilioIsWholeOrAbsent"]),
        (twilio[..2].to_vec(), &["TwilioIsWholeOrAbsent"]),
        (vec![("JwtPublicKey", key)], &[]),
        (vec![("JwtJwksUrl", "https://id.shop.example/keys"), ("JwtSecretArn", SECRET)], &[]),
        (vec![("JwtJwksUrl", "https://id.shop.example/keys"), ("JwtPublicKey", key)], &["TokensHaveOneSourceOfPublicKeys"]),
        (vec![("PawapayPublicKey", key)], &["PawapaySignsForAnAddress"]),
        (vec![("PawapayPublicKey", key), ("PublicUrl", "https://api.example.com")], &[]),
    ];
    for (given, broken) in &table {
        assert_eq!(Settings::new(&template, given).broken(), *broken, "{given:?}");
    }
    for (name, _) in template.root["Rules"].as_mapping().expect("rules") {
        assert!(table.iter().any(|(_, broken)| broken.contains(&text(name).as_str())), "nothing here breaks {name:?}");
    }
}

/// `samconfig.toml` as it stands deploys what needs nothing of the shop's own, and tells what production lacks.
#[test]
fn every_stage_of_samconfig_goes_with_the_rules() {
    let template = Template::main();
    let mut stages = BTreeMap::new();
    for section in file("samconfig.toml").split("\n[").filter(|section| section.contains(".deploy.parameters]")) {
        let (stage, _) = section.split_once(".deploy").expect("a stage");
        let overrides = section.lines().find_map(|line| line.strip_prefix("parameter_overrides = ")).expect("overrides");
        let given: Vec<&str> = overrides.trim_matches(['[', ']']).split(", ").map(|one| one.trim_matches('"')).collect();
        let given: Vec<(&str, &str)> = given.iter().map(|one| one.split_once('=').expect("a name and a value")).collect();
        stages.insert(stage.to_owned(), Settings::new(&template, &given).broken());
    }
    let lacks: Vec<String> = ["ProductionHasItsOwnSender", "ProductionHasItsOwnOrigins"].map(ToOwned::to_owned).to_vec();
    let expected = [("default", vec![]), ("dev", vec![]), ("staging", vec![]), ("prod", lacks)];
    assert_eq!(stages, expected.map(|(stage, broken)| (stage.to_owned(), broken)).into());
}

/// The row of a table: a parameter or several, and who is said to use them.
struct Row {
    parameters: Vec<String>,
    variables: Vec<String>,
    used_by: String,
}

fn names(cell: &str) -> Vec<String> {
    cell.split('`').skip(1).step_by(2).map(ToOwned::to_owned).collect()
}

fn rows(readme: &str) -> Vec<Row> {
    let table = readme.split("| parameter | default | variable | used by |").nth(1).expect("the table");
    let lines = table.lines().skip(2).take_while(|line| line.starts_with('|'));
    let mut rows: Vec<Row> = Vec::new();
    for line in lines {
        let line = line.replace("\\|", "/");
        let ["", parameters, _, variables, used_by, ""] = line.split('|').map(str::trim).collect::<Vec<_>>()[..] else { panic!("{line}") };
        // What is in brackets is an example.
        let parameters = names(parameters.split(" (").next().unwrap_or_default());
        let used_by = if used_by == "likewise" { rows.last().expect("a row before").used_by.clone() } else { used_by.to_owned() };
        rows.push(Row { parameters, variables: names(variables), used_by });
    }
    rows
}

#[test]
fn the_readme_says_of_each_parameter_which_functions_are_told_of_it() {
    let template = Template::main();
    let readme = file("README.md");
    let bins = ENDPOINTS.iter().map(|endpoint| endpoint.bin).chain(WORKERS.iter().copied()).chain(SCHEDULES.iter().copied());
    let bins: BTreeSet<&str> = bins.collect();
    let told_of = |variable: &str| -> BTreeSet<&str> {
        let told = |bin: &&&str| {
            let function = template.resource(&(camel(bin) + "Function")).expect("a function");
            function["Properties"]["Environment"]["Variables"].get(variable).is_some()
        };
        bins.iter().filter(told).copied().collect()
    };
    let rows = rows(&readme);
    let mut complaints = Vec::new();
    for row in &rows {
        let said = row.used_by.split(':').next().unwrap_or_default();
        for variable in &row.variables {
            let told = told_of(variable);
            let said: BTreeSet<&str> = match said {
                "every endpoint that takes tokens" => told_of("JWT_PUBLIC_KEY"),
                // By `Globals`.
                "every function" => BTreeSet::new(),
                // Of several parameters in a row, each has its own in turn.
                list if row.variables.len() > 1 && list.split(", ").count() == row.variables.len() && told.len() == 1 => {
                    list.split(", ").filter(|bin| told.contains(bin)).collect()
                }
                list => list.split(", ").collect(),
            };
            if said != told {
                complaints.push(format!("README.md says that {variable} is for {said:?}; template.yaml gives it to {told:?}"));
            }
        }
    }
    let told: BTreeSet<&String> = rows.iter().flat_map(|row| &row.parameters).collect();
    let parameters = template.root["Parameters"].as_mapping().expect("parameters").iter().map(|(name, _)| text(name));
    complaints.extend(parameters.filter(|name| !told.contains(name)).map(|name| format!("README.md's table lacks {name}")));
    let parameters = &template.root["Parameters"];
    let unknown = told.iter().filter(|name| parameters.get(name.as_str()).is_none());
    complaints.extend(unknown.map(|name| format!("README.md's table has {name}, which template.yaml hasn't")));
    none(&complaints);
}

/// Variables that no parameter becomes are set by the template, or by hand elsewhere; the README has both lists.
#[test]
fn the_readme_names_every_variable_that_the_code_reads() {
    let readme = file("README.md");
    let shared = ["config", "secrets", "shop"].map(|name| format!("shared/api/src/{name}.rs"));
    let workers = ["carriers", "email", "relay", "sms"].map(|name| format!("functions/src/workers/{name}.rs"));
    let code: String = shared.iter().chain(&workers).map(|path| file(path)).collect();
    let ends = ["_SECRET", "_KEY", "_KEYS", "_TOKEN", "_URL", "_ARN", "_FROM", "_TABLE", "_SID", "_PROVIDERS", "_CALLS"];
    let words = code.split('"').skip(1).step_by(2).filter(|word| word.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_'));
    let variables: BTreeSet<&str> = words.filter(|word| ends.iter().any(|end| word.ends_with(end))).collect();
    assert!(variables.len() > 25, "{variables:?}");
    none(
        &variables
            .into_iter()
            .filter(|variable| !readme.contains(&format!("`{variable}`")))
            .map(|variable| format!("README.md doesn't tell of {variable}"))
            .collect::<Vec<_>>(),
    );
}
