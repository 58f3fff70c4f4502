//! A leaked key on Telegram: who may say so, and what the group hears of it.

use chrono::TimeDelta;

use super::world::{ANN, BO, DESK, EVE, World};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operator_calls_a_key_leaked_and_the_group_hears_when_it_is_dead() {
    let world = World::new("leaked").await.ready().await;
    world.watch("mm-bot-1").await;
    // A viewer sees the order, and only an operator's press counts.
    world.writes(BO, BO.id, "/leaked").await;
    let bos = world.reads(BO.id, &["Leaked: delete mm-bot-1 at KuCoin now", "1. Delete it"]);
    world.presses(BO, BO.id, bos.id, &bos.button("Watch until it is refused")).await;
    world.reads(BO.id, &["needs the role operator"]);
    world.writes(ANN, ANN.id, "/leaked").await;
    let card = world.reads(ANN.id, &["Leaked: delete mm-bot-1 at KuCoin now"]);
    let watch = card.button("Watch until it is refused");
    for stranger in [BO, EVE] {
        world.presses(stranger, stranger.id, 1, &watch).await;
        world.reads(stranger.id, &["That button is no longer valid"]);
    }
    assert!(world.fake.read(DESK).is_none(), "nobody has said so yet");
    world.presses(ANN, ANN.id, card.id, &watch).await;
    world.reads(ANN.id, &["I watch mm-bot-1 until KuCoin refuses it"]);
    world.reads(DESK, &["mm-bot-1 leaked, and KuCoin still takes it", "Called leaked by Ann"]);
    assert!(world.stage.simulator.edit("mm-bot-1", |key| key.revoked = true));
    world.pass(TimeDelta::minutes(3)).await;
    world.reads(DESK, &["KuCoin refuses mm-bot-1 since", "can do nothing with it any more"]);
    world.pass(TimeDelta::minutes(30)).await;
    world.end().await;
}
