// Package xlsx writes and reads Excel workbooks row by row, in memory that does not grow with them.
//
// It knows the part of ECMA-376 (Office Open XML, SpreadsheetML) that tables of values need:
// texts, numbers, truth values and dates; no formulas, no styles but that of a date. It exists
// because each kept library of this kind finds methods by their names, which makes the linker
// keep all methods of all types of the program (infra/decisions/binary-size.md).
package xlsx

import "time"

// The limits of the format, as Excel has them:
// https://support.microsoft.com/office/excel-specifications-and-limits-1672b34d-7043-467e-8e27-269d656771c3
const (
	MaxRows    = 1_048_576 // of a worksheet
	MaxColumns = 16_384    // of a row
	MaxText    = 32_767    // of a cell, in UTF-16 code units
)

// Kind says what a cell holds.
type Kind int

// The kinds of cell.
const (
	Empty Kind = iota
	Text
	Number
	Bool
	Date
	Error // what a formula ended with: "#N/A"; only read, never written
)

// Cell is one value of a row.
type Cell struct {
	Kind Kind
	// Text is the text of a text, the digits of a number as they are in the file, "TRUE" or
	// "FALSE", or the code of an error.
	Text string
	Time time.Time // of a date: the time on the wall, in UTC
}

// OfText is a cell with a text.
func OfText(s string) Cell { return Cell{Kind: Text, Text: s} }

// OfNumber is a cell with a number, given in decimal digits as JSON writes them.
func OfNumber(digits string) Cell { return Cell{Kind: Number, Text: digits} }

// OfBool is a cell with a truth value.
func OfBool(b bool) Cell {
	if b {
		return Cell{Kind: Bool, Text: "TRUE"}
	}
	return Cell{Kind: Bool, Text: "FALSE"}
}
