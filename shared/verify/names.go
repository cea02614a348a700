package verify

import (
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
