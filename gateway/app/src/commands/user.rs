//! `outreach user`: people who sign in to the console.

use std::io::{BufRead as _, IsTerminal as _};

use anyhow::{Context as _, bail};
use gateway_domain::contact_point::EmailAddress;
use gateway_domain::ids::UserId;
use gateway_domain::user::{Role, User};
use gateway_ports::store::UserStore as _;
use secrecy::SecretString;

use crate::cli::UserCommand;
use crate::progress::{say, table};
use crate::wiring::Parts;

/// Fewest characters of a password.
const SHORTEST_PASSWORD: usize = 12;

/// Does what the command line asks.
///
/// # Errors
/// Where the user is there already, or not there, or the password is too short.
pub(crate) async fn run(command: UserCommand, parts: &Parts) -> anyhow::Result<()> {
    match command {
        UserCommand::Add { email, name, role } => {
            add(parts, &email, &name, role.into(), ask_password()?).await?;
            say(format!("{email} can sign in."));
        }
        UserCommand::List => {
            let users = parts.store.users().await?;
            let rows: Vec<_> = users
                .iter()
                .map(|user| {
                    vec![
                        user.email.clone(),
                        user.name.clone(),
                        user.role.name().to_owned(),
                        if user.disabled { "disabled" } else { "active" }.to_owned(),
                    ]
                })
                .collect();
            table(&["EMAIL", "NAME", "ROLE", "STATUS"], &rows);
        }
        UserCommand::Password { email } => {
            let (user, _) =
                parts.store.user_by_email(&email.to_lowercase()).await?.with_context(|| format!("there is no user `{email}`"))?;
            let hash = parts.hash_password(ask_password()?).await?;
            parts.store.set_password(user.id, &hash).await?;
            say("The password is changed; open sessions have ended.");
        }
    }
    Ok(())
}

/// Adds a user.
///
/// # Errors
/// Where the address is none or taken, or the password is too short.
pub(crate) async fn add(parts: &Parts, email: &str, name: &str, role: Role, password: SecretString) -> anyhow::Result<()> {
    let email = EmailAddress::parse(email).with_context(|| format!("`{email}` is no email address"))?.as_str().to_lowercase();
    let hash = parts.hash_password(password).await?;
    let now = parts.clock.now();
    let user = User { id: UserId::new(now, parts.entropy.for_id()), email, name: name.to_owned(), role, disabled: false, created_at: now };
    parts.store.add_user(&user, &hash).await?;
    Ok(())
}

fn ask_password() -> anyhow::Result<SecretString> {
    let password = if std::io::stdin().is_terminal() {
        let first = rpassword::prompt_password("Password: ")?;
        if first != rpassword::prompt_password("The same again: ")? {
            bail!("the two were not the same");
        }
        first
    } else {
        let mut line = String::new();
        std::io::stdin().lock().read_line(&mut line)?;
        line.trim_end_matches(['\r', '\n']).to_owned()
    };
    if password.chars().count() < SHORTEST_PASSWORD {
        bail!("the password has fewer than {SHORTEST_PASSWORD} characters");
    }
    Ok(password.into())
}
