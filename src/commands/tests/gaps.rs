//! Questions without a good answer: what is counted of them, who sees it, and how it ends.

use super::super::*;
use super::world::*;
use crate::domain::card::Action;

#[tokio::test]
async fn what_had_no_answer_is_counted_in_our_own_words_for_admins_alone() {
    let world = World::new().await;
    let none = world.text(Role::Admin, "/faqgaps").await;
    assert!(none.contains("Nothing is counted"), "{none}");
    for _ in 0..2 {
        world.text(Role::Anyone, "/faq how do I bake hunter2 bread for Juan").await;
    }
    world.text(Role::Anyone, "/faq 400003").await;
    let gaps = world.text(Role::Admin, "/faqgaps").await;
    assert!(gaps.contains("Declined 2, unsure 0, marked not helpful 0."), "{gaps}");
    assert!(gaps.contains("2 x declined: how do I") || gaps.contains("2 x declined: how do i"));
    for theirs in ["hunter2", "Juan", "juan", "bread"] {
        assert!(!gaps.contains(theirs), "{theirs}: {gaps}");
    }
    let refused = world.text(Role::Operator, "/faqgaps").await;
    assert!(refused.contains("needs the role admin"), "{refused}");
    assert!(world.other.gaps(at(0)).await.unwrap().is_empty());
}

#[tokio::test]
async fn an_answer_that_did_not_help_is_counted_and_leads_on() {
    let world = World::new().await;
    let asked = invocation(Role::Anyone, parse("/faq my key 400003 hunter2").unwrap());
    let reply = world.counter.run(&world.home, &asked).await;
    let button = reply.cards[0].buttons.iter().find(|button| button.label == "Not helpful");
    let action = button.expect("a way to say so").action.clone();
    let Action::NotHelpful { topic, words } = &action else { panic!("{action:?}") };
    assert_eq!((topic.as_str(), words.as_str()), ("error-key-not-exists", "my key 400003 …"));
    let press = Command::Press { action, rev: None, shown_at: None, is_late: false };
    let counted = plain(&world.run(Role::Anyone, press).await);
    assert!(counted.contains("Counted, without your name."), "{counted}");
    let gaps = world.text(Role::Admin, "/faqgaps").await;
    assert!(gaps.contains("1 x not helpful: error-key-not-exists my key 400003 …"), "{gaps}");
}

#[tokio::test]
async fn a_workspace_that_wants_none_counted_forgets_those_that_were() {
    let world = World::new().await;
    world.text(Role::Anyone, "/faq bread").await;
    assert_eq!(world.home.gaps(at(0)).await.unwrap().len(), 1);
    let off = world.text(Role::Admin, "/settings gaps off").await;
    assert!(off.contains("forgotten"), "{off}");
    world.text(Role::Anyone, "/faq bread").await;
    assert!(world.home.gaps(at(0)).await.unwrap().is_empty());
    let none = world.text(Role::Admin, "/faqgaps").await;
    assert!(none.contains("not counted here"), "{none}");
    world.text(Role::Admin, "/settings gaps on").await;
    world.text(Role::Anyone, "/faq bread").await;
    assert_eq!(world.home.gaps(at(0)).await.unwrap().len(), 1);
}
