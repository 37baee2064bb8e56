import { z } from 'zod';
import { runErrors } from './run-errors.js';

export const RunErrorCode = z.enum(Object.keys(runErrors) as [keyof typeof runErrors, ...(keyof typeof runErrors)[]]);
export type RunErrorCode = z.infer<typeof RunErrorCode>;
