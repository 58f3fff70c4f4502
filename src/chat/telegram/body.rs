//! The bodies that go to Telegram: of an alert, of its edit, of an answer. Pure. The messenger and
//! the front send exactly these, and [`super::preview`] shows them without sending.

use teloxide::payloads::{EditMessageText, SendMessage, SendMessageSetters as _};
use teloxide::types::{ChatId, InlineKeyboardMarkup, MessageId, ParseMode, ReplyParameters};

use super::super::Post;
use super::account::{Spot, message, no_preview};
use super::render::{self, Look};
use crate::domain::card::Card;

/// A new alert; `is_bare` leaves every mark out.
pub(super) fn of_post(spot: Spot, post: &Post, look: &Look<'_>, is_bare: bool) -> SendMessage {
    let mut body = if is_bare {
        let mut body = message(spot, render::bare(&post.card, look));
        body.parse_mode = None;
        body
    } else {
        message(spot, render::text(&post.card, look))
    };
    body = body.disable_notification(post.quiet);
    match render::keyboard(&post.card, &post.buttons) {
        Some(keyboard) => body.reply_markup(keyboard),
        None => body,
    }
}

/// A posted alert as it stands now. Left out, the old buttons go away.
pub(super) fn of_edit(spot: Spot, id: MessageId, post: &Post, look: &Look<'_>) -> EditMessageText {
    let text = render::text(&post.card, look);
    let mut body = EditMessageText::new(ChatId(spot.chat), id, text);
    body.parse_mode = Some(ParseMode::Html);
    body.link_preview_options = Some(no_preview());
    body.reply_markup = render::keyboard(&post.card, &post.buttons);
    body
}

/// An answer; in a group it stands under the message that asked.
pub(super) fn of_answer(
    (spot, to): (Spot, Option<MessageId>),
    card: &Card,
    keyboard: Option<InlineKeyboardMarkup>,
    look: &Look<'_>,
) -> SendMessage {
    // Who asked is looking; the others in a group need not be woken.
    let mut body = message(spot, render::text(card, look)).disable_notification(spot.is_shared());
    if let Some(keyboard) = keyboard {
        body = body.reply_markup(keyboard);
    }
    match to.filter(|_| spot.is_shared()) {
        Some(to) => body.reply_parameters(ReplyParameters::new(to).allow_sending_without_reply()),
        None => body,
    }
}
