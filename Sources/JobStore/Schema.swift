internal import GRDB

/// The tables. A migration that was released is never changed; what comes later is a new one. JSON columns hold what the
/// protocol's types say.
enum Schema {
    static let migrator: DatabaseMigrator = {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1") { database in
            try database.execute(
                sql: """
                    CREATE TABLE jobs (
                        id INTEGER PRIMARY KEY AUTOINCREMENT,
                        kind TEXT NOT NULL,
                        runner TEXT NOT NULL,
                        state TEXT NOT NULL,
                        uid INTEGER NOT NULL,
                        priority INTEGER NOT NULL,
                        options TEXT NOT NULL,
                        dataset TEXT,
                        model TEXT,
                        submittedAt INTEGER NOT NULL,
                        startedAt INTEGER,
                        endedAt INTEGER,
                        starts INTEGER NOT NULL DEFAULT 0,
                        lastStart INTEGER,
                        ranFor INTEGER NOT NULL DEFAULT 0,
                        intent TEXT,
                        intentReason TEXT,
                        reason TEXT,
                        progress TEXT,
                        outcome TEXT
                    ) STRICT;
                    CREATE INDEX jobsInOrder ON jobs (state, priority DESC, id);
                    CREATE TABLE dependencies (
                        job INTEGER NOT NULL REFERENCES jobs ON DELETE CASCADE,
                        after INTEGER NOT NULL REFERENCES jobs ON DELETE CASCADE,
                        condition TEXT NOT NULL,
                        PRIMARY KEY (job, after)
                    ) STRICT, WITHOUT ROWID;
                    CREATE INDEX dependents ON dependencies (after);
                    CREATE TABLE events (
                        job INTEGER NOT NULL REFERENCES jobs ON DELETE CASCADE,
                        sequence INTEGER NOT NULL,
                        time INTEGER NOT NULL,
                        kind TEXT NOT NULL,
                        state TEXT,
                        reason TEXT,
                        progress TEXT,
                        outcome TEXT,
                        PRIMARY KEY (job, sequence)
                    ) STRICT, WITHOUT ROWID;
                    CREATE TABLE predictions (
                        job INTEGER NOT NULL REFERENCES jobs ON DELETE CASCADE,
                        picture INTEGER NOT NULL,
                        label INTEGER,
                        classes TEXT NOT NULL,
                        PRIMARY KEY (job, picture)
                    ) STRICT, WITHOUT ROWID;
                    CREATE TABLE models (
                        name TEXT NOT NULL,
                        version INTEGER NOT NULL,
                        sha256 TEXT NOT NULL,
                        size INTEGER NOT NULL,
                        runner TEXT NOT NULL,
                        made TEXT NOT NULL,
                        job INTEGER REFERENCES jobs ON DELETE SET NULL,
                        uid INTEGER NOT NULL,
                        dataset TEXT,
                        createdAt INTEGER NOT NULL,
                        loss REAL,
                        accuracy REAL,
                        PRIMARY KEY (name, version)
                    ) STRICT, WITHOUT ROWID;
                    CREATE TABLE datasets (
                        name TEXT PRIMARY KEY,
                        sha256 TEXT NOT NULL,
                        size INTEGER NOT NULL,
                        imported TEXT NOT NULL,
                        uid INTEGER NOT NULL,
                        createdAt INTEGER NOT NULL
                    ) STRICT, WITHOUT ROWID;
                    """)
        }
        migrator.registerMigration("2") { database in
            try database.execute(
                sql: """
                    -- Seconds, microseconds since 1970.
                    ALTER TABLE jobs ADD COLUMN timeLimit INTEGER;
                    ALTER TABLE jobs ADD COLUMN deadline INTEGER;
                    -- What ranFor may become under the time limit: a retried job has all of its time again.
                    ALTER TABLE jobs ADD COLUMN allowance INTEGER;
                    -- Crashes of its runner in a row without getting further, and when it may be tried again.
                    ALTER TABLE jobs ADD COLUMN crashes INTEGER NOT NULL DEFAULT 0;
                    ALTER TABLE jobs ADD COLUMN notBefore INTEGER;
                    DROP INDEX jobsInOrder;
                    CREATE INDEX jobsByState ON jobs (state);
                    CREATE INDEX jobsByUser ON jobs (state, uid);
                    CREATE INDEX jobsByPriority ON jobs (state, priority);
                    CREATE INDEX jobsThatRan ON jobs (endedAt) WHERE lastStart IS NOT NULL;
                    CREATE INDEX deadlines ON jobs (deadline) WHERE deadline IS NOT NULL AND endedAt IS NULL;
                    CREATE INDEX delays ON jobs (notBefore) WHERE notBefore IS NOT NULL;
                    """)
        }
        migrator.registerMigration("3") { database in
            try database.execute(
                sql: """
                    -- What its checkpoints and log held when it ran last; 0 once it has no use for checkpoints.
                    ALTER TABLE jobs ADD COLUMN bytes INTEGER NOT NULL DEFAULT 0;
                    CREATE INDEX jobsOnDisk ON jobs (uid, bytes) WHERE bytes > 0;
                    """)
        }
        migrator.registerMigration("4") { database in
            try database.execute(
                sql: """
                    -- Whose a model's name is, and the highest version that was given out under it: what is removed stays used.
                    CREATE TABLE modelNames (
                        name TEXT PRIMARY KEY,
                        uid INTEGER NOT NULL,
                        version INTEGER NOT NULL
                    ) STRICT, WITHOUT ROWID;
                    CREATE TEMPORARY TABLE known AS
                        SELECT name, version, uid FROM models
                        UNION SELECT substr(made, 1, instr(made, '@') - 1), CAST(substr(made, instr(made, '@') + 1) AS INTEGER),
                            uid FROM (SELECT json_extract(outcome, '$.model') AS made, uid FROM jobs) WHERE made IS NOT NULL;
                    INSERT INTO modelNames SELECT name,
                        (SELECT uid FROM known AS first WHERE first.name = known.name ORDER BY version LIMIT 1), max(version)
                        FROM known GROUP BY name;
                    DROP TABLE known;
                    -- In which order models were registered, which clocks that are set do not tell.
                    ALTER TABLE models ADD COLUMN sequence INTEGER NOT NULL DEFAULT 0;
                    UPDATE models SET sequence = place FROM (
                        SELECT name, version, row_number() OVER (ORDER BY createdAt, version) AS place FROM models
                    ) AS places WHERE (models.name, models.version) = (places.name, places.version);
                    """)
        }
        migrator.registerMigration("5") { database in
            try database.execute(
                sql: """
                    -- What of a job stays when it has ended: its log, as it was when it ran last, and its predictions.
                    ALTER TABLE jobs ADD COLUMN kept INTEGER NOT NULL DEFAULT 0;
                    UPDATE jobs SET kept =
                        (SELECT coalesce(sum(length(classes) + 16), 0) FROM predictions WHERE job = id);
                    CREATE INDEX jobsThatKeep ON jobs (uid, kept) WHERE kept > 0;
                    """)
        }
        migrator.registerMigration("6") { database in
            try database.execute(
                sql: """
                    -- What is amiss with a model: one that has a warning is used only where it is named.
                    ALTER TABLE models ADD COLUMN warning TEXT;
                    -- Which job is to make the model that this one uses, until it has made it.
                    ALTER TABLE jobs ADD COLUMN maker INTEGER REFERENCES jobs;
                    CREATE INDEX makers ON jobs (maker) WHERE maker IS NOT NULL;
                    -- What ranFor was when it was retried last: the time limit counts from there, whenever it is set.
                    ALTER TABLE jobs ADD COLUMN ranBefore INTEGER NOT NULL DEFAULT 0;
                    UPDATE jobs SET ranBefore = allowance - timeLimit * 1000000 WHERE allowance IS NOT NULL;
                    ALTER TABLE jobs DROP COLUMN allowance;
                    """)
        }
        migrator.registerMigration("7-picture-files") { database in
            try database.execute(
                sql: """
                    -- The path that a predicted picture had in what was imported.
                    ALTER TABLE predictions ADD COLUMN file TEXT;
                    """)
        }
        migrator.registerMigration("7-base") { database in
            try database.execute(
                sql: """
                    -- The model that a job tunes, NAME@VERSION.
                    ALTER TABLE jobs ADD COLUMN base TEXT;
                    """)
        }
        migrator.registerMigration("made of") { database in
            try database.execute(
                sql: """
                    -- Of which files, and how, a data set was imported: the checksum of what the import was asked for.
                    ALTER TABLE datasets ADD COLUMN madeOf TEXT;
                    CREATE INDEX datasetsMadeOf ON datasets (madeOf) WHERE madeOf IS NOT NULL;
                    """)
        }
        migrator.registerMigration("names") { database in
            try database.execute(
                sql: """
                    -- Whose a data set's name is, as modelNames says it of models.
                    CREATE TABLE datasetNames (
                        name TEXT PRIMARY KEY,
                        uid INTEGER NOT NULL
                    ) STRICT, WITHOUT ROWID;
                    INSERT INTO datasetNames SELECT name, uid FROM datasets;
                    -- The versions that were promoted, the last one at the highest place. A name without: the newest is promoted.
                    CREATE TABLE promotions (
                        name TEXT NOT NULL,
                        place INTEGER NOT NULL,
                        version INTEGER NOT NULL,
                        PRIMARY KEY (name, place)
                    ) STRICT, WITHOUT ROWID;
                    CREATE TABLE modelTags (
                        name TEXT NOT NULL,
                        tag TEXT NOT NULL,
                        version INTEGER NOT NULL,
                        PRIMARY KEY (name, tag)
                    ) STRICT, WITHOUT ROWID;
                    -- Names that models had before they were renamed.
                    CREATE TABLE modelAliases (
                        alias TEXT PRIMARY KEY,
                        name TEXT NOT NULL
                    ) STRICT, WITHOUT ROWID;
                    -- Names of which the promoted version stays loaded.
                    CREATE TABLE pins (name TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
                    -- What was removed, when and by whom. A data set has no version.
                    CREATE TABLE tombstones (
                        id INTEGER PRIMARY KEY,
                        kind TEXT NOT NULL,
                        name TEXT NOT NULL,
                        version INTEGER,
                        sha256 TEXT NOT NULL,
                        removedAt INTEGER NOT NULL,
                        removedBy INTEGER NOT NULL
                    ) STRICT;
                    CREATE INDEX tombstonesByName ON tombstones (kind, name, version);
                    """)
        }
        migrator.registerMigration("finishing") { database in
            try database.execute(
                sql: """
                    -- Whether it leaves a model of what it has when it is cancelled or its time is over.
                    ALTER TABLE jobs ADD COLUMN keepPartial INTEGER NOT NULL DEFAULT 0;
                    -- As what it ends, and why, when it has made a model of what it has: it was told to finish.
                    ALTER TABLE jobs ADD COLUMN finishAs TEXT;
                    ALTER TABLE jobs ADD COLUMN finishReason TEXT;
                    """)
        }
        migrator.registerMigration("serving") { database in
            try database.execute(
                sql: """
                    -- How a name's models are served, where somebody has said it: pictures, milliseconds, processes, seconds.
                    CREATE TABLE modelServing (
                        name TEXT PRIMARY KEY,
                        maxBatch INTEGER,
                        maxDelay INTEGER,
                        runners INTEGER,
                        keep INTEGER
                    ) STRICT, WITHOUT ROWID;
                    """)
        }
        migrator.registerMigration("sweeps") { database in
            try database.execute(
                sql: """
                    -- Jobs that were submitted together.
                    CREATE TABLE sweeps (
                        name TEXT PRIMARY KEY,
                        kind TEXT NOT NULL,
                        uid INTEGER NOT NULL,
                        submittedAt INTEGER NOT NULL,
                        repeated TEXT,
                        promoteBest INTEGER NOT NULL,
                        -- Whose model was the best when the last of them had ended, whether it was promoted, or why nothing was.
                        bestJob INTEGER REFERENCES jobs ON DELETE SET NULL,
                        promoted INTEGER NOT NULL DEFAULT 0,
                        problem TEXT
                    ) STRICT, WITHOUT ROWID;
                    CREATE INDEX sweepsToPromote ON sweeps (name)
                        WHERE bestJob IS NOT NULL AND promoted = 0 AND problem IS NULL;
                    -- Its submitter's words for a job.
                    ALTER TABLE jobs ADD COLUMN name TEXT;
                    ALTER TABLE jobs ADD COLUMN note TEXT;
                    ALTER TABLE jobs ADD COLUMN sweep TEXT REFERENCES sweeps;
                    -- Its own options in its sweep.
                    ALTER TABLE jobs ADD COLUMN varied TEXT;
                    -- The progress at the end of the epoch whose validation was the best.
                    ALTER TABLE jobs ADD COLUMN best TEXT;
                    CREATE INDEX jobsOfSweeps ON jobs (sweep) WHERE sweep IS NOT NULL;
                    """)
        }
        migrator.registerMigration("the tutorial's recipe") { database in
            try database.execute(
                sql: """
                    -- A training that named no recipe meant the tutorial's, which was the default. It goes on, or is run again, by that.
                    UPDATE jobs SET options = json_set(options, '$.recipe', 'tutorial')
                        WHERE kind = 'train' AND base IS NULL AND json_extract(options, '$.recipe') IS NULL;
                    """)
        }
        migrator.registerMigration("housekeeping") { database in
            try database.execute(
                sql: """
                    -- Of what is kept, what its predictions are; and when these were removed.
                    ALTER TABLE jobs ADD COLUMN predicted INTEGER NOT NULL DEFAULT 0;
                    UPDATE jobs SET predicted = min(kept, (SELECT
                        coalesce(sum(length(classes) + coalesce(length(CAST(file AS BLOB)), 0) + 16), 0)
                        FROM predictions WHERE job = id)) WHERE kept > 0;
                    ALTER TABLE jobs ADD COLUMN predictionsRemovedAt INTEGER;
                    DROP INDEX jobsThatKeep;
                    CREATE INDEX jobsThatKeep ON jobs (uid, kept, predicted, state, endedAt) WHERE kept > 0;
                    CREATE INDEX jobsThatEnded ON jobs (uid, endedAt) WHERE endedAt IS NOT NULL AND state <> 'removed';
                    CREATE INDEX jobsWithPredictions ON jobs (uid, endedAt) WHERE predicted > 0 AND state = 'succeeded';
                    -- Removed jobs, and jobs whose predictions were removed, of which there may be rows.
                    CREATE TABLE leftovers (job INTEGER PRIMARY KEY REFERENCES jobs ON DELETE CASCADE) STRICT;
                    -- For what becomes of them when their job goes.
                    CREATE INDEX modelsOfJobs ON models (job) WHERE job IS NOT NULL;
                    CREATE INDEX bestOfSweeps ON sweeps (bestJob) WHERE bestJob IS NOT NULL;
                    """)
        }
        migrator.registerMigration("ranks") { database in
            try database.execute(
                sql: """
                    -- How many processes a job is, and by which launcher they are started: both or neither.
                    ALTER TABLE jobs ADD COLUMN ranks INTEGER;
                    ALTER TABLE jobs ADD COLUMN launcher TEXT;
                    """)
        }
        migrator.registerMigration("waiting elsewhere") { database in
            try database.execute(
                sql: """
                    -- It runs for sqzd, but waits for machines that somebody else gives out. lastStart is of no meaning then.
                    ALTER TABLE jobs ADD COLUMN waits INTEGER NOT NULL DEFAULT 0;
                    """)
        }
        return migrator
    }()
}
