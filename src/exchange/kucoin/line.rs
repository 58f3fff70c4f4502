//! The line to one site: sends a GET to the endpoint and reads the answer to its end, with limits.
//! Knows no secret; what is no answer at all becomes a fault here.

use reqwest::StatusCode;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use zeroize::Zeroizing;

use super::budget::Quota;
use crate::domain::evidence::Fault;
use crate::domain::facts::Site;
use crate::exchange::endpoint::Endpoint;
use crate::http_client::{self, BuildError, ReadError, SMALL_BODY, Timeouts};

/// Names the site where the host does not.
const SITE_TYPE: HeaderName = HeaderName::from_static("x-site-type");

pub(super) struct Line {
    http: reqwest::Client,
    pub endpoint: Endpoint,
}

/// An answer as it came.
pub(super) struct Reply {
    pub status: StatusCode,
    pub quota: Option<Quota>,
    pub body: Zeroizing<Vec<u8>>,
}

impl Line {
    pub fn new(
        endpoint: Endpoint,
        timeouts: Timeouts,
        proxy: Option<&str>,
    ) -> Result<Self, BuildError> {
        Ok(Self { http: http_client::build(endpoint.reach(), timeouts, proxy)?, endpoint })
    }

    /// `target` is path and query; it goes out exactly as it was signed.
    pub async fn get(&self, target: &str, mut headers: HeaderMap) -> Result<Reply, Fault> {
        if self.endpoint.site() == Site::Au {
            headers.insert(SITE_TYPE, HeaderValue::from_static("australia"));
        }
        let request = self.http.get(self.endpoint.url(target)).headers(headers);
        let response = request.send().await.map_err(|error| {
            tracing::debug!(reason = http_client::reason(&error), "KuCoin was not reached");
            Fault::Network
        })?;
        let (status, quota) = (response.status(), Quota::read(response.headers()));
        match http_client::read_capped(response, SMALL_BODY).await {
            Ok(body) => Ok(Reply { status, quota, body: Zeroizing::new(body) }),
            Err(ReadError::TooLong) => Err(Fault::ExchangeDown),
            Err(ReadError::BrokenOff) => Err(Fault::Network),
        }
    }
}
