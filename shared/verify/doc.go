// Package verify checks a package against its manifest and shares no code with the writer.
//
// What is checked:
//
//   - The file is an archive whose directory, members and manifest keep to the limits. Memory
//     stays below 200 MB whatever the archive says of itself.
//   - Each name is unique and can be unpacked on every system, inside the chosen folder.
//   - The members are those that the manifest lists, no more and no fewer; one is the index.
//   - Each member has the length and the SHA-256 that the manifest says.
//   - Each JSON member is an array of as many objects as the manifest says.
//
// The bytes of tables (CSV, XLSX, XML) are checked, but not their form: they are copies of
// the JSON, and each has a hash of its own. A manifest is not signed. The check shows that a
// package is whole and unchanged since its manifest was written, but not who made it.
package verify
