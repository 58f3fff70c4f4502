//! What KuCoin's codes mean for a watched key. The code decides, never the message: messages have
//! changed under the same code. Without a known code the status decides, and then never against
//! the key: a proxy's 403 must not look like a dead key.

use reqwest::StatusCode;

use crate::domain::evidence::Fault;

/// The one code of success.
pub const SUCCESS: &str = "200000";

/// A code, what it means for us, and KuCoin's meaning.
type Row = (&'static str, Fault, &'static str);

/// Every code that KuCoin documents for its gateway (facts: documentation of error codes, shared
/// gateway list, rate limits).
pub const TABLE: &[Row] = &[
    ("400001", Fault::OurRequest, "a KC-API header is missing"),
    ("400002", Fault::ClockSkew, "the timestamp is more than 5 s off"),
    // Also the answer for expired, deleted and wrong-site keys; none of them has its own code.
    ("400003", Fault::NotKnown, "the key does not exist, or belongs to another site"),
    ("400004", Fault::WrongPassphrase, "the passphrase is wrong"),
    ("400005", Fault::WrongSignature, "the signature is wrong"),
    ("400006", Fault::IpRefused, "the caller's address is not on the key's list"),
    ("400007", Fault::NotAllowed, "the key needs more permission"),
    ("400008", Fault::OldVersion, "keys of version 1 and 2 are no longer served"),
    // We always say 3: an older key earns this, but so would we if KuCoin moved on. The client
    // blames the key only after the exchange has accepted our 3 from some other key.
    ("400009", Fault::OldVersion, "the key version header is invalid"),
    ("400010", Fault::NotAllowed, "access of this account is denied, needs permission"),
    ("400011", Fault::OurRequest, "the web socket session check failed"),
    ("400012", Fault::OurRequest, "the web socket session check timed out"),
    ("400200", Fault::OurRequest, "the broker partner is unknown"),
    ("400201", Fault::OurRequest, "the broker partner's signature is wrong"),
    ("400202", Fault::OurRequest, "the broker partner's address is not listed"),
    ("400301", Fault::RegionForbidden, "restricted by local law"),
    ("400302", Fault::RegionRefused, "the region of the caller's address is not served"),
    ("400303", Fault::IdentityRequired, "the account must verify its identity"),
    ("400304", Fault::IdentityRequired, "the master account must verify its identity"),
    ("400400", Fault::OurRequest, "the authorization token is invalid"),
    ("400401", Fault::OurRequest, "an authorization token is required"),
    // "Your located country/region": about where the call comes from, so about the probe.
    ("400500", Fault::RegionRefused, "the token is not traded in the caller's region"),
    ("400700", Fault::AccountFrozen, "a risk problem in the account"),
    ("401000", Fault::OurRequest, "the interface is deprecated"),
    ("404000", Fault::OurRequest, "the URL is unknown"),
    ("411100", Fault::AccountFrozen, "the user is frozen"),
    ("411200", Fault::AccountFrozen, "the URL is on the user's black list"),
    ("415000", Fault::OurRequest, "the content type is wrong"),
    ("429000", Fault::RateLimited, "too many requests, or the server is overloaded"),
    ("429001", Fault::RateLimited, "a limit of the whole system"),
    ("429002", Fault::RateLimited, "a limit of one connection"),
    ("1015", Fault::RateLimited, "Cloudflare's limit per address, blocks for 30 s"),
    ("200002", Fault::RateLimited, "a limit of the business layer, blocks for 10 s"),
    ("500000", Fault::ExchangeDown, "an internal error"),
    ("501000", Fault::ExchangeDown, "the service is stopped"),
    ("503000", Fault::ExchangeDown, "the service is busy"),
    ("504000", Fault::ExchangeDown, "the service timed out"),
    ("505000", Fault::ExchangeDown, "an unknown error"),
];

/// What a code of the table means; `None` when it is not there.
pub fn fault_of(code: &str) -> Option<Fault> {
    TABLE.iter().find(|row| row.0 == code).map(|row| row.1)
}

/// What an answer without a known code means: always something about the probe.
pub fn fault_of_status(status: StatusCode) -> Fault {
    match status.as_u16() {
        429 => Fault::RateLimited,
        // A proxy on the way wants a password: we never got to the exchange.
        407 => Fault::Network,
        400 | 404 | 405 | 410 | 411 | 413 | 414 | 415 | 431 => Fault::OurRequest,
        // 2xx without the envelope, 3xx (never followed), 401 and 403 of a firewall, 5xx.
        _ => Fault::ExchangeDown,
    }
}

/// A code as it may be kept: 1 to 8 digits, else nothing.
pub fn digits(code: &str) -> Option<String> {
    let plain = (1..=8).contains(&code.len()) && code.bytes().all(|b| b.is_ascii_digit());
    plain.then(|| code.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::evidence::About;

    #[test]
    fn no_code_stands_twice_and_success_is_no_fault() {
        for (n, row) in TABLE.iter().enumerate() {
            assert!(TABLE[n + 1..].iter().all(|other| other.0 != row.0), "{}", row.0);
            assert_eq!(digits(row.0).as_deref(), Some(row.0));
        }
        assert_eq!(fault_of(SUCCESS), None);
    }

    #[test]
    fn every_documented_code_is_in_the_table() {
        let documented = "400001 400002 400003 400004 400005 400006 400007 400008 400009 400010 \
            400011 400012 400200 400201 400202 400301 400302 400303 400304 400400 400401 400500 \
            400700 401000 404000 411100 411200 415000 429000 429001 429002 1015 200002 500000 \
            501000 503000 504000 505000";
        let ours: Vec<&str> = TABLE.iter().map(|row| row.0).collect();
        assert_eq!(ours.join(" "), documented);
    }

    #[test]
    fn only_codes_that_name_the_key_or_the_account_blame_them() {
        let blaming: Vec<&str> =
            TABLE.iter().filter(|row| row.1.about() != About::Probe).map(|row| row.0).collect();
        assert_eq!(
            blaming,
            [
                "400003", "400004", "400005", "400007", "400008", "400009", "400010", "400301",
                "400303", "400304", "400700", "411100", "411200"
            ]
        );
    }

    #[test]
    fn a_status_alone_never_blames_the_key() {
        for status in 100..1000 {
            let fault = fault_of_status(StatusCode::from_u16(status).unwrap());
            assert_eq!(fault.about(), About::Probe, "{status}");
        }
        assert_eq!(fault_of_status(StatusCode::UNAUTHORIZED), Fault::ExchangeDown);
        assert_eq!(fault_of_status(StatusCode::TOO_MANY_REQUESTS), Fault::RateLimited);
    }

    #[test]
    fn a_code_is_kept_as_digits_or_not_at_all() {
        assert_eq!(digits("400003").as_deref(), Some("400003"));
        for code in ["", "4000x3", "123456789", "<b>", "４０００"] {
            assert_eq!(digits(code), None, "{code}");
        }
    }
}
