/** What does not hold, for programs. */
export type ProblemCode =
  /** It cannot be read as what it should be. */
  | 'malformed'
  /** The seal is not of these bytes, or not by the key that is trusted. */
  | 'seal'
  /** The checkpoint is not by that key. */
  | 'checkpoint'
  /** An entry is missing, is there twice or is not where it belongs. */
  | 'sequence'
  /** An entry is not in the tree of the checkpoint. */
  | 'inclusion'
  /** Rules in it are not of the version that they are said to be. */
  | 'rules'
  /** Nor is an agent. */
  | 'agents'
  /** Nor is a schema. */
  | 'schemas'
  /** A call began without a request. */
  | 'request_missing'
  /** A request is not as the runner signed it. */
  | 'request_signature'
  /** A call began without a valid decision, or a decision was made on nothing. */
  | 'decision_missing'
  /** What was decided on is not what was called. */
  | 'other_call'
  /** Too few people, or who asked for it, or too late. */
  | 'decision_unfounded'
  /** It was decided on what no executor has shown. */
  | 'preview_missing'
  /** A call ended that did not begin. */
  | 'start_missing'
  /** A start is not as the executor signed it. */
  | 'start_signature'
  /** An outcome is not as the executor signed it. */
  | 'result_signature';

/** The first thing that does not hold. */
export class EvidenceProblem extends Error {
  override readonly name = 'EvidenceProblem';
  constructor(
    readonly code: ProblemCode,
    message: string,
    /** The line of the file, from 1. */
    readonly line?: number,
  ) {
    super(message);
  }
}
