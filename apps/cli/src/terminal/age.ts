import { secondsOf, toEpochMillis, type EpochSeconds } from '@countersign/contracts/time';
import type { Screen } from './screen.js';
import { roughly, timestamp } from './words.js';

/** How old something is, for people; when it was made, for programs that read a pipe. */
export const ageIn = (screen: Screen, at: EpochSeconds): string =>
  screen.width === undefined ? timestamp(at) : roughly(secondsOf(Date.now() - toEpochMillis(at)));
