//! `/settings`: the workspace's zone, who may what, and where answers may be shown to everybody.
//! What the settings file says is shown as such and not changed here.

use chrono_tz::Tz;

use super::Reply;
use super::call::Call;
use crate::domain::access::{Grantee, Role};
use crate::domain::card::{Card, Line, Tone};
use crate::domain::receiver::Platform;
use crate::domain::text::Clean;
use crate::store::StoreError;
use crate::store::leave::Left;
use crate::store::receiver::ReceiverView;
use crate::store::setting::Settings;

/// What can be set.
pub(super) const WHAT: &[&str] = &["zone", "role", "chat", "faq", "gaps", "anonymous"];

pub(super) async fn by_words(
    call: &Call<'_>,
    what: Option<&str>,
    value: Option<&str>,
) -> Result<Reply, StoreError> {
    match (what.map(str::to_ascii_lowercase).as_deref(), value) {
        (Some("zone"), Some(value)) => zone(call, value).await,
        (Some("role"), Some(value)) => role(call, value).await,
        (Some("chat"), Some(value)) => chat(call, value).await,
        (Some("faq"), Some(value)) => faq(call, value).await,
        (Some("gaps"), Some(value)) => gaps(call, value).await,
        (Some("anonymous"), Some(value)) => anonymous(call, value).await,
        _ => list(call).await,
    }
}

async fn list(call: &Call<'_>) -> Result<Reply, StoreError> {
    let workspace = call.desk.workspace();
    let mut card =
        Card::new(Tone::Plain, Line::from("Settings of ").name(&workspace.name).text("."));
    let zone = Line::from(format!("Zone: {}", workspace.zone));
    let zone = match &call.tools.host.named_in {
        _ if !workspace.is_configured => zone,
        Some(file) => zone.text(", set in ").code(file.as_str()).text(" on the host"),
        None => zone.text(", the one of this host"),
    };
    card = card.item(Tone::Plain, zone);
    for platform in [Platform::Discord, Platform::Telegram] {
        for grant in call.desk.grants(platform).await? {
            let who = who(&grant.grantee);
            let line = format!("{} ({}): {}", who, platform.name(), grant.role.name());
            card = card.item(Tone::Plain, line);
        }
    }
    card = card.item(Tone::Plain, "Whoever manages the server or group is admin.");
    for chat in call.desk.chats().await? {
        let title = if chat.title.is_empty() { Clean::new(&chat.address, 64) } else { chat.title };
        let number = format!(" ({} {})", chat.platform.name(), chat.address);
        let kind = if chat.platform == Platform::Discord { "Server: " } else { "Chat: " };
        card = card.item(Tone::Plain, Line::from(kind).name(&title).text(number));
    }
    let settings = call.desk.settings().await?;
    if !settings.anonymous_chats.is_empty() {
        let line = format!(
            "Anonymous admins count as admins in {} Telegram groups",
            settings.anonymous_chats.len()
        );
        card = card.item(Tone::Plain, line);
    }
    let mut answers = match settings.faq_channels.len() {
        0 => "Answers of /faq: to their asker only".to_owned(),
        1 => "Answers of /faq may be shown to everybody in 1 channel".to_owned(),
        n => format!("Answers of /faq may be shown to everybody in {n} channels"),
    };
    if !workspace.faq_only {
        answers.push_str("; in a Telegram group they stand where they were asked");
    }
    card = card.item(Tone::Plain, answers);
    for line in call.tools.guards.lines() {
        card = card.item(Tone::Plain, line);
    }
    let gaps = if settings.gaps_off { "not counted" } else { "counted: /faqgaps" };
    card = card.item(Tone::Plain, format!("Questions without a good answer: {gaps}"));
    let can = changes(call, &settings);
    let card = card.text("To change, here:");
    Ok(Reply::private(can.into_iter().fold(card, |card, line| card.item(Tone::Plain, line))))
}

