// Package verify checks a package against its manifest and shares nothing with what made it.
package verify

import (
	"archive/zip"
	"compress/flate"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"path"
	"regexp"
	"strings"
)

const (
	maxRatio   = 1032 // deflate cannot do more
	maxReports = 100  // problems that are told one by one
)

// ErrNotVerified says that an archive is not the package that its manifest describes. Report.Problems says why.
var ErrNotVerified = errors.New("verify: the package does not match its manifest")

// Report is what a verification saw.
type Report struct {
	Manifest Manifest
	Files    int // members that are as the manifest says
	Records  int64
	Bytes    int64 // uncompressed, of those members
	Problems []Problem
}

// Problem is one thing that is wrong. Path is quoted when it is not one that a package of ours can have.
type Problem struct {
	Path string `json:"path,omitempty"`
	What string `json:"what"`
}

func (r *Report) problem(path, format string, args ...any) {
	if len(r.Problems) < maxReports {
		r.Problems = append(r.Problems, Problem{path, fmt.Sprintf(format, args...)})
	}
}

// Archive checks an archive against its manifest: no member more or less, every name safe, and of each member size, SHA-256, form and
// number of records. Nothing in it is trusted, and what no package of ours can have is refused before it is read: memory stays below
// 200 MB whatever the archive says. The error is ErrNotVerified, or nil.
func Archive(r io.ReaderAt, size int64) (Report, error) { return standard.verify(r, size) }

func (l limits) verify(r io.ReaderAt, size int64) (Report, error) {
	var report Report
	z, err := openArchive(r, size, l.directory)
	switch {
	case err != nil:
		report.problem("", "this is not an archive that can be read")
		return report, ErrNotVerified
	case len(z.File) > l.members:
		report.problem("", "more than %d members", l.members)
		return report, ErrNotVerified
	}
	m, err := l.readManifest(z)
	if err != nil {
		report.problem(ManifestName, "%s", err)
		return report, ErrNotVerified
	}
	report.Manifest = m
	members := l.memberNames(z, size, &report)
	if len(report.Problems) == 0 {
		l.compare(members, &report)
	}
	if len(report.Problems) > 0 {
		return report, ErrNotVerified
	}
	return report, nil
}

// safeName is what a member of ours can be called. Windows takes it, and it leads nowhere but into the folder it is unpacked in.
var safeName = regexp.MustCompile(`^([a-z0-9][a-z0-9-]*/){0,4}[a-z0-9][a-z0-9-]*\.[a-z]{2,5}$`)

// memberNames returns the members by name, and reports names that are not safe, double or hide something.
func (l limits) memberNames(z *zip.Reader, size int64, report *Report) map[string]*zip.File {
	out := map[string]*zip.File{}
	var packed uint64
	for _, f := range z.File {
		name := f.Name
		switch {
		case len(name) > l.path || !safeName.MatchString(name) || path.Clean(name) != name || device(name):
			report.problem(fmt.Sprintf("%q", name), "the name is not one that a package may have")
		case out[name] != nil:
			report.problem(name, "there are two members of that name")
		case !f.Mode().IsRegular() || f.Flags&1 != 0 || (f.Method != zip.Deflate && f.Method != zip.Store):
			report.problem(name, "neither a plain nor a deflated file")
		case f.UncompressedSize64/maxRatio > f.CompressedSize64+1:
			report.problem(name, "its size cannot be true")
		case f.UncompressedSize64 > uint64(l.size(formatOf(name))):
			report.problem(name, "it is longer than any of ours")
		}
		out[name] = f
		packed += f.CompressedSize64
		if packed > uint64(size) {
			report.problem(name, "the members overlap")
			break
		}
	}
	return out
}

// formatOf is the form that a member's name promises.
func formatOf(name string) string { return strings.TrimPrefix(path.Ext(name), ".") }

// devices are names that Windows keeps for devices, with whatever extension.
var devices = regexp.MustCompile(`^(con|prn|aux|nul|com[0-9]|lpt[0-9])$`)

// device reports whether Windows takes a part of the name for a device.
func device(name string) bool {
	for part := range strings.SplitSeq(name, "/") {
		stem, _, _ := strings.Cut(part, ".")
		if devices.MatchString(stem) {
			return true
		}
	}
	return false
}

func (l limits) compare(members map[string]*zip.File, report *Report) {
	listed := map[string]bool{ManifestName: true}
	for _, file := range report.Manifest.Files {
		f := members[file.Path]
		switch {
		case listed[file.Path]:
			report.problem(fmt.Sprintf("%q", file.Path), "the manifest lists it twice, or itself")
			continue
		case f == nil:
			report.problem(fmt.Sprintf("%q", file.Path), "it is missing")
			continue
		}
		listed[file.Path] = true
		if err := l.verifyMember(f, file); err != nil {
			report.problem(file.Path, "%s", err)
			continue
		}
		report.Files++
		report.Bytes += file.Bytes
		if formatOf(file.Path) == formJSON {
			report.Records += file.Records
		}
	}
	for name := range members {
		if !listed[name] {
			report.problem(name, "the manifest does not list it")
		}
	}
	if !listed[IndexName] {
		report.problem(IndexName, "it is missing")
	}
}

// verifyMember reads one member to its end.
func (l limits) verifyMember(f *zip.File, file File) error {
	if file.Bytes < 0 || f.UncompressedSize64 != uint64(file.Bytes) {
		return fmt.Errorf("it has %d bytes, the manifest says %d", f.UncompressedSize64, file.Bytes)
	}
	body, err := f.Open()
	if err != nil {
		return errors.New("it cannot be opened")
	}
	defer func() { _ = body.Close() }()
	sum := sha256.New()
	in := io.TeeReader(io.LimitReader(body, file.Bytes+1), sum)
	records, err := l.countRecords(formatOf(f.Name), in, file.Bytes)
	if err != nil {
		return describe(err)
	}
	if _, err := io.Copy(io.Discard, in); err != nil { // what a reader of its form leaves unread
		return describe(err)
	}
	if got := hex.EncodeToString(sum.Sum(nil)); got != file.SHA256 {
		return fmt.Errorf("its SHA-256 is %s, the manifest says another", got)
	}
	if records != file.Records {
		return fmt.Errorf("it has %d records, the manifest says %d", records, file.Records)
	}
	return nil
}

// describe keeps the contents of a member out of error texts.
func describe(err error) error {
	var corrupt flate.CorruptInputError
	switch {
	case errors.Is(err, zip.ErrChecksum):
		return errors.New("its CRC-32 is not the one in the archive")
	case errors.As(err, &corrupt), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, zip.ErrFormat):
		return errors.New("its compressed bytes are damaged")
	}
	var e *formError
	if errors.As(err, &e) {
		return e
	}
	return errors.New("it cannot be read")
}
