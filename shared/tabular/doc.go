// Package tabular writes records as tables: CSV, XLSX and XML, made from the same records as
// JSON.
//
// A table has a column for each declared member, and the column "other" for the rest, as a JSON
// object. Nested values are written as JSON. Null and a missing member are both an empty cell.
// CSV is RFC 4180 (comma, CRLF, quotes where needed) in UTF-8 with a byte order mark, by which
// spreadsheet programs recognise UTF-8. A text cell that such a program could run as a formula
// gets a leading apostrophe, see [guard]; the exact text is in the JSON member of the same
// name.
package tabular
