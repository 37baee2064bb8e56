import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SqliteFile } from '@countersign/sqlite';
import { describeBus, quiet } from '../../test/bus.contract.js';
import { SqliteBus } from './sqlite-bus.js';

describeBus('SqliteBus', () => {
  const dir = mkdtempSync(join(tmpdir(), 'countersign-bus-'));
  return (_topics, observer) => {
    const file = new SqliteFile(dir);
    const bus = new SqliteBus(file, { log: quiet, observer });
    return { bus, close: () => bus.close().finally(() => file.close()) };
  };
});
