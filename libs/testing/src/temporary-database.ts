import { SqliteDatabase } from '@countersign/persistence';
import { SqliteFile } from '@countersign/sqlite';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The embedded store in a directory of its own, which closing removes; `file` is for a log beside it. */
export function openTemporaryDatabase(): { database: SqliteDatabase; file: SqliteFile; close(): void } {
  const dir = mkdtempSync(join(tmpdir(), 'countersign-spec-'));
  const file = new SqliteFile(dir);
  return {
    database: new SqliteDatabase(file),
    file,
    close() {
      file.close();
      rmSync(dir, { recursive: true });
    },
  };
}
