import { getFeed } from "./actions.js";
import { traceHandler } from "./perf-trace.js";

export const GET = traceHandler(async (_request: Request) => Response.json(await getFeed()));
