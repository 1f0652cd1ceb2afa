//! Text to tokens and back, and chat messages to text, exactly as the checkpoint's own files say.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, Write};
use std::path::Path;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{Environment, ErrorKind, Value, context};
use serde::Serialize;
use serde_json::Value as Json;

use crate::Error;
use crate::bound::Bound;
use crate::json::{self, Object, present};

const TOKENIZER_LIMIT: u64 = 256 << 20;
const TEMPLATE_LIMIT: u64 = 4 << 20;
const TEMPLATE_NAME: &str = "chat_template";
/// Template instructions for one rendering; a real template spends some hundred per message.
const TEMPLATE_FUEL: u64 = 2_000_000;
const MAX_RENDERED_BYTES: usize = 16 << 20;
/// A character and its neighbours are in fewer tokens.
const MAX_PIECE_TOKENS: usize = 16;

pub struct Tokenizer {
    inner: tokenizers::Tokenizer,
    bound: Option<Bound>,
    chat: Option<Chat>,
}

/// A compiled chat template and the special tokens that it may name.
struct Chat {
    environment: Environment<'static>,
    special: BTreeMap<&'static str, String>,
}

impl Tokenizer {
    pub(crate) fn read(dir: &Path) -> Result<Self, Error> {
        let path = dir.join("tokenizer.json");
        let bytes = json::bytes(&path, TOKENIZER_LIMIT)?.ok_or_else(|| json::missing(&path))?;
        let mut inner = tokenizers::Tokenizer::from_bytes(&bytes).map_err(Error::Tokenizer)?;
        // a file saved in training may say to cut or pad: a prompt is never changed here
        inner.with_truncation(None).map_err(Error::Tokenizer)?;
        inner.with_padding(None);
        let bound = Bound::of(&bytes, &inner);
        Ok(Self { inner, bound, chat: Chat::read(dir)? })
    }

    /// One more than the highest token id, holes and special tokens included.
    pub fn vocab_size(&self) -> usize {
        self.inner.get_vocab(true).into_values().max().map_or(0, |id| id as usize + 1)
    }

    /// Tokens of a raw prompt, with whatever the tokenizer puts around a text (Llama's begin-of-text, for one).
    pub fn encode(&self, text: &str) -> Result<Vec<u32>, Error> {
        self.tokens(text, true)
    }

    /// Tokens of a conversation. Its template has already written the special tokens.
    pub fn encode_chat<M: Serialize>(&self, messages: &[M]) -> Result<Vec<u32>, Error> {
        self.encode_rendered(&self.render_chat(messages)?)
    }

    /// Tokens of a conversation that was rendered before: nothing is put around it.
    pub fn encode_rendered(&self, text: &str) -> Result<Vec<u32>, Error> {
        self.tokens(text, false)
    }

    /// A text of so many bytes, if not empty, has at least one token and at most so many, whatever it says. `None`: this
    /// tokenizer gives no such promise.
    pub fn most_tokens(&self, bytes: usize) -> Option<usize> {
        self.bound.map(|bound| bound.tokens(bytes))
    }

    /// Text of tokens. Special tokens, and ids that have no token, leave no trace.
    pub fn decode(&self, ids: &[u32]) -> Result<String, Error> {
        self.inner.decode(ids, true).map_err(Error::Tokenizer)
    }

    /// Whether a prompt's text gives these ids. What was sent does not say whether the text was raw or rendered from messages; a
    /// tokenizer that puts special tokens around a text does so for the first only.
    pub fn is_prompt(&self, text: &str, ids: &[u32]) -> bool {
        let fits = |found: Result<Vec<u32>, _>| found.is_ok_and(|found| found == ids);
        fits(self.encode(text)) || fits(self.encode_rendered(text))
    }

    /// Whether these messages are rendered to a prompt's text.
    pub fn is_conversation<M: Serialize>(&self, messages: &[M], text: &str) -> bool {
        self.render_chat(messages).is_ok_and(|found| found == text)
    }

    /// Whether these ids give a completion's text.
    pub fn is_completion(&self, text: &str, ids: &[u32]) -> bool {
        self.decode(ids).is_ok_and(|found| found == text)
    }

