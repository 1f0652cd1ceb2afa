-- A prompt that was sent as messages keeps them beside the text that they were rendered to: whoever trains on conversations needs
-- them, and they cannot be read back out of the text.

ALTER TABLE prompts
    -- protocol::Message, a list of them; NULL where something else was sent, and of prompts from before they were kept
    ADD COLUMN messages jsonb,
    ADD CONSTRAINT prompts_messages_are_rendered CHECK (
        messages IS NULL OR (jsonb_typeof(messages) = 'array' AND encoding IS NOT DISTINCT FROM 'rendered'));
