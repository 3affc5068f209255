//! The door of the fuzz target to the reading of a token endpoint's answer. Not an interface: it changes as that does.

use gateway_net::egress::EgressError;
use http::StatusCode;
use oauth2::{ClientId, HttpRequest, HttpResponse, TokenUrl, basic::BasicClient};

use crate::token_request::{AnswerHead, read_answer};

/// Reads a token endpoint's answer: how many seconds the token lives, or the words for why there is none.
///
/// # Errors
/// The words an operator is shown.
pub fn token_reply(status: u16, body: &[u8]) -> Result<i64, String> {
    const URL: &str = "https://token.invalid/";
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
    let url = TokenUrl::new(URL.to_owned()).map_err(|error| error.to_string())?;
    let client = BasicClient::new(ClientId::new("fuzz".to_owned())).set_token_uri(url);
    let answer = client.exchange_client_credentials().request(&|_: HttpRequest| -> Result<HttpResponse, EgressError> {
        let mut answer = HttpResponse::new(body.to_vec());
        *answer.status_mut() = status;
        Ok(answer)
    });
    match read_answer(answer, URL, AnswerHead { status: Some(status), date: None }) {
        Ok(Ok(token)) => Ok(token.lives.as_secs()),
        Ok(Err(refusal)) => Err(refusal.answer()),
        Err(error) => Err(error.to_string()),
    }
}
