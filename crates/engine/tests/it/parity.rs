//! Parity with Hugging Face transformers on the committed fixtures.
