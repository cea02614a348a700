// Package retention says how long each class of stored thing lives, since when, why, and what
// ends it.
package retention

import (
	"fmt"
	"time"
)

// Row is one class of stored thing.
type Row struct {
	Class string // what it is called: "packages"
	Holds string // what is in it, in words

	// A class lies in a container, in rows of a table or on queues. Several classes may share a
	// container, and leftovers lie among the rows of other classes.
	Container string
	Table     string
	Rows      string // regular expression of the whole row key; empty for leftovers
	Queues    bool

	Keep  Keep
	Since string // what the time begins with: "the end of the request"
	Why   string // law, limit or promise

	Clock Clock    // that the time follows
	Wake  WakeKind // the kind of wake that ends it, or leads to it; empty where there is none
	By    string   // the step, the part or the service that removes it
}

// By, of what no step removes.
const (
	// NotYet says that nothing removes the class yet, although its time has an end.
	NotYet = "not yet"
	// Nobody says that the class is kept for ever.
	Nobody = "nobody"
	// byStore says that the store removes it when it finds that nothing names it.
	byStore = "store"
	// byService says that the queue service removes it by itself.
	byService = "queue service"
)

// Keep is how long a class is kept: for a time, for as long as a setting of the tenant says, or
// until something has happened.
type Keep struct {
	For    time.Duration
	Bounds *Bounds // of the tenant's setting
	Until  string  // "the package is verified"
}

// String is the time in words.
func (k Keep) String() string {
	switch {
	case k.Bounds != nil:
		return fmt.Sprintf("%d %s unless the tenant's %s says otherwise", k.Bounds.Default, k.Bounds.Unit, k.Bounds.Setting)
	case k.Until != "":
		return k.Until
	case k.For%day == 0:
		return number(int(k.For/day), "day")
	default:
		return number(int(k.For/time.Hour), "hour")
	}
}

func number(n int, unit string) string {
	if n == 1 {
		return "1 " + unit
	}
	return fmt.Sprintf("%d %ss", n, unit)
}

// Bounds are what a tenant may choose.
type Bounds struct {
	Setting           string // in the tenant's part of the document
	Unit              string // days or months
	Default, Min, Max int
}

const day = 24 * time.Hour

// The times of the table that code waits for.
const (
	KeepInput    = 7 * day  // an import's input, after the import
	KeepResult   = 30 * day // an import's result, after the import
	KeepRejected = 30 * day // a bulk message that cannot become an import
	KeepUpload   = day      // an upload that no import names
	// KeepFormer is how long a request names the place of a package that was replaced or given up.
	// A replaced one is deleted at once. This look comes when no writer of it can be alive.
	KeepFormer  = LookAgain
	KeepMessage = 7 * day // a message on a queue, unless its producer says otherwise
	// LookAgain is when a place is looked at again from which something was deleted: no writer that
	// began before can be alive then.
	LookAgain = time.Hour

	// KeepUnnamed is for rows that were written before a request or a change that was never
	// committed.
	KeepUnnamed = time.Hour
)

var (
	// PackageDays is how long a tenant may keep packages.
	PackageDays = Bounds{Setting: "package.retentionDays", Unit: "days", Default: 30, Min: 1, Max: 365}
	// RecordMonths is how long a tenant may keep the records of a request. Californian law asks
	// for 24 months at least.
	RecordMonths = Bounds{Setting: "records.retentionMonths", Unit: "months", Default: 36, Min: 24, Max: 120}
)

const (
	sinceEnd     = "the end of the request"
	sinceImport  = "the end of the import"
	whyRecords   = "records of requests and answers are kept for 24 months at least (11 CCR § 7101(a)), and show that an answer was given (GDPR Art. 5(2))"
	whyHandOver  = "personal data is kept no longer than its purpose needs (GDPR Art. 5(1)(e)): a copy serves to be fetched"
	whyLeftovers = "what belongs to nothing serves nothing (GDPR Art. 5(1)(e))"
)
