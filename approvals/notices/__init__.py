"""Time and notices: what people want to be told, the outbox that tells them, reminders and escalations."""
