export { DiskFull } from './disk-full.js';
export { DataInUse, SqliteFile } from './sqlite-file.js';
