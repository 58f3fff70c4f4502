-- One text for SQLite and PostgreSQL: TEXT and BIGINT only, instants as epoch milliseconds,
-- booleans 0/1, no defaults that read a clock, deletion always explicit.

CREATE TABLE install (
  name TEXT NOT NULL PRIMARY KEY,
  value TEXT NOT NULL
);

CREATE TABLE leases (
  name TEXT NOT NULL PRIMARY KEY,
  holder TEXT NOT NULL,
  until_at BIGINT NOT NULL,
  no BIGINT NOT NULL,
  note TEXT NOT NULL
);

CREATE TABLE workspaces (
  id TEXT NOT NULL PRIMARY KEY,
  name TEXT NOT NULL,
  name_key TEXT NOT NULL UNIQUE,
  zone TEXT NOT NULL,
  managed_by TEXT NOT NULL,
  state TEXT NOT NULL,
  next_alert_no BIGINT NOT NULL,
  rev BIGINT NOT NULL
);

CREATE TABLE keys (
  id TEXT NOT NULL PRIMARY KEY,
  workspace_id TEXT NOT NULL REFERENCES workspaces (id),
  label TEXT NOT NULL,
  label_key TEXT NOT NULL,
  exchange TEXT NOT NULL,
  site TEXT NOT NULL,
  watch TEXT NOT NULL,
  watched_via TEXT,
  co_located BIGINT NOT NULL CHECK (co_located IN (0, 1)),
  allow_json TEXT NOT NULL,
  declared_json TEXT,
  baseline_json TEXT,
  accepted_json TEXT NOT NULL,
  used_by_json TEXT NOT NULL,
  owner TEXT,
  deputy TEXT,
  added_at BIGINT NOT NULL,
  state TEXT NOT NULL,
  rev BIGINT NOT NULL,
  UNIQUE (workspace_id, id)
);

CREATE UNIQUE INDEX keys_label ON keys (workspace_id, label_key) WHERE state <> 'removed';
CREATE INDEX keys_site ON keys (workspace_id, exchange, site);

CREATE TABLE credentials (
  id TEXT NOT NULL PRIMARY KEY,
  workspace_id TEXT NOT NULL,
  key_id TEXT NOT NULL,
  generation BIGINT NOT NULL,
  state TEXT NOT NULL,
  key_hash TEXT NOT NULL,
  hint TEXT NOT NULL,
  sealed_key TEXT,
  sealed_secret TEXT,
  sealed_passphrase TEXT,
  added_at BIGINT NOT NULL,
  retire_at BIGINT,
  FOREIGN KEY (workspace_id, key_id) REFERENCES keys (workspace_id, id),
  UNIQUE (workspace_id, id),
  UNIQUE (key_id, generation)
);

CREATE UNIQUE INDEX credentials_live ON credentials (workspace_id, key_hash) WHERE state <> 'wiped';
CREATE INDEX credentials_key ON credentials (key_id);

CREATE TABLE duties (
  subject_id TEXT NOT NULL,
  kind TEXT NOT NULL,
  workspace_id TEXT NOT NULL REFERENCES workspaces (id),
  due_at BIGINT NOT NULL,
  claim_no BIGINT NOT NULL,
  claimed_by TEXT,
  tries BIGINT NOT NULL,
  PRIMARY KEY (subject_id, kind)
);

CREATE INDEX duties_due ON duties (due_at);

CREATE TABLE observations (
  id TEXT NOT NULL PRIMARY KEY,
  workspace_id TEXT NOT NULL,
  key_id TEXT NOT NULL,
  credential_id TEXT NOT NULL,
  outcome TEXT NOT NULL,
  code TEXT,
  facts_json TEXT,
  facts_hash TEXT,
  first_at BIGINT NOT NULL,
  last_at BIGINT NOT NULL,
  times BIGINT NOT NULL,
  FOREIGN KEY (workspace_id, key_id) REFERENCES keys (workspace_id, id)
);

CREATE INDEX observations_key ON observations (key_id, last_at);
CREATE INDEX observations_age ON observations (last_at);

CREATE TABLE key_state (
  key_id TEXT NOT NULL PRIMARY KEY,
  workspace_id TEXT NOT NULL,
  last_good_obs TEXT,
  last_good_at BIGINT,
  latest_obs TEXT,
  latest_at BIGINT,
  blind_word TEXT,
  streak_kind TEXT,
  streak_n BIGINT,
  streak_since BIGINT,
  streak_counted_at BIGINT,
  caller_sealed TEXT,
  caller_at BIGINT,
  FOREIGN KEY (workspace_id, key_id) REFERENCES keys (workspace_id, id)
);

CREATE TABLE alerts (
  id TEXT NOT NULL PRIMARY KEY,
  workspace_id TEXT NOT NULL REFERENCES workspaces (id),
  no BIGINT NOT NULL,
  subject_kind TEXT NOT NULL,
  subject_id TEXT NOT NULL,
  rule TEXT NOT NULL,
  phase TEXT NOT NULL,
  seen BIGINT NOT NULL,
  clearing_at BIGINT,
  severity TEXT NOT NULL,
  worst TEXT NOT NULL,
  stage TEXT,
  evidence_json TEXT NOT NULL,
  told_json TEXT,
  ack_json TEXT,
  opened_at BIGINT NOT NULL,
  closed_at BIGINT,
  last_seq BIGINT NOT NULL,
  rev BIGINT NOT NULL,
  UNIQUE (workspace_id, id)
);

