import { SqliteFile } from '@countersign/sqlite';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { describeStore } from './store.contract.js';
import { SqliteDatabase } from './store.sqlite.js';

const dir = mkdtempSync(join(tmpdir(), 'countersign-store-'));
const file = new SqliteFile(dir);
describeStore('SQLite', () => new SqliteDatabase(file));
afterAll(() => (file.close(), rmSync(dir, { recursive: true })));
