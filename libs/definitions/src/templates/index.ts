export { argumentProblems } from './arguments.js';
export { type Placeholder, type TemplatePart, parseTemplate, placeholdersOf, wholeOfAnswer } from './template.js';
export { type UrlPart, parseUrlTemplate } from './url-template.js';
