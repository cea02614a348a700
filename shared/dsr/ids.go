package dsr

import (
	"errors"
	"regexp"
)

var (
	guid   = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)
	taskID = regexp.MustCompile(`^[a-z][0-9a-z-]{0,79}$`)
	slug   = regexp.MustCompile(`^[a-z][0-9a-z-]{0,62}$`)
)

// ErrID says that a text does not have the form of an id.
var ErrID = errors.New("not an id: 32 lower-case hex digits in groups of 8-4-4-4-12 are expected")

// ValidGUID reports whether s is a lower-case GUID, the form of tenant, request and bulk ids.
func ValidGUID(s string) bool { return guid.MatchString(s) }

// ValidName reports whether s can name a system, a kind of record or a destination:
// `[a-z][0-9a-z-]{0,62}`.
func ValidName(s string) bool { return slug.MatchString(s) }

// TaskID names a task within its request: "{system}-{action}", such as "entra-export".
type TaskID string

// NewTaskID is the id of the task for a system and an action.
func NewTaskID(system string, a Action) TaskID { return TaskID(system + "-" + string(a)) }

// ValidTaskID reports whether s has the form of a task's id. It is longer than a name by what the
// action adds, and as long as a segment of a key may be.
func ValidTaskID(s string) bool { return taskID.MatchString(s) }

// PackageTask is the id of the task that makes and hands over the package. It has no system.
const PackageTask TaskID = "package"
