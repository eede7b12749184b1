use askama::Template;

use super::Form;
use crate::html::Html;

/// A page before something that has consequences: it says which, asks for a reason, and only then has the button.
#[derive(Debug, Clone, Template)]
#[template(path = "parts/confirmation.html")]
pub struct Confirmation {
    /// Above the consequences.
    pub heading: &'static str,
    /// What it does, in sentences.
    pub consequences: Vec<&'static str>,
    /// The form.
    pub form: Html,
    /// Where whoever thinks better of it goes.
    pub back: String,
    /// What that is called.
    pub back_label: &'static str,
}

impl Confirmation {
    /// A confirmation with a form that cannot be taken back.
    #[must_use]
    pub fn new(
        heading: &'static str,
        consequences: Vec<&'static str>,
        form: Form,
        back: impl Into<String>,
        back_label: &'static str,
    ) -> Self {
        Self {
            heading,
            consequences,
            form: form.dangerous().render(),
            back: back.into(),
            back_label,
        }
    }

    /// The markup.
    #[must_use]
    pub fn render(&self) -> Html {
        Html::of(self)
    }
}
