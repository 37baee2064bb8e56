export { argumentProblems } from './arguments.js';
export { type Placeholder, type TemplatePart, parseTemplate, placeholdersOf } from './template.js';
export { type UrlPart, parseUrlTemplate } from './url-template.js';
