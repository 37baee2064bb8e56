import { checkHttp } from './checks.js';
import { defineExecuteKind } from '../kind.js';
import { HttpEntry } from './schema.js';

export const httpKind = defineExecuteKind({ name: 'http', schema: HttpEntry, checks: checkHttp });
