-- Written by the test `schema.sql is current`; never edited.

CREATE TABLE audit (
  position  INTEGER PRIMARY KEY,
  at_ms     INTEGER NOT NULL,
  staff     BLOB,
  action    TEXT NOT NULL,
  object    TEXT NOT NULL,
  hash      BLOB NOT NULL
, incarnation BLOB, number INTEGER, detail TEXT NOT NULL DEFAULT '') STRICT;

CREATE TABLE audit_sent (
  incarnation BLOB PRIMARY KEY NOT NULL,
  number      INTEGER NOT NULL,
  epoch       INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE authors (
  actor       BLOB PRIMARY KEY NOT NULL,
  device      BLOB NOT NULL,
  staff       BLOB NOT NULL,
  name        TEXT NOT NULL,
  role        TEXT NOT NULL,
  unit        BLOB,
  valid_from_ms   INTEGER,
  valid_until_ms  INTEGER
) STRICT;

CREATE TABLE blobs (
  address     BLOB PRIMARY KEY NOT NULL,
  kind        TEXT NOT NULL,                  -- photo, signature, audio, thumb
  key         BLOB NOT NULL,
  size        INTEGER NOT NULL,               -- of the file
  digest      BLOB NOT NULL,                  -- SHA-256 of the file
  thumb       BLOB,                           -- address of its thumbnail
  thumb_size  INTEGER,
  draft       BLOB,                           -- the form it was added to, while that is one
  document    BLOB,                           -- the document it belongs to, once the form is saved
  is_own      INTEGER NOT NULL,               -- added here; else fetched, and can be fetched again
  is_there    INTEGER NOT NULL,
  sent        INTEGER NOT NULL DEFAULT 0,     -- bytes on the server's disk
  durable_ms  INTEGER,                        -- the server has it in every place it keeps things
  refusal     TEXT,
  added_ms    INTEGER NOT NULL,
  removed_ms  INTEGER,                        -- taken off the form; can be taken back for a day
  gone_ms     INTEGER                         -- its file is to go
) STRICT;

CREATE TABLE case_words (
  id    BLOB PRIMARY KEY,
  words TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE chains (
  incarnation  BLOB NOT NULL,
  scope        BLOB NOT NULL,
  dev_seq      INTEGER NOT NULL,
  head         BLOB NOT NULL,
  PRIMARY KEY (incarnation, scope)
) STRICT, WITHOUT ROWID;

CREATE TABLE changes (
  position      INTEGER PRIMARY KEY,
  hash          BLOB NOT NULL UNIQUE,
  document      BLOB NOT NULL,
  generation    INTEGER NOT NULL,
  actor         BLOB NOT NULL,
  seq           INTEGER NOT NULL,
  start_op      INTEGER NOT NULL,
  ops           INTEGER NOT NULL,
  deps          BLOB NOT NULL,               -- concatenated 32-byte hashes
  body          BLOB,                        -- zstd of the raw change; null when only indexed by a snapshot
  head          BLOB,                        -- signed envelope head
  signature     BLOB,
  header        BLOB,                        -- document header, when this envelope carries it
  device        BLOB NOT NULL,
  staff         BLOB NOT NULL,
  scope         BLOB NOT NULL,
  dev_seq       INTEGER NOT NULL,
  wall_ms       INTEGER NOT NULL,
  origin        TEXT NOT NULL CHECK (origin IN ('local', 'remote', 'snapshot')),
  state         TEXT NOT NULL CHECK (state IN ('saved', 'accepted', 'durable', 'held', 'refused')),
  refusal       TEXT,                        -- code of the refusal
  kept_reason   TEXT,                        -- detail that came with it, for the log
  server_seq    INTEGER,
  stored_ms     INTEGER NOT NULL,            -- made (local) or arrived (remote)
  record_kind   TEXT,                        -- visit, contact, …: what the person calls it
  record_text   TEXT,                        -- 石小雨 走访
  record_id     TEXT,                        -- one record may be several changes
  incarnation   BLOB,                        -- own changes only: whose chain it continues
  chain_head    BLOB,                        -- own changes only: hash of this envelope's head
  in_body       INTEGER NOT NULL DEFAULT 0
, was_at_server INTEGER NOT NULL DEFAULT 0, before TEXT, beside INTEGER NOT NULL DEFAULT 0, replaced_by BLOB, replaces BLOB, remakes INTEGER NOT NULL DEFAULT 0, put_away_ms INTEGER) STRICT;

CREATE TABLE children (
  child        BLOB PRIMARY KEY NOT NULL,
  household    BLOB,
  unit         BLOB NOT NULL,
  name         TEXT NOT NULL,
  nickname     TEXT,
  carer        TEXT,
  sex          TEXT,
  birth_date   TEXT,
  opened_on    TEXT,
  closed_on    TEXT,
  file_number  TEXT,
  id_number    TEXT,
  pinyin       TEXT NOT NULL,
  search       TEXT NOT NULL,                -- JSON of the search keys
  flags        INTEGER NOT NULL
) STRICT;

CREATE TABLE conflicts (
  document  BLOB NOT NULL,
  field     TEXT NOT NULL,
  place     INTEGER NOT NULL,
  value     TEXT NOT NULL,                   -- JSON
  made_by   BLOB,
  PRIMARY KEY (document, field, place)
) STRICT, WITHOUT ROWID;

CREATE TABLE countersignatures (
  problem BLOB NOT NULL,
  closing BLOB NOT NULL,
  verdict TEXT NOT NULL,
  at_ms   INTEGER NOT NULL,
  staff   BLOB NOT NULL,
  name    TEXT NOT NULL,
  epoch   INTEGER,
  reason  BLOB,                              -- sealed to the station's key
  PRIMARY KEY (problem, closing)
) STRICT, WITHOUT ROWID;

CREATE TABLE delegated (
  device      BLOB PRIMARY KEY,
  key         BLOB NOT NULL UNIQUE,
  certificate BLOB NOT NULL,
  at_ms       INTEGER NOT NULL,
  told        INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

CREATE TABLE delegation (
  only      INTEGER PRIMARY KEY CHECK (only = 1),
  statement BLOB NOT NULL
) STRICT;

CREATE TABLE departures (
  document     BLOB PRIMARY KEY NOT NULL,
  kind         TEXT NOT NULL,
  label        TEXT NOT NULL,
  household    BLOB,
  destination  TEXT NOT NULL,
  left_ms      INTEGER NOT NULL,
  removed_ms   INTEGER
) STRICT;

CREATE TABLE devices (
  device       BLOB PRIMARY KEY NOT NULL,
  staff        BLOB NOT NULL,
  unit         BLOB NOT NULL,
  label        TEXT NOT NULL,
  key          BLOB,                         -- Ed25519 public key: its envelopes are checked with it
  enrolled_ms  INTEGER,
  seen_ms      INTEGER,
  revoked_ms   INTEGER
) STRICT;

CREATE TABLE documents (
  document    BLOB PRIMARY KEY NOT NULL,
  generation  INTEGER NOT NULL,
  kind        TEXT NOT NULL,
  home_unit   BLOB NOT NULL,
  schema      INTEGER NOT NULL,
  heads       BLOB NOT NULL,                 -- concatenated 32-byte hashes
  body        BLOB NOT NULL,                 -- zstd of an Automerge save
  tail        INTEGER NOT NULL,              -- changes outside the body
  header      BLOB,                          -- signed header of the first envelope, when known
  created_ms  INTEGER NOT NULL,
  left_ms     INTEGER                        -- no longer in this device's scope since
) STRICT;

CREATE TABLE drafts (
  draft         BLOB PRIMARY KEY NOT NULL,
  household     BLOB NOT NULL,
  form          TEXT NOT NULL,               -- hash of the form pack the draft was begun with
  answers       TEXT NOT NULL,               -- JSON
  position      TEXT,
  children      TEXT NOT NULL,               -- JSON list of child ids
  created_ms    INTEGER NOT NULL,
  updated_ms    INTEGER NOT NULL,
  discarded_ms  INTEGER
) STRICT;

CREATE TABLE entries (
  document    BLOB NOT NULL,
  collection  TEXT NOT NULL,
  entry       TEXT NOT NULL,
  op          INTEGER NOT NULL,              -- op and actor: the causal order, never a clock
  actor       BLOB NOT NULL,
  made_by     BLOB,
  content     TEXT NOT NULL,                 -- JSON of the scalars
  answers     TEXT,                          -- JSON of the form's answers; last, so that lists skip its pages
  PRIMARY KEY (document, collection, entry)
) STRICT;

CREATE TABLE erased (
  document    BLOB PRIMARY KEY NOT NULL,
  generation  INTEGER NOT NULL,
  unsent      INTEGER NOT NULL,
  at_ms       INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE events (
  child        BLOB NOT NULL,
  record       TEXT NOT NULL,
  kind         TEXT NOT NULL,
  session      TEXT,
  household    BLOB,
  unit         BLOB NOT NULL,
  event_date   TEXT,
  recorded_ms  INTEGER NOT NULL,
  met_or_reached INTEGER NOT NULL,
  voided       INTEGER NOT NULL,
  made_by      BLOB,
  PRIMARY KEY (child, record)
) STRICT;

CREATE TABLE exports (
  id           BLOB PRIMARY KEY NOT NULL,
  number       TEXT NOT NULL,
  made_ms      INTEGER NOT NULL,
  until_ms     INTEGER NOT NULL,
  ledger       TEXT NOT NULL,
  purpose      TEXT NOT NULL,
  words        TEXT NOT NULL,
  rows         INTEGER NOT NULL,
  full_numbers INTEGER NOT NULL,
  file_name    TEXT NOT NULL,
  file         BLOB                          -- encrypted with a password that is kept nowhere; null once its time is over
) STRICT;

CREATE TABLE guests (
  guest    BLOB NOT NULL,
  document BLOB NOT NULL,
  unit     BLOB NOT NULL,
  from_ms  INTEGER NOT NULL,
  until_ms INTEGER,
  PRIMARY KEY (guest, document)
) STRICT, WITHOUT ROWID;

CREATE TABLE households (
  household  BLOB PRIMARY KEY NOT NULL,
  unit       BLOB NOT NULL,
  address    TEXT,
  village_group  TEXT,
  landmark   TEXT,
  phone      TEXT
) STRICT;

CREATE TABLE identity (
  only_row        INTEGER PRIMARY KEY CHECK (only_row = 1),
  device          BLOB NOT NULL,
  staff           BLOB NOT NULL,
  unit            BLOB NOT NULL,
  scope           BLOB NOT NULL,
  incarnation     BLOB NOT NULL,
  role            TEXT NOT NULL,
  person          TEXT NOT NULL,
  unit_name       TEXT NOT NULL,
  township        TEXT NOT NULL,
  certificate     BLOB NOT NULL,
  server_address  TEXT NOT NULL,
  ca_fingerprint  BLOB NOT NULL,
  demo            INTEGER NOT NULL,
  signing_key     BLOB NOT NULL,
  restored        INTEGER NOT NULL DEFAULT 0,
  file_prefix     TEXT,
  file_next       INTEGER,
  file_end        INTEGER,
  enrolled_ms     INTEGER NOT NULL
) STRICT;

CREATE TABLE import_batches (
  batch         BLOB PRIMARY KEY NOT NULL,
  ledger        TEXT NOT NULL,
  file_name     TEXT NOT NULL,
  state         TEXT NOT NULL,               -- preview, running, done, failed
  total         INTEGER NOT NULL,
  done          INTEGER NOT NULL,
  details       TEXT NOT NULL,               -- JSON of the preview's head
  result_name   TEXT,
  result_file   BLOB,
  created_ms    INTEGER NOT NULL
) STRICT;

CREATE TABLE import_rows (
  batch    BLOB NOT NULL REFERENCES import_batches (batch) ON DELETE CASCADE,
  row      INTEGER NOT NULL,
  outcome  TEXT NOT NULL,                    -- new, changed, same, conflict, rejected
  status   TEXT NOT NULL,                    -- waiting, done, failed
  document BLOB,
  content  TEXT NOT NULL,                    -- JSON of the row
  PRIMARY KEY (batch, row)
) STRICT, WITHOUT ROWID;

CREATE TABLE late_work (
  hash      BLOB PRIMARY KEY NOT NULL,
  document  BLOB NOT NULL,
  own       INTEGER NOT NULL,
  state     TEXT NOT NULL CHECK (state IN ('waiting', 'taken', 'set_aside')),
  reason    TEXT NOT NULL,
  at_ms     INTEGER NOT NULL
) STRICT;

CREATE TABLE member_statements (
  kind       TEXT NOT NULL,
  id         BLOB NOT NULL,
  body       BLOB NOT NULL,
  signature  BLOB NOT NULL,
  PRIMARY KEY (kind, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE meta (
  only_row       INTEGER PRIMARY KEY CHECK (only_row = 1),
  oldest_reader  INTEGER NOT NULL,           -- the oldest app schema that may open this file
  projections    INTEGER NOT NULL DEFAULT 0  -- version of the projection code the rows were written by
) STRICT;

CREATE TABLE orders (
  body       BLOB PRIMARY KEY NOT NULL,
  signature  BLOB NOT NULL,
  number     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE own_countersignatures (
  problem BLOB NOT NULL,
  closing BLOB NOT NULL,
  packed  BLOB NOT NULL,                     -- as it is said to the server
  reason  TEXT NOT NULL,
  at_ms   INTEGER NOT NULL,
  taken   INTEGER NOT NULL DEFAULT 0,        -- the server has it, or had it
  refused TEXT,                              -- why it has it not and never will
  PRIMARY KEY (problem, closing)
) STRICT, WITHOUT ROWID;

CREATE TABLE policies (
  policy       TEXT PRIMARY KEY NOT NULL,
  kind         TEXT NOT NULL,
  version      TEXT NOT NULL,
  json         TEXT NOT NULL,
  received_ms  INTEGER NOT NULL
) STRICT;

CREATE TABLE problem_children (
  problem  BLOB NOT NULL,
  child    BLOB NOT NULL,
  PRIMARY KEY (problem, child)
) STRICT, WITHOUT ROWID;

CREATE TABLE problems (
  problem   BLOB PRIMARY KEY NOT NULL,
  unit      BLOB NOT NULL,
  type      TEXT,
  severity  TEXT,
  urgency   TEXT,
  card      TEXT,
  reported_ms  INTEGER
) STRICT;

CREATE TABLE quarantine (
  hash        BLOB PRIMARY KEY NOT NULL,
  document    BLOB NOT NULL,
  generation  INTEGER NOT NULL,
  body        BLOB NOT NULL,
  head        BLOB,
  signature   BLOB,
  reason      TEXT NOT NULL,
  at_ms       INTEGER NOT NULL
, app TEXT NOT NULL DEFAULT '', kind TEXT, home_unit BLOB, server_seq INTEGER) STRICT;

CREATE TABLE read_marks (
  document  BLOB PRIMARY KEY NOT NULL,
  event     TEXT,                            -- newest event that was read
  read_ms   INTEGER NOT NULL
) STRICT;

CREATE TABLE records (
  document  BLOB PRIMARY KEY NOT NULL,
  kind      TEXT NOT NULL,
  unit      BLOB NOT NULL,
  schema    INTEGER NOT NULL,
  fields    TEXT NOT NULL,                   -- JSON
  imported  TEXT NOT NULL                    -- JSON
) STRICT;

CREATE TABLE recovery (
  scope          BLOB PRIMARY KEY NOT NULL,
  inventory_due  INTEGER NOT NULL,
  hold           INTEGER NOT NULL,
  since_ms       INTEGER,
  returned       INTEGER NOT NULL,
  unexplained    INTEGER NOT NULL
) STRICT;

CREATE TABLE recusals (
  recusal  BLOB NOT NULL,
  document BLOB NOT NULL,
  staff    BLOB NOT NULL,
  stead    BLOB,
  from_ms  INTEGER NOT NULL,
  until_ms INTEGER,
  PRIMARY KEY (recusal, document)
) STRICT, WITHOUT ROWID;

CREATE TABLE renewals (
  document   BLOB NOT NULL,
  generation INTEGER NOT NULL,
  founded    BLOB NOT NULL,
  number     INTEGER NOT NULL,
  PRIMARY KEY (document, generation)
) STRICT, WITHOUT ROWID;

CREATE TABLE reports (
  only_row  INTEGER PRIMARY KEY CHECK (only_row = 1),
  packed    BLOB NOT NULL,
  newest_ms INTEGER NOT NULL,                -- when the server took the newest of them
  heard_ms  INTEGER NOT NULL
) STRICT;

CREATE TABLE rests (
  document  BLOB PRIMARY KEY,
  family    BLOB NOT NULL,                   -- household, or the child itself: what comes back, comes back together
  wanted    INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

CREATE TABLE returned (
  hash        BLOB PRIMARY KEY NOT NULL,
  tries       INTEGER NOT NULL,              -- refused so often
  refused_ms  INTEGER NOT NULL,              -- the last time
  app         TEXT NOT NULL,
  device      BLOB NOT NULL,
  belonging   TEXT NOT NULL,                 -- unit and role of the person, unit of the document
  news        INTEGER NOT NULL               -- position of the newest foreign change of the document
) STRICT;

CREATE TABLE sheets (
  sheet     BLOB PRIMARY KEY,
  about     TEXT NOT NULL UNIQUE,            -- which page
  document  BLOB,                            -- the document it will be written to, where there is one already
  begun_ms  INTEGER NOT NULL
, words TEXT, changed_ms INTEGER NOT NULL DEFAULT 0) STRICT, WITHOUT ROWID;

CREATE TABLE staff (
  staff      BLOB PRIMARY KEY NOT NULL,
  name       TEXT NOT NULL,
  role       TEXT NOT NULL,
  unit       BLOB NOT NULL,
  ended_ms   INTEGER
) STRICT;

CREATE TABLE standing (
  only_row        INTEGER PRIMARY KEY CHECK (only_row = 1),
  revoked_ms      INTEGER,
  wipe_order      INTEGER,
  wipe_receipted  INTEGER NOT NULL DEFAULT 0,
  clock_ms        INTEGER NOT NULL DEFAULT 0,
  contact_ms      INTEGER,
  contact_wall_ms INTEGER
) STRICT;

CREATE TABLE sync_scopes (
  scope             BLOB PRIMARY KEY NOT NULL,
  epoch             INTEGER NOT NULL,
  seq               INTEGER NOT NULL,
  digest            BLOB NOT NULL,
  durable_seq       INTEGER NOT NULL DEFAULT 0,
  snapshot_token    TEXT,
  snapshot_done     INTEGER NOT NULL DEFAULT 0,
  snapshot_total    INTEGER NOT NULL DEFAULT 0,
  loaded            INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE sync_status (
  only_row          INTEGER PRIMARY KEY CHECK (only_row = 1),
  last_try_ms       INTEGER,
  last_success_ms   INTEGER,
  last_problem      TEXT,
  clock_skew_ms     INTEGER,
  second_copy       INTEGER NOT NULL DEFAULT 0,
  tick              BLOB,
  syncs             INTEGER NOT NULL DEFAULT 0,
  bytes_up          INTEGER NOT NULL DEFAULT 0,
  bytes_down        INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE unit_keys (
  scope       BLOB NOT NULL,
  epoch       INTEGER NOT NULL,
  public      BLOB NOT NULL,
  statement   BLOB NOT NULL,
  certificate BLOB NOT NULL,
  secret      BLOB,
  PRIMARY KEY (scope, epoch)
) STRICT, WITHOUT ROWID;

CREATE TABLE units (
  unit         BLOB PRIMARY KEY NOT NULL,
  parent       BLOB,
  level        TEXT NOT NULL,
  name         TEXT NOT NULL,
  region_code  TEXT,
  closed_ms    INTEGER
, former TEXT) STRICT;

CREATE UNIQUE INDEX audit_by_chain ON audit (incarnation, number) WHERE incarnation IS NOT NULL;

CREATE INDEX audit_by_object ON audit (object, at_ms);

CREATE INDEX blobs_by_document ON blobs (document);

CREATE INDEX blobs_by_draft ON blobs (draft) WHERE draft IS NOT NULL;

CREATE INDEX changes_beside ON changes (document) WHERE beside = 1;

CREATE INDEX changes_by_document ON changes (document);

CREATE INDEX changes_by_record ON changes (record_id) WHERE record_id IS NOT NULL;

CREATE INDEX changes_own_open ON changes (position) WHERE origin = 'local' AND state <> 'durable';

CREATE INDEX changes_tail ON changes (document, position) WHERE in_body = 0;

CREATE INDEX children_by_household ON children (household);

CREATE INDEX documents_by_kind ON documents (kind);

CREATE INDEX drafts_by_household ON drafts (household);

CREATE INDEX events_by_change ON events (made_by);

CREATE INDEX events_by_date ON events (event_date);

CREATE INDEX problem_children_by_child ON problem_children (child);

CREATE INDEX records_by_kind ON records (kind);

CREATE TRIGGER audit_rows_never_change BEFORE UPDATE ON audit
BEGIN SELECT RAISE(ABORT, 'audit rows never change'); END;

CREATE TRIGGER audit_rows_never_go BEFORE DELETE ON audit
BEGIN SELECT RAISE(ABORT, 'audit rows never go'); END;
