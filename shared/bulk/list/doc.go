// Package list reads a producer's list of requests line by line, as JSON Lines or CSV.
//
// It judges the form of a line only: whether it can be read, not what it asks for.
//
// # Numbers of lines
//
// A line has the number that it has in the input, and the first is 1. The header of a CSV is
// not counted, and a CSV record with quoted newlines is one line. Empty lines are counted,
// but not returned.
//
// # Limits
//
// A line may hold 64 KiB. A longer one is a fault of that line.
//
// # CSV that is not well formed
//
// A record with a wrong number of cells or with a misplaced quote is a fault of that line.
// After a quote that is never closed, data cannot be told from lines, so everything after it
// is one faulty line. A header with an unknown or repeated column is a fault of the whole
// list.
package list
