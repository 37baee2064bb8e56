/** Of this program and of the packages it is released with; `package.json` says the same. */
export const version = '0.1.0';
