// Package tabular writes records as tables: CSV, XLSX and XML, made from the same records as JSON.
//
// There is a column for each declared member, and "other" for the rest as a JSON object. Nested values are written as JSON; null and
// absent alike are an empty cell. CSV is RFC 4180 (comma, CRLF, quotes where needed) in UTF-8 with a byte order mark, since that is how
// spreadsheet programs recognise UTF-8. A text cell that such a program could run as a formula gets a leading apostrophe, see [guard]; the
// exact text is in the JSON member of the same name.
package tabular