    /// Each token's own part of the text: together they are [`Self::decode`] of all, but for a character that is never
    /// finished. A token that only begins a character has none; the one that ends it has all of it.
    pub fn pieces(&self, ids: &[u32]) -> Result<Vec<String>, Error> {
        let mut pieces = Vec::with_capacity(ids.len());
        // what was told of ends at `told`; some tokens before it are read along, since a decoder looks at neighbours
        let (mut from, mut told) = (0, 0);
        for end in 1..=ids.len() {
            let (before, now) = (self.decode(&ids[from..told])?, self.decode(&ids[from..end])?);
            let new = now.strip_prefix(&before).unwrap_or_default();
            let is_whole = !new.is_empty() && !new.ends_with(char::REPLACEMENT_CHARACTER);
            // what is no text at all is not waited for
            if is_whole || end - from > MAX_PIECE_TOKENS {
                pieces.push(new.to_owned());
                (from, told) = (told, end);
            } else {
                pieces.push(String::new());
            }
        }
        Ok(pieces)
    }

    /// The prompt text that asks the model for the next message. The template sees each message as its JSON: a `role` and a
    /// `content`.
    pub fn render_chat<M: Serialize>(&self, messages: &[M]) -> Result<String, Error> {
        self.chat.as_ref().ok_or(Error::NoChatTemplate)?.render(messages)
    }

    fn tokens(&self, text: &str, add_special_tokens: bool) -> Result<Vec<u32>, Error> {
        let encoding = self.inner.encode_fast(text, add_special_tokens).map_err(Error::Tokenizer)?;
        Ok(encoding.get_ids().to_vec())
    }
}

impl fmt::Debug for Tokenizer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokenizer").field("chat", &self.chat.is_some()).finish_non_exhaustive()
    }
}

impl Chat {
    /// From `chat_template.jinja` (newer folders), else from `tokenizer_config.json`.
    fn read(dir: &Path) -> Result<Option<Self>, Error> {
        let path = dir.join("tokenizer_config.json");
        let config: Object = json::parse(&path, TEMPLATE_LIMIT)?.unwrap_or_default();
        let beside = json::bytes(&dir.join("chat_template.jinja"), TEMPLATE_LIMIT)?;
        let source = match beside {
            Some(bytes) => Some(
                String::from_utf8(bytes)
                    .map_err(|_| Error::config("chat_template", "chat_template.jinja is not UTF-8"))?,
            ),
            None => template_source(&config)?,
        };
        let special = ["bos_token", "eos_token", "pad_token", "unk_token"].into_iter();
        let special = special.filter_map(|name| Some((name, special_token(&config, name)?))).collect();
        source.map(|source| Self::compile(source, special)).transpose()
    }

    fn compile(source: String, special: BTreeMap<&'static str, String>) -> Result<Self, Error> {
        let mut environment = Environment::new();
        // the settings that transformers renders with
        let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build();
        environment.set_syntax(syntax.map_err(Error::ChatTemplate)?);
        environment.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
        environment.set_unknown_method_callback(minijinja_contrib::pycompat::unknown_method_callback);
        environment.add_function("raise_exception", |message: String| -> Result<Value, minijinja::Error> {
            Err(minijinja::Error::new(ErrorKind::InvalidOperation, message))
        });
        environment.add_filter("tojson", |value: Value| {
            serde_json::to_string(&value)
                .map_err(|error| minijinja::Error::new(ErrorKind::BadSerialization, error.to_string()))
        });
        environment.set_fuel(Some(TEMPLATE_FUEL));
        environment.add_template_owned(TEMPLATE_NAME, source).map_err(Error::ChatTemplate)?;
        Ok(Self { environment, special })
    }

    fn render<M: Serialize>(&self, messages: &[M]) -> Result<String, Error> {
        let template = self.environment.get_template(TEMPLATE_NAME).map_err(Error::ChatTemplate)?;
        let values = context! { messages => Serde(messages), add_generation_prompt => true, ..Value::from(self.special.clone()) };
        let mut out = Capped(Vec::new());
        template.render_captured_to(values, &mut out).map_err(|error| match error.kind() {
            ErrorKind::WriteFailure => Error::ChatTooLong(MAX_RENDERED_BYTES),
            _ => Error::ChatTemplate(error),
        })?;
        // minijinja only writes `str`s
        Ok(String::from_utf8_lossy(&out.0).into_owned())
    }
}

