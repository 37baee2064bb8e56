import { SqliteFile } from '@countersign/sqlite';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { describeAppendLog } from '../../test/append-log.contract.js';
import { describeStore } from '../../test/store.contract.js';
import { SqliteDatabase } from './sqlite-store.js';

const dir = mkdtempSync(join(tmpdir(), 'countersign-store-'));
const file = new SqliteFile(dir);
describeStore('SQLite', () => new SqliteDatabase(file));
describeAppendLog('SQLite', () => new SqliteDatabase(file));
afterAll(() => (file.close(), rmSync(dir, { recursive: true })));
