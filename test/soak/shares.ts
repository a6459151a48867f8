/** How long the other parts of the soak are, in that of the stream. */
export const CALM_SHARE = 1 / 4;
export const KILLS_SHARE = 1 / 2;
