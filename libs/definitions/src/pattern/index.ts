export { withoutNeedlessPatterns, wrongPatterns } from './schema-patterns.js';
