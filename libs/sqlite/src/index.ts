export { DataInUse, SqliteFile } from './sqlite-file.js';
