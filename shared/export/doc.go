// Package export writes what a system handed over into parts, and makes the package of them: one archive that a person can read
// without Rightsdesk and a machine can check.
//
// A part is one finished member of the archive, so that a package of any size is put together by copying bytes. Parts of a task are
// numbered through all kinds of record; each exists as JSON and in the tabular forms that the tenant wants, which are made from the
// stored JSON and from nothing else. The numbers are what two workers meet at: a part is created if absent, and the stored one wins.
//
// Tabular forms: a column per declared member, "other" for the rest as a JSON object; nested values as JSON; null and absent alike an
// empty cell. CSV is RFC 4180 (comma, CRLF, quotes where needed) in UTF-8 with a byte order mark, since that is how spreadsheet
// programs recognise UTF-8. A text cell that such a program could run as a formula gets a leading apostrophe, see [guard]; the exact
// text is in the JSON member of the same name.
package export
