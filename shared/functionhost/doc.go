// Package functionhost is the handler's side of the Azure Functions custom-handler contract: one HTTP server
// that the host calls, HTTP triggers under /api/ and every other trigger as POST /{function}.
//
// It knows nothing of what the functions do. The host kills the process without a warning and delivers at least
// once, so a [host.Job] must be safe to repeat.
package functionhost