/// What can be changed from here, as it is typed; what would only be refused is left out.
fn changes(call: &Call<'_>, settings: &Settings) -> Vec<Line> {
    let (workspace, place) = (call.desk.workspace(), call.place);
    let typed = |words: &str| Line::default().code(words);
    let mut can = Vec::new();
    if !workspace.is_configured {
        can.push(typed("/settings zone Europe/Berlin"));
    }
    if place.platform == Platform::Console {
        can.push("roles and where answers are shown: /settings in a chat that is meant".into());
        return can;
    }
    can.push(
        typed("/settings role members viewer")
            .text(" (or a person's or role's number; none takes it back)"),
    );
    can.push(typed("/settings chat NUMBER none").text(" (takes a chat or server out)"));
    can.push(typed(if settings.gaps_off { "/settings gaps on" } else { "/settings gaps off" }));
    let is_group = place.platform == Platform::Telegram && !place.private;
    let stands_open = place.platform == Platform::Telegram && !workspace.faq_only;
    if !place.private && !stands_open && !settings.faq_channels.contains(&place.chat) {
        can.push(typed("/settings faq here").text(" (everybody may be shown an answer)"));
    }
    if !settings.faq_channels.is_empty() {
        can.push(typed("/settings faq off"));
    }
    if is_group && !settings.anonymous_chats.contains(&place.chat) {
        can.push(
            typed("/settings anonymous on")
                .text(" (admins of this group who hide their name are heard)"),
        );
    }
    if !settings.anonymous_chats.is_empty() {
        can.push(typed("/settings anonymous off"));
    }
    can
}

fn who(grantee: &Grantee) -> String {
    match grantee {
        Grantee::Person(id) => format!("Person {id}"),
        Grantee::ServerRole(id) => format!("Role {id}"),
        Grantee::Members => "Everybody here".to_owned(),
    }
}

async fn zone(call: &Call<'_>, value: &str) -> Result<Reply, StoreError> {
    let Ok(zone) = Tz::from_str_insensitive(value.trim()) else {
        let line = "I do not know that zone; write one like Europe/Berlin or UTC.";
        return Ok(Reply::private(Card::new(Tone::Plain, line)));
    };
    let entry = call.entry(format!("zone {zone}"));
    if !call.desk.set_zone(zone, &entry, call.at).await? {
        return Ok(configured(call));
    }
    let title = format!("Times here are {zone} from now on.");
    Ok(Reply::private(Card::new(Tone::Fine, title)))
}

async fn role(call: &Call<'_>, value: &str) -> Result<Reply, StoreError> {
    let mut words = value.split_whitespace();
    let (Some(whom), Some(word), None) = (words.next(), words.next(), words.next()) else {
        return Ok(how_to_grant());
    };
    let word = word.to_ascii_lowercase();
    let (Some(grantee), Some(role)) = (grantee(whom), wanted(&word)) else {
        return Ok(how_to_grant());
    };
    let platform = call.place.platform;
    let who = who(&grantee);
    let entry = call.entry(format!("{} {who} {word}", platform.id()));
    let Some(role) = role else {
        return Ok(match call.desk.revoke(platform, &grantee, &entry, call.at).await? {
            Left::Configured => configured(call),
            Left::NotHere => {
                plain(&format!("{who}: nothing is granted, so nothing was taken back."))
            }
            Left::Gone { chat } => {
                let card = Card::new(Tone::Fine, format!("{who}: nothing is granted any more."));
                let line = "Their own chat with me gets no warnings any more either.";
                Reply::private(if chat { card.text(line) } else { card })
            }
        });
    };
    if !call.desk.grant(platform, &grantee, role, &entry, call.at).await? {
        return Ok(configured(call));
    }
    let card = Card::new(Tone::Fine, format!("{who}: {} from now on.", role.name()));
    Ok(Reply::private(if role == Role::Admin {
        card.text("An admin accepts changed keys and sets who is told.")
    } else {
        card
    }))
}

