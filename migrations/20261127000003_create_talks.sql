-- Where a person is in what asks step by step; for a few days, so that it survives a restart. Not
-- bound to a chat: what is asked there is for one person alone, wherever they go on.

CREATE TABLE talks (
  workspace_id TEXT NOT NULL REFERENCES workspaces (id),
  platform TEXT NOT NULL,
  person TEXT NOT NULL,
  kind TEXT NOT NULL,
  step_json TEXT NOT NULL,
  until_at BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, platform, person, kind)
);

CREATE INDEX talks_until ON talks (until_at);
