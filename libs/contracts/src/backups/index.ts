export { Backup } from './backup.js';
