// Package bulk takes in a producer's list of requests and imports its lines as requests.
//
// A list is taken in as a whole and imported later, line by line. A bad line therefore never
// stops the others, a killed import resumes, and a list that is sent twice makes nothing
// twice. Package list says how the lines are read and numbered.
//
// # What happens to a list, in the order of the files
//
//	take_upload.go    a caller sends it by HTTP: it is copied into a blob
//	take_queue.go     a message on dsr-bulk holds it, or says in which blob it is
//	take_message.go   what such a message may hold
//	take_record.go    the import becomes a row, and a message asks for it
//	import.go         the job `work` claims the import and moves it on for a bounded time
//	import_stages.go  four stages work at the same time, each on a chunk of its own:
//	import_judge.go   1. lines are read and judged
//	import_make.go    2. what their requests need is written, and 3. the requests are made
//	import_keep.go    4. their results and the progress are stored
//	import_end.go     the result is published, and the import has ended
//	results.go        callers read it
//
// # Limits
//
// A list may hold 100,000 lines. Everything after them becomes one rejected line with the
// code too-many-lines.
package bulk
