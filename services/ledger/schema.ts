/**
 * The ledger's tables, as steps from each version to the next: a released step is never edited. A ledger of a newer
 * version is refused, not guessed at. SQL may call the `upgradeFunctions`.
 */
export const migrations: readonly string[] = [
  `
  CREATE TABLE runs (
    id TEXT PRIMARY KEY, root TEXT NOT NULL, out TEXT NOT NULL, request TEXT NOT NULL,
    fingerprint TEXT NOT NULL, state TEXT NOT NULL, started_at TEXT NOT NULL, finished_at TEXT, report TEXT
  ) STRICT;
  CREATE INDEX runs_by_out ON runs (out, started_at);

  CREATE TABLE run_paths (run_id TEXT NOT NULL, path TEXT NOT NULL) STRICT;
  CREATE INDEX run_paths_by_run ON run_paths (run_id);

  -- state: planned (a job is on its way), waiting (for the document whose content it shares),
  --        read (all pages are here, output files not yet), final
  CREATE TABLE documents (
    id TEXT PRIMARY KEY, run_id TEXT NOT NULL, path TEXT NOT NULL, stat TEXT NOT NULL, bytes INTEGER NOT NULL,
    fingerprint TEXT NOT NULL, job_id TEXT NOT NULL, pass INTEGER NOT NULL, state TEXT NOT NULL,
    outcome TEXT, error_code TEXT, error_message TEXT, sha256 TEXT, media_type TEXT, duplicate_of TEXT,
    pages_total INTEGER, worker TEXT, outputs TEXT, finished_at TEXT
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX documents_open ON documents (run_id, state) WHERE state <> 'final';
  CREATE INDEX documents_by_run ON documents (run_id, outcome) WHERE state = 'final';
  CREATE INDEX documents_by_size ON documents (bytes, fingerprint) WHERE outcome IN ('succeeded', 'empty');
  CREATE INDEX documents_by_content ON documents (sha256, fingerprint) WHERE outcome IN ('succeeded', 'empty');
  CREATE INDEX documents_waiting ON documents (duplicate_of) WHERE state = 'waiting';

  CREATE TABLE pages (
    document_id TEXT NOT NULL, page INTEGER NOT NULL, outcome TEXT NOT NULL, confidence REAL, words INTEGER NOT NULL,
    attempts INTEGER NOT NULL, worker TEXT NOT NULL, busy_ms REAL NOT NULL,
    error_code TEXT, error_message TEXT, result BLOB, PRIMARY KEY (document_id, page)
  ) STRICT;
  `,
  `
  ALTER TABLE runs ADD COLUMN source TEXT NOT NULL DEFAULT 'folder';
  ALTER TABLE runs ADD COLUMN tag TEXT;
  CREATE INDEX runs_by_time ON runs (started_at, id);
  CREATE INDEX runs_active ON runs (source) WHERE state = 'active';
  CREATE INDEX runs_by_tag ON runs (tag, started_at, id) WHERE tag IS NOT NULL;

  -- is_upload: its bytes lie in the spool; created_at: milliseconds since 1970;
  -- expired_at: its pages and its input are gone, the row still tells that it was here
  ALTER TABLE documents ADD COLUMN is_upload INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE documents ADD COLUMN created_at INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE documents ADD COLUMN expired_at TEXT;
  CREATE INDEX documents_by_time ON documents (created_at, id);
  CREATE INDEX documents_by_outcome ON documents (outcome, created_at, id) WHERE outcome <> 'succeeded';
  CREATE INDEX documents_of_run ON documents (run_id, created_at, id);
  CREATE INDEX documents_kept ON documents (finished_at) WHERE is_upload = 1 AND expired_at IS NULL;
  CREATE INDEX documents_spooled ON documents (sha256) WHERE is_upload = 1 AND expired_at IS NULL;
  DROP INDEX documents_by_content;
  CREATE INDEX documents_by_content ON documents (sha256, fingerprint)
    WHERE outcome IN ('succeeded', 'empty') AND expired_at IS NULL;

  -- Which uploads asked for a document: the same bytes may be uploaded more than once.
  CREATE TABLE submissions (
    run_id TEXT NOT NULL, document_id TEXT NOT NULL, name TEXT NOT NULL, PRIMARY KEY (run_id, document_id)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX submissions_by_document ON submissions (document_id);

  -- rowid is that of the page; the text itself is in the page's result.
  -- separators: signs that FTS5's Unicode (6.1) does not know yet. Never VACUUM: pages has no key that keeps its rowids.
  CREATE VIRTUAL TABLE page_texts USING fts5(
    text, content='', contentless_delete=1, prefix='2 3',
    tokenize="unicode61 remove_diacritics 2 separators '₽₺₾₿'"
  );

  CREATE TABLE webhooks (id TEXT PRIMARY KEY, webhook TEXT NOT NULL) STRICT, WITHOUT ROWID;
  -- state: due (at next_at), delivered, failed (given up)
  CREATE TABLE deliveries (
    id TEXT PRIMARY KEY, webhook_id TEXT NOT NULL, event TEXT NOT NULL, payload TEXT NOT NULL, state TEXT NOT NULL,
    attempts INTEGER NOT NULL, next_at INTEGER, created_at INTEGER NOT NULL,
    last_status INTEGER, last_error TEXT, last_attempt_at INTEGER
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX deliveries_due ON deliveries (webhook_id, next_at) WHERE state = 'due';
  CREATE INDEX deliveries_by_webhook ON deliveries (webhook_id, created_at, id);
  `,
  `
  ALTER TABLE documents ADD COLUMN unavailable TEXT;
  CREATE INDEX documents_incomplete ON documents (run_id) WHERE unavailable IS NOT NULL;
  `,
  `
  -- Which document may write which formats at a place below an output folder; 'combined' is no document, but results.*.
  CREATE TABLE claims (
    place TEXT NOT NULL, document_id TEXT NOT NULL, formats TEXT NOT NULL, PRIMARY KEY (place, document_id)
  ) STRICT, WITHOUT ROWID;
  WITH written AS (
    SELECT r.out, json_group_array(DISTINCT f.value) AS formats FROM runs r, json_each(r.request, '$.formats') f GROUP BY r.out
  )
  INSERT INTO claims SELECT output_place(r.out, d.path), d.id, w.formats
    FROM documents d JOIN runs r ON r.id = d.run_id JOIN written w ON w.out = r.out WHERE d.is_upload = 0;
  INSERT INTO claims SELECT DISTINCT output_place(out, 'results'), 'combined', '["ndjson","txt","pdf"]'
    FROM runs WHERE json_extract(request, '$.combined') = 1;
  `,
  `
  -- CHECKs: a document that has ended has an outcome, and one that waits names what it waits for. SQLite adds them to
  -- a new table only. Older versions lost texts: a document without an outcome is read again by its folder's next run.
  CREATE TABLE documents_checked (
    id TEXT PRIMARY KEY, run_id TEXT NOT NULL, path TEXT NOT NULL, stat TEXT NOT NULL, bytes INTEGER NOT NULL,
    fingerprint TEXT NOT NULL, job_id TEXT NOT NULL, pass INTEGER NOT NULL, state TEXT NOT NULL,
    outcome TEXT, error_code TEXT, error_message TEXT, sha256 TEXT, media_type TEXT, duplicate_of TEXT,
    pages_total INTEGER, worker TEXT, outputs TEXT, finished_at TEXT,
    is_upload INTEGER NOT NULL DEFAULT 0, created_at INTEGER NOT NULL DEFAULT 0, expired_at TEXT, unavailable TEXT,
    CHECK (state IN ('planned', 'waiting', 'read', 'final')),
    CHECK ((state IN ('read', 'final')) = (outcome IS NOT NULL)),
    CHECK (state <> 'waiting' OR duplicate_of IS NOT NULL)
  ) STRICT, WITHOUT ROWID;
  INSERT INTO documents_checked SELECT id, run_id, path, stat, bytes, fingerprint, job_id,
    pass + (state IN ('read', 'final') AND outcome IS NULL),
    CASE WHEN state IN ('read', 'final') AND outcome IS NULL OR state = 'waiting' AND duplicate_of IS NULL
      THEN 'planned' ELSE state END,
    CASE WHEN state IN ('read', 'final') THEN outcome END, error_code, error_message, sha256, media_type,
    duplicate_of, pages_total, worker, outputs, finished_at, is_upload, created_at, expired_at, unavailable
    FROM documents;
  DROP TABLE documents;
  ALTER TABLE documents_checked RENAME TO documents;
  CREATE INDEX documents_open ON documents (run_id, state) WHERE state <> 'final';
  CREATE INDEX documents_by_run ON documents (run_id, outcome) WHERE state = 'final';
  CREATE INDEX documents_by_size ON documents (bytes, fingerprint) WHERE outcome IN ('succeeded', 'empty');
  CREATE INDEX documents_waiting ON documents (duplicate_of) WHERE state = 'waiting';
  CREATE INDEX documents_by_time ON documents (created_at, id);
  CREATE INDEX documents_by_outcome ON documents (outcome, created_at, id) WHERE outcome <> 'succeeded';
  CREATE INDEX documents_of_run ON documents (run_id, created_at, id);
  CREATE INDEX documents_kept ON documents (finished_at) WHERE is_upload = 1 AND expired_at IS NULL;
  CREATE INDEX documents_spooled ON documents (sha256) WHERE is_upload = 1 AND expired_at IS NULL;
  CREATE INDEX documents_by_content ON documents (sha256, fingerprint)
    WHERE outcome IN ('succeeded', 'empty') AND expired_at IS NULL;
  CREATE INDEX documents_incomplete ON documents (run_id) WHERE unavailable IS NOT NULL;
  `,
  // There are many pages, so each is upgraded when it is read: shared/contract/schema/upgrades.ts.
  `
  ALTER TABLE pages ADD COLUMN data_version INTEGER NOT NULL DEFAULT 0;
  UPDATE runs SET request = upgraded_request(request), report = upgraded_report(report);
  `,
  `
  -- 0: the run has ended, and who waits for that may not have been told
  ALTER TABLE runs ADD COLUMN is_announced INTEGER NOT NULL DEFAULT 1;
  CREATE INDEX runs_unannounced ON runs (finished_at) WHERE is_announced = 0;
  `,
  // The part of busy_ms in which the worker read another page.
  `ALTER TABLE pages ADD COLUMN overlap_ms REAL NOT NULL DEFAULT 0;`,
  `
  CREATE TABLE identity (id TEXT NOT NULL) STRICT;
  INSERT INTO identity (id) VALUES (lower(hex(randomblob(16))));
  `,
  `
  CREATE INDEX runs_by_key ON runs (json_extract(request, '$.idempotency.key'))
    WHERE json_extract(request, '$.idempotency.key') IS NOT NULL;
  `,
  `
  -- What the aggregator had in hand when it died, and how often; until it is done. counted: the last process whose death is in.
  CREATE TABLE deaths (item TEXT PRIMARY KEY, deaths INTEGER NOT NULL, died_at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  ALTER TABLE identity ADD COLUMN counted TEXT;
  `,
  `CREATE INDEX runs_open_by_caller ON runs (json_extract(request, '$.requestedBy')) WHERE state = 'active';`,
  `
  -- started_at: of its run; by it the latest upload of a document is found where there are thousands
  ALTER TABLE submissions ADD COLUMN started_at TEXT NOT NULL DEFAULT '';
  UPDATE submissions SET started_at = coalesce((SELECT started_at FROM runs WHERE id = run_id), '');
  CREATE INDEX submissions_by_time ON submissions (document_id, started_at, run_id);
  `,
  `CREATE INDEX documents_unstable ON documents (run_id, outcome) WHERE state = 'final' AND error_code = 'unstable';`,
  `
  -- Ends of documents that are still to be told to webhooks, for the uploads after (started_at, run_id) in their order.
  CREATE TABLE announcements (
    id INTEGER PRIMARY KEY, document_id TEXT NOT NULL, data TEXT NOT NULL, started_at TEXT NOT NULL, run_id TEXT NOT NULL
  ) STRICT;
  CREATE INDEX runs_open_by_fingerprint ON runs (fingerprint, id) WHERE state = 'active';
  `,
  `CREATE INDEX documents_open_by_time ON documents (created_at, id) WHERE state <> 'final';`,
  // Pages of earlier versions have no warnings. The indexes save the way past the results, which the new columns follow.
  `
  -- warnings: JSON list of the codes, each once; of a document those of its pages; NULL where there are none
  ALTER TABLE pages ADD COLUMN warnings TEXT;
  ALTER TABLE documents ADD COLUMN warnings TEXT;
  -- 1: read in an earlier pass; kept unless the present pass reads the page better
  ALTER TABLE pages ADD COLUMN is_provisional INTEGER NOT NULL DEFAULT 0;
  CREATE INDEX pages_warned ON pages (document_id, page, warnings) WHERE warnings IS NOT NULL;
  CREATE INDEX pages_provisional ON pages (document_id, page) WHERE is_provisional = 1;
  CREATE INDEX documents_warned ON documents (run_id, warnings) WHERE warnings IS NOT NULL;
  CREATE INDEX documents_warned_by_time ON documents (created_at, id) WHERE warnings IS NOT NULL;
  `,
  // A trigger: no way to an end can forget it. A copied table of documents loses its triggers.
  `
  -- Numbers of pages recorded and documents ended in each minute since 1970; minute 0 holds those of the older ones.
  CREATE TABLE tallies (
    minute INTEGER NOT NULL, kind TEXT NOT NULL, outcome TEXT NOT NULL, count INTEGER NOT NULL,
    PRIMARY KEY (minute, kind, outcome), CHECK (kind IN ('page', 'document'))
  ) STRICT, WITHOUT ROWID;
  CREATE TRIGGER documents_tallied AFTER UPDATE OF state ON documents
  WHEN NEW.state = 'final' AND OLD.state <> 'final' BEGIN
    INSERT INTO tallies VALUES (unixepoch() / 60, 'document', NEW.outcome, 1)
      ON CONFLICT DO UPDATE SET count = count + 1;
  END;
  `,
  // The texts are tokens already: services/ledger/queries/search/tokens.ts. The aggregator indexes the pages again when it starts.
  // With prefixes of two letters too, the index of a Chinese text is 2.0 times as large (its tokens are pairs of letters),
  // of an English one 1.4 times; they find a prefix of two letters twice as fast.
  `
  DROP TABLE page_texts;
  CREATE VIRTUAL TABLE page_texts USING fts5(
    text, content='', contentless_delete=1, prefix='3', tokenize='ascii'
  );
  `,
  // Counting 400 000 documents by outcome took 60 ms, and finding one outcome among them a second.
  `
  -- How many documents a run has of each outcome ('' while open) and error code ('' without one); run '' is all of them.
  CREATE TABLE document_counts (
    run_id TEXT NOT NULL, outcome TEXT NOT NULL, code TEXT NOT NULL, n INTEGER NOT NULL,
    PRIMARY KEY (run_id, outcome, code)
  ) STRICT, WITHOUT ROWID;
  INSERT INTO document_counts
    SELECT run_id, iif(state = 'final', outcome, ''), iif(state = 'final', coalesce(error_code, ''), ''), count(*)
    FROM documents GROUP BY 1, 2, 3;
  INSERT INTO document_counts SELECT '', outcome, code, sum(n) FROM document_counts GROUP BY outcome, code;
  CREATE TRIGGER documents_counted AFTER INSERT ON documents BEGIN
    INSERT INTO document_counts
      SELECT r.value, iif(NEW.state = 'final', NEW.outcome, ''), iif(NEW.state = 'final', coalesce(NEW.error_code, ''), ''), 1
      FROM json_each(json_array(NEW.run_id, '')) r WHERE true
      ON CONFLICT DO UPDATE SET n = n + 1;
  END;
  CREATE TRIGGER documents_recounted AFTER UPDATE OF run_id, state, outcome, error_code ON documents
  WHEN OLD.run_id <> NEW.run_id OR (OLD.state = 'final' OR NEW.state = 'final')
    AND (OLD.state, OLD.outcome, OLD.error_code) IS NOT (NEW.state, NEW.outcome, NEW.error_code)
  BEGIN
    UPDATE document_counts SET n = n - 1
      WHERE run_id IN (OLD.run_id, '') AND outcome = iif(OLD.state = 'final', OLD.outcome, '')
        AND code = iif(OLD.state = 'final', coalesce(OLD.error_code, ''), '');
    DELETE FROM document_counts
      WHERE run_id IN (OLD.run_id, '') AND outcome = iif(OLD.state = 'final', OLD.outcome, '')
        AND code = iif(OLD.state = 'final', coalesce(OLD.error_code, ''), '') AND n = 0;
    INSERT INTO document_counts
      SELECT r.value, iif(NEW.state = 'final', NEW.outcome, ''), iif(NEW.state = 'final', coalesce(NEW.error_code, ''), ''), 1
      FROM json_each(json_array(NEW.run_id, '')) r WHERE true
      ON CONFLICT DO UPDATE SET n = n + 1;
  END;
  CREATE TRIGGER documents_uncounted AFTER DELETE ON documents BEGIN
    UPDATE document_counts SET n = n - 1
      WHERE run_id IN (OLD.run_id, '') AND outcome = iif(OLD.state = 'final', OLD.outcome, '')
        AND code = iif(OLD.state = 'final', coalesce(OLD.error_code, ''), '');
    DELETE FROM document_counts
      WHERE run_id IN (OLD.run_id, '') AND outcome = iif(OLD.state = 'final', OLD.outcome, '')
        AND code = iif(OLD.state = 'final', coalesce(OLD.error_code, ''), '') AND n = 0;
  END;

  -- confidence: mean over the words of the read pages, percent; NULL without words
  ALTER TABLE documents ADD COLUMN confidence REAL;
  UPDATE documents SET confidence = (
      SELECT round(sum(p.confidence * p.words) / nullif(sum(p.words), 0), 2) FROM pages p
      WHERE p.document_id = documents.id AND p.result IS NOT NULL)
    WHERE outcome IN ('succeeded', 'partial', 'duplicate');
  CREATE INDEX documents_by_confidence ON documents (confidence) WHERE confidence IS NOT NULL;
  CREATE INDEX documents_failed ON documents (run_id, error_code, created_at, id)
    WHERE state = 'final' AND error_code IS NOT NULL;
  DROP INDEX documents_unstable;
  DROP INDEX documents_by_run;
  CREATE INDEX documents_by_run ON documents (run_id, outcome, created_at, id) WHERE state = 'final';
  -- path: a list by name passes many documents, and reads only this index.
  DROP INDEX documents_by_time;
  CREATE INDEX documents_by_time ON documents (created_at, id, path);
  CREATE INDEX runs_by_state ON runs (state, started_at, id);
  CREATE INDEX runs_by_source ON runs (source, started_at, id);
  `,
  `
  -- The texts of corrected pages, the reading before the first correction included; they survive the next reading.
  -- command: the one that brought a correction, NULL for readings
  CREATE TABLE revisions (
    document_id TEXT NOT NULL, page INTEGER NOT NULL, revision INTEGER NOT NULL, kind TEXT NOT NULL, author TEXT,
    created_at TEXT NOT NULL, sha256 TEXT, command TEXT, result BLOB NOT NULL, data_version INTEGER NOT NULL,
    PRIMARY KEY (document_id, page, revision),
    CHECK (kind IN ('reading', 'correction')),
    CHECK ((kind = 'correction') = (author IS NOT NULL))
  ) STRICT;
  CREATE UNIQUE INDEX revisions_by_command ON revisions (command) WHERE command IS NOT NULL;
  -- score: expected share of right words by the judge; NULL for text of a PDF, pages without words, and earlier versions.
  -- is_reviewed: 1 once a person has looked at the present text
  ALTER TABLE pages ADD COLUMN score REAL;
  ALTER TABLE pages ADD COLUMN is_reviewed INTEGER NOT NULL DEFAULT 0;
  CREATE INDEX pages_to_review ON pages (score, document_id, page) WHERE score IS NOT NULL AND is_reviewed = 0;
  `,
  // Of one run: score and is_reviewed follow the result in a row, and the way past it is long.
  `CREATE INDEX pages_to_review_by_document ON pages (document_id, score, page) WHERE score IS NOT NULL AND is_reviewed = 0;`,
]
