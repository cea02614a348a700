// Package functionhost is the handler's side of the Azure Functions custom-handler contract.
//
// It is one HTTP server that the host calls: HTTP triggers arrive under /api/, and every other
// trigger as POST /{function}. It knows nothing of what the functions do. The host kills the
// process without a warning and delivers at least once, so a [host.Job] must be safe to repeat.
package functionhost
