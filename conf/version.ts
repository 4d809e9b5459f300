/** Set by the bundler from package.json. */
declare const AXONEME_VERSION: string | undefined;

/** The version that VERSION, `axoneme version`, the API and the log's first line show; `0.0.0-source` when run unbundled. */
export const version = typeof AXONEME_VERSION === 'string' ? AXONEME_VERSION : '0.0.0-source';
