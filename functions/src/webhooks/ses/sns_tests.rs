use super::*;

const TOPIC: &str = "arn:aws:sns:eu-west-1:123456789012:order-ops-prod-email-events";
/// 2026-11-25T09:00:00.123Z
const AT: u64 = 1_795_597_200;

fn key() -> Vec<u8> {
    certificate::public_key(include_bytes!("test-certificate.pem")).unwrap()
}

/// What `openssl dgst -sha1` and `-sha256 -sign` make of the lines that SNS's documentation lists.
fn notification(version: &str) -> SnsMessage {
    let signature = if version == "1" {
        "KJiRJMjyzGpBzswj+hma5C6imzw9jIuPoUzxpqy3pNK7P8CTXg93ev8kvJVtnRR4bUjKRw2uXHMNakQROwdtPeRdfGzGao2UP+HC8Vzn0WIN1Wni78BUFucDhZuJmSGyalU94kS5qhjA7VX/amN3YgLn/EoY9O5okfxY3X/lHu+5Z19pTQdexudNv4OMFoNIbdNXmYTVzmEPwjTHd49XIvtrWbPKN0OzhdqE10BUNBH3CifjiTxNi8Ky74JpwkFBFpJoMak2KJnt9RGr0VJVSyQVujfzfzg78cGGw1J1kParH14XKZivJ53s5oBWpS5eTRneqApjLuF4V0Y2GeK2QA=="
    } else {
        "Hk+vr77+V70y9lKeIBHhMhWgrwfsw7Z5ANinv5epWTQuQGpKBBpY2fXO+OyNYJ4wljGtaXDxkmSW68mENyXgaigR7GFfgXwYugkA/PcABWhm4Bqa0RF6K1Yx39vGfmnbdFbYGdzfhoXf/Q2IwtAQtcUqGfrNetCfaYm5hpfhYhs7/Jp3pAjqDny6tTel7WFl0+xJ9TC4Fg8RYz1SUTTKfrG70D687mwTKaVcacmpbzYrAoDLiyOgaUkFAKl34gWAIycPVI2Rzl/pytQPIIZqcET+mGxjVCs+R05kgVABD+n5x9067LIZ3+2X7DXZvfBLZg+R0nz6KREvWsmEclKVUA=="
    };
    message("Notification", version, signature, None)
}

fn confirmation() -> SnsMessage {
    message(
        "SubscriptionConfirmation",
        "2",
        "HV73Am0F1Lq5nbxz9vcgumlgdgJUXtmJfTVMsy/S/LPJioenz26ePQpnxr89oYcKB/FsmB6UWw6g8ICcvczUMoK7iiDIAJ1S4oK0vmAGTirI36mO68bi7IjaifnXhwpbiqdWN0cL+ux2WUifFU8dJ94TtZso8qf7ydWuVDCwHMFjNROaUVmFxFfRVPSl8qIvIThhR6+odITiBlnlS/r6j/vBrCwcyf2OEvikSn06vVYFrVB4zu+qXp/poPTcnVN3fbTqmHkGCLlWfbgm0F5P3TyNKV+KiwLagLmVRZL7gCKAmp/n5foxZxigXikS+GxeeF1ngGk4sPAmsEVSdHr3cQ==",
        Some("2336412f37"),
    )
}

fn message(kind: &str, version: &str, signature: &str, token: Option<&str>) -> SnsMessage {
    SnsMessage {
        r#type: kind.to_owned(),
        message_id: "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324".to_owned(),
        topic_arn: TOPIC.to_owned(),
        subject: token.is_none().then(|| "Amazon SES Email Event Notification".to_owned()),
        message: "{\"eventType\":\"Send\"}\n".to_owned(),
        timestamp: "2026-11-25T09:00:00.123Z".to_owned(),
        signature_version: version.to_owned(),
        signature: signature.to_owned(),
        signing_cert_url: "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0123456789abcdef.pem".to_owned(),
        token: token.map(ToOwned::to_owned),
        subscribe_url: token.map(|_| "https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription".to_owned()),
    }
}

