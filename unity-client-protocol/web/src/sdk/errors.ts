/**
 * What can go wrong, as types.
 *
 *     GalleriaError            code + a sentence for people + data
 *       ├─ RequestRefused      the room said no (over the socket)
 *       ├─ HttpProblem         the server said no (over HTTP, problem+json)
 *       ├─ ConnectionLost      the session is gone; join again
 *       └─ ProtocolViolation   bytes that are not galleria.1
 */

/** Base of all errors of the SDK. `code` is stable, `message` is for people. */
export class GalleriaError extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly data: Readonly<Record<string, unknown>> = {},
  ) {
    super(message);
    this.name = new.target.name;
  }
}

/** A request over the socket was answered with an Error. */
export class RequestRefused extends GalleriaError {}

/** An HTTP call was answered with a problem document (RFC 9457). */
export class HttpProblem extends GalleriaError {
  constructor(
    code: string,
    message: string,
    readonly status: number,
    data: Readonly<Record<string, unknown>> = {},
  ) {
    super(code, message, data);
  }
}

/** The session ended before the answer came; what the request did is not known. */
export class ConnectionLost extends GalleriaError {}

/** The other side sent something that is not galleria.1. */
export class ProtocolViolation extends GalleriaError {}
