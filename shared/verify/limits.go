package verify

// maxPart is how many bytes a JSON member may have.
const maxPart = 32 << 20

// The forms of members with records, as the extensions of their names.
const (
	formJSON = "json"
	formCSV  = "csv"
	formXLSX = "xlsx"
	formXML  = "xml"
)

// limits bound what is read of an archive, and so the memory that this takes: nothing that an
// archive says of itself is believed. Real packages stay far below the limits. Tests set
// smaller ones.
type limits struct {
	directory int64 // bytes of an archive's directory, with what is looked at to find it
	members   int   // of the archive
	manifest  int64 // uncompressed bytes of the manifest
	value     int64 // bytes of one value in the manifest
	systems   int   // in the manifest
	queries   int   // in the manifest, of all systems
	path      int   // bytes of a member's name

	member map[string]int64 // uncompressed bytes of a member by its form
	other  int64            // the same for the other members: the index
}

// standard are the limits of Archive. Tables are longer than the JSON that they are made from:
//
//   - In XML a character of JSON takes at most eight bytes: the name of a column is written
//     three times, at worst as entities.
//   - CSV has a comma for each empty cell, so that its length grows with the number of columns.
//   - A worksheet repeats the address and the type of each cell, but is packed.
var standard = limits{
	directory: 16 << 20, members: 1 << 17, manifest: 64 << 20, value: 256 << 10,
	systems: 4096, queries: 200_000, path: 256,
	member: map[string]int64{
		formJSON: maxPart, formXML: 8 * maxPart, formCSV: 32 * maxPart, formXLSX: 2 * maxPart,
	},
	other: 4 << 30,
}

// size is the limit of a member with that form.
func (l limits) size(form string) int64 {
	if n, ok := l.member[form]; ok {
		return n
	}
	return l.other
}
