// The JSON API of `kpi web`, read-only.

const ROOT = "/api/v1";

/** What the server answered that is no answer: `message` is its own text. */
export class ApiError extends Error {
  constructor(status, what) {
    super(what);
    this.status = status;
  }
}

/** GET of a resource as JSON; null and undefined parameters are left out. ApiError; TypeError without a connection. */
export async function get(name, parameters = {}, signal = undefined) {
  const answer = await fetch(`${ROOT}/${name}${query(parameters)}`, { signal, credentials: "same-origin" });
  const body = await answer.json().catch(() => null);
  if (answer.ok && body !== null) return body;
  const error = body?.error;
  throw new ApiError(answer.status, error ? [error.where, error.what, error.do].filter(Boolean).join(": ") : `HTTP ${answer.status}`);
}

export function streamAddress(parameters) {
  return `${ROOT}/stream${query(parameters)}`;
}

function query(parameters) {
  const given = Object.entries(parameters).filter(([, value]) => value !== null && value !== undefined);
  return given.length ? `?${new URLSearchParams(given)}` : "";
}