/// A string, or the template called `default` of a list.
fn template_source(config: &Object) -> Result<Option<String>, Error> {
    let problem = || Error::config("chat_template", "is neither a text nor a list with a default");
    match present(config, "chat_template") {
        None => Ok(None),
        Some(Json::String(source)) => Ok(Some(source.clone())),
        Some(Json::Array(named)) => {
            let default = named.iter().find(|one| one["name"] == "default").ok_or_else(problem)?;
            default["template"].as_str().map(|source| Some(source.to_owned())).ok_or_else(problem)
        }
        Some(_) => Err(problem()),
    }
}

/// A text, or an added token's object with its text in `content`.
fn special_token(config: &Object, name: &str) -> Option<String> {
    let value = present(config, name)?;
    value.as_str().or_else(|| value["content"].as_str()).map(str::to_owned)
}

/// Stops a template that writes without end.
struct Capped(Vec<u8>);

impl Write for Capped {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.len() + bytes.len() > MAX_RENDERED_BYTES {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Serialize)]
    struct Said<'a> {
        role: &'a str,
        content: &'a str,
    }

    fn user(content: &str) -> [Said<'_>; 1] {
        [Said { role: "user", content }]
    }

    fn chat(source: &str) -> Chat {
        Chat::compile(source.to_owned(), BTreeMap::from([("bos_token", "<s>".to_owned())])).unwrap()
    }

    #[test]
    fn a_template_of_the_usual_kind_renders() {
        let chatml = "{{ bos_token }}{%- for message in messages %}\n    {%- if message.role.startswith('u') %}\n\
            <|im_start|>{{ message['role'] }}\n{{ message.content.strip() }}<|im_end|>\n    {% endif %}\n\
            {%- endfor %}\n{%- if add_generation_prompt %}\n{{- '<|im_start|>assistant\\n' }}\n{%- endif %}";
        let text = chat(chatml).render(&user(" <b>2 & 2</b> ")).unwrap();
        assert_eq!(text, "<s><|im_start|>user\n<b>2 & 2</b><|im_end|>\n<|im_start|>assistant\n");
        assert_eq!(
            chat("{{ messages | tojson }}").render(&user("<")).unwrap(),
            r#"[{"role":"user","content":"<"}]"#
        );
    }

    #[test]
    fn a_template_can_refuse_and_cannot_run_forever() {
        let refusal = chat("{{ raise_exception('no system') }}").render(&user("x")).unwrap_err();
        assert!(matches!(refusal, Error::ChatTemplate(ref error) if error.to_string().contains("no system")));
        let endless = "{% for a in range(90000) %}{% for b in range(90000) %}{% endfor %}{% endfor %}";
        assert!(
            matches!(chat(endless).render(&user("x")), Err(Error::ChatTemplate(e)) if e.kind() == ErrorKind::OutOfFuel)
        );
        let wide = "{% for a in range(90000) %}{{ messages[0].content }}{% endfor %}";
        assert!(matches!(chat(wide).render(&user(&"x".repeat(1000))), Err(Error::ChatTooLong(_))));
        assert!(matches!(Chat::compile("{% if %}".to_owned(), BTreeMap::new()), Err(Error::ChatTemplate(_))));
    }

    #[test]
    fn the_default_of_several_templates_is_taken() {
        let config = |json: &str| serde_json::from_str::<Object>(json).unwrap();
        let list = r#"{"chat_template": [{"name": "tool_use", "template": "a"}, {"name": "default", "template": "b"}]}"#;
        assert_eq!(template_source(&config(list)).unwrap().as_deref(), Some("b"));
        assert_eq!(template_source(&config(r#"{"chat_template": null}"#)).unwrap(), None);
        assert!(template_source(&config(r#"{"chat_template": [{"name": "x"}]}"#)).is_err());
        assert!(template_source(&config(r#"{"chat_template": 4}"#)).is_err());
        let added = config(r#"{"eos_token": {"content": "</s>", "lstrip": false}, "bos_token": null}"#);
        assert_eq!(special_token(&added, "eos_token").as_deref(), Some("</s>"));
        assert_eq!(special_token(&added, "bos_token"), None);
    }
}
