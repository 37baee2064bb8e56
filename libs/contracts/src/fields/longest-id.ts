/** Of ids, subjects and other names, in UTF-16 code units. */
export const longestId = 200;
