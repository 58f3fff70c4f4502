-- Places and people. A chat belongs to one workspace; on Discord it is the server, on Telegram a
-- group or a person's own chat. A code is looked up by its first letters and compared by its hash,
-- so that wrong tries can be counted.

CREATE TABLE chats (
  platform TEXT NOT NULL,
  address TEXT NOT NULL,
  workspace_id TEXT NOT NULL REFERENCES workspaces (id),
  title TEXT NOT NULL,
  managed_by TEXT NOT NULL,
  state TEXT NOT NULL,
  added_at BIGINT NOT NULL,
  PRIMARY KEY (platform, address)
);

CREATE INDEX chats_workspace ON chats (workspace_id);

CREATE TABLE people (
  platform TEXT NOT NULL,
  person_id TEXT NOT NULL,
  current_workspace TEXT NOT NULL REFERENCES workspaces (id),
  PRIMARY KEY (platform, person_id)
);

CREATE TABLE grants (
  workspace_id TEXT NOT NULL REFERENCES workspaces (id),
  platform TEXT NOT NULL,
  subject_kind TEXT NOT NULL,
  subject_id TEXT NOT NULL,
  role TEXT NOT NULL,
  managed_by TEXT NOT NULL,
  PRIMARY KEY (workspace_id, platform, subject_kind, subject_id)
);

CREATE INDEX grants_subject ON grants (platform, subject_kind, subject_id);

CREATE TABLE claims (
  code_id TEXT NOT NULL PRIMARY KEY,
  code_hash TEXT NOT NULL,
  workspace_id TEXT NOT NULL REFERENCES workspaces (id),
  role TEXT NOT NULL,
  until_at BIGINT NOT NULL,
  tries BIGINT NOT NULL,
  used_at BIGINT,
  used_by TEXT
);

CREATE TABLE settings (
  scope TEXT NOT NULL,
  scope_id TEXT NOT NULL,
  json TEXT NOT NULL,
  rev BIGINT NOT NULL,
  PRIMARY KEY (scope, scope_id)
);

ALTER TABLE workspaces ADD COLUMN faq_only BIGINT NOT NULL DEFAULT 0;

-- A message that tells no alert: a test, who asked for it and who saw it.
ALTER TABLE messages ADD COLUMN test_json TEXT;
