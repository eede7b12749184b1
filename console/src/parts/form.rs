use askama::Template;

use crate::html::Html;

/// What went wrong with a form, above it, each with a link to its field.
#[derive(Debug, Clone, Default, Template)]
#[template(path = "parts/errors.html")]
pub struct Errors {
    heading: &'static str,
    errors: Vec<(String, String)>,
}

impl Errors {
    /// None yet.
    #[must_use]
    pub const fn new(heading: &'static str) -> Self {
        Self {
            heading,
            errors: Vec::new(),
        }
    }

    /// One more: the field that it is about, and what is wrong.
    #[must_use]
    pub fn error(mut self, field: impl Into<String>, what: impl Into<String>) -> Self {
        self.errors.push((field.into(), what.into()));
        self
    }

    /// True if nothing is wrong.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.errors.is_empty()
    }

    /// The markup; nothing if nothing is wrong.
    #[must_use]
    pub fn render(&self) -> Html {
        if self.errors.is_empty() {
            return Html::default();
        }
        Html::of(self)
    }
}

/// What a field takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Input {
    /// A line of text.
    Text,
    /// Several lines.
    Long,
    /// A password; managers may fill it in, and it may be pasted.
    Password,
    /// A password that is set, which managers may suggest.
    NewPassword,
    /// One of some.
    Choice,
    /// A code of a second factor.
    OneTimeCode,
    /// The name of an account.
    Account,
    /// Nothing to see.
    Hidden,
}

/// A field.
#[derive(Debug, Clone)]
pub struct Field {
    name: &'static str,
    label: &'static str,
    hint: &'static str,
    input: Input,
    required: bool,
    value: String,
    options: Vec<(String, String)>,
    chars_max: usize,
}

/// The longest entry, in characters, where a field does not say otherwise.
const CHARS_MAX: usize = 500;

impl Field {
    /// A field that must be filled in.
    #[must_use]
    pub const fn new(name: &'static str, label: &'static str, input: Input) -> Self {
        Self {
            name,
            label,
            hint: "",
            input,
            required: true,
            value: String::new(),
            options: Vec::new(),
            chars_max: CHARS_MAX,
        }
    }

    /// A choice: value and word of each.
    #[must_use]
    pub fn choice(name: &'static str, label: &'static str, options: Vec<(String, String)>) -> Self {
        Self {
            options,
            ..Self::new(name, label, Input::Choice)
        }
    }

    /// With another longest entry.
    #[must_use]
    pub const fn chars_max(mut self, chars: usize) -> Self {
        self.chars_max = chars;
        self
    }

    /// Something that goes with the form.
    #[must_use]
    pub fn hidden(name: &'static str, value: impl Into<String>) -> Self {
        Self::new(name, "", Input::Hidden).value(value)
    }

    /// With a hint.
    #[must_use]
    pub const fn hint(mut self, hint: &'static str) -> Self {
        self.hint = hint;
        self
    }

    /// That may stay empty.
    #[must_use]
    pub const fn optional(mut self) -> Self {
        self.required = false;
        self
    }

    /// With what was entered.
    #[must_use]
    pub fn value(mut self, value: impl Into<String>) -> Self {
        self.value = value.into();
        self
    }

    fn autocomplete(&self) -> &'static str {
        match self.input {
            Input::Password => "current-password",
            Input::NewPassword => "new-password",
            Input::OneTimeCode => "one-time-code",
            Input::Account => "username",
            _ => "off",
        }
    }

    fn is(&self, input: Input) -> bool {
        self.input == input
    }

    /// True for what is written elsewhere and brought here.
    const fn is_of_many_lines(&self) -> bool {
        self.chars_max > 2_000
    }

    fn is_secret(&self) -> bool {
        matches!(self.input, Input::Password | Input::NewPassword)
    }
}

/// A form that changes something.
#[derive(Debug, Clone, Template)]
#[template(path = "parts/form.html")]
pub struct Form {
    /// Where it goes.
    pub action: String,
    /// The token of the session; absent where there is none yet.
    pub csrf: Option<String>,
    /// The fields.
    pub fields: Vec<Field>,
    /// On the button: verb and object.
    pub submit: &'static str,
    /// True for what cannot be taken back.
    pub dangerous: bool,
}

impl Form {
    /// A form.
    #[must_use]
    pub fn new(action: impl Into<String>, csrf: Option<&str>, fields: Vec<Field>, submit: &'static str) -> Self {
        Self {
            action: action.into(),
            csrf: csrf.map(str::to_owned),
            fields,
            submit,
            dangerous: false,
        }
    }

    /// For what cannot be taken back.
    #[must_use]
    pub const fn dangerous(mut self) -> Self {
        self.dangerous = true;
        self
    }

    /// The markup.
    #[must_use]
    pub fn render(&self) -> Html {
        Html::of(self)
    }
}
