export { lookalikesIn } from './lookalike-text.js';
export {
  codePointOf,
  gapText,
  gapsIn,
  isHidden,
  marked,
  markedLine,
  visibleText,
  visibleLine,
} from './visible-text.js';
