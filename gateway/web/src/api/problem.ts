// What the gateway says when it can't do what was asked (RFC 9457), as an error that can be thrown.

export interface FieldError {
  path: string;
  message: string;
}

interface ProblemBody {
  title?: string;
  status?: number;
  detail?: string | null;
  errors?: FieldError[] | null;
}

export class Problem extends Error {
  /** HTTP status; 0 where the gateway could not be reached. */
  readonly status: number;
  readonly title: string;
  readonly detail: string | null;
  readonly fields: FieldError[];
  /** The gateway's name for the request, to be found again in its log. */
  readonly requestId: string | null;

  constructor(body: ProblemBody, requestId: string | null) {
    super(body.title || `HTTP ${body.status ?? 0}`);
    this.name = "Problem";
    this.status = body.status ?? 0;
    this.title = body.title ?? "";
    this.detail = body.detail ?? null;
    this.fields = body.errors ?? [];
    this.requestId = requestId;
  }

  static from(body: unknown, response: Response): Problem {
    const known: ProblemBody = typeof body === "object" && body !== null ? body : {};
    return new Problem({ ...known, status: response.status }, response.headers.get("x-request-id"));
  }

  static unreachable(): Problem {
    return new Problem({ status: 0 }, null);
  }

  /** Whether the same question may be answered when asked again. */
  get isPassing(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

export function asProblem(error: unknown): Problem {
  return error instanceof Problem ? error : new Problem({ title: "", status: -1 }, null);
}
