//! Discord's own host at an address of the settings, behind a certificate of its own authority:
//! the way of production, serenity's limiter included.

use keylapse::chat::discord::Settings;
use keylapse::secret::Secret;

use super::world::*;
use crate::fakes::discord::{Fake, Front, TOKEN, front};

fn settings(front: &Front, authority: Option<&[u8]>) -> Settings {
    Settings {
        token: Secret::new(TOKEN.to_owned()),
        api_url: None,
        resolve: Some(front.address),
        ca: authority.map(<[u8]>::to_vec),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn discords_host_is_found_where_the_settings_say_and_trusted_by_its_own_authority() {
    let fake = Fake::start().await;
    let front = front("discord.com", fake.address()).await;
    let mut world = World::with(fake, &[KEYS]).await;
    world.settings = Some(settings(&front, Some(&front.authority)));
    world.switch_on().await;
    world.watch("mm-bot-1").await;
    let shown = world.says(TRADER, "keystatus", &[]).await;
    assert!(shown.ephemeral && shown.text.contains("mm-bot-1"), "{}", shown.text);
    world.loses("mm-bot-1").await;
    world.reads(KEYS, &["mm-bot-1 refused by KuCoin"]);
    world.end("tls").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stand_in_without_the_right_certificate_sees_no_token() {
    let fake = Fake::start().await;
    let right = front("discord.com", fake.address()).await;
    let other = front("discord.example", fake.address()).await;
    for (front, authority) in [(&right, None), (&other, Some(other.authority.as_slice()))] {
        let mut world = World::with(fake.clone(), &[KEYS]).await;
        world.settings = Some(settings(front, authority));
        world.start();
        // Long enough for several tries.
        let several = std::time::Duration::from_millis(600);
        assert!(tokio::time::timeout(several, world.stopped()).await.is_err());
        assert_eq!(fake.state().asked.len(), 0);
    }
}
