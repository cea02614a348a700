package archive

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"io"
	"iter"
	"sync"

	"github.com/rightsdesk/rightsdesk/shared/connector"
	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/manifest"
	"github.com/rightsdesk/rightsdesk/shared/part"
	"github.com/rightsdesk/rightsdesk/shared/tenant"
)

// linkedFiles is how many files of a kind the index links to beside it.
const linkedFiles = 3

// shownRecords is how many records of a kind the index shows; a kind with more names its files.
const shownRecords = 1_000

//go:embed index.css
var indexStyle string

// indexPolicy allows the page its own style and nothing else: no script, no image, no connection.
var indexPolicy = sync.OnceValue(func() string {
	sum := sha256.Sum256([]byte(indexStyle))
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; base-uri 'none'; form-action 'none'"
})

// contents are what a package is made of.
type contents struct {
	Request   *dsr.Request
	Private   dsr.Private
	Tenant    tenant.Tenant
	Catalogue connector.Catalogue
	Manifest  manifest.Manifest
	Tasks     []taskMembers
	Parts     opener
}

// opener reads the uncompressed bytes of a member.
type opener interface {
	Open(m part.Member) (io.ReadCloser, error)
}

// taskMembers is a task with its members. They are in the order of Manifest.Systems.
type taskMembers struct {
	Task    dsr.Task
	Members []part.Member
}

// page is what index.templ shows.
type page struct {
	Policy     string
	Explained  bool // in words, with the statements: an action asks for that
	Package    contents
	Law        string
	Asked      []askedRow
	Person     []field
	Statements []statement
	Results    []result
	Missing    []result
	LeftOut    []string
	Data       iter.Seq[section]
	HasData    bool
	Files      []fileRow
	// DataLooked and AllLooked say that every explained task, and every task, looked at all there
	// is. Only then does "no records" mean that there are none, and not that somebody may not
	// see them.
	DataLooked, AllLooked bool
}

type askedRow struct{ Text, Right string }

// result is what became of one task.
type result struct {
	System, Holds, Action, Outcome string
	Reason, Basis, Link, Until     string
	Records                        int64
	Queries                        []dsr.Query
	looked                         bool // at all there is
}

type fileRow struct {
	manifest.File
	What string
}

// section is one kind of record with the records that are shown.
type section struct {
	System, Title, Category, Provenance string
	First                               bool // of its system
	Total                               int64
	More                                bool // than are shown
	Files                               []string
	Records                             iter.Seq2[int64, []field]
}