/// Takes a chat out; the way in is a code.
async fn chat(call: &Call<'_>, value: &str) -> Result<Reply, StoreError> {
    let mut words = value.split_whitespace();
    let (Some(number), Some(word), None) = (words.next(), words.next(), words.next()) else {
        return Ok(how_to_take_out());
    };
    if !word.eq_ignore_ascii_case("none") {
        return Ok(how_to_take_out());
    }
    let chats = call.desk.chats().await?;
    let Some(chat) = chats.into_iter().find(|chat| chat.address == number) else {
        return Ok(plain("No chat of this workspace has that number; /settings lists them."));
    };
    let entry = call.entry(format!("chat {} {number} none", chat.platform.id()));
    match call.desk.take_out(chat.platform, number, &entry, call.at).await? {
        Left::Configured => return Ok(configured(call)),
        Left::NotHere => return Ok(plain("That chat is out already.")),
        Left::Gone { .. } => {}
    }
    let mut card = Card::new(Tone::Fine, "Taken out: nobody is served there any more.");
    let told = call.desk.receivers().await?;
    let is_told = |one: &ReceiverView| one.receiver.address.platform == Platform::Discord;
    card = if chat.platform == Platform::Discord && told.iter().any(is_told) {
        card.text("Channels of that server that are told still are: /notify remove ends that.")
    } else {
        card.text("No warnings go there either.")
    };
    let line = "I stay in it until somebody there removes me. keylapse invite on the host lets it in again.";
    Ok(Reply::private(card.text(line)))
}

fn how_to_take_out() -> Reply {
    plain("Say which and none: /settings chat -1001234567890 none. /settings lists the numbers.")
}

fn plain(line: &str) -> Reply {
    Reply::private(Card::new(Tone::Plain, line))
}

/// `None` inside takes it back.
#[expect(clippy::option_option, reason = "no word, and the word for nothing, differ")]
fn wanted(word: &str) -> Option<Option<Role>> {
    if word == "none" { Some(None) } else { Role::parse(word).map(Some) }
}

/// `members`, a number, or what Discord makes of a typed name: `<@123>`, `<@&55>`.
fn grantee(word: &str) -> Option<Grantee> {
    if matches!(word.to_ascii_lowercase().as_str(), "members" | "everybody" | "everyone") {
        return Some(Grantee::Members);
    }
    let inside = word.trim_start_matches('<').trim_end_matches('>');
    let (is_role, id) = match inside.strip_prefix("@&").or_else(|| word.strip_prefix("role:")) {
        Some(id) => (true, id),
        None => (false, inside.trim_start_matches("@!").trim_start_matches('@')),
    };
    let is_number = (1..=20).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_digit());
    let id = is_number.then(|| id.to_owned())?;
    Some(if is_role { Grantee::ServerRole(id) } else { Grantee::Person(id) })
}

fn how_to_grant() -> Reply {
    let card = Card::new(Tone::Plain, "Say who and what.")
        .item(Tone::Plain, Line::default().code("/settings role members viewer"))
        .item(
            Tone::Plain,
            Line::default().code("/settings role 123456789 operator").text(": a person's number"),
        )
        .item(
            Tone::Plain,
            Line::default()
                .code("/settings role role:123456789 operator")
                .text(": a role of the Discord server"),
        )
        .item(
            Tone::Plain,
            Line::default().code("/settings role members none").text(": takes it back"),
        );
    Reply::private(card)
}

