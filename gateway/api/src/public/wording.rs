//! What the pages say, in English and in Spanish. Part of the evidence of a decision is which version of the text was shown, so a
//! change of the words is a new version.

use http::{HeaderMap, header};

/// Goes up with every change of the words below.
pub(super) const VERSION: u32 = 1;

/// The words of one language. `{name}` stands for the hospital's name.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Wording {
    pub(super) language: &'static str,
    pub(super) leave_title: &'static str,
    pub(super) leave_text: &'static str,
    pub(super) leave_button: &'static str,
    pub(super) left_title: &'static str,
    pub(super) left_text: &'static str,
    pub(super) choose_instead: &'static str,
    pub(super) come_back: &'static str,
    pub(super) preferences_title: &'static str,
    pub(super) preferences_text: &'static str,
    pub(super) email_legend: &'static str,
    pub(super) email_label: &'static str,
    pub(super) email_hint: &'static str,
    pub(super) refused_everything: &'static str,
    pub(super) lists_legend: &'static str,
    pub(super) save_button: &'static str,
    pub(super) saved: &'static str,
    pub(super) not_found_title: &'static str,
    pub(super) not_found_text: &'static str,
    pub(super) unavailable_title: &'static str,
    pub(super) unavailable_text: &'static str,
}

const ENGLISH: Wording = Wording {
    language: "en",
    leave_title: "Stop emails?",
    leave_text: "If you confirm, {name} will not send you any more emails: no reminders and no invitations. Your care does not change.",
    leave_button: "Stop all emails",
    left_title: "You will get no more emails",
    left_text: "It is done. {name} has stopped sending you emails. One that is already on its way may still arrive.",
    choose_instead: "Choose what you want to hear about instead",
    come_back: "Changed your mind? Choose what you want to hear about",
    preferences_title: "Your emails",
    preferences_text: "Choose what {name} may write to you about. You can come back to this page at any time with the link in any of our emails.",
    email_legend: "Emails",
    email_label: "You may write to me by email",
    email_hint: "Without this, no email is sent, whatever is chosen below.",
    refused_everything: "You asked us not to contact you at all. Please call us if you want to change that.",
    lists_legend: "Topics",
    save_button: "Save",
    saved: "Your choice is saved.",
    not_found_title: "This link does not work",
    not_found_text: "It may be incomplete. Please open it again from the email, or copy the whole address. You can also call us, and we will take care of it.",
    unavailable_title: "Please try again shortly",
    unavailable_text: "We could not reach our records just now, so nothing has been changed. Please open the link again in a minute.",
};

const SPANISH: Wording = Wording {
    language: "es",
    leave_title: "¿Dejar de recibir correos?",
    leave_text: "Si lo confirma, {name} no le enviará más correos: ni recordatorios ni invitaciones. Su atención no cambia.",
    leave_button: "No recibir más correos",
    left_title: "No recibirá más correos",
    left_text: "Listo. {name} ha dejado de enviarle correos. Es posible que todavía le llegue alguno que ya estaba en camino.",
    choose_instead: "Prefiero elegir los temas que me interesan",
    come_back: "¿Cambió de opinión? Elija los temas que le interesan",
    preferences_title: "Sus correos",
    preferences_text: "Elija sobre qué temas puede escribirle {name}. Puede volver a esta página cuando quiera con el enlace de cualquiera de nuestros correos.",
    email_legend: "Correo electrónico",
    email_label: "Pueden escribirme por correo electrónico",
    email_hint: "Sin esto no se envía ningún correo, sin importar lo que elija abajo.",
    refused_everything: "Usted nos pidió que no nos comunicáramos con usted. Llámenos si desea cambiarlo.",
    lists_legend: "Temas",
    save_button: "Guardar",
    saved: "Su elección está guardada.",
    not_found_title: "Este enlace no funciona",
    not_found_text: "Puede que esté incompleto. Ábralo de nuevo desde el correo o copie la dirección completa. También puede llamarnos y nos ocuparemos de ello.",
    unavailable_title: "Inténtelo de nuevo en un momento",
    unavailable_text: "No pudimos acceder a nuestros registros, así que no se ha cambiado nada. Abra el enlace de nuevo en un minuto.",
};

impl Wording {
    /// The words for a person: by the person's language, then by what the browser asks for, then English.
    pub(super) fn choose(language: Option<&str>, headers: &HeaderMap) -> &'static Self {
        let asked = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        language.and_then(Self::of).or_else(|| by_preference(asked).into_iter().find_map(Self::of)).unwrap_or(&ENGLISH)
    }

    /// The words of a language (BCP 47), by its primary subtag.
    fn of(language: &str) -> Option<&'static Self> {
        let primary = language.split(['-', '_']).next().unwrap_or_default();
        [&ENGLISH, &SPANISH].into_iter().find(|wording| wording.language.eq_ignore_ascii_case(primary.trim()))
    }
}

/// The languages of an `Accept-Language` header (RFC 9110, section 12.5.4), the most wanted first.
fn by_preference(header: &str) -> Vec<&str> {
    let mut wanted: Vec<(f32, &str)> = header
        .split(',')
        .take(20)
        .map(|part| {
            let (language, weight) = part.split_once(';').unwrap_or((part, "q=1"));
            let weight = weight.trim().strip_prefix("q=").and_then(|weight| weight.parse().ok()).unwrap_or(0.0);
            (weight, language.trim())
        })
        .filter(|(weight, _)| *weight > 0.0)
        .collect();
    wanted.sort_by(|(left, _), (right, _)| right.total_cmp(left));
    wanted.into_iter().map(|(_, language)| language).collect()
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn asking(language: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(header::ACCEPT_LANGUAGE, HeaderValue::from_static(language))])
    }

    #[test]
    fn the_persons_language_goes_before_the_browsers() {
        assert_eq!(Wording::choose(Some("es-MX"), &asking("en")), &SPANISH);
        assert_eq!(Wording::choose(Some("zh"), &asking("fr, en;q=0.3, es;q=0.7")), &SPANISH);
        assert_eq!(Wording::choose(None, &asking("es;q=0, de")), &ENGLISH);
    }
}
