//! Passwords: argon2id, off the async threads, upgraded when the parameters are.

use std::{fmt, sync::Arc};

use argon2::{
    Algorithm, Argon2, Params, Version,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use rand::CryptoRng;
use secrecy::{ExposeSecret, SecretString};
use tokio::{sync::Semaphore, task::spawn_blocking};

/// The cost of a password hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PasswordParameters {
    /// Memory in KiB.
    pub memory: u32,
    /// Passes over the memory.
    pub passes: u32,
    /// Lanes.
    pub lanes: u32,
    /// The most hashes computed at a time, which bounds the memory of a flood of sign-ins.
    pub at_a_time: usize,
}

impl Default for PasswordParameters {
    /// 46 MiB in one pass: OWASP's first recommendation for argon2id.
    fn default() -> Self {
        Self { memory: 46 << 10, passes: 1, lanes: 1, at_a_time: 4 }
    }
}

impl PasswordParameters {
    /// The least argon2 can do.
    pub fn for_testing() -> Self {
        Self { memory: 8, passes: 1, lanes: 1, at_a_time: 2 }
    }
}

/// What a password turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PasswordCheck {
    /// It is the right one.
    Match {
        /// The stored hash was made with other parameters: hash the password again and store it.
        rehash: bool,
    },
    /// It is not.
    NoMatch,
}

/// Why a password could not be hashed or checked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    #[error("password parameters {parameters:?} are not possible: {detail}")]
    Parameters { parameters: PasswordParameters, detail: String },
    #[error("password of more than {LONGEST} bytes")]
    TooLong,
    #[error("password could not be hashed: {detail}")]
    Hash { detail: String },
}

/// Longer passwords are refused, so that hashing one stays cheap.
const LONGEST: usize = 1_024;

/// Hashes and checks passwords. Cloning shares the limit.
#[derive(Clone)]
pub struct Passwords {
    parameters: PasswordParameters,
    argon2: Argon2<'static>,
    places: Arc<Semaphore>,
}

impl Passwords {
    /// # Errors
    /// [`PasswordError::Parameters`] where argon2 does not take them.
    pub fn new(parameters: PasswordParameters) -> Result<Self, PasswordError> {
        let PasswordParameters { memory, passes, lanes, at_a_time } = parameters;
        let params = Params::new(memory, passes, lanes, None)
            .map_err(|error| PasswordError::Parameters { parameters, detail: error.to_string() })?;
        Ok(Self {
            parameters,
            argon2: Argon2::new(Algorithm::Argon2id, Version::V0x13, params),
            places: Arc::new(Semaphore::new(at_a_time.max(1))),
        })
    }

    /// The hash to store, in PHC string form, with a salt from `random`.
    ///
    /// # Errors
    /// [`PasswordError`].
    pub async fn hash(&self, password: SecretString, random: &mut (impl CryptoRng + Send)) -> Result<String, PasswordError> {
        let mut salt = [0; 16];
        random.fill_bytes(&mut salt);
        self.run(password, move |argon2, password| {
            let hash: PasswordHash = argon2.hash_password_with_salt(password, &salt)?;
            Ok(hash.to_string())
        })
        .await
    }

    /// Checks `password` against the hash that is stored for a user. `None` is for a user who does
    /// not exist: it takes as long, and never matches.
    ///
    /// # Errors
    /// [`PasswordError`]; also where the stored hash is damaged.
    pub async fn check(&self, password: SecretString, stored: Option<String>) -> Result<PasswordCheck, PasswordError> {
        let parameters = self.parameters;
        self.run(password, move |argon2, password| {
            let Some(stored) = stored else {
                let _hash: PasswordHash = argon2.hash_password_with_salt(password, &[0; 16])?;
                return Ok(PasswordCheck::NoMatch);
            };
            let hash = PasswordHash::new(&stored)?;
            match argon2.verify_password(password, &hash) {
                Ok(()) => Ok(PasswordCheck::Match { rehash: !made_with(&hash, parameters) }),
                Err(argon2::password_hash::Error::PasswordInvalid) => Ok(PasswordCheck::NoMatch),
                Err(error) => Err(error),
            }
        })
        .await
    }

    async fn run<T: Send + 'static>(
        &self,
        password: SecretString,
        work: impl FnOnce(&Argon2<'static>, &[u8]) -> Result<T, argon2::password_hash::Error> + Send + 'static,
    ) -> Result<T, PasswordError> {
        if password.expose_secret().len() > LONGEST {
            return Err(PasswordError::TooLong);
        }
        let wrong = |detail: String| PasswordError::Hash { detail };
        let place = self.places.clone().acquire_owned().await;
        let place = place.map_err(|error| wrong(error.to_string()))?;
        let argon2 = self.argon2.clone();
        let done = spawn_blocking(move || {
            let outcome = work(&argon2, password.expose_secret().as_bytes());
            drop(place);
            outcome
        });
        match done.await {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(error)) => Err(wrong(error.to_string())),
            Err(error) => Err(wrong(error.to_string())),
        }
    }
}

impl fmt::Debug for Passwords {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Passwords({:?})", self.parameters)
    }
}

fn made_with(hash: &PasswordHash, parameters: PasswordParameters) -> bool {
    hash.algorithm == Algorithm::Argon2id.ident()
        && Params::try_from(hash).is_ok_and(|params| {
            params.m_cost() == parameters.memory && params.t_cost() == parameters.passes && params.p_cost() == parameters.lanes
        })
}
