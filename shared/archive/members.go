package archive

import (
	"archive/zip"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/part"
	"github.com/rightsdesk/rightsdesk/shared/store"
	"github.com/rightsdesk/rightsdesk/shared/tabular"
	"github.com/rightsdesk/rightsdesk/shared/verify"
)

// membersOf returns what a task handed over: its stored parts, or, where they are gone since an earlier package was made of them, the
// members of that package. A task that did not end with data has none.
func membersOf(ctx context.Context, st *store.Store, r *dsr.Request, t dsr.Task, former former) ([]part.Member, error) {
	if t.Records == 0 || (t.Outcome.Code != dsr.Done && t.Outcome.Code != dsr.Partial) || t.Declared {
		return nil, nil
	}
	spec := part.Spec{Tenant: r.Tenant, Request: r.ID, Round: t.Round, Task: t.ID, System: t.System, Action: t.Action}
	parts, err := part.List(ctx, st, spec)
	if err != nil {
		return nil, err
	}
	if members, whole := firstOf(parts, t.Records); whole {
		return members, nil
	}
	if members := former.members(t); members != nil {
		return members, nil
	}
	return nil, fmt.Errorf("%w: task %s has %d parts", ErrIncomplete, t.ID, len(parts))
}

// firstOf returns the members of the first parts that together hold as many records as the task handed over. What a worker that
// had lost its claim stored after the end is not part of it.
func firstOf(parts []part.Stored, records int64) ([]part.Member, bool) {
	var out []part.Member
	var sum int64
	for _, p := range parts {
		out = append(out, p.Member)
		for _, f := range tabular.Formats() {
			if m, ok := p.Forms[f]; ok {
				out = append(out, m)
			}
		}
		if sum += p.Member.Records; sum >= records {
			break
		}
	}
	return out, sum == records
}

// former is a package that is to be replaced.
type former struct {
	etag  string
	files map[string]formerMember
	order []verify.File
}

// formerMember is a member of it.
type formerMember struct {
	file verify.File
	m    part.Member
}

// openFormer looks for a package under the name. One that cannot be read gives its ETag only: it is replaced all the same.
func openFormer(ctx context.Context, st *store.Store, ref store.Ref) (former, error) {
	info, err := st.StatBlob(ctx, ref)
	if errors.Is(err, store.ErrNotFound) {
		return former{}, nil
	}
	if err != nil {
		return former{}, fmt.Errorf("archive: look for an earlier package: %w", err)
	}
	f := former{etag: info.ETag, files: map[string]formerMember{}}
	at := newBlobReader(ctx, st, ref, info)
	z, err := zip.NewReader(at, info.Size)
	if at.err != nil {
		return former{}, at.err
	}
	if err != nil {
		return f, nil
	}
	m, err := verify.ReadManifest(z)
	if at.err != nil {
		return former{}, at.err
	}
	if err != nil || m.Request+".zip" != ref.Name[strings.LastIndexByte(ref.Name, '/')+1:] {
		return f, nil
	}
	f.order = m.Files
	return f, f.index(z, ref)
}

// index finds the members that the manifest lists.
func (f former) index(z *zip.Reader, ref store.Ref) error {
	files := map[string]verify.File{}
	for _, file := range f.order {
		files[file.Path] = file
	}
	for _, h := range z.File {
		file, listed := files[h.Name]
		if !listed || file.Kind == "" || h.Method != zip.Deflate {
			continue
		}
		offset, err := h.DataOffset()
		if err != nil {
			return fmt.Errorf("archive: read an earlier package: %w", err)
		}
		number := 0
		name, format, _ := strings.Cut(file.Path[strings.LastIndexByte(file.Path, '-')+1:], ".")
		if _, err := fmt.Sscanf(name, "%d", &number); err != nil {
			continue
		}
		f.files[h.Name] = formerMember{file, part.Member{
			Kind: file.Kind, Format: tabular.Format(format), Number: number, Records: file.Records, CRC: h.CRC32, SHA256: file.SHA256,
			Bytes: file.Bytes, Packed: int64(h.CompressedSize64), Ref: ref, Offset: offset,
		}}
	}
	return nil
}

// members returns what the package holds of a task, or nil when it is not all that the task handed over.
func (f former) members(t dsr.Task) []part.Member {
	var out []part.Member
	var sum int64
	for _, file := range f.order {
		m, ok := f.files[file.Path]
		if !ok || !strings.HasPrefix(file.Path, part.Folder(t.Action, t.System)) {
			continue
		}
		out = append(out, m.m)
		if m.m.Format == tabular.JSON {
			sum += m.m.Records
		}
	}
	if sum != t.Records {
		return nil
	}
	return out
}
