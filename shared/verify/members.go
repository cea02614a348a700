package verify

import (
	"archive/zip"
	"fmt"
	"path"
)

// membersOf returns the members by name. It reports names that are not safe or not unique, and
// members that are not what they seem.
func (l limits) membersOf(z *zip.Reader, size int64, report *Report) map[string]*zip.File {
	out := map[string]*zip.File{}
	var packed uint64
	for _, f := range z.File {
		name := f.Name
		switch {
		case len(name) > l.path || !safeName.MatchString(name) || path.Clean(name) != name || namesDevice(name):
			report.problem(fmt.Sprintf("%q", name), "the name is not allowed in a package")
		case out[name] != nil:
			report.problem(name, "there are two members of that name")
		case !f.Mode().IsRegular() || f.Flags&1 != 0 || (f.Method != zip.Deflate && f.Method != zip.Store):
			report.problem(name, "it is not a file, or it is encrypted or packed in a way that no package uses")
		case f.UncompressedSize64/maxRatio > f.CompressedSize64+1:
			report.problem(name, "its packed bytes are too few for the size that the archive says")
		case f.UncompressedSize64 > uint64(l.size(formOf(name))):
			report.problem(name, "it is longer than such a member may be")
		}
		out[name] = f
		packed += f.CompressedSize64
		if packed > uint64(size) {
			report.problem(name, "the members have more bytes than the archive")
			break
		}
	}
	return out
}