#[test]
fn what_openssl_signs_holds_in_both_versions_and_for_both_kinds() {
    assert!(notification("1").is_signed_by(&key()));
    assert!(notification("2").is_signed_by(&key()));
    assert!(confirmation().is_signed_by(&key()));
}

#[test]
fn no_field_can_be_another_and_no_version_be_taken_for_another() {
    let changes: [fn(&mut SnsMessage); 8] = [
        |message| message.message.push(' '),
        |message| message.message_id.push('0'),
        |message| message.subject = None,
        |message| message.timestamp = "2026-11-25T09:00:00.124Z".to_owned(),
        |message| message.topic_arn.push('2'),
        |message| message.r#type = "UnsubscribeConfirmation".to_owned(),
        |message| message.signature_version = if message.signature_version == "1" { "2" } else { "1" }.to_owned(),
        |message| message.signature_version = "3".to_owned(),
    ];
    for (n, change) in changes.into_iter().enumerate() {
        for version in ["1", "2"] {
            let mut changed = notification(version);
            change(&mut changed);
            assert!(!changed.is_signed_by(&key()), "{n} of version {version}");
        }
    }
    let mut changed = confirmation();
    changed.token = Some("another".to_owned());
    assert!(!changed.is_signed_by(&key()));
    changed = confirmation();
    changed.subscribe_url = None;
    assert!(!changed.is_signed_by(&key()) && !notification("2").is_signed_by(&[]));
}

#[test]
fn a_certificate_is_snss_own_in_the_topics_region_or_none() {
    let named = |url: &str| {
        let mut message = notification("2");
        message.signing_cert_url = url.to_owned();
        message.certificate()
    };
    assert!(named("https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0123456789abcdef.pem").is_some());
    for url in [
        "http://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0123456789abcdef.pem",
        "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-0123456789abcdef.pem",
        "https://sns.eu-west-1.amazonaws.com.example.com/SimpleNotificationService-0123456789abcdef.pem",
        "https://sns.eu-west-1.amazonaws.com@example.com/SimpleNotificationService-0123456789abcdef.pem",
        "https://sns.eu-west-1.amazonaws.com:8443/SimpleNotificationService-0123456789abcdef.pem",
        "https://example.com/sns.eu-west-1.amazonaws.com/SimpleNotificationService-0123456789abcdef.pem",
        "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-../../x.pem",
        "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0123.pem?x=.pem",
        "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-.pem",
        "https://sns.eu-west-1.amazonaws.com/?Action=GetTopicAttributes",
        "https://s3.eu-west-1.amazonaws.com/bucket/SimpleNotificationService-0123456789abcdef.pem",
        "",
    ] {
        assert_eq!(named(url), None, "{url}");
    }
    for (topic, expected) in [
        (TOPIC, Some("sns.eu-west-1.amazonaws.com")),
        ("arn:aws-cn:sns:cn-north-1:123456789012:x", Some("sns.cn-north-1.amazonaws.com.cn")),
        ("arn:aws:sns:evil.example.com/:1:x", None),
        ("arn:aws:sqs:eu-west-1:1:x", None),
        ("", None),
    ] {
        assert_eq!(host(topic).as_deref(), expected, "{topic}");
    }
}

#[test]
fn a_message_is_of_the_last_day() {
    let message = notification("2");
    for (now, expected) in
        [(AT, true), (AT + 86_400, true), (AT + 86_401, false), (AT - 300, true), (AT - 301, false), (0, false), (u64::MAX, false)]
    {
        assert_eq!(message.is_timely(now), expected, "{now}");
    }
    for time in ["", "now", "1795597200", "2026-11-25"] {
        let message = SnsMessage { timestamp: time.to_owned(), ..notification("2") };
        assert!(!message.is_timely(AT), "{time}");
    }
}
