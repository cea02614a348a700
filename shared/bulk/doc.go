// Package bulk moves a producer's list into requests: it takes the list in (from the queue dsr-bulk or an upload), and imports it
// line by line so that a bad line never stops the others, a killed import resumes, and the same list twice makes nothing twice.
//
// # Numbers of lines
//
// A line has the number that it has in the input, 1 being the first; the header of a CSV is not counted, and a CSV record with quoted
// newlines is one line. Empty lines keep their number and have no result. Every other line has exactly one line in the result, in
// the order of the input.
//
// # Limits
//
// A line may hold 64 KiB and a list 100,000 lines; what comes after those is one rejected line with the code too-many-lines.
//
// # CSV that is not well formed
//
// A record with a wrong number of cells or with a quote out of place is rejected and the import goes on with the next line. A quote that
// is never closed swallows everything after it, and nobody can tell data from lines there: it is one rejected line. A header that
// names a column unknown or twice fails the whole list before its first line.
package bulk
