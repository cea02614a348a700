// Package devhost plays the Azure Functions host on machines without Azure Functions Core
// Tools.
//
// It sends what host 4.1045 was recorded to send (testdata/*.jsonl) and treats answers, exits
// and messages as that host did. Where nothing was recorded it follows the host's source.
//
// It supports three triggers, as far as the functions of this project need them: HTTP passed
// through by either mode, storage queues and timers. Output bindings, HTTP in an envelope, host
// keys and everything else that host.json or a function.json can ask for are not supported. An
// app that asks for them is refused at start.
//
// Three things differ on purpose. An empty 200, on which the real host waits in silence until
// functionTimeout, is reported loudly at once and then treated as recorded. Messages of a
// stopped host are released instead of being left to their 10 minutes. And GET
// /admin/devhost/workers, which the real host lacks, names each handler's process and the
// invocations that it has not answered.
package devhost