CREATE UNIQUE INDEX alerts_one ON alerts (workspace_id, subject_kind, subject_id, rule) WHERE phase <> 'closed';
CREATE UNIQUE INDEX alerts_no ON alerts (workspace_id, no) WHERE no > 0;
CREATE INDEX alerts_subject ON alerts (subject_id, rule);

CREATE TABLE transitions (
  alert_id TEXT NOT NULL,
  seq BIGINT NOT NULL,
  workspace_id TEXT NOT NULL,
  kind TEXT NOT NULL,
  at BIGINT NOT NULL,
  severity TEXT NOT NULL,
  stage TEXT,
  reason TEXT NOT NULL,
  actor TEXT,
  policy_json TEXT,
  rev BIGINT NOT NULL, -- of the alert after the change
  PRIMARY KEY (alert_id, seq),
  FOREIGN KEY (workspace_id, alert_id) REFERENCES alerts (workspace_id, id)
);

CREATE TABLE receivers (
  id TEXT NOT NULL PRIMARY KEY,
  workspace_id TEXT NOT NULL REFERENCES workspaces (id),
  name TEXT NOT NULL,
  platform TEXT NOT NULL,
  address TEXT NOT NULL,
  topic TEXT NOT NULL,
  mention TEXT,
  min_severity TEXT NOT NULL,
  managed_by TEXT NOT NULL,
  state TEXT NOT NULL,
  reason TEXT,
  not_before BIGINT NOT NULL,
  failures BIGINT NOT NULL,
  claim_until BIGINT NOT NULL,
  claim_no BIGINT NOT NULL,
  UNIQUE (workspace_id, id),
  UNIQUE (workspace_id, platform, address, topic)
);

CREATE TABLE messages (
  id TEXT NOT NULL PRIMARY KEY,
  workspace_id TEXT NOT NULL,
  receiver_id TEXT NOT NULL,
  state TEXT NOT NULL,
  platform_id TEXT,
  quiet BIGINT NOT NULL CHECK (quiet IN (0, 1)),
  want_rev BIGINT NOT NULL,
  shown_rev BIGINT NOT NULL,
  tries BIGINT NOT NULL,
  bound_at BIGINT NOT NULL,
  attempt_at BIGINT,
  sent_at BIGINT,
  edited_at BIGINT,
  fault TEXT,
  FOREIGN KEY (workspace_id, receiver_id) REFERENCES receivers (workspace_id, id),
  UNIQUE (workspace_id, id)
);

CREATE INDEX messages_unsent ON messages (receiver_id) WHERE state = 'bound';
CREATE INDEX messages_stale ON messages (receiver_id) WHERE want_rev > shown_rev;

CREATE TABLE message_alerts (
  message_id TEXT NOT NULL,
  alert_id TEXT NOT NULL,
  seq BIGINT NOT NULL,
  workspace_id TEXT NOT NULL,
  live BIGINT NOT NULL CHECK (live IN (0, 1)),
  PRIMARY KEY (message_id, alert_id),
  FOREIGN KEY (workspace_id, message_id) REFERENCES messages (workspace_id, id),
  FOREIGN KEY (workspace_id, alert_id) REFERENCES alerts (workspace_id, id)
);

CREATE INDEX message_alerts_alert ON message_alerts (alert_id, live);

CREATE TABLE notices (
  alert_id TEXT NOT NULL,
  seq BIGINT NOT NULL,
  receiver_id TEXT NOT NULL,
  workspace_id TEXT NOT NULL,
  state TEXT NOT NULL,
  reason TEXT,
  hold_json TEXT,
  ready_at BIGINT,
  quiet BIGINT NOT NULL CHECK (quiet IN (0, 1)),
  message_id TEXT,
  PRIMARY KEY (alert_id, seq, receiver_id),
  FOREIGN KEY (workspace_id, alert_id) REFERENCES alerts (workspace_id, id),
  FOREIGN KEY (workspace_id, receiver_id) REFERENCES receivers (workspace_id, id)
);

CREATE INDEX notices_ready ON notices (receiver_id, ready_at) WHERE state IN ('owed', 'held');
CREATE INDEX notices_message ON notices (message_id);

CREATE TABLE buttons (
  id TEXT NOT NULL PRIMARY KEY,
  workspace_id TEXT NOT NULL REFERENCES workspaces (id),
  platform TEXT NOT NULL,
  chat TEXT NOT NULL,
  message_id TEXT,
  person TEXT,
  action_json TEXT NOT NULL,
  alert_id TEXT,
  rev BIGINT,
  made_at BIGINT NOT NULL,
  until_at BIGINT NOT NULL
);

CREATE INDEX buttons_age ON buttons (until_at);
CREATE INDEX buttons_message ON buttons (message_id);

CREATE TABLE audit (
  workspace_id TEXT NOT NULL REFERENCES workspaces (id),
  seq BIGINT NOT NULL,
  at BIGINT NOT NULL,
  actor TEXT NOT NULL,
  place TEXT NOT NULL,
  action TEXT NOT NULL,
  target TEXT,
  before_json TEXT,
  after_json TEXT,
  PRIMARY KEY (workspace_id, seq)
);
