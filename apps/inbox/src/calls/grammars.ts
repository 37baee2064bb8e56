import bash from 'highlight.js/lib/languages/bash';
import json from 'highlight.js/lib/languages/json';
import markdown from 'highlight.js/lib/languages/markdown';
import sql from 'highlight.js/lib/languages/sql';
import { createLowlight } from 'lowlight';

/** Takes code apart, of the languages that arguments can have. A file of its own, for pages that show any. */
export const { highlight } = createLowlight({ json, markdown, shell: bash, sql });
