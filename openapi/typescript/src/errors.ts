// What can go wrong, as classes: `catch (error) { if (error instanceof RateLimitError) … }`.

import type { Export, Job, RewardVersion } from "./types.js";

/** Everything that this package throws by itself. */
export class ReliquaryError extends Error {
  override get name(): string {
    return this.constructor.name;
  }
}

/** One thing that is wrong with a request. */
export interface FieldError {
  /** JSON pointer into the body, or `?name` of a parameter. */
  pointer: string;
  code: string;
  detail: string;
}

/** The service's answer to a request that it refused (RFC 9457). */
export interface Problem {
  type?: string;
  title?: string;
  status?: number;
  detail?: string;
  code?: string;
  param?: string | null;
  request_id?: string;
  retryable?: boolean;
  errors?: FieldError[];
  meta?: Record<string, unknown>;
}

/** The service refused a request, or failed on it. */
export class APIStatusError extends ReliquaryError {
  /** Stable name of the error. */
  readonly code: string;
  /** The field that is at fault, where it is one. */
  readonly param: string | undefined;
  /** Everything that is wrong with the request, not only the first. */
  readonly errors: FieldError[];
  /** Name it when you ask about this error. */
  readonly requestId: string | undefined;
  /** Whether the same request may go through later. */
  readonly retryable: boolean;

  constructor(
    readonly status: number,
    readonly problem: Problem,
    readonly headers: Headers,
  ) {
    const code = problem.code ?? `http_${status}`;
    super(`${status} ${code}: ${problem.detail ?? problem.title ?? "no detail"}`);
    this.code = code;
    this.param = problem.param ?? undefined;
    this.errors = problem.errors ?? [];
    this.requestId = headers.get("request-id") ?? problem.request_id ?? undefined;
    this.retryable = mayRetry(status, headers.get("x-should-retry"));
  }

  /** The error of an answer; proxies on the way may answer with anything. */
  static of(status: number, headers: Headers, text: string): APIStatusError {
    let problem: Problem;
    try {
      const value: unknown = JSON.parse(text);
      problem = typeof value === "object" && value !== null ? (value as Problem) : { detail: text.slice(0, 500) };
    } catch {
      problem = { detail: text.slice(0, 500) };
    }
    const Kind = KINDS[status] ?? (status >= 500 ? ServerError : APIStatusError);
    return new Kind(status, problem, headers);
  }
}

/** The service knows best; without its word, what is usual. */
function mayRetry(status: number, said: string | null): boolean {
  if (said === "true" || said === "false") return said === "true";
  return status === 408 || status === 429 || status >= 500;
}

export class BadRequestError extends APIStatusError {}
export class AuthenticationError extends APIStatusError {}
export class InsufficientCreditsError extends APIStatusError {}
export class PermissionDeniedError extends APIStatusError {}
export class NotFoundError extends APIStatusError {}
export class ConflictError extends APIStatusError {}
export class GoneError extends APIStatusError {}
export class UnprocessableError extends APIStatusError {}
export class RateLimitError extends APIStatusError {}
export class ServerError extends APIStatusError {}

const KINDS: Record<number, typeof APIStatusError> = {
  400: BadRequestError,
  401: AuthenticationError,
  402: InsufficientCreditsError,
  403: PermissionDeniedError,
  404: NotFoundError,
  409: ConflictError,
  410: GoneError,
  422: UnprocessableError,
  429: RateLimitError,
};

/** No answer: refused, or cut. */
export class APIConnectionError extends ReliquaryError {
  /** Whether the service may have got the request; without a connection it has not. */
  readonly wasSent: boolean;

  constructor(message: string, options: ErrorOptions & { wasSent?: boolean } = {}) {
    super(message, options);
    this.wasSent = options.wasSent ?? true;
  }
}

/** No answer in time, or not what was waited for. */
export class APITimeoutError extends APIConnectionError {}

/** A job ended without completing. What it delivered was handed out before this was thrown, and stays where it is. */
export class JobEndedError extends ReliquaryError {
  constructor(readonly job: Job) {
    super(`${job.id} is ${job.status}${job.status_reason ? ` (${job.status_reason})` : ""}`);
  }

  static of(job: Job): JobEndedError {
    const kinds = { failed: JobFailedError, expired: JobExpiredError, cancelled: JobCancelledError };
    return new (kinds[job.status as keyof typeof kinds] ?? JobEndedError)(job);
  }
}

export class JobFailedError extends JobEndedError {}
/** Its deadline passed. */
export class JobExpiredError extends JobEndedError {}
export class JobCancelledError extends JobEndedError {}

/** Events before this sequence (of the project: before this place) are kept no more. The rollouts are: `jobs.rollouts`. */
export class EventsExpiredError extends ReliquaryError {
  constructor(
    jobId: string | undefined,
    readonly oldestSequence: number,
  ) {
    const instead = jobId ? "read its rollouts instead" : "go on just before that one";
    super(`events of ${jobId ?? "the project"} before ${oldestSequence} are kept no more: ${instead}`);
  }
}

/** An export was not written. */
export class ExportFailedError extends ReliquaryError {
  constructor(readonly result: Export) {
    super(`${result.id} ${result.state}: ${result.error ?? "no reason given"}`);
  }
}

/** A reward function was not accepted; `version.report` says why. */
export class RewardFunctionRejectedError extends ReliquaryError {
  constructor(readonly version: RewardVersion) {
    super(`the reward function was ${version.state}: ${JSON.stringify(version.report?.rejection ?? null)}`);
  }
}

/** A file is not what it should be. */
export class IntegrityError extends ReliquaryError {}

/** A webhook that is not the service's, or too old. */
export class WebhookVerificationError extends ReliquaryError {}
