package archive

import (
	"archive/zip"
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/manifest"
	"github.com/rightsdesk/rightsdesk/shared/part"
	"github.com/rightsdesk/rightsdesk/shared/store"
	"github.com/rightsdesk/rightsdesk/shared/store/blob"
	"github.com/rightsdesk/rightsdesk/shared/tenant"
)

// Why nothing can be taken from the package that was ready. Both are ErrIncomplete.
var (
	// ErrMissing says that it is not where it was put.
	ErrMissing = fmt.Errorf("%w: the package before is missing", ErrIncomplete)
	// ErrChanged says that something else lies there.
	ErrChanged = fmt.Errorf("%w: the package before was changed", ErrIncomplete)
)

// earlier are the files with records of the package before, in the order of its manifest.
type earlier []earlierFile

// earlierFile is one of them.
type earlierFile struct {
	path string
	m    part.Member
}

// openEarlier reads the package before where it was put. One that cannot be read has no files.
// Errors: ErrMissing, ErrChanged, store.ErrNoAccount.
func openEarlier(ctx context.Context, st *store.Store, p dsr.Place, request string) (earlier, error) {
	ref := blob.PackageRef(p)
	at, err := openBlob(ctx, st, ref)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return nil, ErrMissing
	case err != nil:
		return nil, fmt.Errorf("archive: open the package before: %w", err)
	case at.etag != p.ETag:
		return nil, ErrChanged
	}
	files := readEarlier(at, at.size, ref, request)
	return files, at.err
}

// readEarlier returns the files of an archive that its manifest lists. An archive that is not a
// package of the same request has none.
func readEarlier(at *blobReader, size int64, ref blob.Ref, request string) (out earlier) {
	z, err := zip.NewReader(at, size)
	if err != nil {
		return nil
	}
	members := map[string]*zip.File{}
	for _, f := range z.File {
		members[f.Name] = f
	}
	text, err := z.Open(manifest.Name)
	if err != nil {
		return nil
	}
	defer func() { _ = text.Close() }()
	of, listed, err := manifest.ReadFiles(text, len(z.File))
	if err != nil || of != request {
		return nil
	}
	for _, file := range listed {
		if f := members[file.Path]; f != nil {
			if m, ok := earlierMember(f, file, ref); ok {
				out = append(out, earlierFile{file.Path, m})
			}
		}
	}
	return out
}

// earlierMember says where the packed bytes of a member lie; ok is false for one without records.
func earlierMember(f *zip.File, file manifest.File, ref blob.Ref) (m part.Member, ok bool) {
	stem, extension, _ := strings.Cut(path.Base(file.Path), ".")
	format := tenant.Format(extension)
	number, err := strconv.Atoi(stem[strings.LastIndexByte(stem, '-')+1:])
	if err != nil || !dsr.ValidName(file.Kind) || f.Method != zip.Deflate {
		return m, false
	}
	if format != tenant.JSON && !slices.Contains(tenant.Tabular(), format) {
		return m, false
	}
	offset, err := f.DataOffset()
	if err != nil {
		return m, false
	}
	return part.Member{
		Kind: file.Kind, Format: format, Number: number, Records: file.Records, CRC: f.CRC32, SHA256: file.SHA256,
		Bytes: file.Bytes, Packed: int64(f.CompressedSize64), Ref: ref, Offset: offset,
	}, true
}

// members returns what the package holds of a task, or nil when that is not all that the task
// handed over.
func (e earlier) members(t dsr.Task) (out []part.Member) {
	var sum int64
	for _, f := range e {
		if !strings.HasPrefix(f.path, part.Folder(t.Action, t.System)) {
			continue
		}
		out = append(out, f.m)
		if f.m.Format == tenant.JSON {
			sum += f.m.Records
		}
	}
	if sum != t.Records {
		return nil
	}
	return out
}
