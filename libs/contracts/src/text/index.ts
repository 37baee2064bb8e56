export { lookalikesIn } from './lookalike-text.js';
export { codePointOf, isHidden, marked, markedLine, visibleText, visibleLine } from './visible-text.js';
