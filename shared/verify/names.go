package verify

import (
	"archive/zip"
	"fmt"
	"path"
	"regexp"
	"strings"
)

// maxRatio is how far deflate can compress at most.
const maxRatio = 1032

// safeName is what a member can be called. Windows accepts such a name, and it cannot lead
// out of the folder into which the archive is unpacked.
var safeName = regexp.MustCompile(`^([a-z0-9][a-z0-9-]*/){0,4}[a-z0-9][a-z0-9-]*\.[a-z]{2,5}$`)

// devices are names that Windows keeps for devices, with any extension.
var devices = regexp.MustCompile(`^(con|prn|aux|nul|com[0-9]|lpt[0-9])$`)

// namesDevice reports whether Windows takes a part of the name for a device.
func namesDevice(name string) bool {
	for part := range strings.SplitSeq(name, "/") {
		stem, _, _ := strings.Cut(part, ".")
		if devices.MatchString(stem) {
			return true
		}
	}
	return false
}

// formOf is the form that a member's name promises.
func formOf(name string) string { return strings.TrimPrefix(path.Ext(name), ".") }

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
