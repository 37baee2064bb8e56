import { z } from 'zod';
import { Id } from '../../fields/fields.js';

const tool_name = Id.nullable().meta({ description: 'The tool; null: all of them.' });

const token = z.string().max(10_000).optional().meta({
  description: 'A signed token for exactly this command, of POST /auth/tokens. Without one it is refused.',
});

export const ToolPauseRequested = z.object({ tool_name, reason: z.string().min(1).max(10_000), token });

export const ToolResumeRequested = z.object({ tool_name, token });

export const ToolPaused = z.object({ tool_name, reason: z.string(), by: Id.nullable() });

export const ToolResumed = z.object({ tool_name, by: Id.nullable() });
