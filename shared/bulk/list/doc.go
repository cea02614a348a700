// Package list reads a producer's list of requests line by line, as JSON Lines or CSV.
//
// It judges the form of a line only: whether it can be read, not what it asks for.
//
// # Numbers of lines
//
// A line has the number that it has in the input, and the first is 1. The header of a CSV is
// not counted, and a CSV record with quoted newlines is one line. Empty lines keep their number
// and are not handed out.
//
// # Limits
//
// A line may hold 64 KiB. A longer one is a fault of that line.
//
// # CSV that is not well formed
//
// A record with a wrong number of cells or with a quote out of place is a fault of that line. A
// quote that is never closed swallows everything after it, and nobody can tell data from lines
// there: all of it is one faulty line. A header that names a column unknown or twice is a fault
// of the whole list.
package list