async fn faq(call: &Call<'_>, value: &str) -> Result<Reply, StoreError> {
    let always_open = call.place.platform == Platform::Telegram && !call.desk.workspace().faq_only;
    let mut settings = call.desk.settings().await?;
    let word = value.trim().to_ascii_lowercase();
    let title = match word.as_str() {
        "here" | "on" if call.place.private => {
            "Nobody else reads along here; say it in the channel that is meant."
        }
        "here" | "on" if always_open => {
            "Answers of /faq stand in this group already: they hold no fact of the workspace."
        }
        "here" | "on" => {
            if !settings.faq_channels.contains(&call.place.chat) {
                settings.faq_channels.push(call.place.chat.clone());
            }
            "An answer of /faq may be shown to everybody here from now on, once a minute."
        }
        "off" => {
            settings.faq_channels.clear();
            if call.desk.workspace().faq_only {
                "Answers of /faq are for their askers only from now on."
            } else {
                "On Discord answers of /faq are for their askers only from now on. In a Telegram group they stand where they were asked, without any fact of the workspace."
            }
        }
        _ => "Say here or off.",
    };
    let is_changed = settings != call.desk.settings().await?;
    if is_changed {
        call.desk
            .set_settings(&settings, &call.entry(Clean::new(&word, 20).to_string()), call.at)
            .await?;
    }
    Ok(Reply::private(Card::new(Tone::Plain, title)))
}

/// Whether questions without a good answer are counted; switched off, nothing of them stays.
async fn gaps(call: &Call<'_>, value: &str) -> Result<Reply, StoreError> {
    let is_off = match value.trim().to_ascii_lowercase().as_str() {
        "on" => false,
        "off" => true,
        _ => return Ok(plain("Say on or off.")),
    };
    let settings = call.desk.settings().await?;
    if settings.gaps_off != is_off {
        let entry = call.entry(format!("gaps {}", if is_off { "off" } else { "on" }));
        let settings = Settings { gaps_off: is_off, ..settings };
        call.desk.set_settings(&settings, &entry, call.at).await?;
    }
    if is_off {
        call.desk.forget_gaps().await?;
        return Ok(plain("Not counted any more; what was counted is forgotten."));
    }
    Ok(plain(
        "Questions without a good answer are counted from now on, in the FAQ's own words: /faqgaps",
    ))
}

/// Telegram does not say which admin an anonymous one is; whoever wants them heard says so.
async fn anonymous(call: &Call<'_>, value: &str) -> Result<Reply, StoreError> {
    let mut settings = call.desk.settings().await?;
    let here = &call.place.chat;
    let (is_on, title) = match value.trim().to_ascii_lowercase().as_str() {
        "on" if call.place.private || call.place.platform != Platform::Telegram => {
            let line = "Say that in the Telegram group whose anonymous admins are meant.";
            return Ok(Reply::private(Card::new(Tone::Plain, line)));
        }
        "on" => (
            true,
            "Anonymous admins of this group count as admins from now on. The audit cannot say who they were.",
        ),
        "off" => (false, "Anonymous admins are heard nowhere from now on."),
        _ => return Ok(Reply::private(Card::new(Tone::Plain, "Say on or off."))),
    };
    let has = settings.anonymous_chats.contains(here);
    if is_on != has || (!is_on && !settings.anonymous_chats.is_empty()) {
        if is_on {
            settings.anonymous_chats.push(here.clone());
        } else {
            settings.anonymous_chats.clear();
        }
        let entry = call.entry(format!("anonymous {}", if is_on { "on" } else { "off" }));
        call.desk.set_settings(&settings, &entry, call.at).await?;
    }
    Ok(Reply::private(Card::new(Tone::Plain, title)))
}

fn configured(call: &Call<'_>) -> Reply {
    Reply::private(Card::new(Tone::Plain, call.set_on_host()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grantee_is_read_as_people_and_discord_write_one() {
        let person = |id: &str| Some(Grantee::Person(id.to_owned()));
        let table = [
            ("members", Some(Grantee::Members)),
            ("Everyone", Some(Grantee::Members)),
            ("123", person("123")),
            ("<@123>", person("123")),
            ("<@!123>", person("123")),
            ("<@&55>", Some(Grantee::ServerRole("55".to_owned()))),
            ("role:55", Some(Grantee::ServerRole("55".to_owned()))),
            ("ann", None),
            ("@everyone", None),
            ("", None),
        ];
        for (word, expected) in table {
            assert_eq!(grantee(word), expected, "{word}");
        }
    }
}
