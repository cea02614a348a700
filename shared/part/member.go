package part

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"

	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/retention"
	"github.com/rightsdesk/rightsdesk/shared/store/blob"
	"github.com/rightsdesk/rightsdesk/shared/tenant"
)

// Spec says whose parts a sink writes.
type Spec struct {
	Tenant, Request string
	Round           int
	Task            dsr.TaskID
	System          string
	Action          dsr.Action
}

// prefix is the folder of a task's parts: {tenant}/{request}/{round}/{task}/.
func (p Spec) prefix() string {
	return fmt.Sprintf("%s%d/%s/", requestPrefix(p.Tenant, p.Request), p.Round, p.Task)
}

// requestPrefix is the folder of all parts of a request.
func requestPrefix(tenant, request string) string { return tenant + "/" + request + "/" }

// part is the name of one stored part. The number counts through all kinds of a task.
func (p Spec) part(seq int, f tenant.Format) string {
	return fmt.Sprintf("%s%06d.%s", p.prefix(), seq, f)
}

// cursor is the name of the blob with a sealed cursor that is too long for metadata. It carries
// the id of the writer, so that no part can be read with the cursor of a worker that lost the
// race for that part.
func (p Spec) cursor(seq int, id string) string {
	return fmt.Sprintf("%s%06d-%s.cursor", p.prefix(), seq, id)
}

// Member is one finished member of an archive and where its packed bytes are.
type Member struct {
	Kind    string
	Format  tenant.Format
	Number  int // per kind: 1, 2, …
	Records int64
	CRC     uint32 // IEEE, of the uncompressed bytes
	SHA256  string // lower-case hex, of the uncompressed bytes
	Bytes   int64  // uncompressed
	Packed  int64
	Ref     blob.Ref
	Offset  int64 // in the blob: not 0 for a member of an archive
}

// Path is the name of the member in the archive: {action}/{system}/{kind}-{nnnn}.{format}.
func (m Member) Path(a dsr.Action, system string) string {
	return fmt.Sprintf("%s%s-%04d.%s", Folder(a, system), fileName(m.Kind), m.Number, m.Format)
}

// Folder is the folder of a task's members in the archive.
func Folder(a dsr.Action, system string) string { return fmt.Sprintf("%s/%s/", a, fileName(system)) }

// reserved are names that Windows keeps for devices, with any extension.
var reserved = regexp.MustCompile(`^(con|prn|aux|nul|com[0-9]|lpt[0-9])$`)

// fileName makes a name ([a-z][0-9a-z-]*) safe as part of a path.
func fileName(name string) string {
	if reserved.MatchString(name) {
		return name + "-"
	}
	return name
}

// meta is what is stored with a part.
func (m Member) meta() map[string]string {
	return map[string]string{
		"kind":    m.Kind,
		"number":  strconv.Itoa(m.Number),
		"records": strconv.FormatInt(m.Records, 10),
		"crc32":   fmt.Sprintf("%08x", m.CRC),
		"sha256":  m.SHA256,
		"bytes":   strconv.FormatInt(m.Bytes, 10),
		"packed":  strconv.FormatInt(m.Packed, 10),
	}
}

// errMeta says that a blob among the parts was not written by a sink.
var errMeta = errors.New("part: a stored part lacks its metadata")

// storedMember reads back what meta wrote.
func storedMember(info blob.Info, f tenant.Format) (Member, error) {
	m := Member{Kind: info.Meta["kind"], Format: f, SHA256: info.Meta["sha256"], Ref: blob.Ref{Container: retention.Parts, Name: info.Name}}
	var errs []error
	num := func(key string, base, bits int) int64 {
		n, err := strconv.ParseInt(info.Meta[key], base, bits)
		if err != nil || n < 0 {
			errs = append(errs, fmt.Errorf("%w: %q is not a number", errMeta, key))
		}
		return n
	}
	m.Number, m.Records = int(num("number", 10, 32)), num("records", 10, 64)
	m.CRC = uint32(num("crc32", 16, 33))
	m.Bytes, m.Packed = num("bytes", 10, 64), num("packed", 10, 64)
	if !dsr.ValidName(m.Kind) || len(m.SHA256) != 64 || m.Packed != info.Size {
		errs = append(errs, fmt.Errorf("%w: kind, sum or size", errMeta))
	}
	return m, errors.Join(errs...)
}
