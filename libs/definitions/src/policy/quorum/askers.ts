/** Everybody who had a part in asking for a call; `null` when it is not known who sent the request. */
export type Askers = readonly string[] | null;

interface Request {
  /** For whom the run is. */
  user_id: string | null;
  /** Who sent it. */
  requested_by: string | null;
}

/** Whom the request is for counts as well as who sent it, administrators too. */
export const askersOf = ({ user_id, requested_by }: Request): Askers =>
  requested_by === null
    ? null
    : user_id === null || user_id === requested_by
      ? [requested_by]
      : [requested_by, user_id];
