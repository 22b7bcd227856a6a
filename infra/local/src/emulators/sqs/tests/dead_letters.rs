//! How messages are given up, and how they come back.

use super::{Fixture, bodies, receives};
use aws_sdk_sqs::types::MessageSystemAttributeName;

#[tokio::test]
async fn a_message_that_is_not_deleted_comes_back_and_then_moves_to_the_dead_letters() {
    let f = Fixture::start().await;
    f.send("poison").await;
    for expected in ["1", "2"] {
        let messages = f.receive().await;
        assert_eq!(receives(&messages[0]), expected);
        f.clock.forward_seconds(31);
    }
    assert_eq!(f.depths("jobs"), (1, 0, 0), "it moves on the receive after, not before");

    assert!(f.receive().await.is_empty());
    assert_eq!(f.depths("jobs"), (0, 0, 0));
    assert_eq!(f.sqs.peek("jobs-dead").unwrap()[0].receive_count, 2);
    let dead = f.receive_from(&f.sqs.url("jobs-dead")).await;
    assert_eq!(bodies(&dead), ["poison"]);
    let source = &dead[0].attributes().unwrap()[&MessageSystemAttributeName::DeadLetterQueueSourceArn];
    assert!(source.ends_with(":jobs"), "{source}");
}

#[tokio::test]
async fn a_redrive_gives_every_dead_letter_a_new_life_in_its_source() {
    let f = Fixture::start().await;
    f.send("poison").await;
    f.sqs.send("jobs-dead", "put here by hand").unwrap();
    for _ in 0..3 {
        f.receive().await;
        f.clock.forward_seconds(31);
    }
    assert_eq!(f.depths("jobs-dead"), (2, 0, 0));

    assert_eq!(f.sqs.redrive("jobs-dead"), Ok(2));
    assert_eq!(f.depths("jobs-dead"), (0, 0, 0));
    let again = f.receive().await;
    assert_eq!(bodies(&again), ["put here by hand", "poison"]);
    assert!(again.iter().all(|message| receives(message) == "1"));
}
