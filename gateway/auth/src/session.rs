//! The session cookie, and the check that a request comes from our own pages.

use http::{HeaderMap, HeaderName, HeaderValue, Method, header};

/// How the session cookie is named and guarded on a listener.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionCookie {
    https: bool,
}

impl SessionCookie {
    /// `https` says whether users reach the listener over TLS. Without it the `__Host-` prefix
    /// and `Secure` are left out, since browsers would drop the cookie; that is for a listener on
    /// the loopback address only.
    pub fn new(https: bool) -> Self {
        Self { https }
    }

    pub fn name(self) -> &'static str {
        if self.https { "__Host-outreach" } else { "outreach" }
    }

    /// The `Set-Cookie` value that starts a session; `None` where `token` has characters a cookie
    /// can't carry.
    pub fn start(self, token: &str) -> Option<HeaderValue> {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        if token.is_empty() || !token.bytes().all(fits) {
            return None;
        }
        // Without Max-Age the cookie goes with the browser; the server ends the session earlier.
        let mut value = HeaderValue::try_from(self.cookie(token)).ok()?;
        value.set_sensitive(true);
        Some(value)
    }

    /// The `Set-Cookie` value that ends a session.
    pub fn end(self) -> HeaderValue {
        let text = format!("{}; Max-Age=0", self.cookie(""));
        HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static(""))
    }

    /// The token in a request's cookies; `None` where there is none, or more than one.
    pub fn read(self, headers: &HeaderMap) -> Option<&str> {
        let mut found = headers
            .get_all(header::COOKIE)
            .iter()
            .filter_map(|line| line.to_str().ok())
            .flat_map(|line| line.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .filter(|(name, _)| *name == self.name())
            .map(|(_, token)| token);
        match (found.next(), found.next()) {
            (Some(token), None) if !token.is_empty() => Some(token),
            _ => None,
        }
    }

    fn cookie(self, token: &str) -> String {
        let secure = if self.https { "; Secure" } else { "" };
        let name = self.name();
        format!("{name}={token}; Path=/; HttpOnly; SameSite=Strict{secure}")
    }
}

/// Why a request is not taken as coming from our own pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CrossSite {
    #[error("the browser says that another site made this request")]
    FetchSite,
    #[error("the Origin header names another origin than ours")]
    Origin,
    #[error("the browser says neither where the request comes from nor from which site")]
    NoWitness,
}

/// Whether a request that a session cookie came along with was made by our own pages.
///
/// Safe methods pass: GET never changes state. For others the browser's own witnesses decide,
/// `Sec-Fetch-Site` first, then `Origin`, which must equal `own_origin` (such as
/// `https://outreach.example.org`). A request with neither is refused: browsers of the last years
/// send at least one, and programs use tokens in place of the cookie.
///
/// # Errors
/// [`CrossSite`] says which witness speaks against it.
pub fn check_same_site(method: &Method, headers: &HeaderMap, own_origin: &str) -> Result<(), CrossSite> {
    const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
    if method.is_safe() {
        return Ok(());
    }
    let only = |name: HeaderName| {
        let mut values = headers.get_all(name).iter();
        (values.next(), values.next())
    };
    match only(SEC_FETCH_SITE) {
        (Some(site), None) if site == "same-origin" => {}
        (None, _) => {}
        _ => return Err(CrossSite::FetchSite),
    }
    match only(header::ORIGIN) {
        (Some(origin), None) if origin == own_origin => Ok(()),
        (None, _) if headers.contains_key(SEC_FETCH_SITE) => Ok(()),
        (None, _) => Err(CrossSite::NoWitness),
        _ => Err(CrossSite::Origin),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, HeaderValue::from_static(value));
        }
        headers
    }

    #[test]
    fn cookie_is_guarded_and_comes_back() {
        let cookie = SessionCookie::new(true);
        let set = cookie.start("ogw_abc-123").unwrap();
        assert_eq!(set.to_str().unwrap(), "__Host-outreach=ogw_abc-123; Path=/; HttpOnly; SameSite=Strict; Secure");
        let back = headers(&[("cookie", "a=b; __Host-outreach=ogw_abc-123"), ("cookie", "c=d")]);
        assert_eq!(cookie.read(&back), Some("ogw_abc-123"));
        assert_eq!(SessionCookie::new(false).read(&back), None);
        assert_eq!(SessionCookie::new(false).name(), "outreach");
    }

    #[test]
    fn doubled_or_odd_cookies_are_none() {
        let cookie = SessionCookie::new(false);
        for line in ["", "outreach", "outreach=", "outreach=a; outreach=b", "xoutreach=a"] {
            assert_eq!(cookie.read(&headers(&[("cookie", line)])), None, "{line}");
        }
        for token in ["", "a;b", "a b", "a\r\nSet-Cookie: x=y", "ä"] {
            assert_eq!(cookie.start(token), None, "{token}");
        }
    }

    #[test]
    fn only_our_own_pages_change_state() {
        const OWN: &str = "https://outreach.example.org";
        let check = |pairs: &[_]| check_same_site(&Method::POST, &headers(pairs), OWN);
        let own = ("origin", OWN);
        let evil = ("origin", "https://evil.test");
        let same = ("sec-fetch-site", "same-origin");
        let cross = ("sec-fetch-site", "cross-site");
        assert_eq!(check(&[own]), Ok(()));
        assert_eq!(check(&[same]), Ok(()));
        assert_eq!(check(&[own, same]), Ok(()));
        assert_eq!(check(&[]), Err(CrossSite::NoWitness));
        assert_eq!(check(&[cross]), Err(CrossSite::FetchSite));
        assert_eq!(check(&[own, cross]), Err(CrossSite::FetchSite));
        assert_eq!(check(&[own, same, cross]), Err(CrossSite::FetchSite));
        assert_eq!(check(&[("sec-fetch-site", "same-site")]), Err(CrossSite::FetchSite));
        assert_eq!(check(&[("sec-fetch-site", "none")]), Err(CrossSite::FetchSite));
        assert_eq!(check(&[evil, same]), Err(CrossSite::Origin));
        assert_eq!(check(&[own, evil]), Err(CrossSite::Origin));
        assert_eq!(check(&[("origin", "null")]), Err(CrossSite::Origin));
        assert_eq!(check(&[("origin", "https://outreach.example.org.evil.test")]), Err(CrossSite::Origin));
        assert_eq!(check_same_site(&Method::GET, &headers(&[evil, cross]), OWN), Ok(()));
    }
}
