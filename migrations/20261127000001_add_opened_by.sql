-- Who opened a workspace in chat, so that nobody takes all places; NULL for those of the settings.

ALTER TABLE workspaces ADD COLUMN opened_by TEXT;
