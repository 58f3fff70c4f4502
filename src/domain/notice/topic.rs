//! Which FAQ entry *Steps* opens: the most exact one for the code that the exchange gave, else for
//! the fault, else for the rule.

use super::super::evidence::Fault;
use super::super::rules::Rule;
use super::View;

/// The FAQ topic of an alert (`data/faq/topics.md`).
pub fn topic(view: &View<'_>) -> &'static str {
    match view.alert.rule {
        Rule::Rejected if view.is_wanted() => "compromised",
        Rule::Rejected | Rule::Expiry if view.is_past() => "regenerate-key",
        // The old key still works: a new one first.
        Rule::Expiry => "without-revoking",
        Rule::Exposed
        | Rule::Rejected
        | Rule::Account
        | Rule::Credentials
        | Rule::PermissionGained
        | Rule::PermissionLost
        | Rule::IpChanged
        | Rule::CanMove
        | Rule::Version
        | Rule::NoIp
        | Rule::DatesDisagree
        | Rule::Age
        | Rule::Blind
        | Rule::ReceiverLost
        | Rule::PlatformTrouble => view
            .code()
            .and_then(of_code)
            .or_else(|| view.fault().map(of_fault))
            .or_else(|| view.alert.state.items.iter().find_map(|item| of_item(item)))
            .unwrap_or_else(|| view.alert.rule.topic()),
    }
}

/// By KuCoin's code (gateway table; facts in the exchange's folder).
fn of_code(code: &str) -> Option<&'static str> {
    Some(match code {
        "400001" => "error-missing-headers",
        "400002" => "error-timestamp",
        "400003" => "error-key-not-exists",
        "400004" => "error-passphrase",
        "400005" => "error-signature",
        "400006" => "error-ip-not-allowed",
        "400007" | "400010" => "error-permission",
        "400008" | "400009" => "error-key-version",
        "400301" | "400302" | "400500" => "error-region",
        "400303" | "400304" => "error-identity",
        "400700" | "411100" | "411200" => "error-account-frozen",
        "200002" | "1015" | "429" | "429000" | "429001" | "429002" => "error-rate-limited",
        "500000" | "501000" | "503000" | "504000" | "505000" => "error-exchange-down",
        _ => return None,
    })
}

fn of_fault(fault: Fault) -> &'static str {
    match fault {
        Fault::NotKnown => "error-key-not-exists",
        Fault::WrongPassphrase => "error-passphrase",
        Fault::WrongSignature => "error-signature",
        Fault::OldVersion => "error-key-version",
        Fault::NotAllowed => "error-permission",
        Fault::AccountFrozen => "error-account-frozen",
        Fault::IdentityRequired => "error-identity",
        Fault::RegionForbidden | Fault::RegionRefused => "error-region",
        Fault::IpRefused => "error-ip-not-allowed",
        Fault::ClockSkew => "error-timestamp",
        Fault::RateLimited => "error-rate-limited",
        Fault::ExchangeDown | Fault::Network => "error-exchange-down",
        Fault::OurRequest => "error-other",
        Fault::Unopened => "stored-secret",
    }
}

/// By an item of the alert, when the newest look speaks of something else.
fn of_item(item: &str) -> Option<&'static str> {
    match item {
        "address" => Some("error-ip-not-allowed"),
        "region" => Some("error-region"),
        "clock" => Some("error-timestamp"),
        "request" => Some("error-other"),
        "stored secret" => Some("stored-secret"),
        "no answer" => Some("error-exchange-down"),
        item => Fault::parse(item).map(of_fault).or_else(|| of_code(item)),
    }
}
