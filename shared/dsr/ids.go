package dsr

import "errors"

// ErrID says that a text does not have the form of an id.
var ErrID = errors.New("not an id: 32 lower-case hex digits in groups of 8-4-4-4-12 are expected")

// ValidGUID reports whether s is a lower-case GUID, the form of tenant, request and bulk ids.
func ValidGUID(s string) bool {
	if len(s) != len("00000000-0000-0000-0000-000000000000") {
		return false
	}
	for i := range len(s) {
		switch c := s[i]; i {
		case 8, 13, 18, 23:
			if c != '-' {
				return false
			}
		default:
			if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
				return false
			}
		}
	}
	return true
}

// word reports whether s begins with a letter and has at most so many letters, digits and hyphens.
// Ids are checked in every key and when a program starts: a compiled expression would take
// longer.
func word(s string, most int) bool {
	if s == "" || len(s) > most || s[0] < 'a' || s[0] > 'z' {
		return false
	}
	for i := range len(s) {
		if c := s[i]; c != '-' && (c < '0' || c > '9') && (c < 'a' || c > 'z') {
			return false
		}
	}
	return true
}

// ValidName reports whether s can name a system, a kind of record or a destination:
// `[a-z][0-9a-z-]{0,62}`.
func ValidName(s string) bool { return word(s, 63) }

// TaskID names a task within its request: "{system}-{action}", such as "entra-export".
type TaskID string

// NewTaskID is the id of the task for a system and an action.
func NewTaskID(system string, a Action) TaskID { return TaskID(system + "-" + string(a)) }

// ValidTaskID reports whether s has the form of a task's id. It is longer than a name by what the
// action adds, and as long as a segment of a key may be.
func ValidTaskID(s string) bool { return word(s, 80) }

// PackageTask is the id of the task that makes and hands over the package. It has no system.
const PackageTask TaskID = "package"
