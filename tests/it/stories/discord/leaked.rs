//! A leaked key on Discord: who may say so, and what the channel hears of it.

use chrono::TimeDelta;

use super::people::message;
use super::world::{KEYS, NOBODY, TRADER, World, button, in_server};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operator_calls_a_key_leaked_and_the_channel_hears_when_it_is_dead() {
    let mut world = World::new().await;
    world.watch("mm_bot_1").await;
    let nobody = world.says(NOBODY, "leaked", &[("key", "mm_bot_1")]).await;
    assert!(nobody.ephemeral && nobody.text.contains("delete the key first"), "{}", nobody.text);
    assert!(!nobody.text.contains("mm_bot_1"), "{}", nobody.text);
    let card = world.says(TRADER, "leaked", &[("key", "mm_bot_1")]).await;
    assert!(card.ephemeral && card.text.contains("Leaked: delete mm_bot_1"), "{}", card.text);
    let watch = button(&card.shown, "Watch until it is refused").expect("a button");
    let forged = world.presses(NOBODY, in_server(), &message(&card.shown), &watch).await;
    assert!(forged.text.contains("That button is no longer valid"), "{}", forged.text);
    world.reads_nothing();
    let answer = world.presses(TRADER, in_server(), &message(&card.shown), &watch).await;
    assert!(answer.ephemeral && answer.text.contains("I watch mm_bot_1 until"), "{}", answer.text);
    world.pass(TimeDelta::seconds(5)).await;
    world.reads(KEYS, &["mm_bot_1 leaked, and KuCoin still takes it"]);
    assert!(world.stage.simulator.edit("mm_bot_1", |key| key.revoked = true));
    world.pass(TimeDelta::minutes(3)).await;
    world.reads(KEYS, &["KuCoin refuses mm_bot_1 since", "can do nothing with it any more"]);
    world.end("leaked").await;
}
