import { checkCommand } from './checks.js';
import { defineExecuteKind } from '../kind.js';
import { CommandEntry } from './schema.js';

export const commandKind = defineExecuteKind({ name: 'command', schema: CommandEntry, checks: checkCommand });
